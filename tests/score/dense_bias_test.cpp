// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// dense_bias: every axis, broadcasting by extent and by stride, positions and slots, the laws, and what it refuses.
#include <heed/score/dense_bias.hpp>

#include "score_checks.hpp"

#include <cmath>

namespace {

using heed::bias_column;
using heed::dense_bias;
using heed::index_t;

constexpr heed::cell at{1, 2, 70, 4, 3, 5};

template <class T> std::vector<T> iota(index_t n) {
  std::vector<T> x(static_cast<std::size_t>(n));
  for (index_t i = 0; i < n; ++i) x[static_cast<std::size_t>(i)] = heed::narrow<T>(static_cast<heed::accum_t<T>>(i));
  return x;
}

TEST(score_dense_bias, reads_sequence_head_row_and_column) {
  const auto data = iota<float>(2 * 3 * 4 * 6);
  const auto v = heed::view(data.data(), 2, 3, 4, 6);
  EXPECT_EQ(dense_bias{v}(0.5f, at), 0.5f + v(1, 2, 3, 4));
  EXPECT_EQ((dense_bias{v, bias_column::slot}(0.5f, at)), 0.5f + v(1, 2, 3, 5));
  EXPECT_EQ(dense_bias{v}(0.5, at), 0.5 + static_cast<double>(v(1, 2, 3, 4)));
}

TEST(score_dense_bias, broadcasts_axes_of_extent_one_and_of_stride_zero) {
  const auto data = iota<heed::f16>(6 * 6);
  const heed::f16* p = data.data();
  EXPECT_EQ(dense_bias{heed::view(p, 1, 1, 6, 6)}(0.f, at), 22.f);
  EXPECT_EQ(dense_bias{heed::view(p, 1, 3, 1, 6)}(0.f, at), 16.f);
  EXPECT_EQ(dense_bias{heed::view(p, 2, 3, 4, 1)}(0.f, at), 23.f);
  EXPECT_EQ(dense_bias{heed::view(p, 1, 1, 1, 1)}(0.f, at), 0.f);
  EXPECT_EQ((dense_bias{heed::strided(p, {2, 3, 4, 6}, {0, 6, 0, 1})}(0.f, at)), 16.f);
}

TEST(score_dense_bias, minus_infinity_masks) {
  const std::vector<float> data(6, -std::numeric_limits<float>::infinity());
  EXPECT_EQ(dense_bias{heed::view(data.data(), 1, 1, 1, 6)}(3.f, at), -std::numeric_limits<float>::infinity());
  heed::test::expect_laws(dense_bias{heed::view(data.data(), 1, 1, 1, 1)});
}

TEST(score_dense_bias, keeps_the_laws) {
  heed::test::random r(9);
  const auto f = r.numbers<float>(2 * 7 * 33 * 90);
  heed::test::expect_laws(dense_bias{heed::view(f.data(), 2, 7, 33, 90)});
  heed::test::expect_laws(dense_bias{heed::view(f.data(), 2, 7, 33, 90), bias_column::slot});
  heed::test::expect_laws(dense_bias{heed::view(f.data(), 1, 7, 1, 90)});
  const auto d = r.numbers<double>(33 * 90);
  heed::test::expect_laws(dense_bias{heed::view(d.data(), 1, 1, 33, 90)});
  const auto b = r.numbers<heed::bf16>(33 * 100);
  heed::test::expect_laws(dense_bias{heed::strided(b.data(), {2, 7, 33, 90}, {0, 0, 100, 1})});
}

TEST(score_dense_bias, refuses_a_tensor_that_does_not_cover_the_call) {
  const index_t seen = 6;
  const heed::call_extents e = heed::test::extents(2, 4, 3, 3, &seen);
  const std::vector<float> data(2 * 3 * 4 * 6);
  const auto code = [&](index_t a, index_t b, index_t c, index_t d) {
    return dense_bias{heed::view(data.data(), a, b, c, d)}.check(e).code;
  };
  using heed::errc;
  EXPECT_EQ(code(2, 3, 4, 6), errc::ok);
  EXPECT_EQ(code(1, 3, 1, 6), errc::ok);
  EXPECT_EQ(code(2, 2, 4, 6), errc::bad_extent);
  EXPECT_EQ(code(2, 3, 3, 6), errc::bad_extent);
  EXPECT_EQ(code(2, 3, 4, 5), errc::bad_extent);
  EXPECT_EQ(code(0, 3, 4, 6), errc::bad_extent);
  EXPECT_EQ((dense_bias{heed::strided(data.data(), {2, 3, 4, -1}, {72, 24, 6, 1})}.check(e).code), errc::bad_extent);
  EXPECT_EQ((dense_bias{heed::view(data.data(), 2, 3, 4, 5), bias_column::slot}.check(e).code), errc::bad_extent);
  EXPECT_EQ((dense_bias{heed::view(static_cast<const float*>(nullptr), 2, 3, 4, 6)}.check(e).code), errc::null_pointer);
  EXPECT_STREQ(heed::error(dense_bias{heed::view(data.data(), 2, 3, 3, 6)}.check(e)).what(),
               "dense_bias: extent[2] is 3, but the call needs 4");
}

} // namespace
