// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// What every kernel of one call is given.
#include <heed/kernel/score_unit.hpp>
#include <heed/plan/tile_shape.hpp>
#include <heed/problem/problem.hpp>
#include <heed/score/none.hpp>

namespace heed {
inline namespace HEED_ISA {
namespace kernel {

/// The roles of a call by reference. A: accumulator; E: the finished rows' epilogue.
template <class A, class TQ, class TO, class K, class M, class F, class E> struct call {
  using accum = A;
  using query = TQ;
  using output = TO;
  using source = K;
  using mask_type = M;
  using score_type = F;
  const problem<TQ, TO>& p;
  const K& kv;
  const M& m;
  const F& mod;
  const E& epi;
  tile_shape shape;
  kv_dims dims;

  static constexpr bool modified = !std::is_same_v<F, no_score_mod>;
  static constexpr bool weighed = weight_mod<F>, scored = !plain_weight_mod<F>;
  static constexpr score_unit unit = modified ? score_unit::natural : score_unit::base_two;
  static constexpr bool keys_in_place = std::is_same_v<typename K::key_format::element, A>;
  static constexpr bool values_in_place = std::is_same_v<typename K::value_format::element, A>;

  /// Factor folded into packed queries.
  [[nodiscard]] HEED_INLINE two_part_factor<A> query_factor() const noexcept {
    if constexpr (unit == score_unit::natural)
      return two_part_factor<A>::product(p.scale, 1, 0);
    else
      return two_part_factor<A>::product(p.scale, 0x1.71547652b82fep0, 0x1.777d0ffda0d24p-56); // log2(e)
  }
  [[nodiscard]] HEED_INLINE index_t position(index_t seq, index_t row) const noexcept {
    const call_extents& e = p.extents;
    return p.positions(e.first_row(seq) + row, row, e.rows(seq), kv.seen(seq));
  }
};

} // namespace kernel
} // namespace HEED_ISA
} // namespace heed
