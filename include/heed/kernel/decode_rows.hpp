// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Micro-kernels of decode: a few query rows against rows of keys and values, numbers of a row in lanes.
#include <heed/kernel/score_tile.hpp>
#include <heed/kernel/softmax_state.hpp>

namespace heed {
inline namespace HEED_ISA {
namespace kernel {

/// scores[l][j] = sum_d q[l][d] keys[j][d] for `Lanes` query rows. Each sum runs over vectors of d in order and then
/// over the halving tree of hsum, whatever Lanes is. q: [Lanes][q_stride], zero beyond dim; scores:
/// [Lanes][score_stride], written up to a whole step beyond count.
template <class A, int Lanes>
HEED_NOINLINE void score_rows_of(const A* q, index_t q_stride, const std::byte* const* keys, index_t count, index_t dim,
                                 A* scores, index_t score_stride, row_prefetch& ahead) noexcept {
  using batch = simd::batch<A>;
  constexpr int vector = static_cast<int>(batch::lanes), step = vector / Lanes;
  static_assert(step >= 1 && step * Lanes == vector && step <= key_block::padding);
  const index_t whole = dim / vector * vector;
  for (index_t j = 0; j < count; j += step) {
    ahead.advance_to(j + step);
    batch sum[vector];
    const A* key[step];
    detail::unroll<step>([&](auto n) HEED_BODY { key[n] = reinterpret_cast<const A*>(keys[j + n]); });
    detail::unroll<vector>([&](auto i) HEED_BODY { sum[i] = batch(A(0)); });
    for (index_t d = 0; d < whole; d += vector) {
      batch k[step];
      detail::unroll<step>([&](auto n) HEED_BODY { k[n] = batch::load(key[n] + d); });
      detail::unroll<Lanes>([&](auto l) HEED_BODY {
        const batch x = batch::load(q + l * q_stride + d);
        detail::unroll<step>([&](auto n) HEED_BODY { sum[l * step + n] = fma(x, k[n], sum[l * step + n]); });
      });
    }
    if (whole < dim) {
      batch k[step];
      detail::unroll<step>([&](auto n) HEED_BODY { k[n] = batch::load_first(key[n] + whole, dim - whole); });
      detail::unroll<Lanes>([&](auto l) HEED_BODY {
        const batch x = batch::load(q + l * q_stride + whole);
        detail::unroll<step>([&](auto n) HEED_BODY { sum[l * step + n] = fma(x, k[n], sum[l * step + n]); });
      });
    }
    A result[vector];
    simd::hsum_each(sum).store(result);
    detail::unroll<Lanes>([&](auto l) HEED_BODY {
      __builtin_memcpy(scores + l * score_stride + j, result + l * step, sizeof(A) * step);
    });
  }
}

/// The same for any number of query rows, in pieces that fit the registers.
template <class A>
HEED_INLINE void score_rows(const A* q, index_t q_stride, index_t lanes, const std::byte* const* keys, index_t count,
                            index_t dim, A* scores, index_t score_stride, row_prefetch& ahead) noexcept {
  constexpr index_t most = simd::batch<A>::lanes;
  index_t l = 0;
  const auto at = [&]() HEED_BODY { return q + l * q_stride; };
  if constexpr (most >= 4)
    for (; l + 4 <= lanes; l += 4)
      score_rows_of<A, 4>(at(), q_stride, keys, count, dim, scores + l * score_stride, score_stride, ahead);
  if constexpr (most >= 2)
    for (; l + 2 <= lanes; l += 2)
      score_rows_of<A, 2>(at(), q_stride, keys, count, dim, scores + l * score_stride, score_stride, ahead);
  for (; l < lanes; ++l)
    score_rows_of<A, 1>(at(), q_stride, keys, count, dim, scores + l * score_stride, score_stride, ahead);
}

/// Turns one row of scores into weights in place, and updates its maximum and sum.
/// scores: [count], writable up to a whole vector.
template <class A> HEED_NOINLINE void softmax_row(A* scores, index_t count, A* m, A* l, A* rescale) noexcept {
  using batch = simd::batch<A>;
  const A nothing = -static_cast<A>(__builtin_inf());
  for (index_t j = count; j % batch::lanes != 0; ++j) scores[j] = nothing;
  batch top(nothing);
  for (index_t j = 0; j < count; j += batch::lanes) top = max(top, batch::load(scores + j));
  const batch before(*m), peak = max(before, batch(simd::hmax(top)));
  const batch base = select(peak == batch(nothing), batch(A(0)), peak);
  batch sum(A(0));
  for (index_t j = 0; j < count; j += batch::lanes) {
    const batch p = simd::exp2(batch::load(scores + j) - base);
    sum = sum + p;
    p.store(scores + j);
  }
  const batch factor = simd::exp2(before - base);
  peak.store_first(m, 1);
  factor.store_first(rescale, 1);
  fma(batch(*l), factor, batch(simd::hsum(sum))).store_first(l, 1);
}

/// o[l][d] = rescale[l] * o[l][d] + sum_j weights[l][j] values[j][d] for `Lanes` rows and `Vectors` vectors of d.
/// `rest` > 0: the last vector holds that many numbers and no more are read.
template <class A, int Lanes, int Vectors>
HEED_NOINLINE void weigh_strip(const A* weights, index_t weight_stride, const std::byte* const* values, index_t count,
                               index_t d, index_t rest, const A* rescale, A* o, index_t o_stride) noexcept {
  using batch = simd::batch<A>;
  batch sum[Lanes * Vectors];
  detail::unroll<Lanes>([&](auto l) HEED_BODY {
    const batch factor(rescale[l]);
    detail::unroll<Vectors>([&](auto v) HEED_BODY {
      sum[l * Vectors + v] = mul(batch::load(o + l * o_stride + d + v * batch::lanes), factor);
    });
  });
  for (index_t j = 0; j < count; ++j) {
    const A* value = reinterpret_cast<const A*>(values[j]) + d;
    batch x[Vectors];
    if (rest > 0) {
      detail::unroll<Vectors - 1>([&](auto v) HEED_BODY { x[v] = batch::load(value + v * batch::lanes); });
      x[Vectors - 1] = batch::load_first(value + (Vectors - 1) * batch::lanes, rest);
    } else
      detail::unroll<Vectors>([&](auto v) HEED_BODY { x[v] = batch::load(value + v * batch::lanes); });
    detail::unroll<Lanes>([&](auto l) HEED_BODY {
      const batch w(weights[l * weight_stride + j]);
      detail::unroll<Vectors>([&](auto v) HEED_BODY { sum[l * Vectors + v] = fma(w, x[v], sum[l * Vectors + v]); });
    });
  }
  detail::unroll<Lanes>([&](auto l) HEED_BODY {
    detail::unroll<Vectors>([&](auto v)
                                HEED_BODY { sum[l * Vectors + v].store(o + l * o_stride + d + v * batch::lanes); });
  });
}

template <class A, int Lanes>
HEED_INLINE void weigh_rows_of(const A* weights, index_t weight_stride, const std::byte* const* values, index_t count,
                               index_t dim, const A* rescale, A* o, index_t o_stride) noexcept {
  constexpr index_t vector = simd::batch<A>::lanes;
  // 16 accumulators at most: 4 x 4 leave room for values and weights in 32 registers, 4 x 2 in 16.
#if defined(HEED_ISA_AVX512) || defined(HEED_ISA_NEON)
  constexpr int wide = Lanes == 1 ? 8 : 16 / Lanes;
#else
  constexpr int wide = 8 / Lanes;
#endif
  index_t d = 0;
  for (; d + wide * vector <= dim; d += wide * vector)
    weigh_strip<A, Lanes, wide>(weights, weight_stride, values, count, d, 0, rescale, o, o_stride);
  for (; d + vector <= dim; d += vector)
    weigh_strip<A, Lanes, 1>(weights, weight_stride, values, count, d, 0, rescale, o, o_stride);
  if (d < dim) weigh_strip<A, Lanes, 1>(weights, weight_stride, values, count, d, dim - d, rescale, o, o_stride);
}

/// Adds a block's weighted values to the rows' outputs. o: [lanes][o_stride], o_stride whole vectors.
template <class A>
HEED_INLINE void weigh_rows(const A* weights, index_t weight_stride, index_t lanes, const std::byte* const* values,
                            index_t count, index_t dim, const A* rescale, A* o, index_t o_stride) noexcept {
  index_t l = 0;
  for (; l + 4 <= lanes; l += 4)
    weigh_rows_of<A, 4>(weights + l * weight_stride, weight_stride, values, count, dim, rescale + l, o + l * o_stride,
                        o_stride);
  for (; l + 2 <= lanes; l += 2)
    weigh_rows_of<A, 2>(weights + l * weight_stride, weight_stride, values, count, dim, rescale + l, o + l * o_stride,
                        o_stride);
  if (l < lanes)
    weigh_rows_of<A, 1>(weights + l * weight_stride, weight_stride, values, count, dim, rescale + l, o + l * o_stride,
                        o_stride);
}

} // namespace kernel
} // namespace HEED_ISA
} // namespace heed
