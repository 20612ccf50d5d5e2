// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// RazorAttention: retrieval heads keep all, the others their ends and one slot for the rest.
#include <heed/evict/razor_attention.hpp>

#include <evict/traces.hpp>
#include <support/refusal.hpp>
#include <support/tolerance.hpp>

namespace heed::test {
namespace {

struct slow {
  std::vector<head_source> kinds;
  index_t sinks, budget;
  std::vector<slot_list> dropped = {}; ///< positions, per head
  lists held = {};                     ///< positions; the compensated slot is the last dropped one
  void reset() {
    dropped.assign(kinds.size(), {});
    held.assign(kinds.size(), {});
    seen = 0;
  }
  index_t seen = 0;
  void sees(const slot_list&, const head_rows&) {}
  lists keep(const slot_list& slots, const head_rows&) {
    // Tokens appended since: every head got the same.
    index_t fresh = 0;
    for (std::size_t h = 0; h < kinds.size(); ++h) fresh = slots[h] - static_cast<index_t>(held[h].size());
    lists out;
    for (std::size_t h = 0; h < kinds.size(); ++h) {
      for (index_t t = 0; t < fresh; ++t) held[h].push_back(seen + t);
      const index_t n = slots[h];
      out.push_back(first_and_last(n, sinks, kinds[h] == head_source::first || n <= budget ? n : budget - 1));
      if (static_cast<index_t>(out[h].size()) == n) continue;
      slot_list left;
      for (index_t i = 0; i < n; ++i) {
        const index_t position = held[h][at(i)];
        if (std::binary_search(out[h].begin(), out[h].end(), i)) {
          left.push_back(position);
        } else if (dropped[h].empty() || position != dropped[h].back()) {
          dropped[h].push_back(position);
        }
      }
      left.insert(left.begin() + sinks, dropped[h].back());
      held[h] = left;
    }
    seen += fresh;
    return out;
  }
  /// Rows hold their position: the mean of those dropped, and ln of how many.
  [[nodiscard]] bool stands_for(index_t h, index_t count, float value, float bias) const {
    const slot_list& d = dropped[at(h)];
    double mean = 0;
    for (const index_t p : d) mean += static_cast<double>(p) / static_cast<double>(d.size());
    return count == static_cast<index_t>(d.size()) &&
           bias == static_cast<float>(std::log(static_cast<double>(count))) &&
           std::fabs(static_cast<double>(value) - mean) <=
               static_cast<double>(d.size() + 2) * epsilon<float> * static_cast<double>(d.back());
  }
};

TEST(evict_razor_attention, keeps_what_the_reference_keeps_and_folds_the_rest) {
  run_traces("razor_attention", 900000, [](random& draw) {
    const layer_heads heads = drawn_heads(draw);
    slow s{std::vector<head_source>(at(heads.kv_heads)), draw.integer(0, 4), 0};
    for (head_source& k : s.kinds) k = draw.chance(2) ? head_source::first : head_source::second;
    s.budget = s.sinks + 1 + draw.integer(1, 9);
    s.reset();
    const std::vector<head_source> kinds = s.kinds;
    return trace<razor_attention, slow>(draw, {kinds, s.sinks}, heads, s.budget, s).run(12);
  });
}

TEST(evict_razor_attention, has_the_defaults_of_its_source) {
  EXPECT_EQ(razor_attention{}.sinks, 4);
  EXPECT_EQ(razor_attention{}.local_length(4000), 4000);
  EXPECT_EQ(razor_attention{}.local_length(100000), 20000);
  EXPECT_EQ(razor_attention{}.budget_for(100000), 20005);
  EXPECT_EQ((razor_attention{{}, 4, 10, 0}.local_length(100)), 100) << "check refuses it; no division by zero";
  // A share of .15 of full heads and a fifth of the others: 3.125 times less.
  EXPECT_DOUBLE_EQ(1 / (.15 + .85 / 5), 3.125);
}

TEST(evict_razor_attention, ranks_heads_over_all_layers_by_their_groups_best) {
  constexpr auto full = head_source::first, stream = head_source::second;
  // 2 layers x 2 kv heads, groups of 2.
  const std::vector<float> echo{.1f, .9f, 0, 0, 0, 0, .2f, .1f}, induction{0, 0, .3f, .3f, .8f, 0, .3f, 0};
  std::vector<float> scratch(4);
  std::vector<head_source> kinds(4);
  retrieval_heads(echo, induction, .25, .25, scratch, kinds);
  EXPECT_EQ(kinds, (std::vector<head_source>{full, stream, full, stream})) << "the best by echo and by induction";
  retrieval_heads(echo, induction, 0., .5, scratch, kinds);
  EXPECT_EQ(kinds, (std::vector<head_source>{stream, full, full, stream})) << "a tie goes to the lower index";
  retrieval_heads(echo, induction, 0., 0., scratch, kinds);
  EXPECT_EQ(kinds, (std::vector<head_source>(4, stream)));
  std::vector<float> longer(6, 9.f); // what stands behind the heads takes no part
  retrieval_heads(echo, induction, .25, .25, longer, kinds);
  EXPECT_EQ(kinds, (std::vector<head_source>{full, stream, full, stream}));
  std::vector<head_source> three(3, full);
  retrieval_heads(echo, induction, 0., 0., scratch, three);
  EXPECT_EQ(three, (std::vector<head_source>(3, full))) << "8 query heads are no multiple of 3";
  const std::span<const float> all(induction);
  retrieval_heads(echo, all.first(4), 0., 0., scratch, kinds);
  retrieval_heads({}, {}, 0., 0., scratch, kinds);
  retrieval_heads(echo, induction, 0., 0., std::span<float>(scratch).first(3), kinds);
  EXPECT_EQ(kinds, (std::vector<head_source>{full, stream, full, stream})) << "sizes that do not fit write nothing";
}

TEST(evict_razor_attention, the_slot_never_outweighs_what_it_stands_for) {
  // Jensen: N e^(q . mean k) <= sum e^(q . k), with equality for q = 0.
  constexpr index_t tokens = 40, sinks = 4, local = 6, dim = 4;
  random draw(3);
  const std::vector<float> rows = draw.numbers<float>(tokens * dim);
  std::vector<float> k(tokens * dim), v(k), mean_k(dim), mean_v(dim), bias(tokens);
  slot_list length(1), positions(tokens), seen(1), count(1), slot(1), budgets(1);
  contiguous_cache<float, float> cache(view(k.data(), 1, tokens, 1, dim), view(v.data(), 1, tokens, 1, dim),
                                       {length, positions, seen, bias, {mean_k, mean_v, count, slot}});
  const std::vector<head_source> kinds{head_source::second};
  const razor_attention p{kinds, sinks};
  kept_lists kept(1, tokens);
  for (index_t t = 0; t < tokens; ++t) { // folds token by token
    const auto row = view(rows.data() + t * dim, 1, 1, dim);
    ASSERT_FALSE(cache.append(0, row, row));
    const score_view nothing(nullptr, 1, 0, length.data());
    ASSERT_FALSE(p.allocate(nothing, sinks + 1 + local, budgets));
    ASSERT_FALSE(p.keep(nothing, budgets, kept));
    ASSERT_FALSE(cache.keep(0, 0, kept.list(0), p.dropped(0)));
  }
  ASSERT_EQ(cache.folded(0, 0), tokens - sinks - local);
  const index_t mean = cache.compensated_slot(0, 0);
  const kv_rows r = cache.source().rows(0, 0, {mean, mean + 1});
  const auto* key = reinterpret_cast<const float*>(r.key);
  for (const float size : {0.f, 1e-3f, 1.f, 8.f})
    for (int trial = 0; trial < 50; ++trial) {
      const std::vector<float> q = draw.numbers<float>(dim);
      const auto score = [&](const float* x) {
        double sum = 0;
        for (index_t e = 0; e < dim; ++e) sum += static_cast<double>(size * q[at(e)]) * static_cast<double>(x[e]);
        return sum;
      };
      double sum = 0;
      for (index_t t = sinks; t < tokens - local; ++t) sum += std::exp(score(rows.data() + t * dim));
      const double weight = std::exp(static_cast<double>(r.bias[0]) + score(key));
      // Means and the logarithm are floats: a rounding per fold of numbers below size * dim, and of ln 30.
      EXPECT_LE(weight, sum * (1 + (30 * 4 * static_cast<double>(size) + 4) * epsilon<float>));
      if (size == 0.f) {
        EXPECT_NEAR(weight, sum, 4 * sum * epsilon<float>);
      }
    }
}

TEST(evict_razor_attention, refuses_what_leaves_no_token) {
  const std::vector<head_source> kinds(3);
  EXPECT_EQ(refusal(razor_attention{kinds}.check(8, 4, 320)),
            (refusal{errc::bad_extent, "razor_attention: number of kinds is 3, the kv_heads are 4"}));
  EXPECT_EQ(refusal(razor_attention{kinds}.check(3, 3, 5)),
            (refusal{errc::bad_value, "razor_attention: budget is 5, sinks, compensation and one token are 6"}));
  EXPECT_EQ(refusal((razor_attention{kinds, -1}.check(3, 3, 5))),
            (refusal{errc::bad_value, "razor_attention: sinks is -1, the least is 0"}));
  EXPECT_EQ(refusal((razor_attention{kinds, 4, 10, 0}.check(3, 3, 9))),
            (refusal{errc::bad_value, "razor_attention: compression is 0, the least is 1"}));
}
} // namespace
} // namespace heed::test
