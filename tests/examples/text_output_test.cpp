// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "llama/text_output.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace {

TEST(examples_text_output, escapes_what_json_does_not_hold) {
  EXPECT_EQ(llama::json_text("a\"b\\c\n\x01"), "\"a\\\"b\\\\c\\u000a\\u0001\"");
  EXPECT_EQ(llama::json_text(""), "\"\"");
  EXPECT_EQ(llama::json_text("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"");
}

TEST(examples_text_output, replaces_what_is_no_utf8) {
  EXPECT_EQ(llama::json_text("\xff"), "\"\\ufffd\"");
  EXPECT_EQ(llama::json_text("a\xc3"), "\"a\\ufffd\"") << "cut";
  EXPECT_EQ(llama::json_text("\xc0\x80"), "\"\\ufffd\\ufffd\"") << "overlong";
  EXPECT_EQ(llama::json_text("\xe0\x80\x80"), "\"\\ufffd\\ufffd\\ufffd\"") << "overlong";
  EXPECT_EQ(llama::json_text("\xed\xa0\x80"), "\"\\ufffd\\ufffd\\ufffd\"") << "surrogate";
  EXPECT_EQ(llama::json_text("\xf4\x90\x80\x80"), "\"\\ufffd\\ufffd\\ufffd\\ufffd\"") << "beyond U+10FFFF";
  EXPECT_EQ(llama::json_text("\xc3z"), "\"\\ufffdz\"");
}

TEST(examples_text_output, numbers) {
  EXPECT_EQ(llama::json_numbers({}), "[]");
  EXPECT_EQ(llama::json_numbers({1, -2}), "[1, -2]");
  EXPECT_EQ(llama::json_number(1.25), "1.2");
  EXPECT_EQ(llama::json_number(std::numeric_limits<double>::infinity()), "0.0");
}

} // namespace
