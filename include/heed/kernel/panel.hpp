// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A panel: the lanes that one micro-kernel call serves, and which of its cells are live in a block of keys.
#include <heed/detail/unroll.hpp>
#include <heed/score/none.hpp>
#include <heed/simd/batch.hpp>
#include <heed/stream/key_blocks.hpp>

namespace heed {
inline namespace HEED_ISA {
namespace kernel {

/// Register tile of the micro-kernels: group_keys x panel_vectors accumulators.
///
/// 32 registers (AVX-512, NEON): 8 x 3, 97 to 99 % of the multiply-add rate on Zen 4; 16 registers: 4 x 3 with fused
/// multiply-add, 4 x 2 where the product needs a register of its own.
template <class A> struct kernel_shape {
#if defined(HEED_ISA_AVX512) || defined(HEED_ISA_NEON)
  static constexpr int panel_vectors = 3, group_keys = 8;
#elif defined(HEED_ISA_AVX2)
  static constexpr int panel_vectors = 3, group_keys = 4;
#else
  static constexpr int panel_vectors = 2, group_keys = 4;
#endif
  static constexpr bool many_registers = panel_vectors * group_keys > 16; ///< 32 of them
  /// Keys that are found live together: the fewer, the fewer products of lanes that don't see them, but where sums
  /// leave their registers at each change, groups are not cut.
  static constexpr int live_keys = many_registers ? group_keys / 2 : group_keys;
  static constexpr index_t panel_lanes = panel_vectors * simd::batch<A>::lanes;
  static_assert(panel_lanes <= 64, "heed: a panel's lanes are bits of one word");
};

/// Packed queries of one panel and what its lanes stand for. Lanes at and above `used` repeat the last live lane.
template <class A> struct panel {
  const A* q; ///< [key_dim][lanes], scaled
  index_t key_dim;
  index_t lanes, vectors;                 ///< lanes = vectors x batch lanes
  index_t used;                           ///< live lanes
  std::uint64_t every;                    ///< a bit for each live lane
  index_t seq, origin;                    ///< origin: the position that relative_q counts from
  const index_t *head_of, *q_of, *row_of; ///< [lanes]
  const std::int32_t* relative_q;         ///< [lanes]
  const std::uint8_t* row_bit;            ///< [lanes]: the lane's row, counted from the panel's first
  tile rows;                              ///< the tile restricted to the panel's rows
  bool one_head;                          ///< lanes are rows
};

/// Keys [begin, end) of a block; begin is a multiple of live_keys. A partial one has its live cells in `vectors`
/// vectors of the panel from first_vector on: the others need no products.
struct key_segment {
  std::int16_t begin, end;
  bool partial;
  std::int8_t first_vector, vectors;
  [[nodiscard]] HEED_INLINE range vectors_of(index_t all) const noexcept {
    return partial ? range{first_vector, first_vector + vectors} : range{0, all};
  }
  /// Keys follow on each other and are served alike.
  [[nodiscard]] HEED_INLINE bool goes_on(const key_segment& next) const noexcept {
    return end == next.begin && partial == next.partial && first_vector == next.first_vector && vectors == next.vectors;
  }
};

/// Which cells of a panel and a block are live. `segment` lists the groups with a live cell; `lanes[j]` has a bit per
/// live lane, valid where `detailed`.
struct live_groups {
  index_t count;
  bool detailed;
  key_segment segment[key_block::capacity / 4 + 1];
  std::uint64_t lanes[key_block::capacity + key_block::padding];

  HEED_INLINE void all(index_t keys) noexcept {
    count = 1;
    detailed = false;
    segment[0] = {0, static_cast<std::int16_t>(keys), false, 0, 0};
  }
  HEED_INLINE void take_out(index_t key, std::uint64_t gone) noexcept { lanes[key] &= ~gone; }
  /// Groups `lanes` into segments. vector: lanes of one.
  HEED_INLINE void settle(std::uint64_t every, index_t keys, index_t group, index_t vector) noexcept {
    count = 0;
    detailed = true;
    for (index_t j = 0; j < keys; j += group) {
      const index_t end = lesser(j + group, keys);
      std::uint64_t some = 0, each = every;
      for (index_t i = j; i < end; ++i) {
        some |= lanes[i];
        each &= lanes[i];
      }
      some &= every;
      if (some == 0) continue;
      key_segment next{static_cast<std::int16_t>(j), static_cast<std::int16_t>(end), each != every, 0, 0};
      if (next.partial) {
        const index_t first = __builtin_ctzll(some) / vector, last = (63 - __builtin_clzll(some)) / vector;
        next.first_vector = static_cast<std::int8_t>(first);
        next.vectors = static_cast<std::int8_t>(last - first + 1);
      }
      if (count > 0 && segment[count - 1].goes_on(next))
        segment[count - 1].end = next.end;
      else
        segment[count++] = next;
    }
  }
};

/// Row bits to lane bits: lane i is row_bit[i].
HEED_INLINE std::uint64_t spread(std::uint64_t rows, const std::uint8_t* row_bit, index_t used) noexcept {
  std::uint64_t lanes = 0;
  for (index_t i = 0; i < used; ++i) lanes |= ((rows >> row_bit[i]) & 1u) << i;
  return lanes;
}

/// Asks the mask which cells of a panel are live; keys of full runs are not asked.
template <class A, class M>
HEED_NOINLINE void find_live(const M& m, const panel<A>& p, const key_block& b, live_groups& live) noexcept {
  index_t first = 0, end = b.count;
  while (!b.partial[first]) ++first;
  while (!b.partial[end - 1]) --end;
  for (index_t j = 0; j < first; ++j) live.lanes[j] = p.every;
  for (index_t j = end; j < b.count; ++j) live.lanes[j] = p.every;
  if constexpr (bit_mask<M>) {
    const auto from = static_cast<std::size_t>(first), n = static_cast<std::size_t>(end - first);
    m.bits(p.rows, std::span<const index_t>(b.k, key_block::capacity).subspan(from, n),
           std::span<const index_t>(b.slot, key_block::capacity).subspan(from, n),
           std::span<std::uint64_t>(live.lanes + first, n));
    std::uint64_t last = 0, spread_last = 0;
    for (index_t j = first; j < end; ++j) {
      const std::uint64_t word = b.partial[j] ? live.lanes[j] : ~std::uint64_t{0};
      if (p.one_head)
        live.lanes[j] = word & p.every;
      else {
        if (word != last) {
          last = word;
          spread_last = spread(word, p.row_bit, p.used);
        }
        live.lanes[j] = spread_last;
      }
    }
  } else {
    for (index_t j = first; j < end; ++j) {
      std::uint64_t word = b.partial[j] ? 0 : p.every;
      if (b.partial[j])
        for (index_t i = 0; i < p.used; ++i)
          word |= static_cast<std::uint64_t>(m.allows({p.seq, p.head_of[i], p.q_of[i], b.k[j], p.row_of[i], b.slot[j]}))
                  << i;
      live.lanes[j] = word;
    }
  }
  live.settle(p.every, b.count, kernel_shape<A>::live_keys, simd::batch<A>::lanes);
}

} // namespace kernel
} // namespace HEED_ISA
} // namespace heed
