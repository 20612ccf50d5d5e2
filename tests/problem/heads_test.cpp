// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Query heads onto key-value heads.
#include <heed/problem/heads.hpp>

#include <gtest/gtest.h>

namespace {
using namespace heed;

TEST(problem_heads, each_head_is_in_the_group_of_its_kv_head) {
  for (const index_t kv_heads : {1, 2, 5, 8})
    for (const index_t group : {1, 4, 7}) {
      const head_map m{kv_heads * group, kv_heads};
      EXPECT_EQ(m.group(), group);
      index_t next = 0;
      for (index_t g = 0; g < kv_heads; ++g) {
        EXPECT_EQ(m.group_of(g).begin, next) << "groups follow one another";
        for (index_t h = m.group_of(g).begin; h < m.group_of(g).end; ++h) EXPECT_EQ(m.kv_head(h), g);
        next = m.group_of(g).end;
      }
      EXPECT_EQ(next, m.q_heads);
    }
}

TEST(problem_heads, no_heads_have_no_group) { EXPECT_EQ((head_map{0, 0}.group()), 0); }
} // namespace
