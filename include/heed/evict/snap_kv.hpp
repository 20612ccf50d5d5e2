// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// SnapKV: after the prompt, each key-value head keeps what the last queries look at.
#include <heed/evict/window_policy.hpp>

namespace heed {

/// SnapKV's own settings: window 32 and average pooling of 5.
///
/// Source    Li et al. 2024, SnapKV: the defaults of its class, with 2048 tokens; its LongBench runs take maximum
///           pooling of 7
struct snap_kv_method {
  static constexpr const char* name = "snap_kv";
  static constexpr index_t window = 32, beside = 1;
  static constexpr pooling pool = {pooling::kind::average, 5};
};

using snap_kv = window_policy<snap_kv_method>;

static_assert(scoring_policy<snap_kv>);

} // namespace heed
