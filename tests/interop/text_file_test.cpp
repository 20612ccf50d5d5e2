// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Whole files, and numbers that come back as they went.
#include <heed/interop/text_file.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include <support/random.hpp>

namespace {
using namespace heed;

TEST(interop_text_file, reads_what_it_wrote_and_names_the_path_of_a_fault) {
  const std::string path = testing::TempDir() + "heed_text_file_test.txt", text("a\0b\n", 4);
  ASSERT_EQ(write_text_file(path, text), "");
  std::string read;
  const auto take = [&](std::string_view t) {
    read = t;
    return std::string();
  };
  EXPECT_EQ(read_text_file(path, take), "");
  EXPECT_EQ(read, text);
  EXPECT_EQ(read_text_file(path, [](std::string_view) { return std::string("wrong"); }), path + ": wrong");
  EXPECT_EQ(read_text_file(path + ".none", take), path + ".none: cannot be opened");
  EXPECT_EQ(write_text_file(path + "/none", text), path + "/none: cannot be opened for writing");
}

TEST(interop_text_file, numbers_come_back_with_the_same_bits) {
  test::random draw(1);
  for (int i = 0; i < 1000; ++i) {
    const double x = static_cast<double>(draw.normal()) * std::pow(10., static_cast<double>(draw.integer(-30, 30)));
    EXPECT_EQ(std::strtod(number_text(x).c_str(), nullptr), x);
    const auto f = static_cast<float>(x);
    EXPECT_EQ(std::strtof(number_text(f).c_str(), nullptr), f);
  }
}

TEST(interop_text_file, strings_are_escaped) { EXPECT_EQ(json_string("a\"\\\n\x01z"), "\"a\\\"\\\\\\u000a\\u0001z\""); }
} // namespace
