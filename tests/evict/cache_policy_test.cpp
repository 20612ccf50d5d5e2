// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// What a policy is: every model, what is none, and the checks that models share.
#include <heed/evict/ada_kv.hpp>
#include <heed/evict/compress_kv.hpp>
#include <heed/evict/duo_attention.hpp>
#include <heed/evict/h2o.hpp>
#include <heed/evict/keep_all.hpp>
#include <heed/evict/pyramid_kv.hpp>
#include <heed/evict/razor_attention.hpp>
#include <heed/evict/snap_kv.hpp>
#include <heed/evict/streaming.hpp>
#include <heed/evict/tova.hpp>
#include <heed/testing/eviction_laws.hpp>

#include <gtest/gtest.h>

#include <string>
#include <support/refusal.hpp>
#include <vector>

namespace {
using namespace heed;
using heed::test::refusal;
namespace testing = heed::testing;

struct no_budgets {
  [[nodiscard]] failure keep(const score_view&, std::span<const index_t>, kept_lists&) const noexcept { return {}; }
};
static_assert(eviction_policy<no_budgets> && !cache_policy<no_budgets>);
// Here and not in the headers, where the eleven checks took a fifth of what the room costs an includer.
static_assert(scoring_policy<ada_kv> && protecting_policy<ada_kv> && !folding_policy<ada_kv>);
static_assert(scoring_policy<snap_kv> && protecting_policy<snap_kv> && !folding_policy<snap_kv>);
static_assert(scoring_policy<pyramid_kv> && protecting_policy<pyramid_kv>);
static_assert(scoring_policy<compress_kv> && protecting_policy<compress_kv>);
static_assert(scoring_policy<tova> && protecting_policy<tova>);
static_assert(scoring_policy<h2o> && !protecting_policy<h2o>);
static_assert(cache_policy<streaming> && protecting_policy<streaming> && !scoring_policy<streaming>);
static_assert(cache_policy<duo_attention> && protecting_policy<duo_attention> && !scoring_policy<duo_attention>);
static_assert(folding_policy<razor_attention> && protecting_policy<razor_attention>);
static_assert(!scoring_policy<razor_attention> && !folding_policy<duo_attention>);
static_assert(cache_policy<keep_all> && protecting_policy<keep_all> && !scoring_policy<keep_all>);

/// The laws, on scores of all kinds: ties, infinities, NaN, all equal.
template <class P> void is_lawful(const P& p, index_t kv_heads = 3) {
  testing::eviction_draws d;
  d.kv_heads = kv_heads;
  const testing::eviction_report r = testing::check_policy(p, d);
  EXPECT_FALSE(r) << r.broken << ", head " << r.kv_head << ", slot " << r.slot << ", draw " << r.draw;
}
TEST(evict_cache_policy, every_policy_is_lawful) {
  const std::vector<head_source> kinds{head_source::second, head_source::first, head_source::second};
  const std::vector<index_t> voters{0, 5};
  for (const index_t few : {0, 3}) {
    is_lawful(streaming{few, 10});
    is_lawful(tova{few});
    is_lawful(h2o{5, 5 + few, {}});
    is_lawful(snap_kv{few + 1, {}, {}});
    is_lawful(pyramid_kv{few + 1, {}, {}});
    is_lawful(ada_kv{few + 1, {}, {}, .2});
    is_lawful(compress_kv{{}, few + 1, {}});
    is_lawful(compress_kv{voters, few + 1, {pooling::kind::maximum, 5}});
    is_lawful(h2o{5, 5, {reduce_by::max, reduce_over::layer}});
    is_lawful(keep_all{});
    is_lawful(duo_attention{kinds, few, 10});
    is_lawful(razor_attention{kinds, few});
  }
}

/// Keeps the last slots and scores by the newest row or by all, or breaks one law.
struct faulty {
  enum class fault {
    none,
    takes_no_budget,
    refuses_later,
    forgets,
    negative,
    one_slot_more,
    names_a_head_too_many,
    cuts_rows,
    writes_behind_rows,
    divides_by_nothing,
    replaces_sums,
    adds_to_the_last
  } broken = fault::none;
  observed_rows::kind which = observed_rows::kind::last;
  mutable index_t calls = 0;
  [[nodiscard]] failure refused(fault f) const noexcept {
    return broken == f ? failure{errc::bad_value, "faulty", "budget", 1, "the least is", 2} : failure{};
  }
  [[nodiscard]] failure check(index_t, index_t, index_t) const noexcept { return refused(fault::takes_no_budget); }
  [[nodiscard]] observed_rows observes() const noexcept {
    static constexpr index_t beyond[] = {6};
    return {which, 1, std::span<const index_t>(beyond).first(broken == fault::names_a_head_too_many ? 1 : 0)};
  }
  void rescore(const tensor_view<float, 2>& sums, index_t q_heads, const score_table& scores) const noexcept {
    const bool adds =
        (which == observed_rows::kind::every) == (broken != fault::replaces_sums) || broken == fault::adds_to_the_last;
    for (index_t h = 0; h < scores.kv_heads(); ++h) {
      const index_t n = scores.slots(h), first = h * (q_heads / scores.kv_heads());
      for (index_t j = 0; j < n; ++j) {
        float& s = scores.row(h)[static_cast<std::size_t>(j)];
        s = (adds ? s : 0.f) + sums(first, j);
        if (broken == fault::divides_by_nothing && j == 3) s /= 0.f * sums(first, j);
      }
      if (broken == fault::writes_behind_rows) scores.row(h).data()[n] = 9;
      if (broken == fault::cuts_rows && n > 0) static_cast<void>(scores.resize(h, n - 1));
    }
  }
  [[nodiscard]] failure allocate(const score_view&, index_t budget, std::span<index_t> budgets) const noexcept {
    ++calls;
    for (index_t& b : budgets) b = budget;
    if (broken == fault::forgets) budgets[0] += calls % 2, budgets[1] -= calls % 2;
    if (broken == fault::negative) budgets[0] += budget + 1, budgets[1] -= budget + 1;
    if (broken == fault::one_slot_more) ++budgets[2];
    return refused(fault::refuses_later);
  }
  [[nodiscard]] failure keep(const score_view& s, std::span<const index_t> budgets, kept_lists& kept) const noexcept {
    return select_top(s, unprotected{}, budgets, kept);
  }
};
static_assert(scoring_policy<faulty>);

TEST(evict_cache_policy, the_laws_of_policies_that_score_are_found_broken) {
  using fault = faulty::fault;
  using kind = observed_rows::kind;
  const auto broken = [](fault f, kind which = kind::last) -> std::string {
    const auto r = testing::check_policy(faulty{f, which});
    return r ? r.broken : "";
  };
  EXPECT_EQ(broken(fault::none), "");
  EXPECT_EQ(broken(fault::none, kind::every), "");
  EXPECT_EQ(broken(fault::takes_no_budget), "check: takes some budget");
  EXPECT_EQ(broken(fault::refuses_later), "allocate: takes a budget that check takes");
  EXPECT_EQ(broken(fault::forgets), "allocate: the same answer for the same arguments");
  EXPECT_EQ(broken(fault::negative), "allocate: no budget is negative");
  EXPECT_EQ(broken(fault::one_slot_more), "allocate: heads that are scored share heads * budget exactly");
  EXPECT_EQ(broken(fault::names_a_head_too_many), "observes: heads ascend and are there");
  EXPECT_EQ(broken(fault::cuts_rows), "rescore: rows keep their length");
  EXPECT_EQ(broken(fault::writes_behind_rows), "rescore: writes its rows alone");
  EXPECT_EQ(broken(fault::divides_by_nothing), "rescore: finite sums give finite scores");
  EXPECT_EQ(broken(fault::replaces_sums, kind::every), "rescore: rows observed `every` add to the scores");
  EXPECT_EQ(broken(fault::adds_to_the_last), "rescore: rows observed `last` replace the scores");
}

/// Every policy, its budget of all slots: nothing is dropped (T1).
template <class P> void keeps_all(const P& p, index_t slots) {
  std::vector<index_t> lengths{slots, slots}, budgets(2);
  std::vector<float> scores(static_cast<std::size_t>(2 * slots), -3.f);
  const score_view s(scores.data(), 2, slots, lengths.data());
  kept_lists kept(2, slots);
  for (const index_t budget : {slots, slots + 1, slots * 4}) {
    ASSERT_FALSE(p.allocate(s, budget, budgets));
    ASSERT_FALSE(p.keep(s, budgets, kept));
    EXPECT_EQ(kept.total(), 2 * slots) << "budget " << budget;
  }
}
TEST(evict_cache_policy, budgets_of_all_slots_keep_all) {
  constexpr index_t slots = 100;
  const std::vector<head_source> kinds{head_source::second, head_source::first};
  keeps_all(streaming{4, 512}, slots);
  keeps_all(tova{}, slots);
  keeps_all(h2o{}, slots);
  keeps_all(snap_kv{}, slots);
  keeps_all(pyramid_kv{}, slots);
  keeps_all(ada_kv{}, slots);
  keeps_all(compress_kv{}, slots);
  keeps_all(duo_attention{kinds}, slots);
  keeps_all(razor_attention{kinds}, slots);
  keeps_all(keep_all{}, slots);
}

/// Protected slots survive whatever the scores are (T7), and the number kept is the budget (T3).
template <class P> void survives(const P& p, index_t protected_sinks, index_t protected_recent, index_t budget) {
  constexpr index_t slots = 60;
  constexpr float infinite = __builtin_huge_valf();
  for (const float score : {0.f, 1e38f, -1e38f, infinite, -infinite, __builtin_nanf("")}) {
    std::vector<index_t> lengths{slots}, budgets(1);
    std::vector<float> scores(slots, score);
    kept_lists kept(1, slots);
    const score_view s(scores.data(), 1, slots, lengths.data());
    ASSERT_FALSE(p.allocate(s, budget, budgets));
    ASSERT_FALSE(p.keep(s, budgets, kept));
    const auto in = [&](index_t slot) {
      for (const index_t k : kept.list(0))
        if (k == slot) return true;
      return false;
    };
    EXPECT_EQ(kept.count(0), budget) << "scores of " << score;
    for (index_t i = 0; i < protected_sinks; ++i) EXPECT_TRUE(in(i)) << "scores of " << score;
    for (index_t i = slots - protected_recent; i < slots; ++i) EXPECT_TRUE(in(i)) << "scores of " << score;
  }
}
TEST(evict_cache_policy, protected_slots_survive_any_scores) {
  survives(snap_kv{8, {}, {}}, 0, 8, 20);
  survives(pyramid_kv{8, {}, {}}, 0, 8, 20);
  survives(ada_kv{8, {}, {}, .2}, 0, 8, 20);
  survives(compress_kv{{}, 8, {}}, 0, 8, 20);
  survives(tova{1}, 0, 1, 20);
  survives(h2o{10, 10, {}}, 0, 10, 20);
  survives(streaming{4, 16}, 4, 16, 20);
}

TEST(evict_cache_policy, lists_budgets_and_scores_belong_to_as_many_heads) {
  std::vector<index_t> lengths{5, 5}, one{3}, two{3, 3}, negative{3, -1};
  std::vector<float> scores(10);
  const score_view s(scores.data(), 2, 5, lengths.data());
  kept_lists kept(2, 5), other(1, 5), narrow(2, 2);
  EXPECT_EQ(refusal(streaming{}.keep(s, one, kept)),
            (refusal{errc::bad_extent, "budgets: number of entries is 1, the kv_heads are 2"}));
  EXPECT_EQ(refusal(streaming{}.keep(s, two, other)),
            (refusal{errc::bad_extent, "kept: number of lists is 1, the kv_heads are 2"}));
  EXPECT_EQ(refusal(h2o{}.keep(s, negative, kept)),
            (refusal{errc::bad_value, "budgets: tokens[1] is -1, the least is 0"}));
  EXPECT_EQ(refusal((streaming{1, 8}.keep(s, two, narrow))),
            (refusal{errc::limit_exceeded, "kept: slots to keep[0] is 3, the lists have room for 2"}));
}
} // namespace
