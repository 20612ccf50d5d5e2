// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// What a decode task works on: key-value heads of one sequence with their queries, states and blocks; a worker's room
// for them.
#include <heed/kernel/decode_rows.hpp>
#include <heed/kernel/decode_scores.hpp>
#include <heed/kernel/prefill.hpp>
#include <heed/kernel/row_fetch.hpp>

namespace heed {
inline namespace HEED_ISA {
namespace kernel {

template <class Call> using stream_of = key_blocks<typename Call::mask_type, typename Call::source>;

/// Where the chunks of a part go. step 0: all are merged into `first`. Else chunk i has the state that lies i x step
/// numbers behind `first`, and is left there.
template <class A> struct decode_target {
  softmax_state<A> first; ///< o by rows [lanes][value_stride]
  index_t chunks = 0;     ///< how many to do; 0: all
  index_t step = 0;
  [[nodiscard]] HEED_INLINE softmax_state<A> of(index_t chunk) const noexcept {
    return {first.m + chunk * step, first.l + chunk * step, first.o + chunk * step};
  }
};

/// One key-value head's share of a decode task.
template <class A> struct decode_part {
  tile t;
  softmax_state<A> state; ///< where the chunk under way is summed
  decode_target<A> into;
  panel<A> lanes;     ///< q: as score_rows wants it, scaled, zero where padded; lists repeat up to a vector
  index_t chunk;      ///< the one under way
  index_t next_chunk; ///< the one that the next block belongs to
  bool more;          ///< there is a next block
  bool fresh;         ///< the block's rescaling is still to be done
};

/// Rows of a block that need room because their format is not read in place: all of a block's, or 0.
struct unpacked_rows {
  index_t keys, values;
};

/// Scratch of one worker in the decode kernel.
template <class A> struct decode_scratch {
  static constexpr index_t max_parts = 8; ///< key-value heads per task
  static constexpr index_t max_lanes = lesser(8, 2 * simd::batch<A>::lanes);
  static constexpr index_t vector = simd::batch<A>::lanes;
  /// Score lanes of a part: one vector, or two.
  static constexpr index_t score_lanes = (max_lanes + vector - 1) / vector * vector;
  A *q, *scores, *packed_weights, *keys, *values, *rescale;
  A *m, *l, *o; ///< [2][max_parts] states
  std::byte* streams;
  key_block* blocks; ///< [2][max_parts]: the blocks under way, and those after them
  live_groups* live; ///< [max_parts]
  const std::byte **packed_values, **rows_ahead;
  index_t *head_of, *q_of, *row_of;
  std::int32_t* relative_q;
  std::uint8_t* row_bit;
  decode_part<A>* parts;
  index_t key_stride, value_stride, block_keys;

  HEED_INLINE void lay_out(detail::arena& a, const tile_shape& shape, const kv_dims& d, index_t stream_bytes,
                           unpacked_rows unpacked) noexcept {
    key_stride = (d.key_dim + vector - 1) / vector * vector;
    value_stride = (d.value_dim + vector - 1) / vector * vector;
    block_keys = shape.decode_block_keys;
    q = a.take<A>(max_parts * max_lanes * key_stride);
    scores = a.take<A>(max_parts * score_room());
    packed_weights = a.take<A>(block_keys);
    keys = a.take<A>(unpacked.keys * max_parts * key_stride);
    values = a.take<A>(unpacked.values * max_parts * value_stride);
    rescale = a.take<A>(max_parts * score_lanes);
    m = a.take<A>(2 * max_parts * score_lanes);
    l = a.take<A>(2 * max_parts * score_lanes);
    o = a.take<A>(2 * max_parts * max_lanes * value_stride);
    streams = a.take<std::byte>(max_parts * stream_bytes);
    blocks = a.take<key_block>(2 * max_parts);
    live = a.take<live_groups>(max_parts);
    packed_values = a.take<const std::byte*>(block_keys);
    rows_ahead = a.take<const std::byte*>(max_parts * block_keys + 1);
    const index_t lanes = max_parts * score_lanes;
    head_of = a.take<index_t>(lanes);
    q_of = a.take<index_t>(lanes);
    row_of = a.take<index_t>(lanes);
    relative_q = a.take<std::int32_t>(lanes);
    row_bit = a.take<std::uint8_t>(lanes);
    parts = a.take<decode_part<A>>(max_parts);
  }
  [[nodiscard]] HEED_INLINE softmax_state<A> state(index_t which, index_t part) const noexcept {
    const index_t at = which * max_parts + part;
    return {m + at * score_lanes, l + at * score_lanes, o + at * max_lanes * value_stride};
  }
  [[nodiscard]] HEED_INLINE A* scores_of(index_t part) const noexcept { return scores + part * score_room(); }
  /// The micro-kernel scores whole groups of keys.
  [[nodiscard]] HEED_INLINE index_t score_room() const noexcept { return (block_keys + vector) * max_lanes; }
};

/// Lanes that the micro-kernels see: 1, 2, 4 or 8.
HEED_INLINE constexpr index_t padded_lanes(index_t lanes) noexcept { return lanes <= 2 ? lanes : lanes <= 4 ? 4 : 8; }

/// Copies the queries of one part, scaled and padded, and says what its lanes stand for.
template <class A, class Call>
HEED_NOINLINE void make_lanes(const Call& c, decode_scratch<A>& s, index_t i, const tile& t) noexcept {
  using batch = simd::batch<A>;
  decode_part<A>& part = s.parts[i];
  const index_t heads = t.heads.size(), lanes = heads * static_cast<index_t>(t.rows.size());
  const index_t first_token = c.p.extents.first_row(t.seq), at = i * s.score_lanes;
  const index_t padded = padded_lanes(lanes);
  A* const q = s.q + i * s.max_lanes * s.key_stride;
  part.t = t;
  part.lanes = {q,
                c.dims.key_dim,
                padded,
                (padded + batch::lanes - 1) / batch::lanes,
                lanes,
                (std::uint64_t{1} << lanes) - 1,
                t.seq,
                t.q[0],
                s.head_of + at,
                s.q_of + at,
                s.row_of + at,
                s.relative_q + at,
                s.row_bit + at,
                t,
                heads == 1};
  const two_part_factor<A> factor = c.query_factor();
  for (index_t lane = 0; lane < s.score_lanes; ++lane) {
    const index_t live = lesser(lane % padded, lanes - 1);
    const auto row = static_cast<std::size_t>(live / heads);
    const index_t head = t.heads.begin + live % heads;
    s.head_of[at + lane] = head;
    s.q_of[at + lane] = t.q[row];
    s.row_of[at + lane] = t.rows[row];
    s.relative_q[at + lane] = relative(t.q[row], t.q[0]);
    s.row_bit[at + lane] = static_cast<std::uint8_t>(row);
    if (lane >= padded) continue;
    const typename Call::query* from = c.p.q.row(first_token + t.rows[row], head);
    const index_t each = score_group_lanes<A>(padded);
    A* to = q + lane / each * each * s.key_stride + lane % each * batch::lanes;
    for (index_t d = 0; d < c.dims.key_dim; d += batch::lanes) {
      const index_t n = c.dims.key_dim - d;
      factor
          .times(lane >= lanes       ? batch(A(0))
                 : n >= batch::lanes ? batch::widen(from + d)
                                     : batch::widen_first(from + d, n))
          .store(to + d * each);
    }
  }
}

} // namespace kernel
} // namespace HEED_ISA
} // namespace heed
