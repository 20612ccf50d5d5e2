// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Second pass over chosen rows, key-stationary: a stretch of slots meets query tiles in ascending order, so that each
// slot has one writer.
#include <heed/kernel/prefill.hpp>

namespace heed {
inline namespace HEED_ISA {
namespace kernel {

/// Probabilities of one panel and block, in place of its scores: 0 where not live.
/// lse: [lanes] in the unit of the scores, +inf in lanes that are padding.
template <score_unit Unit, class A>
HEED_NOINLINE void normalise_scores(const panel<A>& p, const live_groups& live, index_t keys, const A* lse,
                                    A* scores) noexcept {
  using batch = simd::batch<A>;
  index_t j = 0;
  const auto clear_to = [&](index_t end) HEED_BODY {
    for (; j < end; ++j)
      for (index_t v = 0; v < p.lanes; v += batch::lanes) batch(A(0)).store(scores + j * p.lanes + v);
  };
  for (index_t s = 0; s < live.count; ++s) {
    clear_to(live.segment[s].begin);
    for (; j < live.segment[s].end; ++j)
      for (index_t v = 0; v < p.lanes; v += batch::lanes) {
        A* at = scores + j * p.lanes + v;
        power<Unit>(batch::load(at) - batch::load(lse + v)).store(at);
      }
  }
  clear_to(keys);
}

/// Logarithms of probabilities in natural units, in place of a panel's scores: -inf where not live. lse: as above;
/// unit: what a score's unit is in natural ones.
template <class A>
HEED_NOINLINE void take_lse_off(const panel<A>& p, const live_groups& live, index_t keys, const A* lse, A unit,
                                A* scores) noexcept {
  using batch = simd::batch<A>;
  const batch nothing(-static_cast<A>(__builtin_inf())), factor(unit);
  index_t j = 0;
  const auto clear_to = [&](index_t end) HEED_BODY {
    for (; j < end; ++j)
      for (index_t v = 0; v < p.lanes; v += batch::lanes) nothing.store(scores + j * p.lanes + v);
  };
  for (index_t s = 0; s < live.count; ++s) {
    clear_to(live.segment[s].begin);
    for (; j < live.segment[s].end; ++j)
      for (index_t v = 0; v < p.lanes; v += batch::lanes) {
        A* at = scores + j * p.lanes + v;
        mul(batch::load(at) - batch::load(lse + v), factor).store(at);
      }
  }
  clear_to(keys);
}

/// Slots after which a block of keys ends: whole blocks of an observer that pools them, so that blocks of equal keys
/// are cut, and so added up, alike. Absent: nowhere.
template <class O> HEED_INLINE index_t slots_between_cuts(const O& observer, index_t block_keys) noexcept {
  if constexpr (requires { observer.slots_together(); }) {
    const index_t n = observer.slots_together();
    return n >= block_keys ? n : block_keys / n * n;
  } else
    return PTRDIFF_MAX;
}

/// What an observer is shown; absent: probabilities.
template <class O> HEED_INLINE shown shown_to(const O& observer) noexcept {
  if constexpr (requires { observer.shows(); })
    return observer.shows();
  else
    return shown::probabilities;
}

/// Whether an observer takes rows in any order: it writes cells, or adds nothing up over rows. Then a mask that cuts
/// tiles cuts those of the observers' pass too, so that they see few keys that a row does not. Absent: rows ascend.
template <class O> consteval bool rows_in_any_order() {
  if constexpr (requires { O::rows_in_any_order; })
    return O::rows_in_any_order;
  else
    return false;
}

/// The natural log-sum-exp of each row of a call: [tokens][q_heads], at a stride from token to token. Both infinities
/// mean a row that saw no key.
template <class A> struct known_lse {
  const A* data;
  index_t token_stride;
};

/// Lets an observer see a stretch of slots of one key-value head. scratch rows and positions: [lanes of a tile].
template <class A, class Call, class O>
HEED_NOINLINE void observe_stretch(const Call& c, prefill_scratch<A>& s, known_lse<A> lse, const O& observer,
                                   index_t seq, index_t kv_head, range slots) noexcept {
  using stream = key_blocks<typename Call::mask_type, typename Call::source>;
  using layout = lane_layout<A>;
  const call_extents& e = c.p.extents;
  const range group = c.p.heads.group_of(kv_head);
  const index_t all = e.rows(seq), first_token = e.first_row(seq), seen = c.kv.seen(seq);
  constexpr index_t vector = simd::batch<A>::lanes;
  for (index_t head = group.begin; head < group.end;) {
    const range chosen = observer.rows(seq, head, all);
    // Heads share lanes only where few rows leave them empty, and never across panels.
    index_t heads = 1;
    if (chosen.size() < vector && alike(c.m, group))
      while (head + heads < group.end && observer.rows(seq, head + heads, all) == chosen &&
             (heads + 1) * chosen.size() <= layout::full)
        ++heads;
    index_t rows_each = heads > 1 ? chosen.size() : c.shape.panels * layout::full;
    index_t tiles = chosen.empty() ? 0 : (chosen.size() + rows_each - 1) / rows_each;
    constexpr bool tiled = rows_in_any_order<O>() && query_tiler<typename Call::mask_type>;
    [[maybe_unused]] const bool by_mask = tiled && chosen == range{0, all} && heads == 1;
    if constexpr (tiled)
      if (by_mask) {
        if constexpr (panel_query_tiler<typename Call::mask_type>)
          rows_each = greater(1, lesser(c.shape.panels, c.m.tile_panels(seq))) * layout::full;
        tiles = c.m.query_tiles(seq, all, rows_each);
      }
    for (index_t number = 0; number < tiles; ++number) {
      const index_t first = chosen.begin + number * rows_each;
      index_t n = lesser(rows_each, chosen.end - first);
      if constexpr (tiled)
        if (by_mask) n = c.m.query_tile(seq, all, rows_each, number, {s.rows, static_cast<std::size_t>(rows_each)});
      if (n <= 0) continue;
      tile t{seq,
             kv_head,
             {head, head + heads},
             {s.rows, static_cast<std::size_t>(n)},
             {s.positions, static_cast<std::size_t>(n)},
             {0, 0},
             {0, 0},
             {0, seen}};
      for (index_t i = 0; i < n; ++i) {
        if (!by_mask) s.rows[i] = first + i;
        s.positions[i] = c.p.positions(first_token + s.rows[i], s.rows[i], all, seen);
        t.q_hull = i == 0 ? range{s.positions[0], s.positions[0] + 1}
                          : range{lesser(t.q_hull.begin, s.positions[i]), greater(t.q_hull.end, s.positions[i] + 1)};
      }
      const index_t panels = make_panels(c, s, t);
      A* const in_unit = s.first.m;
      // Padding lanes, and rows that saw no key (lse -inf), get +inf: exp2(-inf - inf) is 0, and not NaN.
      constexpr A infinite = static_cast<A>(__builtin_inf());
      for (index_t i = 0; i < panels; ++i)
        for (index_t lane = 0; lane < s.panels[i].lanes; ++lane) {
          const panel<A>& p = s.panels[i];
          A& at = in_unit[i * layout::full + lane];
          at = infinite;
          if (lane >= p.used) continue;
          const A natural = lse.data[(first_token + p.row_of[lane]) * lse.token_stride + p.head_of[lane]];
          if (natural != -infinite) at = Call::unit == score_unit::natural ? natural : natural * log2e<A>;
        }
      stream blocks(c.m, c.kv, clip(t, c.kv, slots), c.shape.block_keys,
                    slots_between_cuts(observer, c.shape.block_keys));
      key_block& b = s.blocks[0];
      row_prefetch none;
      while (blocks.next_chunk())
        while (blocks.next(b)) {
          unpack_block<A>(c, s, b);
          for (index_t i = 0; i < panels; ++i) {
            const panel<A>& p = s.panels[i];
            bool seen_any = false;
            if constexpr (kernel_shape<A>::panel_vectors >= 3)
              if (p.vectors == 3) seen_any = score_panel<3>(c, s, p, b, none);
            if (p.vectors == 2) seen_any = score_panel<2>(c, s, p, b, none);
            if (p.vectors == 1) seen_any = score_panel<1>(c, s, p, b, none);
            if (!seen_any) continue;
            if (shown_to(observer) == shown::logarithms)
              take_lse_off(p, *s.live, b.count, in_unit + i * layout::full,
                           Call::unit == score_unit::natural ? A(1) : A(1) / log2e<A>, s.scores);
            else
              normalise_scores<Call::unit>(p, *s.live, b.count, in_unit + i * layout::full, s.scores);
            const auto keys = static_cast<std::size_t>(b.count);
            observer.observe(probability_block<A>{
                seq, kv_head, all, t.heads, p.rows.rows, {b.slot, keys}, {b.k, keys}, s.scores, p.lanes});
          }
        }
    }
    head += heads;
  }
}

} // namespace kernel
} // namespace HEED_ISA
} // namespace heed
