// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// What the tests of micro-kernels share: drawn numbers, sizes around vectors, and sums in double with their bound.
#include <heed/kernel/panel.hpp>

#include <gtest/gtest.h>
#include <support/random.hpp>
#include <support/tolerance.hpp>

#include <cmath>
#include <limits>
#include <memory>
#include <vector>

namespace heed::test {

inline std::size_t place(index_t i) noexcept { return static_cast<std::size_t>(i); }
template <class A> inline constexpr A quiet_nan = std::numeric_limits<A>::quiet_NaN();
template <class A> inline constexpr A infinite = std::numeric_limits<A>::infinity();

/// 1 to 40, and around 64 and 128.
inline std::vector<index_t> dims() {
  std::vector<index_t> list{63, 64, 65, 127, 128, 129};
  for (index_t d = 1; d <= 40; ++d) list.push_back(d);
  return list;
}
template <class A> std::vector<A> drawn(random& gen, index_t n) {
  std::vector<A> list(place(n));
  for (A& x : list) x = static_cast<A>(gen.unit());
  return list;
}
template <class T> std::vector<const std::byte*> rows_of(const std::vector<T>& x, index_t count, index_t stride) {
  std::vector<const std::byte*> list;
  for (index_t i = 0; i < count; ++i) list.push_back(reinterpret_cast<const std::byte*>(x.data() + i * stride));
  return list;
}

/// A sum of products in double, and what any order of summation may be off by.
struct exact_sum {
  double value = 0, magnitude = 0, terms = 0;
  void add(double x) noexcept {
    value += x;
    magnitude += std::fabs(x);
    ++terms;
  }
  template <class A> [[nodiscard]] bool near(A got) const noexcept {
    return std::fabs(static_cast<double>(got) - value) <= (terms + 1) * epsilon<A> * magnitude;
  }
};

/// Groups of a block with the given live lanes, as find_live leaves them.
template <class A>
void set_live(kernel::live_groups& live, const std::vector<std::uint64_t>& lanes, std::uint64_t every) {
  for (std::size_t j = 0; j < lanes.size(); ++j) live.lanes[j] = lanes[j] & every;
  live.settle(every, static_cast<index_t>(lanes.size()), kernel::kernel_shape<A>::live_keys, simd::batch<A>::lanes);
}
inline std::uint64_t first_bits(index_t n) noexcept {
  return n >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << n) - 1;
}
/// Lanes of each key: all, none, or drawn, in some stretches of 16 keys only from a few neighboring lanes.
inline std::vector<std::uint64_t> drawn_lanes(random& gen, index_t keys, std::uint64_t every) {
  std::vector<std::uint64_t> list;
  std::uint64_t within = every;
  for (index_t j = 0; j < keys; ++j) {
    if (j % 16 == 0) within = gen.integer(0, 1) == 0 ? every : first_bits(gen.integer(1, 20)) << gen.integer(0, 40);
    const index_t kind = gen.integer(0, 3) * (j / 16 % 2); // stretches of 16 keys that all see
    list.push_back((kind == 0 ? every : kind == 1 ? 0 : gen.bits() & every) & within);
  }
  return list;
}

using accumulators = testing::Types<float, double>;

} // namespace heed::test
