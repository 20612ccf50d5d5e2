// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/kv/contiguous_heads.hpp>

#include <kv/source_probe.hpp>

namespace heed {
namespace {

using test::expect_lawful;
using test::key_at;
using test::numbered;
using test::position_at;
using test::text;
using test::value_at;
using indices = std::vector<index_t>;

TEST(kv_contiguous_heads, heads_use_the_rows_in_front) {
  const auto k = numbered(2 * 5 * 2 * 3), v = numbered(2 * 5 * 2 * 4);
  const auto ks = view(k.data(), 2, 5, 2, 3);
  const auto vs = view(v.data(), 2, 5, 2, 4);
  const std::vector<int> lengths{5, 2, 0, 3};
  const auto plain = contiguous_heads(ks, vs, {.lengths = lengths});
  expect_lawful(plain);
  EXPECT_EQ(plain.seen(0), 5);
  EXPECT_EQ(plain.seen(1), 3);
  EXPECT_EQ(plain.slots(0, 1), 2);
  EXPECT_EQ(key_at(plain, 1, 1, 2, 1), ks(1, 2, 1, 1));
  EXPECT_EQ(value_at(plain, 0, 1, 1, 3), vs(0, 1, 1, 3));
  indices positions(20, -1);
  const index_t at[] = {0, 1, 2, 6, 9};
  for (index_t i = 0; i < 5; ++i)
    positions[static_cast<std::size_t>(i)] = at[i], positions[static_cast<std::size_t>(15 + i)] = 2 * at[i];
  positions[5] = 4, positions[6] = 8;
  std::vector<float> bias(20);
  bias[6] = 2;
  const auto placed = contiguous_heads(ks, vs, {.lengths = lengths, .positions = positions, .bias = bias});
  expect_lawful(placed);
  EXPECT_EQ(placed.seen(0), 10);
  EXPECT_EQ(position_at(placed, 0, 1, 1), 8);
  EXPECT_EQ(*placed.rows(0, 1, {1, 2}).bias, 2.f);
  EXPECT_EQ(placed.locate(0, 0, 3), 3);
  EXPECT_EQ(position_at(placed, 1, 1, 2), 4);
}

TEST(kv_contiguous_heads, refuses_what_does_not_fit) {
  const auto x = numbered(40);
  const auto rows = view(x.data(), 1, 5, 2, 2);
  const indices lengths{5, 2}, long_one{5, 6}, negative{-1, 0}, seen{4};
  indices positions{0, 1, 2, 6, 9, 3, 3, 0, 0, 0};
  const std::vector<float> bias(10);
  const auto refusal = [&](const contiguous_heads_layout& at) {
    return text(contiguous_heads(rows, rows, at).check());
  };
  EXPECT_EQ(refusal({.lengths = lengths}), "ok");
  EXPECT_EQ(refusal({}), "lengths: number of entries is 0, it must be 2");
  EXPECT_EQ(refusal({.lengths = long_one}), "lengths: lengths[1] is 6, the rows are 5");
  EXPECT_EQ(refusal({.lengths = negative}), "lengths: lengths[0] is -1, the least is 0");
  EXPECT_EQ(refusal({.lengths = lengths, .seen = seen}), "seen: seen[0] is 4, the least is 5");
  EXPECT_EQ(refusal({.lengths = lengths, .seen = lengths}), "seen: number of entries is 2, it must be 1");
  EXPECT_EQ(refusal({.lengths = lengths, .positions = positions}), "positions: positions[6] is 3, it must be above 3");
  EXPECT_EQ(refusal({.lengths = lengths, .positions = std::span(positions).first(9)}),
            "positions: number of entries is 9, the rows are 10");
  EXPECT_EQ(refusal({.lengths = lengths, .positions = positions, .order = slot_order::any}),
            "seen: number of entries is 0, slot_order::any needs one per sequence: 1");
  EXPECT_EQ(refusal({.lengths = lengths, .bias = std::span(bias).first(9)}),
            "bias: number of entries is 9, the rows are 10");
  EXPECT_EQ(text(contiguous_heads(rows, rows.slice(1, 0, 4), {.lengths = lengths}).check()),
            "v: extent[1] is 4, but k has 5");
}

} // namespace
} // namespace heed
