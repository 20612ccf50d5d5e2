// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Few queries: numbers of a row in lanes, all heads of a group together, several key-value heads in turn so that rows
// are read in address order.
#include <heed/kernel/decode_rows.hpp>
#include <heed/kernel/prefill.hpp>

#include <new>

namespace heed {
inline namespace HEED_ISA {
namespace kernel {

template <class Call> using stream_of = key_blocks<typename Call::mask_type, typename Call::source>;

/// One key-value head's share of a decode task.
template <class A> struct decode_part {
  tile t;
  softmax_state<A> state; ///< where the chunk under way is summed; o by rows [lanes][value_stride]
  softmax_state<A> total; ///< where chunks are merged
  panel<A> lanes;         ///< q: [padded lanes][key_stride], scaled, zero where padded
  index_t chunk;
  bool more;  ///< the chunk under way has keys left
  bool done;  ///< all chunks are merged
  bool fresh; ///< the block's rescaling is still to be done
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
  key_block* blocks; ///< [max_parts]
  live_groups* live; ///< [max_parts]
  row_pair<A>* pairs;
  const std::byte** packed_values;
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
    scores = a.take<A>(max_parts * (block_keys + 1) * score_lanes);
    packed_weights = a.take<A>(block_keys);
    keys = a.take<A>(unpacked.keys * max_parts * key_stride);
    values = a.take<A>(unpacked.values * max_parts * value_stride);
    rescale = a.take<A>(max_parts * score_lanes);
    m = a.take<A>(2 * max_parts * score_lanes);
    l = a.take<A>(2 * max_parts * score_lanes);
    o = a.take<A>(2 * max_parts * max_lanes * value_stride);
    streams = a.take<std::byte>(max_parts * stream_bytes);
    blocks = a.take<key_block>(max_parts);
    live = a.take<live_groups>(max_parts);
    pairs = a.take<row_pair<A>>(max_parts * (block_keys + 1) + vector + row_pair<A>::ahead);
    packed_values = a.take<const std::byte*>(block_keys);
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
  [[nodiscard]] HEED_INLINE A* scores_of(index_t part) const noexcept {
    return scores + part * (block_keys + 1) * score_lanes;
  }
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
  const index_t vectors = (lanes + batch::lanes - 1) / batch::lanes;
  A* const q = s.q + i * s.max_lanes * s.key_stride;
  part.t = t;
  part.chunk = 0;
  part.lanes = {q,
                c.dims.key_dim,
                vectors * batch::lanes,
                vectors,
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
    const index_t live = lesser(lane, lanes - 1);
    const auto row = static_cast<std::size_t>(live / heads);
    const index_t head = t.heads.begin + live % heads;
    s.head_of[at + lane] = head;
    s.q_of[at + lane] = t.q[row];
    s.row_of[at + lane] = t.rows[row];
    s.relative_q[at + lane] = relative(t.q[row], t.q[0]);
    s.row_bit[at + lane] = static_cast<std::uint8_t>(row);
    if (lane >= padded_lanes(lanes)) continue;
    const typename Call::query* from = c.p.q.row(first_token + t.rows[row], head);
    A* to = q + lane * s.key_stride;
    for (index_t d = 0; d < c.dims.key_dim; d += batch::lanes) {
      const index_t n = c.dims.key_dim - d;
      factor
          .times(lane >= lanes       ? batch(A(0))
                 : n >= batch::lanes ? batch::widen(from + d)
                                     : batch::widen_first(from + d, n))
          .store(to + d);
    }
  }
}

/// Scores of the rows listed in s.pairs, in their order.
template <class A, class T>
HEED_NOINLINE void score_all(decode_scratch<A>& s, index_t count, index_t lanes, index_t dim,
                             index_t value_bytes) noexcept {
  constexpr index_t vector = simd::batch<A>::lanes;
  const index_t key_bytes = dim * static_cast<index_t>(sizeof(T));
  if (count == 0) return;
  for (index_t i = count; i < count + vector + row_pair<A>::ahead; ++i) s.pairs[i] = s.pairs[count - 1];
  const index_t padded = padded_lanes(lanes);
  if constexpr (vector >= 4)
    if (padded >= 4) {
      for (index_t i = 0; i < count; i += vector / 4)
        for (index_t l = 0; l < padded; l += 4)
          score_pairs<A, T, 4>(s.pairs + i, s.key_stride, l, dim, l == 0 ? value_bytes : 0, l == 0 ? key_bytes : 0);
      return;
    }
  if constexpr (vector >= 2)
    if (padded >= 2) {
      for (index_t i = 0; i < count; i += vector / 2)
        for (index_t l = 0; l < padded; l += 2)
          score_pairs<A, T, 2>(s.pairs + i, s.key_stride, l, dim, l == 0 ? value_bytes : 0, l == 0 ? key_bytes : 0);
      return;
    }
  for (index_t i = 0; i < count; i += vector)
    for (index_t l = 0; l < padded; ++l)
      score_pairs<A, T, 1>(s.pairs + i, s.key_stride, l, dim, l == 0 ? value_bytes : 0, l == 0 ? key_bytes : 0);
}

/// From scores to weights, one part.
template <class A, class Call>
HEED_NOINLINE void weigh_scores(const Call& c, decode_scratch<A>& s, index_t i) noexcept {
  decode_part<A>& part = s.parts[i];
  live_groups& live = s.live[i];
  const key_block& b = s.blocks[i];
  A* const scores = s.scores_of(i);
  if (Call::modified || b.any_bias) modify_scores(c.mod, part.lanes, b, live, scores);
  part.fresh = live.count > 0;
  if (!part.fresh) return;
  mask_scores(part.lanes, live, scores);
  if (part.lanes.vectors == 1)
    softmax_block<Call::unit, A, 1>(scores, live, part.state.m, part.state.l, s.rescale + i * s.score_lanes);
  else if constexpr (decode_scratch<A>::score_lanes > simd::batch<A>::lanes)
    softmax_block<Call::unit, A, 2>(scores, live, part.state.m, part.state.l, s.rescale + i * s.score_lanes);
}

/// Adds the weighted values of one part's block. Its rows were touched while keys were scored.
template <class A, class T, class Call>
HEED_NOINLINE void add_rows(const Call& c, decode_scratch<A>& s, index_t i) noexcept {
  decode_part<A>& part = s.parts[i];
  const live_groups& live = s.live[i];
  const key_block& b = s.blocks[i];
  const A* const weights = s.scores_of(i);
  const index_t stride = part.lanes.lanes, dim = c.dims.value_dim;
  for (index_t g = 0; g < live.count; ++g) {
    const range keys{live.segment[g].begin, live.segment[g].end};
    const A* const rescale = part.fresh ? s.rescale + i * s.score_lanes : nullptr;
    part.fresh = false;
    if (!live.segment[g].partial) {
      weigh_rows<A, T>(weights + keys.begin * stride, stride, part.lanes.used, b.value + keys.begin, keys.size(), dim,
                       rescale, part.state.o, s.value_stride);
      continue;
    }
    for (index_t lane = 0; lane < part.lanes.used; ++lane) {
      index_t n = 0;
      for (index_t j = keys.begin; j < keys.end; ++j)
        if ((live.lanes[j] >> lane & 1u) != 0) {
          s.packed_weights[n] = weights[j * stride + lane];
          s.packed_values[n++] = b.value[j];
        }
      weigh_rows<A, T>(s.packed_weights, 1, 1, s.packed_values, n, dim, rescale != nullptr ? rescale + lane : nullptr,
                       part.state.o + lane * s.value_stride, s.value_stride);
    }
  }
}

/// One block of every part that has keys left: all keys in address order, then all values.
template <class A, class Call>
HEED_NOINLINE void attend_blocks(const Call& c, decode_scratch<A>& s, index_t count) noexcept {
  using key_type = typename Call::source::key_format::element;
  using value_type = typename Call::source::value_format::element;
  using key = std::conditional_t<std::is_void_v<key_type>, A, key_type>;
  using value = std::conditional_t<Call::source::values_alias_keys, key,
                                   std::conditional_t<std::is_void_v<value_type>, A, value_type>>;
  index_t most = 0;
  for (index_t i = 0; i < count; ++i) {
    key_block& b = s.blocks[i];
    if (!s.parts[i].more) {
      b.count = 0;
      continue;
    }
    if (b.any_partial)
      find_live(c.m, s.parts[i].lanes, b, s.live[i]);
    else
      s.live[i].all(b.count);
    if (s.live[i].count == 0) {
      b.count = 0;
      continue;
    }
    if constexpr (std::is_void_v<key_type>) {
      unpack_rows(c.kv.keys_as(), b.key, b.key_scales, b.count, c.dims.key_dim, s.key_stride,
                  s.keys + i * s.block_keys * s.key_stride);
      if constexpr (Call::source::values_alias_keys)
        for (index_t j = 0; j < b.count; ++j)
          b.value[j] = b.key[j] + c.dims.value_offset * static_cast<index_t>(sizeof(A));
    }
    if constexpr (std::is_void_v<value_type> && !Call::source::values_alias_keys)
      unpack_rows(c.kv.values_as(), b.value, b.value_scales, b.count, c.dims.value_dim, s.value_stride,
                  s.values + i * s.block_keys * s.value_stride);
    most = greater(most, b.count);
  }
  index_t n = 0;
  for (index_t j = 0; j < most; j += 2)
    for (index_t i = 0; i < count; ++i)
      for (index_t e = 0; e < 2 && j < s.blocks[i].count; ++e) {
        const index_t at = lesser(j + e, s.blocks[i].count - 1); // an odd row twice, so that pairs stay pairs
        s.pairs[n++] = {s.blocks[i].key[at], s.parts[i].lanes.q, s.scores_of(i) + at * s.parts[i].lanes.lanes,
                        s.blocks[i].value[at]};
      }
  score_all<A, key>(s, n, s.parts[0].lanes.used, c.dims.key_dim,
                    Call::source::values_alias_keys ? 0 : c.dims.value_dim * static_cast<index_t>(sizeof(value)));
  for (index_t i = 0; i < count; ++i)
    if (s.blocks[i].count > 0) weigh_scores(c, s, i);
  for (index_t i = 0; i < count; ++i)
    if (s.blocks[i].count > 0) add_rows<A, value>(c, s, i);
}

/// The chunks of several key-value heads of one sequence, block by block in turn.
/// tiles: one per head, at most max_parts, all of as many lanes; into[i]: where head i's state goes, by rows.
/// chunks: how many, 0 for all.
template <class A, class Call>
HEED_NOINLINE void decode_tiles(const Call& c, decode_scratch<A>& s, const tile* tiles, index_t count, index_t chunks,
                                const softmax_state<A>* into) noexcept {
  using stream = stream_of<Call>;
  stream* streams = reinterpret_cast<stream*>(s.streams);
  for (index_t i = 0; i < count; ++i) {
    make_lanes(c, s, i, tiles[i]);
    ::new (static_cast<void*>(streams + i))
        stream(c.m, c.kv, s.parts[i].t, c.shape.decode_block_keys, c.shape.decode_chunk_slots);
    decode_part<A>& p = s.parts[i];
    p.total = into[i];
    p.state = into[i];
    p.more = streams[i].next_chunk();
    p.done = !p.more;
    reset_state(p.state, p.lanes.lanes, p.lanes.used * s.value_stride);
  }
  for (;;) {
    for (;;) {
      bool any = false;
      for (index_t i = 0; i < count; ++i) {
        decode_part<A>& p = s.parts[i];
        p.more = p.more && streams[i].next(s.blocks[i]);
        any = any || p.more;
      }
      if (!any) break;
      attend_blocks(c, s, count);
    }
    bool any = false;
    for (index_t i = 0; i < count; ++i) {
      decode_part<A>& p = s.parts[i];
      if (p.done) continue;
      if (p.chunk > 0) merge_by_rows<Call::unit, A>(p.total, p.state, p.lanes.used, s.value_stride);
      ++p.chunk;
      p.more = (chunks == 0 || p.chunk < chunks) && streams[i].next_chunk();
      p.done = !p.more;
      if (p.done) continue;
      p.state = s.state(1, i);
      reset_state(p.state, p.lanes.lanes, p.lanes.used * s.value_stride);
      any = true;
    }
    if (!any) return;
  }
}

} // namespace kernel
} // namespace HEED_ISA
} // namespace heed
