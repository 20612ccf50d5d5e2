// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// How often a stretch of a test allocates, in an executable one file of which includes allocation_counter.hpp.
#include <atomic>

namespace heed::test {
inline std::atomic<long> allocations{0};

/// Allocations of all threads since it was built.
class allocation_scope {
public:
  [[nodiscard]] long count() const noexcept { return allocations.load() - before_; }

private:
  long before_ = allocations.load();
};
} // namespace heed::test
