// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// How often a stretch of a test allocates, and memory that is out, in an executable one file of which includes
// allocation_counter.hpp.
#include <atomic>

namespace heed::test {
inline std::atomic<long> allocations{0};
inline std::atomic<bool> memory_is_out{false};

/// While it lives, operator new(nothrow) gives nothing: where heed's calls take what they need for their own time.
class no_memory_scope {
public:
  no_memory_scope() { memory_is_out = true; }
  no_memory_scope(const no_memory_scope&) = delete;
  no_memory_scope& operator=(const no_memory_scope&) = delete;
  ~no_memory_scope() { memory_is_out = false; }
};

/// Allocations of all threads since it was built.
class allocation_scope {
public:
  [[nodiscard]] long count() const noexcept { return allocations.load() - before_; }

private:
  long before_ = allocations.load();
};
} // namespace heed::test
