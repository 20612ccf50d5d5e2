// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// rope_table: the same bits as rotating by positions, slices, and what it refuses.
#include <heed/rope/rope_table.hpp>
#include <heed/rope/rotate.hpp>

#include "rope_checks.hpp"

namespace {

using heed::errc;
using heed::index_t;
using heed::rope;
using heed::rope_table;

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
  const auto code = [](auto&& call) {
    try {
      call();
    } catch (const heed::error& e) {
      return e.code();
    }
    return errc::ok;
  };
  const auto make = [&](const rope& with, std::size_t room) {
    return code([&] { rope_table<float>(with, positions, std::span<float>(numbers).first(room)); });
  };
  EXPECT_EQ(make(r, 24), errc::ok);
  EXPECT_EQ(make(r, 23), errc::length_out_of_range);
  EXPECT_EQ(make(rope{.dims = 3}, 24), errc::bad_value);
  const rope_table<float> table(r, positions, std::span<float>(numbers));
  EXPECT_EQ(code([&] { heed::rotate(table, heed::view(rows.data(), 3, 1, 8)); }), errc::ok);
  EXPECT_EQ(code([&] { heed::rotate(table, heed::view(rows.data(), 2, 1, 8)); }), errc::bad_extent);
  EXPECT_EQ(code([&] { heed::rotate(table, heed::view(rows.data(), 3, 2, 4)); }), errc::dim_mismatch);
}

} // namespace
