// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Window scores: the prefix alone is pooled, per query head and before the group's reduction.
#include <heed/evict/window_scores.hpp>

#include <evict/traces.hpp>
#include <support/refusal.hpp>

namespace heed::test {
namespace {

std::vector<float> finished(const window_scores& w, const head_rows& sums, index_t kv_heads, slot_list lengths) {
  const auto slots = static_cast<index_t>(sums.front().size());
  std::vector<float> flat, memory(at(kv_heads * slots), 7.f);
  for (const auto& row : sums) flat.insert(flat.end(), row.begin(), row.end());
  const score_table table(view(memory.data(), kv_heads, slots), lengths);
  finish_window_scores(w, static_cast<index_t>(sums.size()), {},
                       view(flat.data(), static_cast<index_t>(sums.size()), slots), table);
  return memory;
}

TEST(evict_window_scores, the_window_neither_gives_to_the_pool_nor_takes_from_it) {
  const window_scores w{2, {pooling::kind::average, 3}, {}};
  EXPECT_EQ(finished(w, {{3, 0, 6, 90, 90}}, 1, {5}), (std::vector<float>{1, 3, 2, 0, 0}));
}

TEST(evict_window_scores, a_maximum_is_taken_per_query_head_and_then_the_mean) {
  const window_scores w{1, {pooling::kind::maximum, 3}, {}};
  // The mean first would give {2, 2, 2}: a maximum does not commute.
  EXPECT_EQ(finished(w, {{4, 0, 0, 0, 5}, {0, 0, 0, 4, 5}}, 1, {5}), (std::vector<float>{2, 2, 2, 2, 0}));
  const window_scores a{1, {pooling::kind::average, 3}, {}};
  EXPECT_EQ(finished(a, {{6, 0, 0, 0, 5}, {0, 0, 0, 6, 5}}, 1, {5}), (std::vector<float>{1, 1, 1, 1, 0}));
}

TEST(evict_window_scores, heads_of_different_lengths_have_prefixes_of_their_own) {
  const window_scores w{1, {pooling::kind::average, 3}, {}};
  EXPECT_EQ(finished(w, {{3, 3, 3, 3}, {3, 3, 90, 90}}, 2, {4, 3}), (std::vector<float>{2, 3, 2, 0, 2, 2, 0, 7}));
  EXPECT_EQ(finished(w, {{3, 3, 3, 3}, {9, 9, 9, 9}}, 2, {1, 0}), (std::vector<float>{0, 7, 7, 7, 7, 7, 7, 7}))
      << "no prefix: only the window";
}

TEST(evict_window_scores, equal_the_reference_on_drawn_layers) {
  random draw(9);
  for (int trial = 0; trial < 300; ++trial) {
    const layer_heads heads = drawn_heads(draw);
    const index_t slots = draw.integer(1, 80), window = draw.integer(1, 9), width = 2 * draw.integer(0, 9) + 1;
    const bool average = draw.chance(2);
    const head_rows sums = drawn_sums(draw, 3, heads.q_heads, slots);
    const slow_window slow{{}, heads, window, width, average, false, 0};
    const slot_list lengths(at(heads.kv_heads), slots);
    std::vector<float> expected;
    for (const auto& row : slow.scores(lengths, sums)) expected.insert(expected.end(), row.begin(), row.end());
    EXPECT_EQ(finished({window, {average ? pooling::kind::average : pooling::kind::maximum, width}, {}}, sums,
                       heads.kv_heads, lengths),
              expected);
  }
}

TEST(evict_window_scores, refuses_budgets_and_windows_that_hold_nothing) {
  EXPECT_EQ(refusal(window_scores{}.check("p", 32)),
            (refusal{errc::bad_value, "p: budget is 32, but the window alone holds 32"}));
  EXPECT_EQ(refusal((window_scores{0, {}, {}}.check("p", 32))),
            (refusal{errc::bad_value, "p: window is 0, the least is 1"}));
  EXPECT_FALSE(window_scores{}.check("p", 33));
}
} // namespace
} // namespace heed::test
