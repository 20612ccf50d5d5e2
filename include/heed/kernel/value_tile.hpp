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

/// Where weights are given: maximum 0 and sum 1 in lanes that saw a key of the block, so that states merge by adding
/// their outputs.
template <class A>
HEED_NOINLINE void note_seen(const live_groups& live, std::uint64_t every, index_t lanes, A* m, A* l) noexcept {
  std::uint64_t seen = 0;
  for (index_t s = 0; s < live.count; ++s) {
    if (!live.segment[s].partial) seen = every;
    for (index_t j = live.segment[s].begin; live.segment[s].partial && j < live.segment[s].end; ++j)
      seen |= live.lanes[j];
  }
  for (index_t lane = 0; lane < lanes; ++lane)
    if ((seen >> lane & 1u) != 0) {
      m[lane] = A(0);
      l[lane] = A(1);
    }
}

/// o[e][v] = rescale[v] * o[e][v] + sum_j weights[j][v] * values[j][d + e] over the keys of one segment, for `Dims`
/// dims from d on. rescale null: 1. Masked: only live lanes are touched, because 0 x NaN would leak; then the vectors
/// may be some of a panel's, `stride` lanes wide, and bit `shift` of live[j] is their first lane.
///
/// One function each for whole and masked segments: together they need more than 16 registers, and Clang 14 then spills
/// an accumulator in the whole one too (AVX2, 53 % of the peak instead of 76 %).
template <class A, int Vectors, int Dims, bool Masked>
HEED_NOINLINE void value_strip(const A* weights, const std::byte* const* values, index_t d, range keys,
                               const std::uint64_t* live, [[maybe_unused]] index_t shift,
                               [[maybe_unused]] index_t stride, const A* rescale, A* o) noexcept {
  using batch = simd::batch<A>;
  const index_t lanes = Masked ? stride : Vectors * batch::lanes;
  batch sum[Dims * Vectors];
  detail::unroll<Dims>([&](auto e) HEED_BODY {
    detail::unroll<Vectors>([&](auto v)
                                HEED_BODY { sum[e * Vectors + v] = batch::load(o + e * lanes + v * batch::lanes); });
  });
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
      if constexpr (Masked) on[v] = batch::mask::from_bits(live[j] >> (shift + v * batch::lanes));
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
  detail::unroll<Dims>([&](auto e) HEED_BODY {
    detail::unroll<Vectors>([&](auto v) HEED_BODY { sum[e * Vectors + v].store(o + e * lanes + v * batch::lanes); });
  });
}

/// A segment whose live cells lie in some of the panel's vectors. The others are rescaled if need be.
template <class A, int Vectors, int Dims>
HEED_NOINLINE void narrow_strip(const A* weights, const std::byte* const* values, index_t d, const key_segment& part,
                                const std::uint64_t* live, const A* rescale, A* o) noexcept {
  using batch = simd::batch<A>;
  constexpr index_t lanes = Vectors * batch::lanes;
  const range keys{part.begin, part.end};
  const index_t first = part.first_vector * batch::lanes;
  if (rescale != nullptr)
    for (index_t v = 0; v < Vectors; ++v)
      if (v < part.first_vector || v >= part.first_vector + part.vectors) {
        const batch factor = batch::load(rescale + v * batch::lanes);
        for (index_t e = 0; e < Dims; ++e) {
          A* const at = o + e * lanes + v * batch::lanes;
          mul(batch::load(at), factor).store(at);
        }
      }
  const A* const own = rescale != nullptr ? rescale + first : nullptr;
  if (Vectors == 3 && part.vectors == 2)
    value_strip<A, 2, Dims, true>(weights + first, values, d, keys, live, first, lanes, own, o + first);
  else
    value_strip<A, 1, Dims, true>(weights + first, values, d, keys, live, first, lanes, own, o + first);
}

