// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Micro-kernels of decode: a few query rows against rows of keys and values, numbers of a row in lanes.
#include <heed/detail/unroll.hpp>
#include <heed/simd/batch.hpp>

namespace heed {
inline namespace HEED_ISA {
namespace kernel {

/// One row of keys, the queries that it meets, and where their scores go.
template <class A> struct row_pair {
  const std::byte* key;
  const A* q;             ///< [Lanes][q_stride], zero beyond dim
  A* scores;              ///< [Lanes]
  const std::byte* value; ///< the same row's values, fetched on the way
  /// How many pairs ahead keys are fetched; a list has as many more entries at its end.
  static constexpr index_t ahead = 16;
};

/// Asks for a row of values, to be read when the block's scores are done, and for a row of keys further on, in address
/// order. Zen 4, 8 heads of 512 bytes, 2 threads, share of a plain sequential read: 0.81 with both, 0.68 where loads
/// touch the values, 0.5 with neither; fetching into the first-level cache costs a fifth.
HEED_INLINE void fetch_ahead(const std::byte* value, const std::byte* key, index_t value_bytes,
                             index_t key_bytes) noexcept {
  for (index_t i = 0; i < value_bytes; i += 64) simd::prefetch_far(value + i);
  for (index_t i = 0; i < key_bytes; i += 64) simd::prefetch_far(key + i);
}

/// Scores of as many (row, queries) pairs as give one vector of sums: lanes / Lanes. Each sum runs over vectors of dim
/// in order and then over the halving tree of hsum, whatever Lanes is and whatever stands beside it.
template <class A, class T, int Lanes>
HEED_NOINLINE void score_pairs(const row_pair<A>* pairs, index_t q_stride, index_t first_lane, index_t dim,
                               index_t value_bytes, index_t key_bytes) noexcept {
  using batch = simd::batch<A>;
  constexpr int vector = static_cast<int>(batch::lanes), many = vector / Lanes;
  static_assert(many >= 1 && many * Lanes == vector);
  const index_t whole = dim / vector * vector;
  batch sum[vector];
  detail::unroll<vector>([&](auto i) HEED_BODY { sum[i] = batch(A(0)); });
  // Two rows of a head at a time share the loads of its queries; rows then follow each other in address order, which
  // the hardware's stream detection needs.
  constexpr int rows = many >= 2 ? 2 : 1;
  detail::unroll<many / rows>([&](auto g) HEED_BODY {
    constexpr int first = decltype(g)::value * rows;
    const A* const q = pairs[first].q + first_lane * q_stride;
    const T* key[rows];
    detail::unroll<rows>([&](auto e) HEED_BODY {
      key[e] = reinterpret_cast<const T*>(pairs[first + e].key);
      fetch_ahead(pairs[first + e].value, pairs[first + e + row_pair<A>::ahead].key, value_bytes, key_bytes);
    });
    const auto add = [&](index_t d, const batch(&k)[rows]) HEED_BODY {
      detail::unroll<Lanes>([&](auto l) HEED_BODY {
        const batch x = simd::in_register(batch::load(q + l * q_stride + d));
        detail::unroll<rows>([&](auto e) HEED_BODY {
          constexpr int i = (first + decltype(e)::value) * Lanes + decltype(l)::value;
          sum[i] = fma(x, k[e], sum[i]);
        });
      });
    };
    for (index_t d = 0; d < whole; d += vector) {
      batch k[rows];
      detail::unroll<rows>([&](auto e) HEED_BODY { k[e] = simd::in_register(batch::widen(key[e] + d)); });
      add(d, k);
    }
    if (whole < dim) {
      batch k[rows];
      detail::unroll<rows>([&](auto e) HEED_BODY { k[e] = batch::widen_first(key[e] + whole, dim - whole); });
      add(whole, k);
    }
  });
  A result[vector];
  simd::hsum_each(sum).store(result);
  detail::unroll<many>(
      [&](auto n) HEED_BODY { __builtin_memcpy(pairs[n].scores + first_lane, result + n * Lanes, sizeof(A) * Lanes); });
}

/// o[l][d] = rescale[l] * o[l][d] + sum_j weights[j][l] values[j][d] for `Lanes` rows and `Vectors` vectors of d.
/// rescale null: 1. rest > 0: the last vector holds that many numbers and no more are read.
template <class A, class T, int Lanes, int Vectors>
HEED_NOINLINE void weigh_strip(const A* weights, index_t weight_stride, const std::byte* const* values, index_t count,
                               index_t d, index_t rest, const A* rescale, A* o, index_t o_stride) noexcept {
  using batch = simd::batch<A>;
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
                               index_t dim, const A* rescale, A* o, index_t o_stride) noexcept {
  constexpr index_t vector = simd::batch<A>::lanes;
  // 16 accumulators leave room for values and weights in 32 registers, 8 in 16.
#if defined(HEED_ISA_AVX512) || defined(HEED_ISA_NEON)
  constexpr int wide = Lanes <= 2 ? 8 : 4;
#else
  constexpr int wide = 8 / Lanes;
#endif
  index_t d = 0;
  for (; d + wide * vector <= dim; d += wide * vector)
    weigh_strip<A, T, Lanes, wide>(weights, weight_stride, values, count, d, 0, rescale, o, o_stride);
  for (; d + vector <= dim; d += vector)
    weigh_strip<A, T, Lanes, 1>(weights, weight_stride, values, count, d, 0, rescale, o, o_stride);
  if (d < dim) weigh_strip<A, T, Lanes, 1>(weights, weight_stride, values, count, d, dim - d, rescale, o, o_stride);
}

/// Adds weighted values to the rows' outputs. weights: [count][weight_stride]; o: [lanes][o_stride], whole vectors.
template <class A, class T>
HEED_INLINE void weigh_rows(const A* weights, index_t weight_stride, index_t lanes, const std::byte* const* values,
                            index_t count, index_t dim, const A* rescale, A* o, index_t o_stride) noexcept {
  index_t l = 0;
  const auto factor = [&]() HEED_BODY { return rescale != nullptr ? rescale + l : nullptr; };
  for (; l + 2 <= lanes; l += 2)
    weigh_rows_of<A, T, 2>(weights + l, weight_stride, values, count, dim, factor(), o + l * o_stride, o_stride);
  if (l < lanes)
    weigh_rows_of<A, T, 1>(weights + l, weight_stride, values, count, dim, factor(), o + l * o_stride, o_stride);
}

} // namespace kernel
} // namespace HEED_ISA
} // namespace heed
