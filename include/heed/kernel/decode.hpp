// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Few queries: numbers of a row in lanes, all heads of a group together, several key-value heads in turn, because where
// a token's heads lie side by side only together are they read in address order.
#include <heed/kernel/decode_task.hpp>

#include <new>

namespace heed {
inline namespace HEED_ISA {
namespace kernel {

/// Scores of a block's keys with all queries of a part.
template <class A, class T>
HEED_NOINLINE void score_block(const decode_scratch<A>& s, index_t i, const key_block& b, index_t dim,
                               row_fetch& ahead) noexcept {
  constexpr int vector = static_cast<int>(simd::batch<A>::lanes);
  const panel<A>& p = s.parts[i].lanes;
  A* const scores = s.scores_of(i);
  const auto all = [&](auto each) HEED_BODY {
    constexpr int lanes = decltype(each)::value;
    for (index_t j = 0; j < b.count; j += vector / lanes)
      for (index_t l = 0; l < p.lanes; l += lanes)
        score_rows<A, T, lanes>(b.key + j, p.q + l * s.key_stride, dim, scores + j * p.lanes + l, p.lanes, ahead);
  };
  const index_t each = score_group_lanes<A>(p.lanes);
  if constexpr (vector >= 4)
    if (each == 4) return all(detail::constant<4>{});
  if constexpr (vector >= 2)
    if (each == 2) return all(detail::constant<2>{});
  all(detail::constant<1>{});
}

/// From scores to weights, one part. A block without a live cell loses its keys.
template <class A, class Call>
HEED_NOINLINE void weigh_scores(const Call& c, const decode_scratch<A>& s, index_t i, key_block& b) noexcept {
  decode_part<A>& part = s.parts[i];
  live_groups& live = s.live[i];
  A* const scores = s.scores_of(i);
  if (Call::modified || b.any_bias) modify_rows(c.mod, part.lanes, b, live, scores);
  part.fresh = live.count > 0;
  if (!part.fresh) {
    b.count = 0;
    return;
  }
  mask_rows(part.lanes, live, b.count, scores);
  A* const rescale = s.rescale + i * s.score_lanes;
  const softmax_state<A>& state = part.state;
  if constexpr (decode_scratch<A>::score_lanes > simd::batch<A>::lanes)
    if (part.lanes.vectors == 2)
      return softmax_rows<Call::unit, A, 2>(scores, b.count, part.lanes.lanes, state.m, state.l, rescale);
  softmax_rows<Call::unit, A, 1>(scores, b.count, part.lanes.lanes, state.m, state.l, rescale);
}

/// Adds the weighted values of one part's block.
template <class A, class T>
HEED_NOINLINE void add_rows(const decode_scratch<A>& s, index_t i, const key_block& b, index_t dim,
                            row_fetch& ahead) noexcept {
  decode_part<A>& part = s.parts[i];
  const live_groups& live = s.live[i];
  const A* const weights = s.scores_of(i);
  const index_t stride = part.lanes.lanes;
  for (index_t g = 0; g < live.count; ++g) {
    const range keys{live.segment[g].begin, live.segment[g].end};
    const A* const rescale = part.fresh ? s.rescale + i * s.score_lanes : nullptr;
    part.fresh = false;
    if (!live.segment[g].partial) {
      weigh_rows<A, T>(weights + keys.begin * stride, stride, part.lanes.used, b.value + keys.begin, keys.size(), dim,
                       rescale, part.state.o, s.value_stride, ahead);
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
                       part.state.o + lane * s.value_stride, s.value_stride, ahead);
    }
  }
}

/// One block of every part that has keys left: all scores, then part by part weights and values, so that memory still
/// has requests to answer while weights are made. While scores are made the block's values are fetched, and while
/// values are added the next block's keys, so that memory and arithmetic work at the same time.
template <class A, class Call>
HEED_NOINLINE void attend_blocks(const Call& c, decode_scratch<A>& s, index_t count, key_block* now,
                                 const key_block* next) noexcept {
  using key_type = typename Call::source::key_format::element;
  using value_type = typename Call::source::value_format::element;
  using key = std::conditional_t<std::is_void_v<key_type>, A, key_type>;
  constexpr bool alias = Call::source::values_alias_keys;
  using value = std::conditional_t<alias, key, std::conditional_t<std::is_void_v<value_type>, A, value_type>>;
  for (index_t i = 0; i < count; ++i) {
    key_block& b = now[i];
    if (b.count == 0) continue;
    if (b.any_partial)
      find_live(c.m, s.parts[i].lanes, b, s.live[i]);
    else
      s.live[i].all(b.count);
    if (s.live[i].count == 0) b.count = 0;
  }
  const index_t key_bytes = c.kv.keys_as().row_bytes(c.dims.key_dim);
  const index_t value_bytes = alias ? 0 : c.kv.values_as().row_bytes(c.dims.value_dim);
  const auto rows_of = [&](const key_block* blocks, block_rows of, index_t bytes) HEED_BODY {
    return row_walk(s.rows_ahead, list_rows(blocks, count, of, s.rows_ahead), bytes);
  };
  // The rows of one block from `first` on; where there are none nothing is asked for.
  const auto once_more = [&](const key_block& b, block_rows of, index_t bytes, index_t first = 0) HEED_BODY {
    return b.count > first ? row_walk((of == block_rows::keys ? b.key : b.value) + first, b.count - first, bytes)
                           : row_walk(s.rows_ahead, 0, 0);
  };
  row_fetch values{rows_of(now, block_rows::values, value_bytes), once_more(now[0], block_rows::values, 0),
                   once_more(now[0], block_rows::values, 0)};
  for (index_t i = 0; i < count; ++i) {
    key_block& b = now[i];
    if (b.count == 0) continue;
    if constexpr (std::is_void_v<key_type>) {
      unpack_rows(c.kv.keys_as(), b.key, b.key_scales, b.count, c.dims.key_dim, s.key_stride,
                  s.keys + i * s.block_keys * s.key_stride);
      for (index_t j = b.count; j < b.count + key_block::padding; ++j) b.key[j] = b.key[b.count - 1];
      if constexpr (alias)
        for (index_t j = 0; j < b.count; ++j)
          b.value[j] = b.key[j] + c.dims.value_offset * static_cast<index_t>(sizeof(A));
    }
    values.again = i + 1 < count ? once_more(now[i + 1], block_rows::keys, key_bytes)
                                 : once_more(now[0], block_rows::values, value_bytes);
    values.near = once_more(b, block_rows::keys, key_bytes, row_fetch::near_rows);
    score_block<A, key>(s, i, b, c.dims.key_dim, values);
  }
  values.ahead.finish();
  row_fetch keys{rows_of(next, block_rows::keys, key_bytes), values.again, values.near};
  for (index_t i = 0; i < count; ++i) {
    key_block& b = now[i];
    if (b.count == 0) continue;
    weigh_scores(c, s, i, b);
    if (b.count == 0) continue;
    if constexpr (std::is_void_v<value_type> && !alias)
      unpack_rows(c.kv.values_as(), b.value, b.value_scales, b.count, c.dims.value_dim, s.value_stride,
                  s.values + i * s.block_keys * s.value_stride);
    keys.again = i + 1 < count ? once_more(now[i + 1], block_rows::values, value_bytes)
                               : once_more(next[0], block_rows::keys, key_bytes);
    keys.near = once_more(b, block_rows::values, value_bytes, row_fetch::near_rows);
    add_rows<A, value>(s, i, b, c.dims.value_dim, keys);
  }
  keys.ahead.finish();
}

/// Takes up chunk `number` of a part, and those before it that have no keys; closes the one under way.
template <class A, score_unit Unit>
HEED_NOINLINE void enter_chunk(decode_scratch<A>& s, index_t i, index_t number) noexcept {
  decode_part<A>& p = s.parts[i];
  for (; p.chunk < number; ++p.chunk) {
    if (p.chunk > 0 && p.into.step == 0) merge_by_rows<Unit, A>(p.into.first, p.state, p.lanes.used, s.value_stride);
    const index_t chunk = p.chunk + 1;
    p.state = chunk == 0 || p.into.step > 0 ? p.into.of(chunk) : s.state(1, i);
    reset_state(p.state, p.lanes.vectors * simd::batch<A>::lanes, p.lanes.used * s.value_stride);
  }
}

/// The chunks of several key-value heads of one sequence, block by block in turn.
/// tiles: one per head, at most max_parts, all of as many lanes; into[i]: where head i's chunks go.
template <class A, class Call>
HEED_NOINLINE void decode_tiles(const Call& c, decode_scratch<A>& s, const tile* tiles, index_t count,
                                const decode_target<A>* into) noexcept {
  using stream = stream_of<Call>;
  stream* streams = reinterpret_cast<stream*>(s.streams);
  key_block *now = s.blocks, *next = s.blocks + s.max_parts;
  const auto pull = [&](index_t i) HEED_BODY {
    decode_part<A>& p = s.parts[i];
    p.more = p.next_chunk >= 0 && streams[i].next(next[i]);
    while (!p.more && (p.into.chunks == 0 || p.next_chunk + 1 < p.into.chunks) && streams[i].next_chunk()) {
      ++p.next_chunk;
      p.more = streams[i].next(next[i]);
    }
    if (!p.more) next[i].count = 0;
  };
  for (index_t i = 0; i < count; ++i) {
    make_lanes(c, s, i, tiles[i]);
    ::new (static_cast<void*>(streams + i))
        stream(c.m, c.kv, s.parts[i].t, c.shape.decode_block_keys, c.shape.decode_chunk_slots);
    decode_part<A>& p = s.parts[i];
    p.into = into[i];
    p.chunk = p.next_chunk = -1;
    pull(i);
    enter_chunk<A, Call::unit>(s, i, 0);
  }
  for (;;) {
    key_block* const swap = now;
    now = next;
    next = swap;
    bool any = false;
    for (index_t i = 0; i < count; ++i) {
      decode_part<A>& p = s.parts[i];
      next[i].count = 0;
      if (!p.more) continue;
      any = true;
      enter_chunk<A, Call::unit>(s, i, p.next_chunk);
      pull(i);
    }
    if (!any) break;
    attend_blocks(c, s, count, now, next);
  }
  for (index_t i = 0; i < count; ++i) {
    decode_part<A>& p = s.parts[i];
    if (p.into.step > 0)
      enter_chunk<A, Call::unit>(s, i, p.into.chunks - 1); // the last ones may have no keys
    else if (p.chunk > 0)
      merge_by_rows<Call::unit, A>(p.into.first, p.state, p.lanes.used, s.value_stride);
  }
}

} // namespace kernel
} // namespace HEED_ISA
} // namespace heed
