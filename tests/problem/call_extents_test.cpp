// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Sizes of a call: offsets of either width, or as many rows for each sequence.
#include <heed/problem/call_extents.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace {
using namespace heed;

TEST(problem_call_extents, rows_from_offsets_or_equal_parts) {
  call_extents e;
  e.sequences = 3;
  e.tokens = 6;
  e.rows_each = 2;
  for (index_t s = 0; s < 3; ++s) {
    EXPECT_EQ(e.first_row(s), 2 * s);
    EXPECT_EQ(e.rows(s), 2);
  }
  const std::vector<std::int32_t> offsets{0, 4, 4, 6};
  e.row_offsets = offsets;
  const index_t rows[3] = {4, 0, 2};
  for (index_t s = 0; s < 3; ++s) {
    EXPECT_EQ(e.first_row(s), offsets[static_cast<std::size_t>(s)]);
    EXPECT_EQ(e.rows(s), rows[s]);
  }
}

TEST(problem_call_extents, asks_the_source_through_its_functions) {
  const index_t base = 40;
  call_extents e;
  e.source = &base;
  e.seen_of = [](const void* p, index_t s) noexcept { return *static_cast<const index_t*>(p) + s; };
  e.slots_of = [](const void* p, index_t s, index_t h) noexcept {
    return *static_cast<const index_t*>(p) - 10 * s - h;
  };
  EXPECT_EQ(e.seen(2), 42);
  EXPECT_EQ(e.slots(1, 3), 27);
}

struct checks {
  failure check(const call_extents&) const noexcept { return {}; }
};
struct checks_loudly {
  failure check(const call_extents&) const { return {}; }
};
static_assert(self_checking<checks>);
static_assert(!self_checking<checks_loudly> && !self_checking<int>);
} // namespace
