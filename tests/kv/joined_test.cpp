// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/kv/contiguous.hpp>
#include <heed/kv/joined.hpp>
#include <heed/kv/sink_ring.hpp>

#include <kv/source_probe.hpp>

namespace heed {
namespace {

using test::expect_lawful;
using test::key_at;
using test::numbered;
using test::position_at;
using test::text;

TEST(kv_joined, fresh_rows_follow_the_cached_ones) {
  const auto x = numbered(20 * 2 * 4);
  const auto rows = view(x.data(), 20, 2, 4);
  const auto whole = contiguous(rows, rows);
  for (const index_t cut : {0, 1, 7, 19, 20}) {
    const auto a = rows.slice(0, 0, cut), b = rows.slice(0, cut, 20 - cut);
    const auto kv = joined(contiguous(a, a), contiguous(b, b));
    expect_lawful(kv);
    ASSERT_EQ(kv.slots(0, 1), 20);
    ASSERT_EQ(kv.seen(0), 20);
    for (index_t i = 0; i < 20; ++i) {
      EXPECT_EQ(key_at(kv, 0, 1, i), key_at(whole, 0, 1, i));
      EXPECT_EQ(position_at(kv, 0, 1, i), i);
    }
  }
}

TEST(kv_joined, a_chunk_goes_on_from_the_tokens_a_ring_has_seen) {
  const auto ring = numbered(6), chunk = numbered(3);
  const auto r = view(ring.data(), 6, 1, 1), c = view(chunk.data(), 3, 1, 1);
  const auto kv = joined(sink_ring(r, r, {.sinks = 2, .seen = 40}), contiguous(c, c));
  expect_lawful(kv);
  EXPECT_EQ(kv.slots(0, 0), 9);
  EXPECT_EQ(kv.seen(0), 43);
  EXPECT_EQ(position_at(kv, 0, 0, 5), 39);
  EXPECT_EQ(position_at(kv, 0, 0, 6), 40);
  EXPECT_EQ(kv.locate(0, 0, 41), 7);
  EXPECT_EQ(kv.rows(0, 0, {6, 9}).count, 3);
}

TEST(kv_joined, three_parts_join_in_two_steps) {
  const auto x = numbered(9);
  const auto at = [&](index_t first) {
    const auto v = view(x.data(), 9, 1, 1).slice(0, first, 3);
    return contiguous(v, v);
  };
  const auto kv = joined(joined(at(0), at(3)), at(6));
  expect_lawful(kv);
  for (index_t i = 0; i < 9; ++i) EXPECT_EQ(key_at(kv, 0, 0, i), static_cast<float>(i));
  const auto nested = joined(at(0), joined(at(3), at(6)));
  expect_lawful(nested);
  EXPECT_EQ(position_at(nested, 0, 0, 8), 8);
}

TEST(kv_joined, refuses_parts_that_do_not_fit) {
  const auto x = numbered(200);
  const auto part = [&](index_t sequences, index_t heads, index_t key, index_t value) {
    return contiguous(view(x.data(), sequences, 2, heads, key), view(x.data(), sequences, 2, heads, value));
  };
  const auto refusal = [](const auto& a, const auto& b) { return text(joined(a, b).check()); };
  EXPECT_EQ(refusal(part(2, 3, 4, 5), part(2, 3, 4, 5)), "ok");
  EXPECT_EQ(refusal(part(2, 3, 4, 5), part(1, 3, 4, 5)), "joined: fresh sequences is 1, but the cached are 2");
  EXPECT_EQ(refusal(part(2, 3, 4, 5), part(2, 1, 4, 5)), "joined: fresh kv_heads is 1, but the cached are 3");
  EXPECT_EQ(refusal(part(2, 3, 4, 5), part(2, 3, 6, 5)), "joined: fresh key_dim is 6, but the cached is 4");
  EXPECT_EQ(refusal(part(2, 3, 4, 5), part(2, 3, 4, 6)), "joined: fresh value_dim is 6, but the cached is 5");
  const std::vector<index_t> positions{0, 5};
  const auto rows = view(x.data(), 2, 1, 1);
  const auto placed = contiguous(rows, rows, {.positions = positions}), plain = contiguous(rows, rows);
  EXPECT_EQ(refusal(placed, plain), "ok");
  EXPECT_EQ(refusal(plain, placed), "joined: fresh slot with an explicit position[0] is 0, the most such slots are 0");
  const std::vector<int> lengths{9};
  const auto broken = contiguous(rows, rows, {.lengths = lengths});
  EXPECT_EQ(refusal(broken, plain), "lengths: lengths[0] is 9, the rows are 2");
  EXPECT_EQ(refusal(plain, broken), "lengths: lengths[0] is 9, the rows are 2");
}

} // namespace
} // namespace heed
