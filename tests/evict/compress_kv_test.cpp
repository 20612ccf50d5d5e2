// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// CompressKV: chosen heads vote for the whole layer.
#include <heed/evict/compress_kv.hpp>

#include <evict/traces.hpp>
#include <support/refusal.hpp>

namespace heed::test {
namespace {

TEST(evict_compress_kv, keeps_what_the_reference_keeps) {
  run_traces("compress_kv", 700000, [](random& draw) {
    const layer_heads heads = drawn_heads(draw);
    const index_t window = draw.integer(1, 4), width = 2 * draw.integer(0, 3) + 1;
    const index_t budget = window + draw.integer(1, 10);
    const bool average = draw.chance(2);
    slot_list chosen;
    for (index_t h = 0; h < heads.q_heads; ++h)
      if (draw.chance(2)) chosen.push_back(h);
    const slow_window slow{{}, heads, window, width, average, true, budget};
    const compress_kv policy{chosen, window, {average ? pooling::kind::average : pooling::kind::maximum, width}};
    return trace<compress_kv, slow_window>(draw, policy, heads, budget, slow).run(10);
  });
}

/// The slots that one layer keeps; every query head has the same length.
lists kept_by(const compress_kv& p, const head_rows& sums, index_t q_heads, index_t kv_heads, index_t budget) {
  const auto slots = static_cast<index_t>(sums.front().size());
  std::vector<float> flat, memory(at(kv_heads * slots));
  for (const auto& row : sums) flat.insert(flat.end(), row.begin(), row.end());
  slot_list lengths(at(kv_heads), slots), budgets(at(kv_heads));
  const score_table table(view(memory.data(), kv_heads, slots), lengths);
  p.rescore(view(flat.data(), static_cast<index_t>(sums.size()), slots), q_heads, table);
  kept_lists kept(kv_heads, slots);
  EXPECT_FALSE(p.allocate(table, budget, budgets));
  EXPECT_FALSE(p.keep(table, budgets, kept));
  lists out;
  for (index_t h = 0; h < kv_heads; ++h) out.emplace_back(kept.list(h).begin(), kept.list(h).end());
  return out;
}

TEST(evict_compress_kv, a_head_with_all_its_mass_on_one_token_keeps_it_and_two_neighbours_on_each_side) {
  for (index_t j = 2; j < 30; ++j) {
    head_rows sums(1, std::vector<float>(40));
    sums[0][at(j)] = 8; // 1 in each of the 8 window rows
    const slot_list chosen{5};
    const lists kept = kept_by({chosen}, sums, 8, 2, 8 + 5);
    slot_list expected{j - 2, j - 1, j, j + 1, j + 2, 32, 33, 34, 35, 36, 37, 38, 39};
    if (j + 2 >= 32) expected.erase(std::unique(expected.begin(), expected.end()), expected.end());
    EXPECT_EQ(kept[0], expected);
    EXPECT_EQ(kept[1], expected) << "one list serves all heads of the layer";
  }
}

TEST(evict_compress_kv, has_the_defaults_of_its_source) {
  EXPECT_EQ(compress_kv{}.window, 8);
  EXPECT_EQ(compress_kv{}.pool.how, pooling::kind::average);
  EXPECT_EQ(compress_kv{}.pool.width, 5);
  EXPECT_EQ(compress_kv::voters, 4);
}

TEST(evict_compress_kv, votes_are_the_best_of_a_ranking_in_ascending_order) {
  slot_list votes(4);
  EXPECT_EQ(retrieval_votes(slot_list{9, 2, 30, 7, 1}, votes), 4);
  EXPECT_EQ(votes, (slot_list{2, 7, 9, 30}));
  EXPECT_EQ(retrieval_votes(slot_list{5, 3}, votes), 2) << "a ranking that names only two";
  EXPECT_EQ(votes, (slot_list{3, 5, 9, 30}));
}

TEST(evict_compress_kv, refuses_heads_that_are_not_there) {
  const auto with = [](const slot_list& heads) { return refusal(compress_kv{heads}.check(8, 2, 100)); };
  EXPECT_EQ(with({3, 8}), (refusal{errc::index_out_of_range, "compress_kv: heads[1] is 8, but the query heads are 8"}));
  EXPECT_EQ(with({-1}), (refusal{errc::index_out_of_range, "compress_kv: heads[0] is -1, the least is 0"}));
  EXPECT_EQ(with({3, 3}),
            (refusal{errc::not_monotone, "compress_kv: heads[1] is 3, entries ascend, and the one before is 3"}));
  EXPECT_EQ(refusal(compress_kv{}.check(8, 2, 8)),
            (refusal{errc::bad_value, "compress_kv: budget is 8, but the window alone holds 8"}));
}
} // namespace
} // namespace heed::test
