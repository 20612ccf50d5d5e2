// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/kv/contiguous.hpp>
#include <heed/kv/head_split.hpp>
#include <heed/kv/sink_ring.hpp>

#include <kv/source_probe.hpp>

namespace heed {
namespace {

using test::expect_lawful;
using test::key_at;
using test::numbered;
using test::text;
using enum_list = std::vector<head_source>;
constexpr auto first = head_source::first, second = head_source::second;

TEST(kv_head_split, heads_keep_their_order_inside_each_source) {
  const auto x = numbered(10 * 3 * 2), y = numbered(6 * 2 * 2);
  const auto full = contiguous(view(x.data(), 10, 3, 2), view(x.data(), 10, 3, 2));
  const auto stream = sink_ring(view(y.data(), 6, 2, 2), view(y.data(), 6, 2, 2), {.sinks = 2, .seen = 10});
  const auto kv = head_split(full, stream, enum_list{first, second, first, first, second});
  expect_lawful(kv);
  EXPECT_EQ(kv.dims().kv_heads, 5);
  EXPECT_EQ(kv.seen(0), 10);
  const index_t slots[] = {10, 6, 10, 10, 6}, place[] = {0, 0, 1, 2, 1};
  for (index_t h = 0; h < 5; ++h) {
    EXPECT_EQ(kv.slots(0, h), slots[h]);
    EXPECT_EQ(key_at(kv, 0, h, 0), static_cast<float>(2 * place[h]));
  }
  EXPECT_EQ(kv.locate(0, 1, 7), 3);
  EXPECT_EQ(kv.locate(0, 0, 7), 7);
}

TEST(kv_head_split, one_side_may_hold_no_head) {
  const auto x = numbered(10 * 2 * 2);
  const float* none = nullptr;
  const auto full = contiguous(view(x.data(), 10, 2, 2), view(x.data(), 10, 2, 2));
  const auto empty = contiguous(view(none, 0, 0, 2), view(none, 0, 0, 2));
  const auto a = head_split(full, empty, enum_list{first, first}),
             b = head_split(empty, full, enum_list{second, second});
  expect_lawful(a);
  expect_lawful(b);
  EXPECT_EQ(key_at(b, 0, 1, 9), 9 * 4 + 2);
  EXPECT_EQ(b.seen(0), 10);
}

TEST(kv_head_split, holds_256_heads_and_no_more) {
  const auto x = numbered(257);
  const auto full = contiguous(view(x.data(), 1, 257, 1), view(x.data(), 1, 257, 1));
  const auto most = contiguous(view(x.data(), 1, 256, 1), view(x.data(), 1, 256, 1));
  const auto kv = head_split(most, most, enum_list(256, second));
  expect_lawful(kv);
  EXPECT_EQ(key_at(kv, 0, 255, 0), 255);
  EXPECT_EQ(text(head_split(full, full, enum_list(257, first)).check()),
            "head_split: kv_heads is 257, the most is 256");
}

TEST(kv_head_split, refuses_sources_that_do_not_fit) {
  const auto x = numbered(400);
  const auto part = [&](index_t sequences, index_t tokens, index_t heads, index_t key, index_t value) {
    return contiguous(view(x.data(), sequences, tokens, heads, key), view(x.data(), sequences, tokens, heads, value));
  };
  const enum_list choice{first, second, first};
  const auto refusal = [&](const auto& a, const auto& b) {
    return text(head_split(a, b, choice).check(call_extents{}));
  };
  EXPECT_EQ(refusal(part(2, 3, 2, 4, 5), part(2, 3, 1, 4, 5)), "ok");
  EXPECT_EQ(refusal(part(2, 3, 3, 4, 5), part(2, 3, 1, 4, 5)),
            "head_split: kv_heads of the first source is 3, but heads choose it: 2");
  EXPECT_EQ(refusal(part(2, 3, 2, 4, 5), part(2, 3, 2, 4, 5)),
            "head_split: kv_heads of the second source is 2, but heads choose it: 1");
  EXPECT_EQ(refusal(part(2, 3, 2, 4, 5), part(2, 3, 1, 6, 5)), "head_split: second key_dim is 6, but the first is 4");
  EXPECT_EQ(refusal(part(2, 3, 2, 4, 5), part(2, 3, 1, 4, 6)), "head_split: second value_dim is 6, but the first is 5");
  EXPECT_EQ(refusal(part(2, 3, 2, 4, 5), part(1, 3, 1, 4, 5)),
            "head_split: second sequences is 1, but the first are 2");
  EXPECT_EQ(refusal(part(2, 3, 2, 4, 5), part(2, 2, 1, 4, 5)),
            "head_split: tokens seen by the second source[0] is 2, but by the first 3");
  EXPECT_EQ(text(head_split(part(1, 1, 1, 1, 1), part(1, 1, 1, 1, 1), enum_list{}).check()),
            "head_split: kv_heads is 0, the least is 1");
}

} // namespace
} // namespace heed
