// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// One value for each axis of a grid, or one for all of them.
#include <heed/concepts.hpp>

namespace heed {

/// Values by axis, slowest axis first: {7, 5}, or 7 for every axis.
template <int Rank, class T = index_t> class per_axis {
  static_assert(Rank >= 1 && Rank <= 3, "heed: a grid has 1 to 3 axes");

public:
  constexpr per_axis() noexcept = default;
  template <std::convertible_to<T> U>
  HEED_FN constexpr per_axis(U every) noexcept { // NOLINT(google-explicit-constructor): a number stands for all axes
    for (T& x : at_) x = static_cast<T>(every);
  }
  template <std::convertible_to<T>... U>
  requires(Rank > 1 && sizeof...(U) == Rank) HEED_FN constexpr per_axis(U... values) noexcept
      : at_{static_cast<T>(values)...} {}

  [[nodiscard]] HEED_FN constexpr T operator[](int axis) const noexcept { return at_[axis]; }
  [[nodiscard]] HEED_FN constexpr T& operator[](int axis) noexcept { return at_[axis]; }
  [[nodiscard]] HEED_FN constexpr T product() const noexcept {
    T p = at_[0];
    for (int a = 1; a < Rank; ++a) p = static_cast<T>(p * at_[a]);
    return p;
  }
  friend HEED_FN constexpr bool operator==(const per_axis& a, const per_axis& b) noexcept {
    for (int i = 0; i < Rank; ++i)
      if (a.at_[i] != b.at_[i]) return false;
    return true;
  }

private:
  T at_[Rank] = {};
};

} // namespace heed
