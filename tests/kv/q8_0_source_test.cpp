// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/kv/biased.hpp>
#include <heed/kv/gathered.hpp>
#include <heed/kv/joined.hpp>

#include <kv/source_probe.hpp>
#include <support/q8_0_source.hpp>

namespace heed {
namespace {

using test::expect_lawful;
using test::key_at;
using test::numbered;
using test::q8_0;
using test::q8_0_source;
using test::value_at;

TEST(kv_q8_0_source, blocks_are_those_of_ggml) {
  std::vector<float> x(32);
  for (int i = 0; i < 32; ++i) x[static_cast<std::size_t>(i)] = static_cast<float>(i - 16);
  std::vector<std::byte> row(34);
  q8_0::pack(x.data(), 32, row.data());
  EXPECT_EQ(q8_0{}.row_bytes(32), 34);
  EXPECT_EQ(q8_0{}.row_bytes(576), 18 * 34);
  // d = 16 / 127 = 0x3008 in binary16; -16 becomes -127, 15 becomes round(119.0625).
  EXPECT_EQ(static_cast<int>(row[0]), 0x08);
  EXPECT_EQ(static_cast<int>(row[1]), 0x30);
  EXPECT_EQ(static_cast<std::int8_t>(row[2]), -127);
  EXPECT_EQ(static_cast<std::int8_t>(row[33]), 119);
  const std::vector<float> zeros(32, 0.f);
  q8_0::pack(zeros.data(), 32, row.data());
  for (const std::byte b : row) EXPECT_EQ(b, std::byte{0});
}

TEST(kv_q8_0_source, a_number_is_within_half_a_step) {
  for (const index_t dim : {1, 31, 32, 33, 128}) {
    std::vector<float> x(static_cast<std::size_t>(dim)), back(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i) * 1.7f) * 3.f;
    std::vector<std::byte> row(static_cast<std::size_t>(q8_0{}.row_bytes(dim)));
    q8_0::pack(x.data(), dim, row.data());
    q8_0{}.unpack(row.data(), nullptr, back);
    // A step is at most 3 / 127; its binary16 is off by 2^-11 of itself, up to 127 times.
    for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(x[i], back[i], 3.f / 127 * 0.5f + 3.f / 2048) << i;
  }
}

TEST(kv_q8_0_source, is_a_source_like_any_other) {
  const index_t tokens = 35, heads = 2;
  std::vector<float> x(static_cast<std::size_t>(tokens * heads * 64));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i / 64); // one number per row
  const auto k = view(static_cast<const float*>(x.data()), tokens, heads, 64);
  const q8_0_source kv(k, k.slice(2, 0, 32), {0, 16, 16, 35});
  expect_lawful(kv);
  EXPECT_EQ(kv.slots(2, 0), 19);
  EXPECT_NEAR(key_at(kv, 2, 1, 18, 63), 69.f, 69.f / 1024);
  EXPECT_NEAR(value_at(kv, 0, 1, 15, 31), 31.f, 31.f / 1024);
  expect_lawful(joined(kv, kv));
  const std::vector<int> indices{3, 4, 5, 0}, offsets{0, 4, 4, 4};
  expect_lawful(gathered(kv, {.indices = indices, .offsets = offsets}));
  expect_lawful(biased(kv, view(static_cast<const float*>(x.data()), 3, 2, 19)));
}

} // namespace
} // namespace heed
