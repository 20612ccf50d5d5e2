// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The random numbers that executable laws draw.
#include <heed/concepts.hpp>

namespace heed::testing {
inline namespace HEED_ISA {

/// Random numbers that are the same on every machine and compiler.
///
/// Source    Steele, Lea and Flood 2014, Fast Splittable Pseudorandom Number Generators (SplitMix64)
struct random_bits {
  std::uint64_t state;
  std::uint64_t operator()() noexcept {
    std::uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
  }
  /// In [least, limit); least where that is empty.
  index_t in(index_t least, index_t limit) noexcept {
    return limit <= least ? least : least + static_cast<index_t>((*this)() % static_cast<std::uint64_t>(limit - least));
  }
};

} // namespace HEED_ISA
} // namespace heed::testing
