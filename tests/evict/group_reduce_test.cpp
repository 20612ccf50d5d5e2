// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Reductions over the query heads of a group, against the loop that says what they are.
#include <heed/evict/group_reduce.hpp>

#include <gtest/gtest.h>

#include <algorithm>

#include <support/random.hpp>

namespace {
using namespace heed;

constexpr index_t kv_heads = 3, slots = 517; // more than two blocks

std::vector<float> reduced(const group_reduce& how, index_t q_heads, const std::vector<index_t>& heads,
                           const std::vector<float>& x) {
  const index_t n = heads.empty() ? q_heads : static_cast<index_t>(heads.size());
  std::vector<float> out(static_cast<std::size_t>(kv_heads * slots), 9.f);
  std::vector<index_t> lengths(kv_heads, slots);
  reduce_groups(how, q_heads, heads, view(x.data(), n, slots), score_table(view(out.data(), kv_heads, slots), lengths));
  return out;
}

TEST(evict_group_reduce, equals_the_loop_over_the_heads_of_a_group) {
  test::random draw(5);
  for (const index_t group : {1, 4, 7})
    for (const std::vector<index_t>& heads : {std::vector<index_t>{}, {0, 1, group, 3 * group - 1}, {group}})
      for (const reduce_by by : {reduce_by::mean, reduce_by::max, reduce_by::sum})
        for (const reduce_over over : {reduce_over::group, reduce_over::layer}) {
          const index_t q_heads = group * kv_heads;
          std::vector<index_t> chosen = heads;
          if (chosen.empty())
            for (index_t i = 0; i < q_heads; ++i) chosen.push_back(i);
          chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
          const std::vector<float> x = draw.numbers<float>(static_cast<index_t>(chosen.size()) * slots);
          const auto got = reduced({by, over}, q_heads, heads.empty() ? heads : chosen, x);
          for (index_t h = 0; h < kv_heads; ++h)
            for (index_t j = 0; j < slots; ++j) {
              float sum = 0, most = -2;
              int count = 0;
              for (std::size_t i = 0; i < chosen.size(); ++i) {
                if (over == reduce_over::group && chosen[i] / group != h) continue;
                const float at = x[i * slots + static_cast<std::size_t>(j)];
                sum += at;
                most = at > most ? at : most;
                ++count;
              }
              float expected = by == reduce_by::max   ? most
                               : by == reduce_by::sum ? sum
                                                      : sum / static_cast<float>(count);
              if (count == 0) expected = 0; // no head of the group was observed
              EXPECT_EQ(got[static_cast<std::size_t>(h * slots + j)], expected);
            }
        }
}

TEST(evict_group_reduce, heads_of_different_lengths_get_as_many_scores_as_they_hold) {
  const std::vector<float> x{1, 2, 3, 10, 20, 30};
  std::vector<float> out(6, 9.f);
  std::vector<index_t> lengths{3, 1};
  reduce_groups({}, 2, {}, view(x.data(), 2, 3), score_table(view(out.data(), 2, 3), lengths));
  EXPECT_EQ(out, (std::vector<float>{1, 2, 3, 10, 9, 9}));
}

TEST(evict_group_reduce, running_sums_are_added_to) {
  const std::vector<float> x{1, 2, 3, 10, 20, 30};
  std::vector<float> out{100, 100, 100};
  std::vector<index_t> lengths{3};
  reduce_groups({}, 2, {}, view(x.data(), 2, 3), score_table(view(out.data(), 1, 3), lengths), reduce_into::add);
  EXPECT_EQ(out, (std::vector<float>{105.5, 111, 116.5}));
}

TEST(evict_group_reduce, of_one_head_a_group_is_that_head) {
  test::random draw(6);
  const std::vector<float> x = draw.numbers<float>(kv_heads * slots);
  for (const reduce_by by : {reduce_by::mean, reduce_by::max, reduce_by::sum})
    EXPECT_EQ(reduced({by, reduce_over::group}, kv_heads, {}, x), x); // T6: multi-head attention
}
} // namespace
