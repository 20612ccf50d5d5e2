// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/evict/protect.hpp>
#include <heed/testing/eviction_laws.hpp>

#include <gtest/gtest.h>

namespace heed {
namespace {

template <class P> std::vector<index_t> list_of(const P& p, index_t head, index_t slots) {
  std::vector<index_t> in;
  for (index_t i = 0; i < slots; ++i)
    if (p.protects(head, i, slots)) in.push_back(i);
  return in;
}
using indices = std::vector<index_t>;

TEST(evict_protect, ends_overlap_in_short_heads) {
  EXPECT_EQ(list_of(unprotected{}, 0, 5), indices{});
  EXPECT_EQ(list_of(protect_ends{2, 1}, 0, 5), (indices{0, 1, 4}));
  EXPECT_EQ(list_of(protect_ends{2, 3}, 0, 4), (indices{0, 1, 2, 3}));
  EXPECT_EQ(list_of(protect_ends{0, 9}, 0, 2), (indices{0, 1}));
  EXPECT_EQ(count_protected(protect_ends{2, 3}, 0, 4), 4);
}

TEST(evict_protect, bits_name_slots_per_head_or_for_all) {
  const std::vector<std::uint64_t> words{1u << 3, 1u, 1u << 5, 0};
  EXPECT_EQ(list_of(protect_bits{words, 2}, 0, 70), (indices{3, 64}));
  EXPECT_EQ(list_of(protect_bits{words, 2}, 1, 70), (indices{5}));
  EXPECT_EQ(list_of(protect_bits{words}, 7, 300), (indices{3, 64, 133}));
  EXPECT_EQ(list_of(protect_ends{1, 0} | protect_bits{words, 2}, 1, 9), (indices{0, 5}));
}

TEST(evict_protect, is_a_function_of_its_arguments) {
  EXPECT_FALSE(testing::check_protection(unprotected{}, 2, 20));
  EXPECT_FALSE(testing::check_protection(protect_ends{3, 4}, 2, 20));
  const std::vector<std::uint64_t> words{99, 12345};
  EXPECT_FALSE(testing::check_protection(protect_ends{3, 4} | protect_bits{words, 1}, 2, 70));
}

} // namespace
} // namespace heed
