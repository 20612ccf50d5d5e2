// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "llama/text_output.hpp"

#include <gtest/gtest.h>

#include <limits>

#include <pty.h>
#include <unistd.h>

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

/// What is written to standard error while it is a terminal.
template <class Write> std::string on_a_terminal(const Write& write) {
  int ours = -1, theirs = -1;
  if (::openpty(&ours, &theirs, nullptr, nullptr, nullptr) != 0) return "no terminal";
  const int kept = ::dup(STDERR_FILENO);
  ::dup2(theirs, STDERR_FILENO);
  write();
  ::dup2(kept, STDERR_FILENO);
  ::close(kept);
  std::string said(4096, '\0');
  const auto n = ::read(ours, said.data(), said.size());
  said.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  ::close(theirs);
  ::close(ours);
  return said;
}

TEST(examples_text_output, progress_is_one_line_that_is_overwritten_and_cleared) {
  EXPECT_EQ(on_a_terminal([] {
              llama::progress_line line;
              line.show("prompt 100");
              line.show("99");
            }),
            "\rprompt 100\r99        \r  \r");
  testing::internal::CaptureStderr();
  llama::progress_line().show("nobody looks");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

} // namespace
