// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// PNG files by their bytes, as an independent reader took them.
#include <picture/png.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iterator>

namespace {

std::string written(const picture::image& x) {
  const std::string path = testing::TempDir() + "picture.png";
  EXPECT_TRUE(picture::write_png(path, x));
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
std::string hex(const std::string& bytes) {
  std::string s;
  for (const char c : bytes) {
    const auto x = static_cast<unsigned char>(c);
    s += "0123456789abcdef"[x >> 4];
    s += "0123456789abcdef"[x & 15];
  }
  return s;
}

TEST(examples_png, two_pictures_side_by_side_byte_by_byte) {
  const picture::image a{2, 2, {0, 0, 0, 1, 0.5f, 0, -1, 2, 0.25f, 1, 1, 1}}, b{1, 2, {0, 1, 0, 0, 0, 1}};
  EXPECT_EQ(hex(written(picture::beside({a, b}, 1))),
            "89504e470d0a1a0a0000000d4948445200000004000000020802000000f0caea34"
            "00000025494441547801011a00e5ff00000000ff8000ffffff00ff000000ff40ffffffffffff0000ff9a8c0db435786943"
            "0000000049454e44ae426082");
}
TEST(examples_png, large_pictures_take_several_stored_blocks) {
  picture::image x{200, 150, std::vector<float>(200 * 150 * 3, 0.5f)};
  // 8 of signature, three chunks of 12, 13 of header; 601 bytes a row in two blocks of 5 more; 6 of zlib.
  EXPECT_EQ(written(x).size(), 8u + 3 * 12 + 13 + 150 * 601 + 2 * 5 + 6);
}
TEST(examples_png, a_path_that_cannot_be_written_says_so) {
  EXPECT_FALSE(picture::write_png(testing::TempDir() + "no such folder/x.png", {1, 1, {0, 0, 0}}));
}
TEST(examples_png, signal_to_noise_is_in_decibels) {
  EXPECT_NEAR(picture::peak_signal_to_noise({1, 1, {0.1f, 0.1f, 0.1f}}, {1, 1, {0, 0, 0}}), 20, 1e-5);
}
} // namespace
