// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Queries into lanes, and finished lanes back into rows.
#include <heed/kernel/panel.hpp>
#include <heed/kernel/score_unit.hpp>
#include <heed/problem/problem.hpp>

namespace heed {
inline namespace HEED_ISA {
namespace kernel {

/// Writes q[d][lane] = rows[lane][d] * scale for one vector of lanes; lanes from `used` on are zero.
/// rows: [lanes] pointers of which `used` are read; out: [dim] rows of `stride` numbers.
template <class A, class T>
HEED_NOINLINE void pack_lanes(const T* const* rows, index_t used, index_t dim, two_part_factor<A> scale, A* out,
                              index_t stride) noexcept {
  using batch = simd::batch<A>;
  constexpr int lanes = static_cast<int>(batch::lanes);
  const auto load = [&](int i, index_t d, index_t n) HEED_BODY {
    if (i >= used) return batch(A(0));
    return scale.times(n == lanes ? batch::widen(rows[i] + d) : batch::widen_first(rows[i] + d, n));
  };
  for (index_t d = 0; d < dim; d += lanes) {
    batch x[lanes];
    const index_t n = lesser(lanes, dim - d);
    if (used == lanes && n == lanes)
      detail::unroll<lanes>([&](auto i) HEED_BODY { x[i] = scale.times(batch::widen(rows[i] + d)); });
    else
      detail::unroll<lanes>([&](auto i) HEED_BODY { x[i] = load(i, d, n); });
    simd::transpose(x);
    detail::unroll<lanes>([&](auto e) HEED_BODY {
      if (e < n) x[e].store(out + (d + e) * stride);
    });
  }
}

/// Writes rows[lane][d] = o[d][lane] * factor[lane] for one vector of lanes. rows: `used` pointers.
template <class A, class T>
HEED_NOINLINE void store_lanes(const A* o, index_t stride, const A* factor, T* const* rows, index_t used,
                               index_t dim) noexcept {
  using batch = simd::batch<A>;
  constexpr int lanes = static_cast<int>(batch::lanes);
  const batch f = batch::load(factor);
  for (index_t d = 0; d < dim; d += lanes) {
    batch x[lanes];
    const index_t n = lesser(lanes, dim - d);
    detail::unroll<lanes>([&](auto e) HEED_BODY { x[e] = e < n ? mul(batch::load(o + (d + e) * stride), f) : f; });
    simd::transpose(x);
    if (used == lanes && n == lanes)
      detail::unroll<lanes>([&](auto i) HEED_BODY { x[i].narrow_to(rows[i] + d); });
    else
      detail::unroll<lanes>([&](auto i) HEED_BODY {
        if (i < used) x[i].narrow_first(rows[i] + d, n);
      });
  }
}

/// Unpacked rows of a block for formats that are not read in place: pointers then lead to scratch.
template <class A, class F>
HEED_NOINLINE void unpack_rows(const F& format, const std::byte** rows, const float* const* scales, index_t count,
                               index_t dim, index_t stride, A* out) noexcept {
  using batch = simd::batch<A>;
  for (index_t j = 0; j < count; ++j, out += stride) {
    if constexpr (std::is_void_v<typename F::element>)
      format.unpack(rows[j], scales[j], std::span<A>(out, static_cast<std::size_t>(dim)));
    else {
      const auto* from = reinterpret_cast<const typename F::element*>(rows[j]);
      index_t d = 0;
      for (; d + batch::lanes <= dim; d += batch::lanes) batch::widen(from + d).store(out + d);
      if (d < dim) batch::widen_first(from + d, dim - d).store_first(out + d, dim - d);
    }
    rows[j] = reinterpret_cast<const std::byte*>(out);
  }
}

} // namespace kernel
} // namespace HEED_ISA
} // namespace heed
