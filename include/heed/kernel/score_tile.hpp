// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Scores of one panel of queries with one block of keys: products, modifiers, bias, mask.
#include <heed/kernel/panel.hpp>
#include <heed/kernel/row_prefetch.hpp>
#include <heed/kernel/score_unit.hpp>
#include <heed/stream/key_blocks.hpp>

namespace heed {
inline namespace HEED_ISA {
namespace kernel {

/// out[n][v] = sum_d keys[n][d] * q[d][v]: `Keys` keys times `Vectors` vectors of queries, all in registers.
/// q: [dim][stride]; out: [Keys][stride]; stride: of the panel, whose first or other vectors these are.
template <class A, int Vectors, int Keys>
HEED_NOINLINE void score_group(const A* q, const std::byte* const* keys, index_t dim, A* out, index_t stride) noexcept {
  using batch = simd::batch<A>;
  batch sum[Keys * Vectors];
  const A* row[Keys];
  detail::unroll<Keys>([&](auto n) HEED_BODY { row[n] = reinterpret_cast<const A*>(keys[n]); });
  detail::unroll<Keys * Vectors>([&](auto i) HEED_BODY { sum[i] = batch(A(0)); });
  for (index_t d = 0; d < dim; ++d) {
    batch x[Vectors];
    detail::unroll<Vectors>([&](auto v) HEED_BODY { x[v] = batch::load(q + v * batch::lanes); });
    detail::unroll<Keys>([&](auto n) HEED_BODY {
      const batch key(row[n][d]);
      detail::unroll<Vectors>([&](auto v) HEED_BODY { sum[n * Vectors + v] = fma(key, x[v], sum[n * Vectors + v]); });
    });
    q += stride;
  }
  detail::unroll<Keys>([&](auto n) HEED_BODY {
    detail::unroll<Vectors>([&](auto v) HEED_BODY { sum[n * Vectors + v].store(out + n * stride + v * batch::lanes); });
  });
}

/// Products of `Keys` keys from j on, for the vectors of the panel that a segment names.
template <class A, int Vectors, int Keys>
HEED_INLINE void score_part(const panel<A>& p, const key_segment& part, const std::byte* const* keys, index_t j,
                            A* scores) noexcept {
  const index_t lane = part.first_vector * simd::batch<A>::lanes;
  A* const out = scores + j * p.lanes;
  if (!part.partial || part.vectors == Vectors)
    score_group<A, Vectors, Keys>(p.q, keys + j, p.key_dim, out, Vectors * simd::batch<A>::lanes);
  else if (Vectors == 3 && part.vectors == 2)
    score_group<A, 2, Keys>(p.q + lane, keys + j, p.key_dim, out + lane, p.lanes);
  else
    score_group<A, 1, Keys>(p.q + lane, keys + j, p.key_dim, out + lane, p.lanes);
}

/// Products of a panel with every group of a block that has a live cell, for the vectors that have one.
template <class A, int Vectors>
HEED_INLINE void score_products(const panel<A>& p, const std::byte* const* keys, const live_groups& live, A* scores,
                                row_prefetch& ahead) noexcept {
  constexpr int group = kernel_shape<A>::group_keys;
  for (index_t s = 0; s < live.count; ++s) {
    const key_segment& part = live.segment[s];
    for (index_t j = part.begin; j < part.end; j += group) {
      ahead.tick();
      if (kernel_shape<A>::live_keys < group && part.end - j <= kernel_shape<A>::live_keys)
        score_part<A, Vectors, kernel_shape<A>::live_keys>(p, part, keys, j, scores);
      else
        score_part<A, Vectors, group>(p, part, keys, j, scores);
    }
  }
}

/// Applies a modifier to a vector of scores: in one piece where it can, else lane by lane.
template <class A, class F>
HEED_INLINE simd::batch<A> apply_mod(const F& mod, simd::batch<A> x, const cells<simd::batch<A>>& at) noexcept {
  if constexpr (batched_score_mod<F, simd::batch<A>>)
    return mod(x, at);
  else {
    A lane[simd::batch<A>::lanes];
    x.store(lane);
    for (index_t i = 0; i < at.count; ++i) lane[i] = mod(lane[i], at[i]);
    return simd::batch<A>::load(lane);
  }
}

/// Distances are taken as 32-bit differences from an origin; farther apart than 2^30 they stay at that.
HEED_INLINE std::int32_t relative(index_t position, index_t origin) noexcept {
  constexpr index_t limit = (index_t{1} << 30) - 1;
  return static_cast<std::int32_t>(greater(-limit, lesser(limit, position - origin)));
}

/// Applies the modifier to natural scores, or none, and adds the bias. Cells that a modifier sends to -inf are taken
/// out of `live`, as if masked.
template <class A, class F>
HEED_NOINLINE void modify_scores(const F& mod, const panel<A>& p, const key_block& b, live_groups& live,
                                 A* scores) noexcept {
  using batch = simd::batch<A>;
  constexpr bool modified = !std::is_same_v<F, no_score_mod>;
  if constexpr (modified)
    if (!live.detailed)
      for (index_t j = 0; j < b.count; ++j) live.lanes[j] = p.every;
  const auto cells_of = [&](index_t lane, index_t j) HEED_BODY {
    return cells<batch>{p.seq,
                        {p.head_of + lane, 1},
                        {p.q_of + lane, 1},
                        {b.k + j, 0},
                        {p.row_of + lane, 1},
                        {b.slot + j, 0},
                        batch::difference(p.relative_q + lane, relative(b.k[j], p.origin)),
                        lesser(batch::lanes, p.used - lane)};
  };
  for (index_t s = 0; s < live.count; ++s) {
    const range vectors = live.segment[s].vectors_of(p.vectors), keys{live.segment[s].begin, live.segment[s].end};
    for (index_t v = vectors.begin; v < vectors.end; ++v) {
      const index_t lane = v * batch::lanes;
      if constexpr (modified) {
        if (lane >= p.used) continue;
        const auto& bound = over_lanes(mod, cells_of(lane, keys.begin));
        for (index_t j = keys.begin; j < keys.end; ++j) {
          A* at = scores + j * p.lanes + lane;
          batch x = apply_mod<A>(bound, batch::load(at), cells_of(lane, j));
          if constexpr (!weight_mod<F>) x = x + batch(static_cast<A>(b.bias[j]));
          const auto gone = x == batch(-static_cast<A>(__builtin_inf()));
          if (gone.any()) live.take_out(j, gone.bits() << lane);
          x.store(at);
        }
      } else
        for (index_t j = keys.begin; j < keys.end; ++j) {
          A* at = scores + j * p.lanes + lane;
          fma(batch(static_cast<A>(b.bias[j])), batch(log2e<A>), batch::load(at)).store(at);
        }
    }
  }
  if constexpr (modified) live.settle(p.every, b.count, kernel_shape<A>::live_keys, batch::lanes);
}

/// Masked cells become -inf.
template <class A> HEED_NOINLINE void mask_scores(const panel<A>& p, const live_groups& live, A* scores) noexcept {
  using batch = simd::batch<A>;
  const batch nothing(-static_cast<A>(__builtin_inf()));
  for (index_t s = 0; s < live.count; ++s) {
    if (!live.segment[s].partial) continue;
    const range vectors = live.segment[s].vectors_of(p.vectors);
    for (index_t j = live.segment[s].begin; j < live.segment[s].end; ++j) {
      A* at = scores + j * p.lanes;
      for (index_t v = 0; v < p.vectors; ++v, at += batch::lanes)
        if (v < vectors.begin || v >= vectors.end)
          nothing.store(at);
        else
          select(batch::mask::from_bits(live.lanes[j] >> (v * batch::lanes)), batch::load(at), nothing).store(at);
    }
  }
}

} // namespace kernel
} // namespace HEED_ISA
} // namespace heed
