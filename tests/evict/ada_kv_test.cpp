// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Ada-KV: budgets of heads from a sort of the whole layer.
#include <heed/evict/ada_kv.hpp>

#include <evict/traces.hpp>
#include <support/refusal.hpp>

namespace heed::test {
namespace {

/// Counts by one sort over all heads; then the printed rule, a repair that walks sorted heads, and what short heads
/// have no slots for handed on.
slot_list slow_budgets(const head_rows& scores, index_t window, index_t base, double alpha) {
  struct entry {
    float score;
    std::size_t head;
  };
  std::vector<entry> all;
  index_t longest = 0;
  slot_list prefixes;
  for (std::size_t h = 0; h < scores.size(); ++h) {
    const index_t prefix = std::max<index_t>(0, static_cast<index_t>(scores[h].size()) - window);
    longest = std::max(longest, prefix);
    prefixes.push_back(prefix);
    for (index_t j = 0; j < prefix; ++j) all.push_back({scores[h][at(j)], h});
  }
  const bool fits = static_cast<index_t>(all.size()) <= static_cast<index_t>(scores.size()) * base;
  std::stable_sort(all.begin(), all.end(), [](const entry& a, const entry& b) { return a.score > b.score; });
  const auto heads = static_cast<index_t>(scores.size());
  slot_list counts(scores.size()), out(scores.size()), order(scores.size());
  for (std::size_t i = 0; i < all.size() && i < at(heads * base); ++i) ++counts[all[i].head];
  for (std::size_t h = 0; h < out.size(); ++h)
    out[h] = static_cast<index_t>(
        std::nearbyint(static_cast<double>(counts[h]) * (1 - alpha) + std::floor(static_cast<double>(base) * alpha)));
  if (fits) out = prefixes;
  for (std::size_t h = 0; h < order.size(); ++h) order[h] = static_cast<index_t>(h);
  index_t missing = heads * base;
  for (const index_t b : out) missing -= b;
  std::stable_sort(order.begin(), order.end(), [&](index_t a, index_t b) {
    return missing > 0 ? counts[at(a)] > counts[at(b)] : counts[at(a)] < counts[at(b)];
  });
  for (int round = 0; round < 1000 && missing != 0; ++round)
    for (const index_t h : order) {
      index_t& b = out[at(h)];
      if (missing > 0 && b < std::max(longest, base))
        ++b, --missing;
      else if (missing < 0 && b > 0)
        --b, ++missing;
    }
  while (!fits) {
    std::size_t over = 0, under = out.size();
    while (over < out.size() && out[over] <= prefixes[over]) ++over;
    if (over == out.size()) break;
    for (std::size_t h = out.size(); h-- > 0;)
      if (out[h] < prefixes[h] && (under == out.size() || counts[h] - out[h] >= counts[under] - out[under])) under = h;
    --out[over], ++out[under];
  }
  return out;
}

struct slow : slow_window {
  double alpha;
  [[nodiscard]] lists keep(const slot_list& slots, const head_rows& sums) const {
    const head_rows s = scores(slots, sums);
    slot_list budgets = slow_budgets(s, window, budget - window, alpha);
    lists out;
    for (std::size_t h = 0; h < s.size(); ++h) out.push_back(best(s[h], 0, window, budgets[h] + window));
    return out;
  }
};

TEST(evict_ada_kv, keeps_what_the_reference_keeps) {
  run_traces("ada_kv", 600000, [](random& draw) {
    const layer_heads heads = drawn_heads(draw);
    const index_t window = draw.integer(1, 4), width = 2 * draw.integer(0, 3) + 1;
    const index_t budget = window + draw.integer(1, 10);
    const double alpha = static_cast<double>(draw.integer(0, 10)) / 10;
    const slow s{{{}, heads, window, width, false, false, budget}, alpha};
    const ada_kv policy{window, {pooling::kind::maximum, width}, {}, alpha};
    return trace<ada_kv, slow>(draw, policy, heads, budget, s).run(10);
  });
}

slot_list budgets_of(const ada_kv& p, const head_rows& rows, index_t budget) {
  std::vector<float> flat;
  slot_list lengths, out(rows.size(), -1);
  for (const auto& r : rows) {
    flat.insert(flat.end(), r.begin(), r.end());
    lengths.push_back(static_cast<index_t>(r.size()));
  }
  const score_view scores(flat.data(), static_cast<index_t>(rows.size()), lengths.front(), lengths.data());
  EXPECT_FALSE(p.allocate(scores, budget, out));
  return out;
}

TEST(evict_ada_kv, follows_its_formula_and_repairs_what_rounding_misses) {
  // base 5, floor 1; all ten best lie in head 0: round(10 * .8) + 1 and round(0) + 1.
  const head_rows lopsided{{9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 0, 0}, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0}};
  const ada_kv p{2, {pooling::kind::maximum, 1}, {}, .2};
  EXPECT_EQ(budgets_of(p, lopsided, 7), (slot_list{2 + 9, 2 + 1}));
  // base 3, floor 0: counts 5, 3, 1 give 4, 2, 1 (4, 2.4, .8), which is 7 of 9: the fullest head gains first.
  const head_rows three{{9, 9, 9, 9, 9, 0}, {8, 8, 8, 0, 0, 0}, {7, 0, 0, 0, 0, 0}};
  EXPECT_EQ(budgets_of({1, {pooling::kind::maximum, 1}, {}, .2}, three, 4), (slot_list{1 + 5, 1 + 3, 1 + 1}));
  // alpha .5, floor 1: 2.5 + 1, 1.5 + 1 and .5 + 1 round to 4, 2 and 2; one is missing.
  EXPECT_EQ(budgets_of({1, {pooling::kind::maximum, 1}, {}, .5}, three, 4), (slot_list{1 + 5, 1 + 2, 1 + 2}));
  // alpha 1: every head its own base.
  EXPECT_EQ(budgets_of({1, {pooling::kind::maximum, 1}, {}, 1.}, three, 4), (slot_list{4, 4, 4}));
}

TEST(evict_ada_kv, heads_of_different_lengths_lose_no_slot) {
  const ada_kv p{1, {pooling::kind::maximum, 1}, {}, .2};
  const auto kept_of = [&](index_t budget) {
    // Prefixes of 30 and 2; the rows of the table are as long as the longer head.
    std::vector<float> flat(62, 1.f);
    const slot_list lengths{31, 3};
    slot_list out(2);
    EXPECT_FALSE(p.allocate(score_view(flat.data(), 2, 31, lengths.data()), budget, out));
    EXPECT_EQ(out[0] + out[1], 2 * budget);
    return slot_list{std::min(out[0], lengths[0]), std::min(out[1], lengths[1])};
  };
  EXPECT_EQ(kept_of(17), (slot_list{31, 3})) << "34 slots, and as many in the heads";
  EXPECT_EQ(kept_of(16), (slot_list{29, 3})) << "a slot less for each";
  EXPECT_EQ(kept_of(13), (slot_list{23, 3})) << "what the short head has no slots for goes to the other";
}

TEST(evict_ada_kv, totals_are_exact_for_any_scores) {
  random draw(8);
  for (int trial = 0; trial < 500; ++trial) {
    const index_t heads = draw.integer(1, 9), n = draw.integer(2, 40), window = draw.integer(1, n - 1);
    const index_t base = draw.integer(1, 40);
    head_rows rows(at(heads), std::vector<float>(at(n)));
    for (auto& r : rows)
      for (float& x : r) x = static_cast<float>(draw.integer(0, 5));
    const ada_kv p{window, {pooling::kind::maximum, 1}, {}, static_cast<double>(draw.integer(0, 20)) / 20};
    index_t sum = 0;
    for (const index_t b : budgets_of(p, rows, window + base)) sum += b;
    EXPECT_EQ(sum, heads * (window + base));
  }
}

TEST(evict_ada_kv, has_the_defaults_of_its_source) {
  EXPECT_EQ(ada_kv{}.window, 32);
  EXPECT_EQ(ada_kv{}.pool.how, pooling::kind::maximum);
  EXPECT_EQ(ada_kv{}.pool.width, 7);
  EXPECT_EQ(ada_kv{}.alpha, .2);
}

TEST(evict_ada_kv, refuses_what_its_rule_cannot_use) {
  EXPECT_EQ(refusal((ada_kv{2, {}, {}, 1.5}.check(1, 1, 9))),
            (refusal{errc::bad_value, "ada_kv: alpha is 1.5, must be from 0 to 1"}));
  EXPECT_EQ(refusal((ada_kv{2, {}, {}, .2}.check(257, 257, 9))),
            (refusal{errc::bad_extent, "ada_kv: kv_heads is 257, the most is 256"}));
  EXPECT_EQ(refusal((ada_kv{2, {}, {}, .2}.check(1, 1, 2))),
            (refusal{errc::bad_value, "ada_kv: budget is 2, but the window alone holds 2"}));
}
} // namespace
} // namespace heed::test
