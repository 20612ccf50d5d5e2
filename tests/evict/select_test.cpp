// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/evict/select.hpp>
#include <heed/evict/stages.hpp>
#include <heed/testing/eviction_laws.hpp>

#include <kv/source_probe.hpp>
#include <support/random.hpp>

#include <algorithm>
#include <cmath>

namespace heed {
namespace {

using test::text;
using indices = std::vector<index_t>;

/// The rule itself as a policy.
template <class P> struct top_policy {
  P what;
  failure keep(const score_view& s, std::span<const index_t> budgets, kept_lists& kept) const noexcept {
    return select_top(s, what, budgets, kept);
  }
  P protection() const noexcept { return what; }
};
static_assert(protecting_policy<top_policy<protect_ends>>);

/// Sorted by score, then slot.
template <class P> indices slow_top(std::span<const float> scores, const P& protect, index_t head, index_t budget) {
  const auto n = static_cast<index_t>(scores.size());
  indices in, rest;
  for (index_t i = 0; i < n; ++i) (protect.protects(head, i, n) ? in : rest).push_back(i);
  const auto score = [&](index_t i) { return scores[static_cast<std::size_t>(i)]; };
  std::stable_sort(rest.begin(), rest.end(), [&](index_t a, index_t b) {
    if (std::isnan(score(a)) || std::isnan(score(b))) return !std::isnan(score(a)) && std::isnan(score(b));
    return score(a) > score(b);
  });
  for (std::size_t i = 0; i < rest.size() && static_cast<index_t>(in.size()) < budget; ++i) in.push_back(rest[i]);
  std::sort(in.begin(), in.end());
  return in;
}

TEST(evict_select, equals_a_sort) {
  testing::random_bits bits{5};
  kept_lists kept(2, 150);
  for (int draw = 0; draw < 1500; ++draw) {
    std::vector<float> scores(static_cast<std::size_t>(bits.in(0, 150)));
    const auto kind =
        static_cast<testing::detail::score_kind>(draw % static_cast<int>(testing::detail::score_kind::last));
    for (float& s : scores) s = testing::detail::drawn_score(bits, kind);
    const protect_ends ends{bits.in(0, 9), bits.in(0, 9)};
    const std::vector<std::uint64_t> words{bits() & bits() & bits(), 0, bits() & bits(), 0};
    const auto both = ends | protect_bits{words, 2};
    const index_t budget = bits.in(0, 160);
    ASSERT_FALSE(select_top(scores, both, 1, budget, kept));
    const indices got(kept.list(1).begin(), kept.list(1).end());
    ASSERT_EQ(got, slow_top(std::span<const float>(scores), both, 1, budget)) << draw << " budget " << budget;
  }
}

TEST(evict_select, ties_go_to_the_lower_slot_and_zero_has_no_sign) {
  kept_lists kept(1, 8);
  const std::vector<float> scores{-0.f, 0.f, -0.f, 0.f, -1.f};
  ASSERT_FALSE(select_top(scores, unprotected{}, 0, 3, kept));
  EXPECT_EQ(indices(kept.list(0).begin(), kept.list(0).end()), (indices{0, 1, 2}));
}

TEST(evict_select, keeps_the_laws_of_a_policy) {
  const auto lawful = [](const auto& policy) {
    const auto r = testing::check_policy(policy);
    EXPECT_FALSE(r) << r.broken << " head " << r.kv_head << " slot " << r.slot << " draw " << r.draw;
  };
  lawful(top_policy<unprotected>{});
  lawful(top_policy<protect_ends>{{4, 8}});
}

TEST(evict_select, heads_have_budgets_of_their_own) {
  score_table scores(2, 6);
  ASSERT_FALSE(scores.resize(0, 6));
  ASSERT_FALSE(scores.resize(1, 4));
  for (index_t h = 0; h < 2; ++h)
    for (index_t i = 0; i < scores.slots(h); ++i)
      scores.row(h)[static_cast<std::size_t>(i)] = static_cast<float>(i % 3);
  kept_lists kept(scores.kv_heads(), 6);
  ASSERT_FALSE(select_top(scores, protect_ends{1, 0}, indices{3, 4}, kept));
  EXPECT_EQ(indices(kept.list(0).begin(), kept.list(0).end()), (indices{0, 2, 5}));
  EXPECT_EQ(kept.count(1), 4);
  EXPECT_EQ(kept.total(), 7);
}

TEST(evict_select, refuses_what_does_not_fit) {
  score_table scores(2, 6);
  ASSERT_FALSE(scores.resize(0, 6));
  kept_lists kept(2, 3), few(1, 6);
  EXPECT_EQ(text(select_top(scores, unprotected{}, indices{1}, kept)),
            "budgets: number of entries is 1, the kv_heads are 2");
  EXPECT_EQ(text(select_top(scores, unprotected{}, indices{1, 1}, few)),
            "kept: number of lists is 1, the kv_heads are 2");
  EXPECT_EQ(text(select_top(scores, unprotected{}, indices{-1, 1}, kept)), "budgets: tokens[0] is -1, the least is 0");
  EXPECT_EQ(text(select_top(scores, unprotected{}, indices{4, 1}, kept)),
            "kept: slots to keep[0] is 4, the lists have room for 3");
  EXPECT_EQ(text(select_top(scores.row(0), unprotected{}, 2, 1, kept)), "kept: kv_head is 2, but the lists are 2");
}

} // namespace
} // namespace heed
