// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Finished states into output rows: normalise, epilogue, store. And chunks of one tile into one state, ascending.
#include <heed/kernel/decode.hpp>

namespace heed {
inline namespace HEED_ISA {
namespace kernel {

/// Log-sum-exp, natural, and the factor that turns o into the output row. One lane after the other calls the epilogue.
/// m, l, factor: [lanes padded to a vector]; factor is written.
template <class A, class Call>
HEED_NOINLINE void finish_lanes(const Call& c, const tile& t, const A* m, const A* l, index_t first, index_t used,
                                A* factor) noexcept {
  using batch = simd::batch<A>;
  const index_t heads = t.heads.size(), first_token = c.p.extents.first_row(t.seq);
  for (index_t v = 0; v < used; v += batch::lanes) {
    A lse[batch::lanes], share[batch::lanes];
    const index_t n = lesser(batch::lanes, used - v);
    const batch sum = batch::load_first(l + v, n);
    if constexpr (Call::weighed) {
      batch(A(0)).store(lse);
      batch(A(1)).store(share);
    } else {
      natural_lse<Call::unit>(batch::load_first(m + v, n), sum).store(lse);
      (batch(A(1)) / sum).store(share);
    }
    for (index_t i = 0; i < n; ++i) {
      const index_t lane = first + v + i;
      const auto row = static_cast<std::size_t>(lane / heads);
      const query_row at{t.seq, t.heads.begin + lane % heads, t.rows[row], first_token + t.rows[row], t.q[row]};
      const bool empty = l[v + i] == A(0);
      const A z = empty ? -static_cast<A>(__builtin_inf()) : lse[i];
      const A scale = c.epi.scale(at, z);
      factor[v + i] = empty ? A(0) : share[i] * scale;
      c.epi.finish(at, z);
    }
    for (index_t i = n; i < batch::lanes; ++i) factor[v + i] = A(0);
  }
}

/// Writes a tile's finished state, laid out by lanes.
template <class A, class Call>
HEED_NOINLINE void finish_by_lanes(const Call& c, const tile& t, const softmax_state<A>& state, A* factor) noexcept {
  using layout = lane_layout<A>;
  constexpr index_t vector = simd::batch<A>::lanes;
  const index_t heads = t.heads.size(), lanes = heads * static_cast<index_t>(t.rows.size());
  const index_t first_token = c.p.extents.first_row(t.seq);
  for (index_t i = 0; i < layout::panels(lanes); ++i) {
    const index_t first = i * layout::full, used = lesser(layout::full, lanes - first), width = layout::width(lanes, i);
    finish_lanes(c, t, state.m + first, state.l + first, first, used, factor);
    for (index_t v = 0; v < width; v += vector) {
      typename Call::output* rows[vector];
      const index_t n = lesser(vector, used - v);
      for (index_t e = 0; e < n; ++e) {
        const index_t lane = first + v + e;
        rows[e] = c.p.o.row(first_token + t.rows[static_cast<std::size_t>(lane / heads)], t.heads.begin + lane % heads);
      }
      store_lanes(state.o + first * c.dims.value_dim + v, width, factor + v, rows, n, c.dims.value_dim);
    }
  }
}

/// Writes a tile's finished state, laid out by rows of `stride` numbers.
template <class A, class Call>
HEED_NOINLINE void finish_by_rows(const Call& c, const tile& t, const softmax_state<A>& state,
                                  index_t stride) noexcept {
  using batch = simd::batch<A>;
  const index_t heads = t.heads.size(), lanes = heads * static_cast<index_t>(t.rows.size());
  const index_t first_token = c.p.extents.first_row(t.seq);
  A factor[decode_scratch<A>::max_lanes + batch::lanes];
  finish_lanes(c, t, state.m, state.l, 0, lanes, factor);
  for (index_t lane = 0; lane < lanes; ++lane) {
    typename Call::output* row =
        c.p.o.row(first_token + t.rows[static_cast<std::size_t>(lane / heads)], t.heads.begin + lane % heads);
    const batch f(factor[lane]);
    for (index_t d = 0; d < c.dims.value_dim; d += batch::lanes) {
      const index_t n = c.dims.value_dim - d;
      const batch x = mul(batch::load(state.o + lane * stride + d), f);
      if (n >= batch::lanes)
        x.narrow_to(row + d);
      else
        x.narrow_first(row + d, n);
    }
  }
}

} // namespace kernel
} // namespace HEED_ISA
} // namespace heed
