// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// PyramidKV: SnapKV's scores with budgets that fall from layer to layer.
#include <heed/evict/window_policy.hpp>

namespace heed {

/// PyramidKV's own settings of one layer: window 8 and maximum pooling of 7. pyramid_layers (layer_budget.hpp) gives
/// the layers their budgets; the tip of a small pyramid is the window alone.
///
/// Source    Cai et al. 2024, PyramidKV: as in the authors' runs
struct pyramid_kv_method {
  static constexpr const char* name = "pyramid_kv";
  static constexpr index_t window = 8, beside = 0;
  static constexpr pooling pool = {pooling::kind::maximum, 7};
};

using pyramid_kv = window_policy<pyramid_kv_method>;

static_assert(scoring_policy<pyramid_kv>);

} // namespace heed
