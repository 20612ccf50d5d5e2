// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// relative_bias: lookup and clamping, one row for all heads, strides, the laws, and what it refuses.
#include <heed/score/relative_bias.hpp>

#include "score_checks.hpp"

#include <support/refusal.hpp>

namespace {

using heed::index_t;
using heed::test::refusal;

/// entry [head][column] = 100 head + column
std::vector<float> numbered(index_t heads, index_t stride) {
  std::vector<float> table(static_cast<std::size_t>(heads * stride));
  for (index_t h = 0; h < heads; ++h)
    for (index_t c = 0; c < stride; ++c)
      table[static_cast<std::size_t>(h * stride + c)] = static_cast<float>(100 * h + c);
  return table;
}

TEST(score_relative_bias, reads_the_column_of_the_clamped_distance) {
  const auto data = numbered(3, 8); // 7 columns in rows of 8: distances -3 to 3
  const heed::relative_bias mod{heed::strided(data.data(), {3, 7}, {8, 1})};
  const auto at = [](index_t head, index_t q, index_t k) { return heed::cell{0, head, q, k, 0, 0}; };
  EXPECT_EQ(mod(0.f, at(0, 10, 10)), 3.f);
  EXPECT_EQ(mod(0.f, at(1, 10, 8)), 105.f);
  EXPECT_EQ(mod(0.f, at(2, 10, 12)), 201.f);
  EXPECT_EQ(mod(0.f, at(2, 10, 7)), 206.f);
  EXPECT_EQ(mod(0.f, at(2, 1000000, 0)), 206.f);
  EXPECT_EQ(mod(0.f, at(2, 0, 1000000)), 200.f);
  EXPECT_EQ(mod(0.5, at(1, 5, 5)), 103.5);
}

TEST(score_relative_bias, one_row_serves_all_heads_and_one_column_all_distances) {
  const auto data = numbered(2, 5);
  const heed::relative_bias shared{heed::view(data.data(), 1, 5)};
  EXPECT_EQ(shared(0.f, heed::cell{0, 6, 9, 8, 0, 0}), 3.f);
  const heed::relative_bias constant{heed::strided(data.data(), {2, 1}, {5, 1})};
  EXPECT_EQ(constant(0.f, heed::cell{0, 1, 9, 2, 0, 0}), 100.f);
}

TEST(score_relative_bias, keeps_the_laws) {
  heed::test::random r(3);
  const auto f = r.numbers<float>(7 * 41);
  heed::test::expect_laws(heed::relative_bias{heed::view(f.data(), 7, 41)});
  const auto d = r.numbers<double>(7 * 201);
  const heed::relative_bias wide{heed::view(d.data(), 7, 201)};
  heed::test::expect_laws(wide);
  const auto b = r.numbers<heed::bf16>(3);
  heed::test::expect_laws(heed::relative_bias{heed::view(b.data(), 1, 3)});
}

TEST(score_relative_bias, refuses_tables_that_do_not_fit) {
  const index_t seen = 8;
  const heed::call_extents e = heed::test::extents(1, 1, 4, 2, &seen);
  const auto data = numbered(4, 5);
  EXPECT_FALSE(heed::relative_bias{heed::view(data.data(), 4, 5)}.check(e));
  EXPECT_FALSE(heed::relative_bias{heed::view(data.data(), 1, 5)}.check(e));
  const auto check = [&](const heed::tensor_view<const float, 2>& table) {
    return refusal(heed::relative_bias{table}.check(e));
  };
  const float* const p = data.data();
  const auto extent = [](const char* text) { return refusal(heed::errc::bad_extent, text); };
  EXPECT_EQ(check(heed::view(p, 3, 5)), extent("relative_bias: number of rows is 3, but the query heads are 4"));
  EXPECT_EQ(check(heed::view(p, 0, 5)), extent("relative_bias: number of rows is 0, but the query heads are 4"));
  EXPECT_EQ(check(heed::view(p, 4, 4)), extent("relative_bias: number of columns is 4, must be odd and at least 1"));
  EXPECT_EQ(check(heed::view(p, 4, 0)), extent("relative_bias: number of columns is 0, must be odd and at least 1"));
  EXPECT_EQ(check(heed::view(static_cast<const float*>(nullptr), 4, 5)).code, heed::errc::null_pointer);
  EXPECT_EQ(check(heed::strided(p, {4, 3}, {3, 2})).code, heed::errc::bad_stride);
}

} // namespace
