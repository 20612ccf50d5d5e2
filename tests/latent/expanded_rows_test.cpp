// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/kv/biased.hpp>
#include <heed/kv/gathered.hpp>
#include <heed/kv/latent.hpp>
#include <heed/latent/expanded_rows.hpp>

#include <kv/source_probe.hpp>

namespace heed {
namespace {

using test::key_at;
using test::numbered;
using test::position_at;
using test::value_at;

TEST(latent_expanded_rows, sequences_of_a_stretch_are_a_source) {
  // Sequences 1 and 2 of three, with 3 and 2 rows; two heads.
  auto keys = numbered(2 * 6 * 4), values = numbered(2 * 6 * 3);
  std::vector<index_t> positions{4, 6, 9, 0, 1, -1}, begin{0, 3, 5};
  std::vector<float> bias{0, 1, 0, 0, 2, 0};
  call_extents base;
  base.seen_of = [](const void*, index_t seq) noexcept { return 10 + seq; };
  const detail::expanded_rows<float>::memory at{keys.data(),      values.data(), 6,
                                                positions.data(), bias.data(),   begin.data()};
  const detail::expanded_rows<float> kv(base, {3, 2, 4, 3, 0}, at, {1, 3}, slot_order::ascending);
  test::expect_lawful(kv);
  EXPECT_EQ(kv.slots(0, 0), 0);
  EXPECT_EQ(kv.slots(1, 1), 3);
  EXPECT_EQ(kv.slots(2, 0), 2);
  EXPECT_EQ(kv.seen(2), 12);
  EXPECT_EQ(key_at(kv, 1, 1, 2, 3), 6 * 4 + 2 * 4 + 3);
  EXPECT_EQ(value_at(kv, 2, 0, 1, 0), 4 * 3);
  EXPECT_EQ(position_at(kv, 1, 0, 2), 9);
  EXPECT_EQ(kv.locate(1, 0, 5), 1);
  EXPECT_EQ(kv.rows(2, 1, {1, 2}).bias[0], 2.f);
}

TEST(latent_expanded_rows, lists_what_a_stretch_of_slots_holds) {
  const auto x = numbered(10 * 4);
  const auto rows = latent(view(x.data(), 10, 4), {.value_dim = 3});
  const std::vector<int> picked{7, -1, -1, 2, 3, 9};
  std::vector<float> bias{0, 5, 5, -__builtin_inff(), 1, 0};
  const std::byte* list[8];
  index_t positions[8];
  float biases[8];
  const auto some = gathered(rows, {.indices = picked, .width = 6});
  auto at = detail::list_rows(some, 0, {1, 6}, {.count = 1}, list, positions, biases);
  EXPECT_EQ(at.count, 4);
  EXPECT_FALSE(at.biased);
  EXPECT_EQ(positions[1], 2);
  EXPECT_EQ(positions[3], 9);
  EXPECT_EQ(reinterpret_cast<const float*>(list[2])[0], 12.f);
  const auto weighed = biased(some, view(static_cast<const float*>(bias.data()), 1, 1, 6));
  at = detail::list_rows(weighed, 0, {0, 6}, {}, list, positions, biases);
  EXPECT_EQ(at.count, 3); // the evicted slot is left out
  EXPECT_TRUE(at.biased);
  EXPECT_EQ(positions[1], 3);
  EXPECT_EQ(biases[1], 1.f);
}

} // namespace
} // namespace heed
