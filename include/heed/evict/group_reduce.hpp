// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// From scores per query head to scores per key-value head: what is stored, and so what is kept, is stored once a group.
#include <heed/evict/score_table.hpp>

namespace heed {

/// How the scores of query heads become those of key-value heads. per_group: each key-value head from its own query
/// heads. per_layer: all key-value heads alike, from all query heads.
enum class reduce_by : unsigned char { mean, max, sum };
enum class reduce_over : unsigned char { group, layer };
struct group_reduce {
  reduce_by by = reduce_by::mean;
  reduce_over over = reduce_over::group;
};

/// Whether reduced scores take the place of those that stand in the table, or are added to them (running sums).
enum class reduce_into : unsigned char { replace, add };

inline namespace HEED_ISA {

/// Fills every row of `to` from `from[i]`, i counting the observed query heads. A group without an observed head gets
/// zeros.
///
/// Shapes       from: [observed heads][slots], at least as many as the rows of `to` have; heads: the observed query
///              heads, ascending (empty: all)
/// Requires     q_heads a multiple of the key-value heads; over layer: rows of one length
/// Determinism  heads are added in ascending order, and the sum divided by their number
/// Cost         O(observed heads * slots), no memory
inline void reduce_groups(const group_reduce& how, index_t q_heads, std::span<const index_t> heads,
                          const tensor_view<const float, 2>& from, const score_table& to,
                          reduce_into into = reduce_into::replace) noexcept {
  constexpr index_t block = 256;
  const index_t group = q_heads / to.kv_heads();
  for (index_t h = 0; h < to.kv_heads(); ++h)
    for (index_t begin = 0; begin < to.slots(h); begin += block) {
      const index_t n = lesser(block, to.slots(h) - begin);
      float out[block] = {};
      index_t count = 0;
      for (index_t i = 0; i < from.extent(0); ++i) {
        const index_t head = heads.empty() ? i : heads[static_cast<std::size_t>(i)];
        if (how.over == reduce_over::group && head / group != h) continue;
        const float* const x = &from(i, begin);
        if (count++ == 0)
          for (index_t j = 0; j < n; ++j) out[j] = x[j];
        else if (how.by == reduce_by::max)
          for (index_t j = 0; j < n; ++j) out[j] = x[j] > out[j] ? x[j] : out[j];
        else
          for (index_t j = 0; j < n; ++j) out[j] += x[j];
      }
      const auto divisor = static_cast<float>(how.by == reduce_by::mean && count > 0 ? count : 1);
      float* const row = to.row(h).data() + begin;
      for (index_t j = 0; j < n; ++j) row[j] = (into == reduce_into::add ? row[j] : 0.f) + out[j] / divisor;
    }
}

} // namespace HEED_ISA
} // namespace heed
