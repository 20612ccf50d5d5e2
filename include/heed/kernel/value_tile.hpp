// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Softmax of one panel's scores with a block of keys, and the weighted values that it adds to the output.
#include <heed/kernel/panel.hpp>
#include <heed/kernel/row_prefetch.hpp>
#include <heed/kernel/softmax_state.hpp>

namespace heed {
inline namespace HEED_ISA {
namespace kernel {

/// Turns scores into weights, in place, and updates maximum and sum. rescale[lane] is the factor that the output so far
/// needs. The maximum is exact at every block: a stale one gained nothing that could be measured.
///
/// scores: [keys][Vectors x lanes]; m, l, rescale: [Vectors x lanes]
template <score_unit Unit, class A, int Vectors>
HEED_NOINLINE void softmax_block(A* scores, const live_groups& live, A* m, A* l, A* rescale) noexcept {
  using batch = simd::batch<A>;
  constexpr index_t lanes = Vectors * batch::lanes;
  const batch nothing(-static_cast<A>(__builtin_inf()));
  batch top[Vectors], base[Vectors], sum[Vectors];
  detail::unroll<Vectors>([&](auto v) HEED_BODY { top[v] = batch::load(m + v * batch::lanes); });
  for (index_t s = 0; s < live.count; ++s)
    for (index_t j = live.segment[s].begin; j < live.segment[s].end; ++j)
      detail::unroll<Vectors>(
          [&](auto v) HEED_BODY { top[v] = max(top[v], batch::load(scores + j * lanes + v * batch::lanes)); });
  detail::unroll<Vectors>([&](auto v) HEED_BODY {
    base[v] = select(top[v] == nothing, batch(A(0)), top[v]);
    power<Unit>(batch::load(m + v * batch::lanes) - base[v]).store(rescale + v * batch::lanes);
    top[v].store(m + v * batch::lanes);
    sum[v] = batch(A(0));
  });
  for (index_t s = 0; s < live.count; ++s)
    for (index_t j = live.segment[s].begin; j < live.segment[s].end; ++j)
      detail::unroll<Vectors>([&](auto v) HEED_BODY {
        A* at = scores + j * lanes + v * batch::lanes;
        const batch p = power<Unit>(batch::load(at) - base[v]);
        sum[v] = sum[v] + p;
        p.store(at);
      });
  detail::unroll<Vectors>([&](auto v) HEED_BODY {
    A* at = l + v * batch::lanes;
    fma(batch::load(at), batch::load(rescale + v * batch::lanes), sum[v]).store(at);
  });
}

/// o[e][v] = rescale[v] * o[e][v] + sum_j weights[j][v] * values[j][d + e] over the keys of one segment, for `Dims`
/// dims from d on. rescale null: 1. Masked: only live lanes are touched, because 0 x NaN would leak.
///
/// One function each for whole and masked segments: together they need more than 16 registers, and Clang 14 then spills
/// an accumulator in the whole one too (AVX2, 53 % of the peak instead of 76 %).
template <class A, int Vectors, int Dims, bool Masked>
HEED_NOINLINE void value_strip(const A* weights, const std::byte* const* values, index_t d, range keys,
                               const std::uint64_t* live, const A* rescale, A* o) noexcept {
  using batch = simd::batch<A>;
  constexpr index_t lanes = Vectors * batch::lanes;
  batch sum[Dims * Vectors];
  detail::unroll<Dims * Vectors>([&](auto i) HEED_BODY { sum[i] = batch::load(o + i * batch::lanes); });
  if (rescale != nullptr)
    detail::unroll<Vectors>([&](auto v) HEED_BODY {
      const batch factor = batch::load(rescale + v * batch::lanes);
      detail::unroll<Dims>([&](auto e) HEED_BODY { sum[e * Vectors + v] = mul(sum[e * Vectors + v], factor); });
    });
  for (index_t j = keys.begin; j < keys.end; ++j) {
    if constexpr (Masked)
      if (live[j] == 0) continue;
    const A* value = reinterpret_cast<const A*>(values[j]) + d;
    batch w[Vectors];
    [[maybe_unused]] typename batch::mask on[Vectors];
    detail::unroll<Vectors>([&](auto v) HEED_BODY {
      w[v] = batch::load(weights + j * lanes + v * batch::lanes);
      if constexpr (Masked) on[v] = batch::mask::from_bits(live[j] >> (v * batch::lanes));
    });
    detail::unroll<Dims>([&](auto e) HEED_BODY {
      const batch x(value[e]);
      detail::unroll<Vectors>([&](auto v) HEED_BODY {
        batch& at = sum[e * Vectors + v];
        if constexpr (Masked)
          at = fma_where(on[v], x, w[v], at);
        else
          at = fma(x, w[v], at);
      });
    });
  }
  detail::unroll<Dims * Vectors>([&](auto i) HEED_BODY { sum[i].store(o + i * batch::lanes); });
}

/// All segments of a block for `Dims` dims from d on, keys ascending.
template <class A, int Vectors, int Dims>
HEED_INLINE void value_strips(const A* weights, const std::byte* const* values, index_t d, const live_groups& live,
                              const A* rescale, A* o) noexcept {
  for (index_t s = 0; s < live.count; ++s) {
    const range keys{live.segment[s].begin, live.segment[s].end};
    if (live.segment[s].partial)
      value_strip<A, Vectors, Dims, true>(weights, values, d, keys, live.lanes, s == 0 ? rescale : nullptr, o);
    else
      value_strip<A, Vectors, Dims, false>(weights, values, d, keys, nullptr, s == 0 ? rescale : nullptr, o);
  }
}

/// Adds a block's weighted values to the output of one panel. o: [value_dim][Vectors x lanes]
template <class A, int Vectors>
HEED_INLINE void add_values(const A* weights, const std::byte* const* values, index_t value_dim,
                            const live_groups& live, const A* rescale, A* o, row_prefetch& ahead) noexcept {
  constexpr int strip = kernel_shape<A>::group_keys;
  constexpr index_t lanes = Vectors * simd::batch<A>::lanes;
  index_t d = 0;
  for (; d + strip <= value_dim; d += strip) {
    ahead.tick();
    value_strips<A, Vectors, strip>(weights, values, d, live, rescale, o + d * lanes);
  }
  for (; d + 2 <= value_dim; d += 2) value_strips<A, Vectors, 2>(weights, values, d, live, rescale, o + d * lanes);
  if (d < value_dim) value_strips<A, Vectors, 1>(weights, values, d, live, rescale, o + d * lanes);
}

} // namespace kernel
} // namespace HEED_ISA
} // namespace heed
