// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// A budget in tokens, as a fraction and in bytes: what it comes to, and that bytes are never exceeded.
#include <heed/evict/cache_budget.hpp>

#include <gtest/gtest.h>

#include <cmath>

#include <cmath>
#include <support/random.hpp>
#include <support/refusal.hpp>

namespace {
using namespace heed;
using heed::test::refusal;

constexpr cache_size llama{32, 8, 4096, 2 * 128 * 4};

TEST(evict_cache_budget, counts_tokens_fractions_and_bytes) {
  EXPECT_EQ(cache_budget::tokens(256).layer_tokens(llama), 256 * 32);
  EXPECT_EQ(cache_budget::tokens(256).rows(llama), 256 * 32 * 8);
  EXPECT_EQ(cache_budget::fraction(.1).layer_tokens(llama), 13107); // 409.6 a layer
  EXPECT_EQ(cache_budget::fraction(1).layer_tokens(llama), 4096 * 32);
  EXPECT_EQ(cache_budget::bytes(32 * 8 * 256 * 1024).layer_tokens(llama), 256 * 32);
  EXPECT_EQ(cache_budget::bytes(32 * 8 * 256 * 1024 + 1023).rows(llama), 256 * 32 * 8);
  EXPECT_EQ(cache_budget::bytes(PTRDIFF_MAX).rows(llama), 4096 * 32 * 8) << "more than there is";
  EXPECT_EQ(cache_budget::bytes(7).layer_tokens({2, 2, 9, 0}), 7) << "rows of no bytes count as rows of one";
  EXPECT_EQ(cache_budget::bytes(7).rows({2, 2, 9, 0}), 7);
  EXPECT_EQ(cache_budget().layer_tokens(llama), 4096 * 32) << "the default keeps all";
}

TEST(evict_cache_budget, of_bytes_holds_as_many_rows_as_fit) {
  test::random draw(11);
  for (int trial = 0; trial < 1000; ++trial) {
    const cache_size c{draw.integer(1, 40), draw.integer(1, 16), draw.integer(0, 5000), draw.integer(1, 4096)};
    const index_t bytes = draw.integer(0, c.layers * c.kv_heads * c.tokens * c.row_bytes + 5);
    const cache_budget b = cache_budget::bytes(bytes);
    EXPECT_LE(b.rows(c) * c.row_bytes, bytes);
    EXPECT_LE(b.layer_tokens(c) * c.kv_heads, b.rows(c));
    EXPECT_GT((b.rows(c) + 1) * c.row_bytes, lesser(bytes, c.layers * c.kv_heads * c.tokens * c.row_bytes));
  }
}

TEST(evict_cache_budget, refuses_what_is_no_budget) {
  EXPECT_EQ(refusal(cache_budget::tokens(-1).check()),
            (refusal{errc::bad_value, "cache_budget: tokens is -1, the least is 0"}));
  EXPECT_EQ(refusal(cache_budget::bytes(-5).check()),
            (refusal{errc::bad_value, "cache_budget: bytes is -5, the least is 0"}));
  EXPECT_EQ(refusal(cache_budget::fraction(1.5).check()),
            (refusal{errc::bad_value, "cache_budget: fraction is 1.5, must be from 0 to 1"}));
  EXPECT_EQ(refusal(cache_budget::fraction(std::nan("")).check()),
            (refusal{errc::bad_value, "cache_budget: fraction is nan, must be from 0 to 1"}));
  EXPECT_FALSE(cache_budget::fraction(0).check());
}
} // namespace
