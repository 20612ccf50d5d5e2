// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// What selectors share: scores in descending order, and the prefixes of it that they keep.
#include <heed/concepts.hpp>
#include <heed/config.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace heed {
namespace detail {
inline namespace HEED_ISA {

/// Whether entry a stands before b: higher score first, NaN behind -inf, equal ones by lower index.
template <class A> HEED_INLINE bool ranks_before(std::span<const A> scores, std::int32_t a, std::int32_t b) noexcept {
  const A x = scores[static_cast<std::size_t>(a)], y = scores[static_cast<std::size_t>(b)];
  const bool no_x = !(x == x), no_y = !(y == y);
  if (no_x || no_y) return no_x == no_y ? a < b : no_y;
  return x > y || (x == y && a < b);
}

} // namespace HEED_ISA
} // namespace detail

inline namespace HEED_ISA {

/// Replaces order by the indices 0 ... size - 1, higher score first, equal scores (and -0 and 0) by lower index. NaN
/// comes last, below -inf.
///
/// Cost      O(n log n); allocates only where order grows beyond what it ever held
template <class A> void rank_descending(std::span<const A> scores, std::vector<std::int32_t>& order) {
  order.resize(scores.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int32_t>(i);
  std::sort(order.begin(), order.end(),
            [scores](std::int32_t a, std::int32_t b) HEED_BODY { return detail::ranks_before(scores, a, b); });
}

/// The same for the first `count` places only; the others hold the rest in any order.
template <class A> void rank_top(std::span<const A> scores, index_t count, std::vector<std::int32_t>& order) {
  order.resize(scores.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int32_t>(i);
  const index_t n = lesser(count, static_cast<index_t>(order.size()));
  std::partial_sort(order.begin(), order.begin() + n, order.end(),
                    [scores](std::int32_t a, std::int32_t b) HEED_BODY { return detail::ranks_before(scores, a, b); });
}

/// Length of the shortest prefix of `order` that brings `kept` to `mass` or more: entries are taken while what is kept
/// is less than `mass`. Never more than all; all where a mass is NaN, so that a row that can't be told stays dense.
template <class A>
[[nodiscard]] index_t shortest_prefix(std::span<const A> scores, std::span<const std::int32_t> order, double kept,
                                      double mass) noexcept {
  std::size_t n = 0;
  while (n < order.size() && !(kept >= mass)) kept += static_cast<double>(scores[static_cast<std::size_t>(order[n++])]);
  return static_cast<index_t>(n);
}

} // namespace HEED_ISA
} // namespace heed
