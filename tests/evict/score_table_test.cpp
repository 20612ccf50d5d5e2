// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/evict/score_table.hpp>

#include <kv/source_probe.hpp>

#include <heed/kv/contiguous.hpp>

namespace heed {
namespace {

using test::text;
using indices = std::vector<index_t>;

TEST(evict_score_table, entries_move_with_the_kept_slots) {
  score_table s(2, 5);
  ASSERT_EQ(text(s.resize(1, 5)), "ok");
  for (index_t i = 0; i < 5; ++i) s.row(1)[static_cast<std::size_t>(i)] = static_cast<float>(i);
  ASSERT_EQ(text(s.keep(1, indices{0, 3, 4})), "ok");
  ASSERT_EQ(text(s.resize(1, 4, -7.f)), "ok");
  const score_view v = s;
  EXPECT_EQ(std::vector<float>(v.row(1).begin(), v.row(1).end()), (std::vector<float>{0, 3, 4, -7}));
  EXPECT_EQ(v.slots(0), 0);
  EXPECT_EQ(v(1, 2), 4.f);
  s.clear();
  EXPECT_EQ(v.slots(1), 0);
  EXPECT_EQ(s.bytes_held(), 10 * 4 + 2 * 8);
}

TEST(evict_score_table, takes_the_shape_of_a_source) {
  const auto x = test::numbered(7 * 3 * 2);
  const score_table s(contiguous(view(x.data(), 7, 3, 2), view(x.data(), 7, 3, 2)));
  EXPECT_EQ(s.kv_heads(), 3);
  EXPECT_EQ(s.max_slots(), 7);
  EXPECT_EQ(s.slots(2), 7);
  for (const float score : s.row(2)) EXPECT_EQ(score, 0.f);
}

TEST(evict_score_table, borrows_memory) {
  std::vector<float> memory(12, 5.f);
  indices lengths{2, 0};
  const score_table s(strided(memory.data(), {2, 4}, {6, 1}), lengths);
  EXPECT_EQ(s.bytes_held(), 0);
  ASSERT_EQ(text(s.resize(1, 4, 1.f)), "ok");
  EXPECT_EQ(memory[9], 1.f);
  EXPECT_EQ(memory[10], 5.f);
  EXPECT_EQ(lengths[1], 4);
}

TEST(evict_score_table, refuses_what_does_not_fit) {
  score_table s(2, 5);
  EXPECT_EQ(text(s.resize(2, 1)), "resize: kv_head is 2, but the heads are 2");
  EXPECT_EQ(text(s.resize(-1, 1)), "resize: kv_head is -1, the least is 0");
  EXPECT_EQ(text(s.resize(0, 6)), "resize: slots is 6, the score table has room for 5");
  EXPECT_EQ(text(s.resize(0, -1)), "resize: slots is -1, the least is 0");
  ASSERT_EQ(text(s.resize(0, 3)), "ok");
  EXPECT_EQ(text(s.keep(0, indices{1, 1})), "keep: slots[1] is 1, it must be above 1");
  EXPECT_EQ(text(s.keep(0, indices{3})), "keep: slots[0] is 3, but the slots held are 3");
  EXPECT_EQ(text(s.keep(0, indices{-1})), "keep: slots[0] is -1, it must be above -1");
  EXPECT_EQ(text(s.keep(2, indices{})), "keep: kv_head is 2, but the heads are 2");
  EXPECT_THROW(score_table(0, 5), error);
  EXPECT_THROW(score_table(1, -1), error);
  EXPECT_THROW(score_table(8, index_t{1} << 61), error);
}

} // namespace
} // namespace heed
