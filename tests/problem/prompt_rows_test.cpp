// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Which sequences are pieces of a prompt, and lists that are refused.
#include <heed/problem/prompt_rows.hpp>

#include <gtest/gtest.h>
#include <support/refusal.hpp>

#include <vector>

namespace {
using namespace heed;
using heed::test::refusal;

TEST(problem_prompt_rows, all_none_or_those_with_a_flag) {
  const std::vector<unsigned char> flags{1, 0, 7};
  const auto some = prompt_rows::listed(flags);
  for (index_t s = 0; s < 3; ++s) {
    EXPECT_TRUE(prompt_rows{}(s));
    EXPECT_FALSE(prompt_rows::none()(s));
    EXPECT_EQ(some(s), s != 1);
  }
  EXPECT_TRUE(prompt_rows{}.may_name_any() && some.may_name_any());
  EXPECT_FALSE(prompt_rows::none().may_name_any());
}

TEST(problem_prompt_rows, refused_with_code_and_text) {
  call_extents e;
  e.sequences = 2;
  const auto check = [&](const std::vector<unsigned char>& list) {
    return refusal(prompt_rows::listed(list).check(e));
  };
  EXPECT_EQ(check({1, 0}), refusal());
  EXPECT_EQ(check({1}), refusal(errc::bad_extent, "prompt_rows: size is 1, but the sequences are 2"));
  EXPECT_EQ(check({1, 0, 1}), refusal(errc::bad_extent, "prompt_rows: size is 3, but the sequences are 2"));
  EXPECT_EQ(refusal(prompt_rows{}.check(e)), refusal());
}
} // namespace
