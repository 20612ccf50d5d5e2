// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Running maximum, sum and output of rows under way, and how two of them merge.
#include <heed/kernel/score_unit.hpp>

namespace heed {
inline namespace HEED_ISA {
namespace kernel {

/// State of `lanes` rows: m in the unit of the scores, l the sum of powers from m on; the output is o / l.
/// A row that saw no key has l = 0, m = -inf and o = 0.
///
/// Shapes    m, l: [lanes padded to a vector]; o: by lanes [panel][value_dim][panel lanes] (prefill) or by rows
///           [lane][value_dim padded] (decode)
template <class A> struct softmax_state { A *m, *l, *o; };

/// Factors that bring two maxima to their common one. m becomes the common maximum, l the common sum.
template <score_unit Unit, class A>
HEED_INLINE void merge_sums(simd::batch<A>& m, simd::batch<A>& l, simd::batch<A> other_m, simd::batch<A> other_l,
                            simd::batch<A>& keep, simd::batch<A>& add) noexcept {
  using batch = simd::batch<A>;
  const batch nothing(-static_cast<A>(__builtin_inf()));
  const batch top = max(m, other_m);
  const batch base = select(top == nothing, batch(A(0)), top);
  keep = power<Unit>(m - base);
  add = power<Unit>(other_m - base);
  // A NaN on either side must survive max, which keeps only its second operand's.
  l = fma(other_l, add, mul(l, keep));
  m = top;
}

/// Merges `from` into `into`, states of one panel laid out by lanes.
template <score_unit Unit, class A>
HEED_NOINLINE void merge_by_lanes(const softmax_state<A>& into, const softmax_state<A>& from, index_t lanes,
                                  index_t value_dim) noexcept {
  using batch = simd::batch<A>;
  for (index_t lane = 0; lane < lanes; lane += batch::lanes) {
    batch m = batch::load(into.m + lane), l = batch::load(into.l + lane), keep, add;
    merge_sums<Unit>(m, l, batch::load(from.m + lane), batch::load(from.l + lane), keep, add);
    m.store(into.m + lane);
    l.store(into.l + lane);
    for (index_t d = 0; d < value_dim; ++d) {
      A* o = into.o + d * lanes + lane;
      fma(batch::load(from.o + d * lanes + lane), add, mul(batch::load(o), keep)).store(o);
    }
  }
}

/// Merges `from` into `into`, states laid out by rows of `stride` numbers (a multiple of the vector).
template <score_unit Unit, class A>
HEED_NOINLINE void merge_by_rows(const softmax_state<A>& into, const softmax_state<A>& from, index_t lanes,
                                 index_t stride) noexcept {
  using batch = simd::batch<A>;
  for (index_t lane = 0; lane < lanes; ++lane) {
    batch m(into.m[lane]), l(into.l[lane]), keep, add;
    merge_sums<Unit>(m, l, batch(from.m[lane]), batch(from.l[lane]), keep, add);
    m.store_first(into.m + lane, 1);
    l.store_first(into.l + lane, 1);
    for (index_t d = 0; d < stride; d += batch::lanes) {
      A* o = into.o + lane * stride + d;
      fma(batch::load(from.o + lane * stride + d), add, mul(batch::load(o), keep)).store(o);
    }
  }
}

} // namespace kernel
} // namespace HEED_ISA
} // namespace heed
