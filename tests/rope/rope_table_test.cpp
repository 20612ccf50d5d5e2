// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// rope_table: the same bits as rotating by positions, slices, and what it refuses.
#include <heed/rope/rope_table.hpp>
#include <heed/rope/rotate.hpp>

#include "rope_checks.hpp"

#include <support/refusal.hpp>

namespace {

using heed::errc;
using heed::index_t;
using heed::rope;
using heed::rope_table;
using heed::test::refusal;
using heed::test::refusal_of;

template <class T> void expect_same_bits() {
  using A = heed::accum_t<T>;
  heed::test::random random(21);
  const std::vector<index_t> positions{0, 9, 3, 1 << 20, 77};
  const index_t tokens = 5, heads = 3;
  for (const index_t dims : {0, 2, 34, 128, 150})
    for (const auto layout : {heed::rope_layout::interleaved, heed::rope_layout::half}) {
      const rope r{
          .dims = dims, .layout = layout, .scaling = heed::rope_scaling::yarn({.factor = 4, .magnitude = 1.1})};
      const index_t dim = dims + 2;
      const auto x = random.numbers<T>(tokens * heads * dim);
      std::vector<T> by_position(x.size()), by_table(x.size()), place = x;
      std::vector<A> numbers(static_cast<std::size_t>(rope_table<A>::size(r, tokens)));
      const auto v = [&](auto& list) { return heed::view(list.data(), tokens, heads, dim); };
      const rope_table<A> table(r, positions, std::span<A>(numbers));
      heed::rotate(r, positions, v(x), v(by_position));
      heed::rotate(table, v(x), v(by_table));
      heed::rotate(table, v(place));
      EXPECT_TRUE(heed::test::same_bits(by_position, by_table)) << dims;
      EXPECT_TRUE(heed::test::same_bits(by_position, place)) << dims;
      heed::rotate(table.slice(1, 3), v(x).slice(0, 1, 3), v(by_table).slice(0, 1, 3));
      EXPECT_TRUE(heed::test::same_bits(by_position, by_table)) << dims;
    }
}

TEST(rope_rope_table, gives_the_bits_of_rotating_by_positions) {
  expect_same_bits<float>();
  expect_same_bits<double>();
  expect_same_bits<heed::bf16>();
  expect_same_bits<heed::f16>();
}

TEST(rope_rope_table, refuses_too_little_room_and_other_token_counts) {
  const rope r{.dims = 8};
  const std::vector<index_t> positions{1, 2, 3};
  std::vector<float> numbers(24), rows(3 * 8, 1.f);
  const auto make = [&](const rope& with, std::size_t room) {
    return refusal_of([&] { rope_table<float>(with, positions, std::span<float>(numbers).first(room)); });
  };
  EXPECT_EQ(make(r, 24), refusal());
  EXPECT_EQ(make(r, 23),
            refusal(errc::length_out_of_range, "numbers: size divided by dims is 2, but the tokens are 3"));
  EXPECT_EQ(make(rope{.dims = 3}, 24), refusal(errc::bad_value, "rope: dims is 3, must be even and at least 0"));
  const rope_table<float> table(r, positions, std::span<float>(numbers));
  const auto turn = [&](index_t tokens, index_t heads, index_t dim) {
    return refusal_of([&] { heed::rotate(table, heed::view(rows.data(), tokens, heads, dim)); });
  };
  EXPECT_EQ(turn(2, 1, 8), refusal(errc::bad_extent, "in: number of tokens is 2, but those of the table are 3"));
  EXPECT_EQ(turn(3, 2, 4), refusal(errc::dim_mismatch, "rope: dims is 8, but the rows have dim 4"));
  EXPECT_EQ(rows, std::vector<float>(3 * 8, 1.f));
  EXPECT_EQ(turn(3, 1, 8), refusal());
}

} // namespace
