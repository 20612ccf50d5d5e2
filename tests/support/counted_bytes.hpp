// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Vectors whose bytes are counted while they live: what a cache says it was given can be compared with what was taken.
#include <cstddef>
#include <memory>
#include <vector>

namespace heed::test {

inline std::ptrdiff_t live_bytes = 0;

template <class T> struct counting_allocator {
  using value_type = T;
  counting_allocator() = default;
  template <class U> counting_allocator(const counting_allocator<U>&) noexcept {}
  T* allocate(std::size_t n) {
    live_bytes += static_cast<std::ptrdiff_t>(n * sizeof(T));
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* p, std::size_t n) noexcept {
    live_bytes -= static_cast<std::ptrdiff_t>(n * sizeof(T));
    std::allocator<T>().deallocate(p, n);
  }
  friend bool operator==(const counting_allocator&, const counting_allocator&) noexcept { return true; }
};
template <class T> using counted = std::vector<T, counting_allocator<T>>;

} // namespace heed::test
