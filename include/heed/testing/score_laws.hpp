// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Executable laws of score modifiers, for the library's own and for users' own.
#include <heed/problem/call_extents.hpp>

namespace heed::testing {

/// Which law a modifier breaks, and for which cell of the list; false if none.
struct score_report {
  const char* broken = nullptr; ///< the law, in words
  index_t index = -1;
  double value = 0, expected = 0, allowed = 0;
  HEED_INLINE explicit operator bool() const noexcept { return broken != nullptr; }
};

namespace detail {

HEED_INLINE double magnitude(double x) noexcept { return x < 0 ? -x : x; }

/// Spacing of numbers of type A just above |x|, x finite.
template <class A> HEED_INLINE double ulp(double x) noexcept {
  constexpr int least = std::is_same_v<A, float> ? -126 : -1022, digits = std::is_same_v<A, float> ? 23 : 52;
  const int exponent = x == 0 ? least : __builtin_ilogb(x);
  return __builtin_ldexp(1., (exponent < least ? least : exponent) - digits);
}

/// Four ulp of the largest of a score, the changed score, the change and what lies between.
template <class A> HEED_INLINE double allowance(double x, double y, double between) noexcept {
  double most = between;
  for (const double term : {magnitude(x), magnitude(y), magnitude(y - x)})
    if (__builtin_isfinite(term) && term > most) most = term;
  return 4 * ulp<A>(most);
}

HEED_INLINE bool agree(double a, double b, double allowed) noexcept {
  return a == b || (__builtin_isnan(a) && __builtin_isnan(b)) || magnitude(a - b) <= allowed;
}

} // namespace detail

inline namespace HEED_ISA {
namespace score_detail {

/// How the fields of a vector of cells are given.
enum class fields : unsigned char { one_per_lane, shared_where_equal };

/// One vector of cells as a kernel passes them: a list per field, or one value where all lanes have the same.
template <class B, class S>
score_report check_lanes(const S& mod, std::span<const cell> at, std::span<const typename B::value_type> x,
                         std::span<const double> terms, index_t first, fields given) {
  using A = typename B::value_type;
  constexpr index_t lanes = B::lanes;
  const index_t n = static_cast<index_t>(at.size()), count = lesser(lanes, n - first);
  index_t head[lanes], q[lanes], k[lanes], row[lanes], slot[lanes];
  A scores[lanes];
  bool same[5];
  for (bool& b : same) b = given == fields::shared_where_equal;
  for (index_t i = 0; i < lanes; ++i) { // padding repeats the last live lane
    const auto from = static_cast<std::size_t>(first + lesser(i, count - 1));
    head[i] = at[from].head;
    q[i] = at[from].q;
    k[i] = at[from].k;
    row[i] = at[from].row;
    slot[i] = at[from].slot;
    scores[i] = x[from];
    same[0] = same[0] && head[i] == head[0];
    same[1] = same[1] && q[i] == q[0];
    same[2] = same[2] && k[i] == k[0];
    same[3] = same[3] && row[i] == row[0];
    same[4] = same[4] && slot[i] == slot[0];
  }
  const auto lane = [&](const index_t* list, int field) { return lane_index{list, same[field] ? 0 : 1}; };
  const cells<B> c{at[static_cast<std::size_t>(first)].seq,
                   lane(head, 0),
                   lane(q, 1),
                   lane(k, 2),
                   lane(row, 3),
                   lane(slot, 4),
                   B::generate([&](index_t i) { return static_cast<A>(q[i] - k[i]); }),
                   count};
  A out[lanes];
  mod(B::load(scores), c).store(out);
  if constexpr (lane_bound_score_mod<S, B>) {
    A bound[lanes];
    over_lanes(mod, c)(B::load(scores), c).store(bound);
    for (index_t i = 0; i < count; ++i)
      if (!detail::agree(static_cast<double>(bound[i]), static_cast<double>(out[i]), 0))
        return {"over(lanes) gives the bits of the modifier", first + i, static_cast<double>(bound[i]),
                static_cast<double>(out[i]), 0};
  }
  for (index_t i = 0; i < count; ++i) {
    const auto from = static_cast<std::size_t>(first + i);
    const auto y = static_cast<double>(mod(x[from], at[from])), got = static_cast<double>(out[i]);
    const double allowed = detail::allowance<A>(static_cast<double>(x[from]), y, terms.empty() ? 0. : terms[from]);
    if (!detail::agree(got, y, allowed))
      return {"a lane equals the scalar call up to 4 ulp", first + i, got, y, allowed};
  }
  return {};
}

} // namespace score_detail

/// The scalar forms agree with each other, and vectors of B with the scalar form, on every cell of the list. Cells of
/// different sequences don't share a vector; sort them by sequence.
///
/// Shapes    at, x: [n], x the scaled scores; terms: [n] or empty, for modifiers that add up parts: the largest
///           magnitude between x and the result
/// Requires  float and double forms, as all calls of heed::attend with f32 or f64 accumulators need one of them
template <class B, class S>
requires(score_mod<S, float>&& score_mod<S, double>&& batched_score_mod<S, B>) [[nodiscard]] score_report
    check_score(const S& mod, std::span<const cell> at, std::span<const typename B::value_type> x,
                std::span<const double> terms = {}) {
  using A = typename B::value_type;
  const index_t n = static_cast<index_t>(at.size());
  for (index_t i = 0; i < n; ++i) {
    const auto j = static_cast<std::size_t>(i);
    const double wide = mod(static_cast<double>(x[j]), at[j]);
    const auto got = static_cast<double>(mod(static_cast<float>(x[j]), at[j]));
    const double allowed = detail::allowance<float>(static_cast<double>(x[j]), wide, terms.empty() ? 0. : terms[j]);
    if (!detail::agree(got, wide, allowed)) return {"float agrees with double up to 4 ulp", i, got, wide, allowed};
  }
  static_assert(sizeof(A) >= sizeof(float));
  for (const auto given : {score_detail::fields::one_per_lane, score_detail::fields::shared_where_equal})
    for (index_t first = 0; first < n;) {
      index_t end = first + 1;
      while (end < n && end - first < B::lanes &&
             at[static_cast<std::size_t>(end)].seq == at[static_cast<std::size_t>(first)].seq)
        ++end;
      if (const score_report r =
              score_detail::check_lanes<B>(mod, at.first(static_cast<std::size_t>(end)), x, terms, first, given))
        return r;
      first = end;
    }
  return {};
}

} // namespace HEED_ISA
} // namespace heed::testing
