// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Many queries: one pass over the key blocks of a query tile, several panels of lanes sharing each block.
#include <heed/detail/arena.hpp>
#include <heed/kernel/call.hpp>
#include <heed/kernel/pack.hpp>
#include <heed/kernel/score_tile.hpp>
#include <heed/kernel/value_tile.hpp>

namespace heed {
inline namespace HEED_ISA {
namespace kernel {

/// Sizes of a tile's lanes: rows x heads of one tile, cut into panels.
template <class A> struct lane_layout {
  static constexpr index_t full = kernel_shape<A>::panel_lanes;
  [[nodiscard]] static HEED_INLINE index_t panels(index_t lanes) noexcept { return (lanes + full - 1) / full; }
  /// Lanes of panel i, whole vectors.
  [[nodiscard]] static HEED_INLINE index_t width(index_t lanes, index_t i) noexcept {
    constexpr index_t v = simd::batch<A>::lanes;
    return lesser(full, (lanes - i * full + v - 1) / v * v);
  }
};

/// Scratch of one worker in the prefill and observe kernels.
template <class A> struct prefill_scratch {
  static constexpr index_t max_panels = 8;
  A *q, *scores, *rescale, *keys, *values;
  softmax_state<A> first, other;
  key_block* blocks; ///< two: the block under way and the one after
  live_groups* live;
  index_t *rows, *positions, *head_of, *q_of, *row_of;
  std::int32_t* relative_q;
  std::uint8_t* row_bit;
  panel<A>* panels;
  index_t key_stride, value_stride; ///< of unpacked rows
  const std::byte** beside;         ///< rows that the tile under way fetches beside its stream
  tile_prefetch fetch;

  HEED_INLINE void lay_out(detail::arena& a, const tile_shape& shape, const kv_dims& d) noexcept {
    constexpr index_t vector = simd::batch<A>::lanes;
    const index_t lanes = shape.panels * kernel_shape<A>::panel_lanes;
    key_stride = (d.key_dim + vector - 1) / vector * vector;
    value_stride = (d.value_dim + vector - 1) / vector * vector;
    q = a.take<A>(lanes * d.key_dim);
    scores = a.take<A>((shape.block_keys + key_block::padding) * kernel_shape<A>::panel_lanes);
    rescale = a.take<A>(kernel_shape<A>::panel_lanes);
    keys = a.take<A>((shape.block_keys + 1) * key_stride);
    values = a.take<A>((shape.block_keys + 1) * value_stride);
    for (softmax_state<A>* s : {&first, &other}) {
      s->m = a.take<A>(lanes);
      s->l = a.take<A>(lanes);
      s->o = a.take<A>(lanes * d.value_dim);
    }
    blocks = a.take<key_block>(2);
    live = a.take<live_groups>(1);
    rows = a.take<index_t>(lanes);
    positions = a.take<index_t>(lanes);
    head_of = a.take<index_t>(lanes);
    q_of = a.take<index_t>(lanes);
    row_of = a.take<index_t>(lanes);
    relative_q = a.take<std::int32_t>(lanes);
    row_bit = a.take<std::uint8_t>(lanes);
    panels = a.take<panel<A>>(max_panels);
    beside = a.take<const std::byte*>(2 * lanes);
    fetch = {};
  }
};

/// Cuts a tile into panels and packs their queries. Returns the panel count.
template <class A, class Call>
HEED_NOINLINE index_t make_panels(const Call& c, prefill_scratch<A>& s, const tile& t) noexcept {
  using layout = lane_layout<A>;
  constexpr index_t vector = simd::batch<A>::lanes;
  const index_t heads = t.heads.size(), lanes = heads * static_cast<index_t>(t.rows.size());
  const index_t first_token = c.p.extents.first_row(t.seq);
  const two_part_factor<A> factor = c.query_factor();
  index_t packed = 0;
  for (index_t i = 0; i < layout::panels(lanes); ++i) {
    const index_t first = i * layout::full, used = lesser(layout::full, lanes - first), width = layout::width(lanes, i);
    panel<A>& p = s.panels[i];
    const index_t first_row = first / heads, end_row = (first + used - 1) / heads + 1;
    p = {s.q + packed,
         c.dims.key_dim,
         width,
         width / vector,
         used,
         used == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << used) - 1,
         t.seq,
         t.q[static_cast<std::size_t>(first_row)],
         s.head_of + first,
         s.q_of + first,
         s.row_of + first,
         s.relative_q + first,
         s.row_bit + first,
         t,
         heads == 1};
    const auto from = static_cast<std::size_t>(first_row), n = static_cast<std::size_t>(end_row - first_row);
    p.rows.rows = t.rows.subspan(from, n);
    p.rows.q = t.q.subspan(from, n);
    p.rows.q_hull = {p.origin, p.origin + 1};
    for (const index_t q : p.rows.q)
      p.rows.q_hull = {lesser(p.rows.q_hull.begin, q), greater(p.rows.q_hull.end, q + 1)};
    for (index_t v = 0; v < width; v += vector) {
      const typename Call::query* rows[vector];
      for (index_t e = 0; e < vector; ++e) {
        const index_t lane = first + v + e, live = first + lesser(v + e, used - 1);
        const index_t row = live / heads, head = t.heads.begin + live % heads;
        const auto r = static_cast<std::size_t>(row);
        s.head_of[lane] = head;
        s.q_of[lane] = t.q[r];
        s.row_of[lane] = t.rows[r];
        s.relative_q[lane] = relative(t.q[r], p.origin);
        s.row_bit[lane] = static_cast<std::uint8_t>(row - first_row);
        rows[e] = c.p.q.row(first_token + t.rows[r], head);
      }
      pack_lanes(rows, greater(0, lesser(vector, used - v)), c.dims.key_dim, factor, s.q + packed + v, width);
    }
    packed += width * c.dims.key_dim;
  }
  return layout::panels(lanes);
}

/// Scores of one panel with one block, -inf where masked; false when no cell is live.
template <int Vectors, class A, class Call>
HEED_INLINE bool score_panel(const Call& c, prefill_scratch<A>& s, const panel<A>& p, const key_block& b,
                             row_prefetch& ahead) noexcept {
  live_groups& live = *s.live;
  if (b.any_partial)
    find_live(c.m, p, b, live);
  else
    live.all(b.count);
  if (live.count == 0) return false;
  if constexpr (Call::scored) score_products<A, Vectors>(p, b.key, live, s.scores, ahead);
  if (Call::modified || b.any_bias) modify_scores(c.mod, p, b, live, s.scores);
  mask_scores(p, live, s.scores);
  return live.count > 0;
}

template <int Vectors, class A, class Call>
HEED_NOINLINE void attend_panel(const Call& c, prefill_scratch<A>& s, const panel<A>& p, const key_block& b,
                                const softmax_state<A>& state, row_prefetch& ahead) noexcept {
  if (!score_panel<Vectors>(c, s, p, b, ahead)) return;
  if constexpr (Call::weighed) {
    note_seen<A>(*s.live, p.every, p.lanes, state.m, state.l);
    add_values<A, Vectors>(s.scores, b.value, c.dims.value_dim, *s.live, nullptr, state.o, ahead);
  } else {
    softmax_block<Call::unit, A, Vectors>(s.scores, *s.live, state.m, state.l, s.rescale);
    add_values<A, Vectors>(s.scores, b.value, c.dims.value_dim, *s.live, s.rescale, state.o, ahead);
  }
}

/// Makes rows readable as accumulators where the source stores them otherwise.
template <class A, class Call, class Scratch>
HEED_INLINE void unpack_block(const Call& c, Scratch& s, key_block& b) noexcept {
  if constexpr (!Call::keys_in_place) {
    unpack_rows(c.kv.keys_as(), b.key, b.key_scales, b.count, c.dims.key_dim, s.key_stride, s.keys);
    for (index_t j = b.count; j < b.count + key_block::padding; ++j) b.key[j] = b.key[b.count - 1];
  }
  if constexpr (Call::source::values_alias_keys && !Call::keys_in_place) {
    for (index_t j = 0; j < b.count; ++j) b.value[j] = b.key[j] + c.dims.value_offset * static_cast<index_t>(sizeof(A));
  } else if constexpr (!Call::values_in_place)
    unpack_rows(c.kv.values_as(), b.value, b.value_scales, b.count, c.dims.value_dim, s.value_stride, s.values);
}

template <class A> HEED_INLINE void reset_state(const softmax_state<A>& s, index_t lanes, index_t numbers) noexcept {
  for (index_t i = 0; i < lanes; ++i) {
    s.m[i] = -static_cast<A>(__builtin_inf());
    s.l[i] = A(0);
  }
  __builtin_memset(s.o, 0, static_cast<std::size_t>(numbers) * sizeof(A));
}

/// Lets a tile fetch, while it works, its outputs and the queries of the tile that this worker is likely to do next
/// (one without rows: none). slots: that the tile visits.
///
/// Zen 4, 2 threads, f32, D 128, S 2048, 8 heads of [token][head][dim], a window of 128 keys, of the time of a call:
/// packing 6.7 % without and 2.6 % with, storing 3.8 and 2.6 %.
template <class A, class Call>
HEED_NOINLINE void fetch_beside(const Call& c, prefill_scratch<A>& s, const tile& t, const tile& next,
                                index_t slots) noexcept {
  const std::byte** at = s.beside;
  const auto rows_of = [&](const tile& of, const auto& rows) HEED_BODY {
    const std::byte** const first = at;
    for (const index_t row : of.rows)
      for (index_t h = of.heads.begin; h < of.heads.end; ++h)
        *at++ = reinterpret_cast<const std::byte*>(rows.row(c.p.extents.first_row(of.seq) + row, h));
    return first;
  };
  s.fetch = {};
  if (!next.rows.empty()) {
    const std::byte** const first = rows_of(next, c.p.q);
    s.fetch.add({first, at - first, c.dims.key_dim * static_cast<index_t>(sizeof(typename Call::query))});
  }
  const std::byte** const first = rows_of(t, c.p.o);
  s.fetch.add({first, at - first, c.dims.value_dim * static_cast<index_t>(sizeof(typename Call::output))});
  // Half the ticks that there are if every panel sees every slot.
  constexpr index_t group = kernel_shape<A>::group_keys;
  const index_t count = (slots + c.shape.block_keys - 1) / c.shape.block_keys;
  const index_t panels = lane_layout<A>::panels(t.heads.size() * static_cast<index_t>(t.rows.size()));
  s.fetch.spread_over(panels * (slots / group + count * c.dims.value_dim / group) / 2);
}

/// One pass over the keys that a tile sees. State of panel i starts at lane i x panel_lanes; `into` is laid out by
/// lanes. chunks: how many to do, 0 for all. Each chunk starts a state of its own and is merged into the ones before.
template <class A, class Call>
HEED_NOINLINE void prefill_tile(const Call& c, prefill_scratch<A>& s, const tile& t, index_t chunks,
                                const softmax_state<A>& into) noexcept {
  using layout = lane_layout<A>;
  using source = typename Call::source;
  const index_t lanes = t.heads.size() * static_cast<index_t>(t.rows.size()), value_dim = c.dims.value_dim;
  const index_t panels = make_panels(c, s, t);
  const index_t padded = (panels - 1) * layout::full + layout::width(lanes, panels - 1);
  key_blocks<typename Call::mask_type, source> blocks(c.m, c.kv, t, c.shape.block_keys, c.shape.chunk_slots);
  reset_state(into, padded, padded * value_dim);
  constexpr int group = kernel_shape<A>::group_keys;
  const index_t steps = panels * ((c.shape.block_keys + group - 1) / group + value_dim / group);
  for (index_t chunk = 0; (chunks == 0 || chunk < chunks) && blocks.next_chunk(); ++chunk) {
    const softmax_state<A>& state = chunk == 0 ? into : s.other;
    if (chunk > 0) reset_state(state, padded, padded * value_dim);
    key_block *now = s.blocks, *next = s.blocks + 1;
    bool more = blocks.next(*now);
    // What a block before would have fetched, a group of keys ahead: products with values (as above) take 128 to 130
    // time stamps per 16 pairs, 135 to 137 without.
    const index_t key_bytes = c.kv.keys_as().row_bytes(c.dims.key_dim);
    const index_t value_bytes = source::values_alias_keys ? 0 : c.kv.values_as().row_bytes(value_dim);
    row_prefetch first(now, more ? now->count : 0, (now->count + group - 1) / group, key_bytes, value_bytes, nullptr);
    first.tick();
    while (more) {
      more = blocks.next(*next);
      row_prefetch ahead(next, more ? next->count : 0, steps, key_bytes, value_bytes, &s.fetch);
      ahead.urgent = &first;
      unpack_block<A>(c, s, *now);
      for (index_t i = 0; i < panels; ++i) {
        const panel<A>& p = s.panels[i];
        const index_t at = i * layout::full;
        const softmax_state<A> part{state.m + at, state.l + at, state.o + at * value_dim};
        if constexpr (kernel_shape<A>::panel_vectors >= 3)
          if (p.vectors == 3) {
            attend_panel<3>(c, s, p, *now, part, ahead);
            continue;
          }
        if (p.vectors == 2)
          attend_panel<2>(c, s, p, *now, part, ahead);
        else
          attend_panel<1>(c, s, p, *now, part, ahead);
      }
      first.rows = 0;
      key_block* const swap = now;
      now = next;
      next = swap;
    }
    if (chunk > 0)
      for (index_t i = 0; i < panels; ++i) {
        const index_t at = i * layout::full;
        merge_by_lanes<Call::unit, A>({into.m + at, into.l + at, into.o + at * value_dim},
                                      {state.m + at, state.l + at, state.o + at * value_dim}, s.panels[i].lanes,
                                      value_dim);
      }
  }
}

} // namespace kernel
} // namespace HEED_ISA
} // namespace heed
