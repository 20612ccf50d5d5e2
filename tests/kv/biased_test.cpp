// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/kv/biased.hpp>
#include <heed/kv/contiguous.hpp>
#include <heed/kv/ragged_heads.hpp>
#include <heed/kv/sink_ring.hpp>

#include <kv/source_probe.hpp>

namespace heed {
namespace {

using test::expect_lawful;
using test::numbered;
using test::text;

TEST(kv_biased, dense_bias_follows_the_slots) {
  const auto x = numbered(2 * 5 * 3 * 2), bias = numbered(2 * 3 * 5);
  const auto rows = view(x.data(), 2, 5, 3, 2);
  const auto kv = biased(contiguous(rows, rows), view(bias.data(), 2, 3, 5));
  expect_lawful(kv);
  for (index_t s = 0; s < 2; ++s)
    for (index_t h = 0; h < 3; ++h)
      for (index_t i = 0; i < 5; ++i) EXPECT_EQ(kv.rows(s, h, {i, 5}).bias[0], static_cast<float>((s * 3 + h) * 5 + i));
  // Stride 0 shares it between heads and sequences.
  const auto shared = biased(contiguous(rows, rows), strided(bias.data(), {2, 3, 5}, {0, 0, 1}));
  expect_lawful(shared);
  EXPECT_EQ(shared.rows(1, 2, {4, 5}).bias[0], 4.f);
}

TEST(kv_biased, a_ring_keeps_its_stretches) {
  const auto x = numbered(6), bias = numbered(6);
  const auto rows = view(x.data(), 6, 1, 1);
  const auto kv = biased(sink_ring(rows, rows, {.sinks = 2, .seen = 9}), view(bias.data(), 1, 1, 6));
  expect_lawful(kv);
  for (index_t i = 0; i < 6; ++i) EXPECT_EQ(kv.rows(0, 0, {i, 6}).bias[0], static_cast<float>(i));
}

TEST(kv_biased, lists_serve_heads_of_different_lengths) {
  const auto x = numbered(9 * 2), values = numbered(9);
  const std::vector<int> offsets{0, 6, 9};
  const auto base = ragged_heads(view(x.data(), 9, 2), view(x.data(), 9, 2), {.kv_heads = 2, .offsets = offsets});
  const auto kv = biased(base, slot_bias{.values = values, .offsets = offsets});
  expect_lawful(kv);
  EXPECT_EQ(kv.rows(0, 1, {2, 3}).bias[0], 8.f);
  EXPECT_EQ(kv.rows(0, 0, {5, 6}).bias[0], 5.f);
}

TEST(kv_biased, refuses_a_bias_that_does_not_fit) {
  const auto x = numbered(2 * 5 * 3 * 2);
  const auto rows = view(x.data(), 2, 5, 3, 2);
  const auto base = contiguous(rows, rows);
  const float* none = nullptr;
  EXPECT_EQ(text(biased(base, view(x.data(), 1, 3, 5)).check()), "bias: extent[0] is 1, the sequences are 2");
  EXPECT_EQ(text(biased(base, view(x.data(), 2, 1, 5)).check()), "bias: extent[1] is 1, the kv_heads are 3");
  EXPECT_EQ(text(biased(base, view(x.data(), 2, 3, 4)).check()), "bias: entries of list[0] is 4, the slots are 5");
  EXPECT_EQ(text(biased(base, view(none, 2, 3, 5)).check()), "bias: data is 0, but the elements in view are 30");
  EXPECT_EQ(text(biased(base, strided(x.data(), {2, 3, 5}, {15, 5, 2})).check()),
            "bias: stride[2] is 2, the last must be 1");
  const std::vector<int> o{0, 5, 10, 15, 20, 25, 30}, few{0, 5}, thin{0, 5, 10, 15, 20, 24, 30};
  const std::span<const float> values(x.data(), 30);
  EXPECT_EQ(text(biased(base, slot_bias{.values = values, .offsets = o}).check()), "ok");
  EXPECT_EQ(text(biased(base, slot_bias{.values = values, .offsets = few}).check()),
            "bias: number of offsets is 2, it must be 7");
  EXPECT_EQ(text(biased(base, slot_bias{.values = values, .offsets = thin}).check()),
            "bias: entries of list[4] is 4, the slots are 5");
  EXPECT_EQ(text(biased(base, slot_bias{.values = values.first(29), .offsets = o}).check()),
            "bias: offsets[6] is 30, the most is 29");
  EXPECT_EQ(text(biased(test::vast(base, index_t{1} << 62), view(x.data(), 2, 3, 5)).check(call_extents{})),
            "bias: sequences is 4611686018427387904, too many for heads: 3");
  const auto broken = contiguous(rows, rows.slice(1, 0, 4));
  EXPECT_EQ(text(biased(broken, view(x.data(), 2, 3, 5)).check(call_extents{})), "v: extent[1] is 4, but k has 5");
}

} // namespace
} // namespace heed