/// All segments of a block for `Dims` dims from d on, keys ascending, with the sums in registers from the first key to
/// the last instead of a load and a store of them for each segment. Zen 4, 2 threads, f32, D 128, S 2048, a window of
/// 128 keys, time stamps per 16 pairs: about 142 and not 147.
template <class A, int Vectors, int Dims>
HEED_NOINLINE void mixed_strip(const A* weights, const std::byte* const* values, index_t d, const live_groups& live,
                               const A* rescale, A* o) noexcept {
  using batch = simd::batch<A>;
  constexpr index_t lanes = Vectors * batch::lanes;
  batch sum[Dims * Vectors];
  detail::unroll<Vectors>([&](auto v) HEED_BODY {
    const batch factor = rescale != nullptr ? batch::load(rescale + v * batch::lanes) : batch(A(1));
    detail::unroll<Dims>(
        [&](auto e) HEED_BODY { sum[e * Vectors + v] = mul(batch::load(o + e * lanes + v * batch::lanes), factor); });
  });
  // Vectors [first, first + count) of the panel.
  const auto add_masked = [&](const key_segment& part, auto first, auto count) HEED_BODY {
    for (index_t j = part.begin; j < part.end; ++j) {
      const A* const value = reinterpret_cast<const A*>(values[j]) + d;
      const std::uint64_t on = live.lanes[j];
      batch w[count];
      typename batch::mask sees[count];
      detail::unroll<count>([&](auto v) HEED_BODY {
        w[v] = batch::load(weights + j * lanes + (first + v) * batch::lanes);
        sees[v] = batch::mask::from_bits(on >> ((first + v) * batch::lanes));
      });
      detail::unroll<Dims>([&](auto e) HEED_BODY {
        const batch x(value[e]);
        detail::unroll<count>([&](auto v) HEED_BODY {
          batch& at = sum[e * Vectors + first + v];
          at = fma_where(sees[v], x, w[v], at);
        });
      });
    }
  };
  for (index_t s = 0; s < live.count; ++s) {
    const key_segment& part = live.segment[s];
    if (!part.partial) {
      for (index_t j = part.begin; j < part.end; ++j) {
        const A* const value = reinterpret_cast<const A*>(values[j]) + d;
        batch w[Vectors];
        detail::unroll<Vectors>([&](auto v) HEED_BODY { w[v] = batch::load(weights + j * lanes + v * batch::lanes); });
        detail::unroll<Dims>([&](auto e) HEED_BODY {
          const batch x(value[e]);
          detail::unroll<Vectors>([&](auto v) HEED_BODY { sum[e * Vectors + v] = fma(x, w[v], sum[e * Vectors + v]); });
        });
      }
    } else if (part.vectors == Vectors) {
      add_masked(part, detail::constant<0>{}, detail::constant<Vectors>{});
    } else {
      detail::unroll<Vectors>([&](auto first) HEED_BODY {
        detail::unroll<Vectors - 1>([&](auto less) HEED_BODY {
          constexpr int count = less + 1;
          if constexpr (first + count <= Vectors)
            if (part.first_vector == first && part.vectors == count) add_masked(part, first, detail::constant<count>{});
        });
      });
    }
  }
  detail::unroll<Dims>([&](auto e) HEED_BODY {
    detail::unroll<Vectors>([&](auto v) HEED_BODY { sum[e * Vectors + v].store(o + e * lanes + v * batch::lanes); });
  });
}

/// All segments of a block for `Dims` dims from d on, keys ascending.
template <class A, int Vectors, int Dims>
HEED_INLINE void value_strips(const A* weights, const std::byte* const* values, index_t d, const live_groups& live,
                              const A* rescale, A* o) noexcept {
  constexpr index_t lanes = Vectors * simd::batch<A>::lanes;
  if constexpr (kernel_shape<A>::many_registers)
    if (live.count > 1) {
      mixed_strip<A, Vectors, Dims>(weights, values, d, live, rescale, o);
      return;
    }
  for (index_t s = 0; s < live.count; ++s) {
    const key_segment& part = live.segment[s];
    const range keys{part.begin, part.end};
    const A* const factor = s == 0 ? rescale : nullptr;
    if (!part.partial)
      value_strip<A, Vectors, Dims, false>(weights, values, d, keys, nullptr, 0, lanes, factor, o);
    else if (part.vectors == Vectors)
      value_strip<A, Vectors, Dims, true>(weights, values, d, keys, live.lanes, 0, lanes, factor, o);
    else
      narrow_strip<A, Vectors, Dims>(weights, values, d, part, live.lanes, factor, o);
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
