// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Which key-value head a query head reads: multi-head, grouped-query and multi-query attention.
#include <heed/concepts.hpp>

namespace heed {

/// Contiguous map: query head h reads key-value head h / group. group 1 is multi-head, kv_heads 1 is multi-query.
struct head_map {
  index_t q_heads, kv_heads;
  [[nodiscard]] HEED_INLINE index_t group() const noexcept { return kv_heads > 0 ? q_heads / kv_heads : 0; }
  [[nodiscard]] HEED_INLINE index_t kv_head(index_t head) const noexcept { return head / group(); }
  [[nodiscard]] HEED_INLINE range group_of(index_t kv_head) const noexcept {
    return {kv_head * group(), (kv_head + 1) * group()};
  }
};

} // namespace heed
