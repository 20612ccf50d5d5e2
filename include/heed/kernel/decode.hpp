// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Few queries: numbers of a row in lanes, all heads of a group together, several key-value heads in turn so that rows
// are read in address order.
#include <heed/kernel/decode_rows.hpp>
#include <heed/kernel/prefill.hpp>

namespace heed {
inline namespace HEED_ISA {
namespace kernel {

/// One key-value head's share of a decode task. State by rows: o [lanes][value_stride].
template <class A> struct decode_part {
  tile t;
  softmax_state<A> state; ///< where the chunk under way is summed
  softmax_state<A> total; ///< where chunks are merged, if more than one is done
  A* q;                   ///< [lanes][key_stride], scaled, padded with zeros
  panel<A> lanes;
  index_t chunk;
  bool more; ///< the chunk under way has keys left
  bool done; ///< all chunks are merged
};

template <class Call> using stream_of = key_blocks<typename Call::mask_type, typename Call::source>;

/// Scratch of one worker in the decode kernel.
template <class A> struct decode_scratch {
  static constexpr index_t max_parts = 8; ///< key-value heads per task
  static constexpr index_t max_lanes = 8;
  A *q, *scores, *packed_weights, *keys, *values, *rescale;
  A *m, *l, *o; ///< [2][max_parts] states
  std::byte* streams;
  key_block* blocks;
  live_groups* live;
  const std::byte** packed_values;
  std::int32_t* relative_k;
  index_t *head_of, *q_of, *row_of;
  std::int32_t* relative_q;
  std::uint8_t* row_bit;
  decode_part<A>* parts;
  index_t key_stride, value_stride, score_stride;

  HEED_INLINE void lay_out(detail::arena& a, const tile_shape& shape, const kv_dims& d, index_t stream_bytes) noexcept {
    constexpr index_t vector = simd::batch<A>::lanes;
    key_stride = (d.key_dim + vector - 1) / vector * vector;
    value_stride = (d.value_dim + vector - 1) / vector * vector;
    score_stride = shape.decode_block_keys + key_block::padding;
    q = a.take<A>(max_parts * max_lanes * key_stride);
    scores = a.take<A>(max_lanes * score_stride);
    packed_weights = a.take<A>(score_stride);
    keys = a.take<A>((shape.decode_block_keys + 1) * key_stride);
    values = a.take<A>((shape.decode_block_keys + 1) * value_stride);
    rescale = a.take<A>(max_lanes);
    m = a.take<A>(2 * max_parts * max_lanes);
    l = a.take<A>(2 * max_parts * max_lanes);
    o = a.take<A>(2 * max_parts * max_lanes * value_stride);
    streams = a.take<std::byte>(max_parts * stream_bytes);
    blocks = a.take<key_block>(2);
    live = a.take<live_groups>(1);
    packed_values = a.take<const std::byte*>(key_block::capacity);
    relative_k = a.take<std::int32_t>(key_block::capacity + key_block::padding);
    head_of = a.take<index_t>(max_parts * max_lanes);
    q_of = a.take<index_t>(max_parts * max_lanes);
    row_of = a.take<index_t>(max_parts * max_lanes);
    relative_q = a.take<std::int32_t>(max_parts * max_lanes);
    row_bit = a.take<std::uint8_t>(max_parts * max_lanes);
    parts = a.take<decode_part<A>>(max_parts);
  }
  [[nodiscard]] HEED_INLINE softmax_state<A> state(index_t which, index_t part) const noexcept {
    const index_t at = (which * max_parts + part) * max_lanes;
    return {m + at, l + at, o + at * value_stride};
  }
};

/// Copies the queries of one part, scaled and padded, and says what its lanes stand for.
template <class A, class Call>
HEED_NOINLINE void make_lanes(const Call& c, decode_scratch<A>& s, index_t i, const tile& t) noexcept {
  using batch = simd::batch<A>;
  decode_part<A>& part = s.parts[i];
  const index_t heads = t.heads.size(), lanes = heads * static_cast<index_t>(t.rows.size());
  const index_t first_token = c.p.extents.first_row(t.seq), at = i * s.max_lanes;
  part.t = t;
  part.q = s.q + at * s.key_stride;
  part.chunk = 0;
  part.lanes = {part.q,         c.dims.key_dim,
                lanes,          0,
                lanes,          (std::uint64_t{1} << lanes) - 1,
                t.seq,          t.q[0],
                s.head_of + at, s.q_of + at,
                s.row_of + at,  s.relative_q + at,
                s.row_bit + at, t,
                heads == 1};
  const batch factor(c.query_factor());
  for (index_t lane = 0; lane < lanes; ++lane) {
    const auto row = static_cast<std::size_t>(lane / heads);
    const index_t head = t.heads.begin + lane % heads;
    s.head_of[at + lane] = head;
    s.q_of[at + lane] = t.q[row];
    s.row_of[at + lane] = t.rows[row];
    s.relative_q[at + lane] = relative(t.q[row], t.q[0]);
    s.row_bit[at + lane] = static_cast<std::uint8_t>(row);
    const typename Call::query* from = c.p.q.row(first_token + t.rows[row], head);
    A* to = part.q + lane * s.key_stride;
    for (index_t d = 0; d < c.dims.key_dim; d += batch::lanes) {
      const index_t n = c.dims.key_dim - d;
      mul(n >= batch::lanes ? batch::widen(from + d) : batch::widen_first(from + d, n), factor).store(to + d);
    }
  }
}

/// Modifiers and bias of a block, keys in lanes. Cells sent to -inf leave `live`.
template <class A, class Call>
HEED_NOINLINE void modify_rows(const Call& c, decode_scratch<A>& s, const panel<A>& p, const key_block& b) noexcept {
  using batch = simd::batch<A>;
  live_groups& live = *s.live;
  if constexpr (Call::modified) {
    if (!live.detailed)
      for (index_t j = 0; j < b.count; ++j) live.lanes[j] = p.every;
    for (index_t j = 0; j < b.count + key_block::padding; ++j) s.relative_k[j] = relative(b.k[j], p.origin);
  }
  bool any_gone = false;
  for (index_t lane = 0; lane < p.used; ++lane)
    for (index_t j = 0; j < b.count; j += batch::lanes) {
      A* at = s.scores + lane * s.score_stride + j;
      batch x = batch::load(at);
      A bias[batch::lanes];
      for (index_t i = 0; i < batch::lanes; ++i) bias[i] = static_cast<A>(b.bias[j + i]);
      if constexpr (Call::modified) {
        const index_t n = lesser(batch::lanes, b.count - j);
        const cells<batch> cell_list{p.seq,
                                     {p.head_of + lane, 0},
                                     {p.q_of + lane, 0},
                                     {b.k + j, 1},
                                     {p.row_of + lane, 0},
                                     {b.slot + j, 1},
                                     batch::difference(p.relative_q[lane], s.relative_k + j),
                                     n};
        x = mul(apply_mod<A>(c.mod, x, cell_list) + batch::load(bias), batch(log2e<A>));
        std::uint64_t gone = (x == batch(-static_cast<A>(__builtin_inf()))).bits();
        if (n < batch::lanes) gone &= (std::uint64_t{1} << n) - 1;
        for (; gone != 0; gone &= gone - 1) {
          live.take_out(j + __builtin_ctzll(gone), std::uint64_t{1} << lane);
          any_gone = true;
        }
      } else
        x = x + mul(batch::load(bias), batch(log2e<A>));
      x.store(at);
    }
  if (any_gone) live.settle(p.every, b.count, kernel_shape<A>::group_keys);
}

/// One block of one part: scores, softmax, values.
template <class A, class Call>
HEED_NOINLINE void attend_rows(const Call& c, decode_scratch<A>& s, decode_part<A>& part, key_block& b,
                               row_prefetch& ahead) noexcept {
  live_groups& live = *s.live;
  const panel<A>& p = part.lanes;
  if (b.any_partial)
    find_live(c.m, p, b, live);
  else
    live.all(b.count);
  if (live.count == 0) return;
  score_rows(part.q, s.key_stride, p.used, b.key, b.count, c.dims.key_dim, s.scores, s.score_stride, ahead);
  if (Call::modified || b.any_bias) {
    modify_rows(c, s, p, b);
    if (live.count == 0) return;
  }
  bool partial = false;
  for (index_t i = 0; i < live.count; ++i) partial = partial || live.segment[i].partial;
  partial = partial || live.count != 1 || live.segment[0].begin != 0 || live.segment[0].end != b.count;
  for (index_t lane = 0; lane < p.used; ++lane) {
    A* row = s.scores + lane * s.score_stride;
    if (partial)
      for (index_t j = 0; j < b.count; ++j)
        if ((live.lanes[j] >> lane & 1u) == 0) row[j] = -static_cast<A>(__builtin_inf());
    softmax_row(row, b.count, part.state.m + lane, part.state.l + lane, s.rescale + lane);
  }
  if (!partial) {
    weigh_rows(s.scores, s.score_stride, p.used, b.value, b.count, c.dims.value_dim, s.rescale, part.state.o,
               s.value_stride);
    return;
  }
  for (index_t lane = 0; lane < p.used; ++lane) {
    index_t n = 0;
    for (index_t j = 0; j < b.count; ++j)
      if ((live.lanes[j] >> lane & 1u) != 0) {
        s.packed_weights[n] = s.scores[lane * s.score_stride + j];
        s.packed_values[n++] = b.value[j];
      }
    weigh_rows(s.packed_weights, s.score_stride, 1, s.packed_values, n, c.dims.value_dim, s.rescale + lane,
               part.state.o + lane * s.value_stride, s.value_stride);
  }
}

/// The chunks of several key-value heads of one sequence, block by block in turn.
/// tiles: one per head, at most max_parts; into[i]: where head i's state goes, by rows. chunks: how many, 0 for all.
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
    reset_state(p.state, p.lanes.used, p.lanes.used * s.value_stride);
  }
  // The next block in address order: the same block of the next head, then the next block of the first.
  index_t turn = -1;
  const auto advance = [&](key_block& b) HEED_BODY {
    index_t left = 0;
    for (index_t i = 0; i < count; ++i) left += s.parts[i].more ? 1 : 0;
    while (left > 0) {
      turn = turn + 1 == count ? 0 : turn + 1;
      if (!s.parts[turn].more) continue;
      if (streams[turn].next(b)) return true;
      s.parts[turn].more = false;
      --left;
    }
    return false;
  };
  for (;;) {
    key_block *now = s.blocks, *next = s.blocks + 1;
    turn = -1;
    bool have = advance(*now);
    while (have) {
      const index_t at = turn;
      const bool have_next = advance(*next);
      row_prefetch ahead{next, have_next ? 0 : next->count, 0, c.kv.keys_as().row_bytes(c.dims.key_dim),
                         Call::source::values_alias_keys ? 0 : c.kv.values_as().row_bytes(c.dims.value_dim)};
      unpack_block<A>(c, s, *now);
      attend_rows(c, s, s.parts[at], *now, ahead);
      key_block* const swap = now;
      now = next;
      next = swap;
      have = have_next;
    }
    bool any = false;
    for (index_t i = 0; i < count; ++i) {
      decode_part<A>& p = s.parts[i];
      if (p.done) continue;
      if (p.chunk > 0) merge_by_rows<A>(p.total, p.state, p.lanes.used, s.value_stride);
      ++p.chunk;
      p.more = (chunks == 0 || p.chunk < chunks) && streams[i].next_chunk();
      p.done = !p.more;
      if (p.done) continue;
      p.state = s.state(1, i);
      reset_state(p.state, p.lanes.used, p.lanes.used * s.value_stride);
      any = true;
    }
    if (!any) return;
  }
}

} // namespace kernel
} // namespace HEED_ISA
} // namespace heed
