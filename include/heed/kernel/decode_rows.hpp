// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Micro-kernels of decode: a few query rows against rows of keys and values, numbers of a row in lanes.
#include <heed/detail/unroll.hpp>
#include <heed/kernel/row_fetch.hpp>

namespace heed {
inline namespace HEED_ISA {
namespace kernel {

/// Lanes that score_rows takes at a time, of 1, 2, 4 or 8 padded ones.
template <class A> HEED_INLINE constexpr index_t score_group_lanes(index_t padded) noexcept {
  return lesser(padded, lesser(4, simd::batch<A>::lanes));
}

/// Scores of as many rows of keys as give one vector of sums, lanes / Lanes, with `Lanes` queries. Each sum runs over
/// vectors of dim in order and then over the halving tree of hsum, whatever Lanes is and whatever stands beside it.
/// keys: [lanes / Lanes]; q: [vectors of dim][Lanes][vector], zero beyond dim; scores: [lanes / Lanes][score_stride]
///
/// Four rows at a time share the loads of the queries. At each step as many lines are fetched as the step reads.
/// `fetch` stays in memory: a copy of three walks takes more integer registers than there are, and moving them to and
/// from vector registers cost more (Zen 4, f32, 16k keys, one thread: 75 % of the bandwidth against 67).
template <class A, class T, int Lanes>
HEED_NOINLINE void score_rows(const std::byte* const* keys, const A* q, index_t dim, A* scores, index_t score_stride,
                              row_fetch& fetch) noexcept {
  using batch = simd::batch<A>;
  constexpr int vector = static_cast<int>(batch::lanes), many = vector / Lanes, rows = many < 4 ? many : 4;
  static_assert(many >= 1 && many * Lanes == vector);
  const index_t whole = dim / vector * vector;
  batch sum[vector];
  detail::unroll<vector>([&](auto i) HEED_BODY { sum[i] = batch(A(0)); });
  detail::unroll<many / rows>([&](auto g) HEED_BODY {
    constexpr int first = decltype(g)::value * rows;
    const T* key[rows];
    detail::unroll<rows>([&](auto e) HEED_BODY { key[e] = reinterpret_cast<const T*>(keys[first + e]); });
    const A* at = q;
    const auto add = [&](const batch(&k)[rows]) HEED_BODY {
      detail::unroll<Lanes>([&](auto l) HEED_BODY {
        const batch x = simd::in_register(batch::load(at + l * vector));
        detail::unroll<rows>([&](auto e) HEED_BODY {
          constexpr int i = (first + decltype(e)::value) * Lanes + decltype(l)::value;
          sum[i] = fma(x, k[e], sum[i]);
        });
      });
      at += Lanes * vector;
    };
    for (index_t d = 0; d < whole; d += vector) {
      batch k[rows];
      detail::unroll<rows>([&](auto e) HEED_BODY { k[e] = simd::in_register(batch::widen(key[e] + d)); });
      constexpr index_t bytes = vector * static_cast<index_t>(sizeof(T));
      if constexpr (bytes >= 32)
        fetch.template step<static_cast<int>(greater(1, rows * bytes / 64))>();
      else if (d * static_cast<index_t>(sizeof(T)) % 64 == 0)
        fetch.template step<rows>();
      add(k);
    }
    if (whole < dim) {
      batch k[rows];
      detail::unroll<rows>([&](auto e) HEED_BODY { k[e] = batch::widen_first(key[e] + whole, dim - whole); });
      fetch.template step<rows>();
      add(k);
    }
  });
  if (score_stride == Lanes) {
    simd::hsum_each(sum).store(scores);
    return;
  }
  A result[vector];
  simd::hsum_each(sum).store(result);
  detail::unroll<many>(
      [&](auto n) HEED_BODY { __builtin_memcpy(scores + n * score_stride, result + n * Lanes, sizeof(A) * Lanes); });
}

/// o[l][d] = rescale[l] * o[l][d] + sum_j weights[j][l] values[j][d] for `Lanes` rows and `Vectors` vectors of d.
/// rescale null: 1. rest > 0: the last vector holds that many numbers and no more are read.
template <class A, class T, int Lanes, int Vectors>
HEED_NOINLINE void weigh_strip(const A* weights, index_t weight_stride, const std::byte* const* values, index_t count,
                               index_t d, index_t rest, const A* rescale, A* o, index_t o_stride,
                               row_fetch& fetch) noexcept {
  using batch = simd::batch<A>;
  constexpr int lines = Vectors * static_cast<int>(batch::lanes * static_cast<index_t>(sizeof(T))) / 64;
  batch sum[Lanes * Vectors];
  detail::unroll<Lanes>([&](auto l) HEED_BODY {
    detail::unroll<Vectors>(
        [&](auto v) HEED_BODY { sum[l * Vectors + v] = batch::load(o + l * o_stride + d + v * batch::lanes); });
  });
  if (rescale != nullptr)
    detail::unroll<Lanes>([&](auto l) HEED_BODY {
      const batch factor(rescale[l]);
      detail::unroll<Vectors>([&](auto v) HEED_BODY { sum[l * Vectors + v] = mul(sum[l * Vectors + v], factor); });
    });
  for (index_t j = 0; j < count; ++j) {
    const T* value = reinterpret_cast<const T*>(values[j]) + d;
    batch x[Vectors];
    fetch.template step<lines >= 1 ? lines : 1>();
    if (rest > 0) {
      detail::unroll<Vectors - 1>([&](auto v) HEED_BODY { x[v] = batch::widen(value + v * batch::lanes); });
      x[Vectors - 1] = batch::widen_first(value + (Vectors - 1) * batch::lanes, rest);
    } else
      detail::unroll<Vectors>([&](auto v)
                                  HEED_BODY { x[v] = simd::in_register(batch::widen(value + v * batch::lanes)); });
    detail::unroll<Lanes>([&](auto l) HEED_BODY {
      const batch w = simd::in_register(batch(weights[j * weight_stride + l]));
      detail::unroll<Vectors>([&](auto v) HEED_BODY { sum[l * Vectors + v] = fma(w, x[v], sum[l * Vectors + v]); });
    });
  }
  detail::unroll<Lanes>([&](auto l) HEED_BODY {
    detail::unroll<Vectors>([&](auto v)
                                HEED_BODY { sum[l * Vectors + v].store(o + l * o_stride + d + v * batch::lanes); });
  });
}

template <class A, class T, int Lanes>
HEED_INLINE void weigh_rows_of(const A* weights, index_t weight_stride, const std::byte* const* values, index_t count,
                               index_t dim, const A* rescale, A* o, index_t o_stride, row_fetch& fetch) noexcept {
  constexpr index_t vector = simd::batch<A>::lanes;
  // 16 accumulators leave room for values and weights in 32 registers, 8 in 16.
#if defined(HEED_ISA_AVX512) || defined(HEED_ISA_NEON)
  constexpr int wide = Lanes <= 2 ? 8 : 4;
#else
  constexpr int wide = 8 / Lanes;
#endif
  index_t d = 0;
  for (; d + wide * vector <= dim; d += wide * vector)
    weigh_strip<A, T, Lanes, wide>(weights, weight_stride, values, count, d, 0, rescale, o, o_stride, fetch);
  for (; d + 2 * vector <= dim; d += 2 * vector)
    weigh_strip<A, T, Lanes, 2>(weights, weight_stride, values, count, d, 0, rescale, o, o_stride, fetch);
  for (; d + vector <= dim; d += vector)
    weigh_strip<A, T, Lanes, 1>(weights, weight_stride, values, count, d, 0, rescale, o, o_stride, fetch);
  if (d < dim)
    weigh_strip<A, T, Lanes, 1>(weights, weight_stride, values, count, d, dim - d, rescale, o, o_stride, fetch);
}

/// Adds weighted values to the rows' outputs. weights: [count][weight_stride]; o: [lanes][o_stride], whole vectors.
template <class A, class T>
HEED_INLINE void weigh_rows(const A* weights, index_t weight_stride, index_t lanes, const std::byte* const* values,
                            index_t count, index_t dim, const A* rescale, A* o, index_t o_stride,
                            row_fetch& fetch) noexcept {
  index_t l = 0;
  const auto factor = [&]() HEED_BODY { return rescale != nullptr ? rescale + l : nullptr; };
  for (; l + 4 <= lanes; l += 4)
    weigh_rows_of<A, T, 4>(weights + l, weight_stride, values, count, dim, factor(), o + l * o_stride, o_stride, fetch);
  for (; l + 2 <= lanes; l += 2)
    weigh_rows_of<A, T, 2>(weights + l, weight_stride, values, count, dim, factor(), o + l * o_stride, o_stride, fetch);
  if (l < lanes)
    weigh_rows_of<A, T, 1>(weights + l, weight_stride, values, count, dim, factor(), o + l * o_stride, o_stride, fetch);
}

} // namespace kernel
} // namespace HEED_ISA
} // namespace heed
