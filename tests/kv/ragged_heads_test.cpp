// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/kv/ragged_heads.hpp>

#include <kv/source_probe.hpp>
#include <support/guarded_buffer.hpp>

namespace heed {
namespace {

using test::expect_lawful;
using test::key_at;
using test::numbered;
using test::position_at;
using test::text;
using test::value_at;

TEST(kv_ragged_heads, each_head_has_its_own_stretch) {
  const auto k = numbered(12 * 4), v = numbered(12 * 3);
  const std::vector<int> offsets{0, 5, 6, 6, 12};
  const auto kv = ragged_heads(view(k.data(), 12, 4), view(v.data(), 12, 3), {.kv_heads = 2, .offsets = offsets});
  expect_lawful(kv);
  EXPECT_EQ(kv.dims().sequences, 2);
  EXPECT_EQ(kv.slots(0, 0), 5);
  EXPECT_EQ(kv.slots(0, 1), 1);
  EXPECT_EQ(kv.slots(1, 0), 0);
  EXPECT_EQ(kv.seen(0), 5);
  EXPECT_EQ(kv.seen(1), 6);
  EXPECT_EQ(key_at(kv, 1, 1, 5, 3), 11 * 4 + 3);
  EXPECT_EQ(value_at(kv, 0, 1, 0, 2), 5 * 3 + 2);
  EXPECT_EQ(kv.rows(1, 1, {2, 6}).count, 4);
}

TEST(kv_ragged_heads, lengths_leave_room_behind_each_head) {
  const auto x = numbered(12 * 2);
  const std::vector<int> offsets{0, 6, 12};
  std::vector<index_t> lengths{3, 0};
  const auto kv = ragged_heads(view(x.data(), 12, 2), view(x.data(), 12, 2),
                               {.kv_heads = 2, .offsets = offsets, .lengths = lengths});
  expect_lawful(kv);
  EXPECT_EQ(kv.slots(0, 0), 3);
  lengths[1] = 6;
  EXPECT_EQ(kv.slots(0, 1), 6);
}

TEST(kv_ragged_heads, slots_carry_a_bias) {
  const auto x = numbered(5);
  const std::vector<int> offsets{0, 3, 5};
  const std::vector<float> bias{0, 1, 2, 3, 4};
  const auto kv =
      ragged_heads(view(x.data(), 5, 1), view(x.data(), 5, 1), {.kv_heads = 2, .offsets = offsets, .bias = bias});
  expect_lawful(kv);
  EXPECT_EQ(kv.rows(0, 1, {0, 2}).bias[1], 4.f);
}

TEST(kv_ragged_heads, positions_survive_eviction) {
  const auto x = numbered(5 * 2);
  const std::vector<int> offsets{0, 3, 5}, seen{50};
  const std::vector<index_t> positions{0, 9, 49, 1, 30};
  const ragged_heads_layout layout{.kv_heads = 2, .offsets = offsets, .positions = positions, .seen = seen};
  const auto kv = ragged_heads(view(x.data(), 5, 2), view(x.data(), 5, 2), layout);
  expect_lawful(kv);
  EXPECT_EQ(kv.seen(0), 50);
  EXPECT_EQ(position_at(kv, 0, 1, 1), 30);
  EXPECT_EQ(kv.locate(0, 0, 10), 2);
  EXPECT_EQ(kv.locate(0, 1, 10), 1);
  EXPECT_EQ(kv.locate(0, 1, 50), 2);
  const auto unseen = ragged_heads(view(x.data(), 5, 2), view(x.data(), 5, 2),
                                   {.kv_heads = 2, .offsets = offsets, .positions = positions});
  expect_lawful(unseen);
  EXPECT_EQ(unseen.seen(0), 50);
  const std::vector<index_t> shuffled{9, 0, 49, 30, 1};
  const auto any =
      ragged_heads(view(x.data(), 5, 2), view(x.data(), 5, 2),
                   {.kv_heads = 2, .offsets = offsets, .positions = shuffled, .seen = seen, .order = slot_order::any});
  expect_lawful(any);
  EXPECT_FALSE(any.ordered(0, 0));
}

TEST(kv_ragged_heads, reads_no_byte_beside_its_buffers) {
  const test::guarded_buffer<float> k(17 * 3), v(17 * 5, test::guard::before);
  const std::vector<int> offsets{0, 16, 16, 17};
  EXPECT_EQ(
      test::read_all(ragged_heads(view(k.data(), 17, 3), view(v.data(), 17, 5), {.kv_heads = 3, .offsets = offsets})),
      17);
}

TEST(kv_ragged_heads, refuses_layouts_that_do_not_fit) {
  const auto x = numbered(64);
  const auto rows = view(x.data(), 6, 4);
  const auto refusal = [&](const ragged_heads_layout& l) { return text(ragged_heads(rows, rows, l).check()); };
  const std::vector<int> none, o{0, 2, 6}, odd{0, 2, 4, 6}, down{0, 4, 3}, beyond{0, 2, 7}, one{1}, two{1, 2},
      wide{2, 5}, minus{-1, 0};
  const std::vector<index_t> few{0, 1}, flat{0, 1, 0, 1, 1, 2}, p{0, 1, 0, 1, 2, 3};
  EXPECT_EQ(refusal({.kv_heads = 2, .offsets = o}), "ok");
  EXPECT_EQ(refusal({.offsets = o}), "ragged_heads: kv_heads is 0, the least is 1");
  EXPECT_EQ(refusal({.kv_heads = 2, .offsets = none}),
            "offsets: number of offsets is 0, it must be 1 more than a multiple of 2");
  EXPECT_EQ(refusal({.kv_heads = 2, .offsets = odd}),
            "offsets: number of offsets is 4, it must be 1 more than a multiple of 2");
  EXPECT_EQ(refusal({.kv_heads = 2, .offsets = down}), "offsets: offsets[2] is 3, the least is 4");
  EXPECT_EQ(refusal({.kv_heads = 2, .offsets = beyond}), "offsets: offsets[2] is 7, the most is 6");
  EXPECT_EQ(refusal({.kv_heads = 2, .offsets = o, .lengths = one}), "lengths: number of entries is 1, it must be 2");
  EXPECT_EQ(refusal({.kv_heads = 2, .offsets = o, .lengths = wide}), "lengths: lengths[1] is 5, the rows are 4");
  EXPECT_EQ(refusal({.kv_heads = 2, .offsets = o, .lengths = minus}), "lengths: lengths[0] is -1, the least is 0");
  EXPECT_EQ(refusal({.kv_heads = 2, .offsets = o, .seen = two}), "seen: number of entries is 2, it must be 1");
  EXPECT_EQ(refusal({.kv_heads = 2, .offsets = o, .seen = one}), "seen: seen[0] is 1, the least is 2");
  EXPECT_EQ(refusal({.kv_heads = 2, .offsets = o, .positions = few}),
            "positions: number of entries is 2, the rows are 6");
  const std::vector<float> weights(5);
  EXPECT_EQ(refusal({.kv_heads = 2, .offsets = o, .bias = weights}), "bias: number of entries is 5, the rows are 6");
  EXPECT_EQ(refusal({.kv_heads = 2, .offsets = o, .positions = flat}),
            "positions: positions[4] is 1, it must be above 1");
  EXPECT_EQ(refusal({.kv_heads = 2, .offsets = o, .positions = p, .seen = one}),
            "positions: positions[1] is 1, but the tokens seen are 1");
  EXPECT_EQ(refusal({.kv_heads = 2, .offsets = o, .positions = p, .order = slot_order::any}),
            "seen: number of entries is 0, slot_order::any needs one per sequence: 1");
  EXPECT_EQ(text(ragged_heads(rows, rows.slice(0, 0, 5), {.kv_heads = 2, .offsets = o}).check()),
            "v: extent[0] is 5, but k has 6");
  EXPECT_EQ(text(ragged_heads(rows, rows.slice(1, 0, 0), {.kv_heads = 2, .offsets = o}).check(call_extents{})),
            "v: extent[1] is 0, the least dim is 1");
}

} // namespace
} // namespace heed
