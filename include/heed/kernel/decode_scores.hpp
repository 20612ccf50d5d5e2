// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// From the scores of a few queries with a block of keys to weights: modifiers, bias, mask, softmax. The scores of one
// key lie behind those of the key before, so that a vector holds several keys.
#include <heed/kernel/score_tile.hpp>
#include <heed/kernel/softmax_state.hpp>

namespace heed {
inline namespace HEED_ISA {
namespace kernel {

/// Numbers that the scores of `count` keys take up: whole vectors.
template <class A> HEED_INLINE index_t score_numbers(index_t count, index_t lanes) noexcept {
  constexpr index_t vector = simd::batch<A>::lanes;
  return (count * lanes + vector - 1) / vector * vector;
}

/// Applies the modifier to natural scores, or none, and adds the bias. Cells that a modifier sends to -inf are taken
/// out of `live`, as if masked. p's lists repeat their lanes up to a vector; scores: [b.count][p.lanes], whole vectors.
template <class A, class F>
HEED_NOINLINE void modify_rows(const F& mod, const panel<A>& p, const key_block& b, live_groups& live,
                               A* scores) noexcept {
  using batch = simd::batch<A>;
  constexpr index_t vector = batch::lanes;
  constexpr bool modified = !std::is_same_v<F, no_score_mod>;
  if constexpr (modified)
    if (!live.detailed)
      for (index_t j = 0; j < b.count; ++j) live.lanes[j] = p.every;
  const index_t numbers = score_numbers<A>(b.count, p.lanes);
  for (index_t at = 0; at < numbers; at += vector) {
    const index_t first = at / p.lanes, lane = at % p.lanes; // lane > 0 only where a key has several vectors
    A bias[vector];
    index_t k[vector], slot[vector];
    std::int32_t distance[vector];
    for (index_t e = 0; e < vector; ++e) {
      const index_t j = first + e / p.lanes; // up to padding - 1 behind the last
      bias[e] = static_cast<A>(b.bias[j]);
      if constexpr (modified) {
        k[e] = b.k[j];
        slot[e] = b.slot[j];
        distance[e] = p.relative_q[lane + e] - relative(b.k[j], p.origin);
      }
    }
    batch x = batch::load(scores + at);
    if constexpr (modified) {
      const cells<batch> c{p.seq,
                           {p.head_of + lane, 1},
                           {p.q_of + lane, 1},
                           {k, 1},
                           {p.row_of + lane, 1},
                           {slot, 1},
                           batch::difference(distance, 0),
                           vector};
      x = apply_mod<A>(mod, x, c) + batch::load(bias);
      const std::uint64_t gone = (x == batch(-static_cast<A>(__builtin_inf()))).bits();
      for (index_t e = 0; gone != 0 && e < vector; ++e)
        if ((gone >> e & 1u) != 0 && first + e / p.lanes < b.count)
          live.take_out(first + e / p.lanes, std::uint64_t{1} << (lane + e) % p.lanes);
    } else
      x = fma(batch::load(bias), batch(log2e<A>), x);
    x.store(scores + at);
  }
  if constexpr (modified) live.settle(p.every, b.count, kernel_shape<A>::group_keys, vector);
}

/// Masked cells become -inf, and what stands behind the last key up to a whole vector.
template <class A>
HEED_NOINLINE void mask_rows(const panel<A>& p, const live_groups& live, index_t count, A* scores) noexcept {
  const A nothing = -static_cast<A>(__builtin_inf());
  for (index_t i = count * p.lanes; i < score_numbers<A>(count, p.lanes); ++i) scores[i] = nothing;
  if (!live.detailed) return;
  for (index_t j = 0; j < count; ++j) {
    if ((live.lanes[j] & p.every) == p.every) continue;
    for (index_t lane = 0; lane < p.used; ++lane)
      if ((live.lanes[j] >> lane & 1u) == 0) scores[j * p.lanes + lane] = nothing;
  }
}

/// The lanes moved round by `By`: lane e of the result is lane e + By.
template <class A, int By, int... I>
HEED_INLINE simd::batch<A> turn_lanes(simd::batch<A> x, std::integer_sequence<int, I...>) noexcept {
  // Not `using`: GCC 12 leaves out the attribute of an alias that depends on A.
  typedef A numbers __attribute__((vector_size(sizeof...(I) * sizeof(A))));
  const numbers y = __builtin_bit_cast(numbers, x.r);
  return simd::batch<A>(
      __builtin_bit_cast(decltype(x.r), __builtin_shufflevector(y, y, (I + By) % static_cast<int>(sizeof...(I))...)));
}
/// Folds the lanes that lie `period`, a power of two, apart; the result stands in all of them. Halves first, as hsum
/// does; op must not mind the order of its two arguments.
template <class A, int Half = static_cast<int>(simd::batch<A>::lanes / 2), class Op>
HEED_INLINE simd::batch<A> fold_lanes(simd::batch<A> x, index_t period, const Op& op) noexcept {
  if constexpr (Half >= 1)
    if (Half >= period) {
      using all = std::make_integer_sequence<int, static_cast<int>(simd::batch<A>::lanes)>;
      return fold_lanes<A, Half / 2>(op(x, turn_lanes<A, Half>(x, all{})), period, op);
    }
  return x;
}

/// Turns scores into weights, in place, and updates maximum and sum. rescale[lane] is the factor that the output so far
/// needs. A vector holds several keys, or a key `Vectors` vectors: their maxima and sums are folded at the end, in a
/// register (Zen 4, blocks of 32 keys, 4 lanes of f32: 4 cycles per key in all, against 8 through memory).
///
/// scores: [count][lanes], whole vectors, -inf behind the last; m, l, rescale: [lanes padded to a vector]
template <score_unit Unit, class A, int Vectors>
HEED_NOINLINE void softmax_rows(A* scores, index_t count, index_t lanes, A* m, A* l, A* rescale) noexcept {
  using batch = simd::batch<A>;
  constexpr index_t vector = batch::lanes, step = Vectors * vector;
  const index_t numbers = score_numbers<A>(count, lanes);
  const batch nothing(-static_cast<A>(__builtin_inf()));
  batch top[Vectors], base[Vectors], sum[Vectors];
  detail::unroll<Vectors>([&](auto v) HEED_BODY { top[v] = nothing; });
  for (index_t at = 0; at < numbers; at += step)
    detail::unroll<Vectors>([&](auto v) HEED_BODY { top[v] = max(top[v], batch::load(scores + at + v * vector)); });
  if constexpr (Vectors == 1)
    top[0] = fold_lanes<A>(top[0], lanes, [](batch x, batch y) HEED_BODY { return max(x, y); });
  detail::unroll<Vectors>([&](auto v) HEED_BODY {
    const batch before = batch::load(m + v * vector);
    top[v] = max(before, top[v]);
    base[v] = select(top[v] == nothing, batch(A(0)), top[v]);
    power<Unit>(before - base[v]).store(rescale + v * vector);
    top[v].store(m + v * vector);
    sum[v] = batch(A(0));
  });
  for (index_t at = 0; at < numbers; at += step)
    detail::unroll<Vectors>([&](auto v) HEED_BODY {
      A* x = scores + at + v * vector;
      const batch p = power<Unit>(batch::load(x) - base[v]);
      sum[v] = sum[v] + p;
      p.store(x);
    });
  if constexpr (Vectors == 1) sum[0] = fold_lanes<A>(sum[0], lanes, [](batch x, batch y) HEED_BODY { return x + y; });
  detail::unroll<Vectors>([&](auto v) HEED_BODY {
    A* at = l + v * vector;
    fma(batch::load(at), batch::load(rescale + v * vector), sum[v]).store(at);
  });
}

} // namespace kernel
} // namespace HEED_ISA
} // namespace heed
