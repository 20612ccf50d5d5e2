// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Counts every allocation of a test program by replacing operator new. Include it in one file per
// executable, and allocation_scope.hpp in the others.
#include <support/allocation_scope.hpp>

#include <cstddef>
#include <cstdlib>
#include <new>

// Out of line: GCC warns of free after operator new where it sees both bodies.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  heed::test::allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* p = std::malloc(bytes == 0 ? 1 : bytes)) return p;
  throw std::bad_alloc();
}
// A sanitizer has one of its own, which would not go with the operator delete below.
[[gnu::noinline]] void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  if (heed::test::memory_is_out) return nullptr;
  heed::test::allocations.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(bytes == 0 ? 1 : bytes);
}
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment) {
  heed::test::allocations.fetch_add(1, std::memory_order_relaxed);
  const auto a = static_cast<std::size_t>(alignment);
  if (void* p = std::aligned_alloc(a, (bytes + a - 1) / a * a + (bytes == 0 ? a : 0))) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, const std::nothrow_t&) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
