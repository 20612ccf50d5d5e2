// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The executor without threads: the caller does everything.
#include <heed/concepts.hpp>

namespace heed {

/// Runs the tasks one after the other in the calling thread.
///
/// Laws      executor; tasks run in ascending order, worker is 0
/// Cost      one indirect call per task; no memory, no state: one object may serve any number of threads
struct sequential {
  [[nodiscard]] HEED_INLINE index_t workers() const noexcept { return 1; }
  HEED_INLINE void bulk(index_t n, void (*task)(void* context, index_t i, index_t worker), void* context) const {
    for (index_t i = 0; i < n; ++i) task(context, i, 0);
  }
};

static_assert(executor<sequential> && executor<const sequential>);

} // namespace heed
