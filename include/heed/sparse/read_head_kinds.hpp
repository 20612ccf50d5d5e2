// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Reads which heads are dense, streaming or block-sparse, as Block-Sparse-Attention numbers them.
#include <heed/sparse/block_lists.hpp>

namespace heed {

/// Sets the kinds of heads: 0 is dense, a negative type streams, and of the positive ones the n-th (by head) reads list
/// n.
///
/// Shapes    types: [query heads], head_mask_type; streaming: [query heads][2], sinks and local keys in tokens
///           (streaming_info of the exact mode), read for streaming heads
/// Requires  as many lists as positive types; sinks >= 0, local >= 1
/// Throws    error, before lists are touched
/// Source    mit-han-lab, Block-Sparse-Attention, head_mask_type and streaming_info
HEED_INLINE void read_head_kinds(const index_list& types, const index_list& streaming, block_lists& lists) {
  if (!streaming.empty() && streaming.size() != 2 * types.size())
    return detail::report({errc::bad_extent, "read_head_kinds", "count of streaming", streaming.size(),
                           "twice the head types are", 2 * types.size()});
  index_t sparse = 0;
  for (index_t h = 0; h < types.size(); ++h) {
    sparse += types[h] > 0;
    if (types[h] >= 0) continue;
    if (streaming.empty())
      return detail::report(
          {errc::bad_extent, "read_head_kinds", "count of streaming", 0, "twice the head types are", 2 * types.size()});
    const index_t sinks = streaming[2 * h], local = streaming[2 * h + 1];
    if (sinks < 0) return detail::report({errc::bad_value, "read_head_kinds", "sinks", sinks, "the least is", 0, h});
    if (local < 1) return detail::report({errc::bad_value, "read_head_kinds", "local", local, "the least is", 1, h});
  }
  if (sparse > lists.shape().lists)
    return detail::report({errc::index_out_of_range, "read_head_kinds", "count of positive types", sparse,
                           "the lists are", lists.shape().lists});
  const std::span<block_head> heads = lists.make_heads(types.size());
  sparse = 0;
  for (index_t h = 0; h < types.size(); ++h)
    heads[static_cast<std::size_t>(h)] =
        types[h] > 0   ? block_head{head_kind::sparse, sparse++, 0, 0}
        : types[h] < 0 ? block_head{head_kind::streaming, 0, streaming[2 * h], streaming[2 * h + 1]}
                       : block_head{head_kind::dense, 0, 0, 0};
}

} // namespace heed
