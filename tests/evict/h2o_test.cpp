// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// H2O: running sums that move with the slots, against a list of them.
#include <heed/evict/h2o.hpp>

#include <evict/traces.hpp>
#include <support/refusal.hpp>

namespace heed::test {
namespace {

struct slow {
  layer_heads heads;
  index_t budget, recent;
  head_rows sums;
  void reset() { sums.assign(at(heads.kv_heads), {}); }
  void sees(const slot_list& slots, const head_rows& fresh) {
    for (index_t h = 0; h < heads.kv_heads; ++h) {
      std::vector<float>& mine = sums[at(h)];
      mine.resize(at(slots[at(h)]));
      const std::vector<float> mean = mean_of(fresh, h * heads.group(), heads.group());
      for (std::size_t j = 0; j < mine.size(); ++j) mine[j] += mean[j];
    }
  }
  [[nodiscard]] lists keep(const slot_list& slots, const head_rows&) {
    lists out;
    for (std::size_t h = 0; h < slots.size(); ++h) {
      out.push_back(best(sums[h], 0, recent, budget));
      std::vector<float> left;
      for (const index_t slot : out.back()) left.push_back(sums[h][at(slot)]);
      sums[h] = left;
    }
    return out;
  }
  [[nodiscard]] bool stands_for(index_t, index_t, float, float) const { return false; }
};

TEST(evict_h2o, keeps_what_the_reference_keeps) {
  run_traces("h2o", 300000, [](random& draw) {
    const layer_heads heads = drawn_heads(draw);
    const index_t heavy = draw.integer(0, 8), recent = draw.integer(heavy > 0 ? 0 : 1, 8);
    slow s{heads, heavy + recent, recent, {}};
    s.reset();
    return trace<h2o, slow>(draw, {heavy, recent, {}}, heads, heavy + recent, s).run(12);
  });
}

TEST(evict_h2o, takes_the_greedy_step_by_hand) {
  // Three queries over three keys: rows of a softmax. Column sums: 1.9, .7, .4; the newest is protected.
  const float rows[3][3] = {{1, 0, 0}, {.6f, .4f, 0}, {.3f, .3f, .4f}};
  std::vector<float> memory(3);
  slot_list length{0}, budget{2};
  const score_table table(view(memory.data(), 1, 3), length);
  const h2o policy{1, 1, {}};
  for (index_t step = 0; step < 3; ++step) {
    std::vector<float> row(rows[step], rows[step] + step + 1);
    ASSERT_FALSE(table.resize(0, step + 1));
    policy.rescore(view(row.data(), 1, step + 1), 1, table);
  }
  float sum = 0;
  for (const float x : memory) sum += x;
  EXPECT_FLOAT_EQ(sum, 3.f) << "without eviction the sums are as many as the queries";
  kept_lists kept(1, 3);
  ASSERT_FALSE(policy.keep(table, budget, kept));
  EXPECT_EQ(slot_list(kept.list(0).begin(), kept.list(0).end()), (slot_list{0, 2}));
  ASSERT_FALSE((h2o{2, 0, {}}.keep(table, budget, kept)));
  EXPECT_EQ(slot_list(kept.list(0).begin(), kept.list(0).end()), (slot_list{0, 1}));
}

TEST(evict_h2o, splits_budgets_as_its_parts) {
  EXPECT_EQ(h2o{}.heavy, 1024);
  EXPECT_EQ(h2o{}.recent, 1024);
  EXPECT_EQ(h2o{}.recent_of(2048), 1024);
  EXPECT_EQ(h2o{}.recent_of(101), 50);
  EXPECT_EQ((h2o{4, 512, {}}.recent_of(516)), 512);
  EXPECT_EQ((h2o{0, 1, {}}.recent_of(7)), 7);
  EXPECT_EQ((h2o{71, 29, {}}.recent_of(200)), 58) << "29 / 100 in double is less than .29";
}

TEST(evict_h2o, refuses_what_keeps_nothing) {
  EXPECT_EQ(refusal(h2o{}.check(1, 1, 0)), (refusal{errc::bad_value, "h2o: budget is 0, the least is 1"}));
  EXPECT_EQ(refusal((h2o{-1, 1, {}}.check(1, 1, 1))), (refusal{errc::bad_value, "h2o: heavy is -1, the least is 0"}));
  EXPECT_EQ(refusal((h2o{1, -1, {}}.check(1, 1, 1))), (refusal{errc::bad_value, "h2o: recent is -1, the least is 0"}));
  EXPECT_EQ(refusal((h2o{0, 0, {}}.check(1, 1, 1))),
            (refusal{errc::bad_value, "h2o: heavy + recent is 0, the least is 1"}));
}
} // namespace
} // namespace heed::test
