// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Random numbers that a test can print and replay: the same seed gives the same numbers with every compiler and
// library.
#include <heed/view/element.hpp>

#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

namespace heed::test {

/// SplitMix64 (Steele, Lea, Flood 2014): any 64-bit seed is a good one.
class random {
public:
  explicit random(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t bits() noexcept {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  /// Uniform in [least, most].
  index_t integer(index_t least, index_t most) noexcept {
    const auto width = static_cast<std::uint64_t>(most - least) + 1;
    return least + static_cast<index_t>(width == 0 ? bits() : bits() % width);
  }
  bool chance(index_t one_in) noexcept { return integer(1, one_in) == 1; }
  /// Uniform in [-1, 1), a multiple of 2^-23: exact in float.
  float unit() noexcept { return static_cast<float>(static_cast<double>(bits() >> 40) * 0x1p-23 - 1.); }
  /// Approximately normal, variance 1: the sum of twelve.
  float normal() noexcept {
    double sum = 0;
    for (int i = 0; i < 12; ++i) sum += static_cast<double>(bits() >> 40) * 0x1p-24;
    return static_cast<float>(sum - 6.);
  }
  template <class T> const T& one_of(const std::vector<T>& list) noexcept {
    return list[static_cast<std::size_t>(integer(0, static_cast<index_t>(list.size()) - 1))];
  }
  template <class T> void shuffle(std::vector<T>& list) noexcept {
    for (std::size_t i = list.size(); i > 1; --i)
      std::swap(list[i - 1], list[static_cast<std::size_t>(integer(0, static_cast<index_t>(i) - 1))]);
  }
  template <element T> std::vector<T> numbers(index_t count) {
    std::vector<T> list(static_cast<std::size_t>(count));
    for (T& x : list) x = narrow<T>(static_cast<accum_t<T>>(unit()));
    return list;
  }

private:
  std::uint64_t state_;
};

/// The seed of a test program: HEED_TEST_SEED if set, else the given one.
inline std::uint64_t seed_or(std::uint64_t fallback) {
  const char* text = std::getenv("HEED_TEST_SEED");
  return text != nullptr && *text != '\0' ? std::strtoull(text, nullptr, 0) : fallback;
}

/// As seed_or, and says how to replay.
inline std::uint64_t announced_seed(const char* what, std::uint64_t fallback) {
  const std::uint64_t seed = seed_or(fallback);
  std::printf("%s: seed %llu (replay: HEED_TEST_SEED=%llu)\n", what, static_cast<unsigned long long>(seed),
              static_cast<unsigned long long>(seed));
  return seed;
}

} // namespace heed::test
