// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/evict/stages.hpp>
#include <heed/testing/eviction_laws.hpp>

#include <kv/cache_owners.hpp>

#include <gtest/gtest.h>

#include <cstdlib>

#include <string>

namespace heed {
namespace {

/// Keeps the first slots, or breaks one law.
struct first_slots {
  enum class fault { none, descends, too_many, outside, drops_protected, forgets } broken = fault::none;
  mutable index_t calls = 0;
  failure keep(const score_view& s, std::span<const index_t> budgets, kept_lists& kept) const noexcept {
    ++calls;
    for (index_t h = 0; h < s.kv_heads(); ++h) {
      const index_t n = s.slots(h), protect = lesser(2, n);
      index_t stay = lesser(n, greater(protect, budgets[static_cast<std::size_t>(h)]));
      kept.clear(h);
      if (broken == fault::too_many && stay < n) ++stay;
      if (broken == fault::forgets && stay > 3) stay -= calls % 2;
      for (index_t i = 0; i < stay; ++i) kept.push(h, broken == fault::descends ? stay - 1 - i : i);
      if (broken == fault::outside && stay < n && stay > 2)
        kept.clear(h), kept.push(h, 0), kept.push(h, 1), kept.push(h, n);
      if (broken == fault::drops_protected && stay < n && stay > 2) kept.clear(h), kept.push(h, 0);
    }
    return {};
  }
  protect_ends protection() const noexcept { return {2, 0}; }
};
static_assert(protecting_policy<first_slots>);

struct uniform {
  index_t off = 0;
  failure allocate(index_t total, std::span<index_t> budgets) const noexcept {
    const auto n = static_cast<index_t>(budgets.size());
    for (index_t i = 0; i < n; ++i) budgets[static_cast<std::size_t>(i)] = total / n + (i < total % n ? 1 : 0);
    budgets[0] += off;
    return {};
  }
};
static_assert(budget_allocator<uniform>);
struct nothing {};
static_assert(!eviction_policy<nothing> && !budget_allocator<nothing> && !slot_protection<nothing>);

std::string broken(first_slots::fault f) {
  const auto r = testing::check_policy(first_slots{f});
  return r ? r.broken : "";
}

TEST(evict_stages, the_laws_of_a_policy_are_found_broken) {
  using fault = first_slots::fault;
  EXPECT_EQ(broken(fault::none), "");
  EXPECT_EQ(broken(fault::descends), "keep: lists ascend strictly inside the slots");
  EXPECT_EQ(broken(fault::outside), "keep: lists ascend strictly inside the slots");
  EXPECT_EQ(broken(fault::too_many), "keep: no more than the budget, or than is protected");
  EXPECT_EQ(broken(fault::drops_protected), "keep: protected slots stay");
  EXPECT_EQ(broken(fault::forgets), "keep: the same answer for the same arguments");
}

/// A cache, or one that breaks a law of evicting_cache.
struct faulty_cache : test::contiguous_owner<float> {
  enum class fault { none, takes_anything, renumbers, forgets_bias, keeps_one_more, drops_seen } broken;
  explicit faulty_cache(fault f) : contiguous_owner<float>({1, 2, 30, 1, 1}), broken(f) {
    std::vector<float> x;
    for (int i = 0; i < 60; ++i) x.push_back(static_cast<float>(i));
    if (cache.append(0, view(x.data(), 30, 2, 1), view(x.data(), 30, 2, 1))) std::abort();
    for (std::size_t i = 0; i < bias.size(); ++i) bias[i] = static_cast<float>(i);
  }
  bool per_head() const noexcept { return true; }
  index_t kv_heads() const noexcept { return 2; }
  index_t bytes_held() const noexcept { return cache.bytes_held(); }
  index_t slots(index_t seq, index_t h) const noexcept { return cache.slots(seq, h); }
  index_t seen(index_t seq) const noexcept { return cache.seen(seq); }
  auto source() const noexcept { return cache.source(); }
  failure check_keep(index_t seq, index_t h, std::span<const index_t> list) const noexcept {
    return cache.check_keep(seq, h, list);
  }
  failure keep(index_t seq, index_t h, std::span<const index_t> list) noexcept {
    if (broken == fault::takes_anything && cache.check_keep(seq, h, list)) return {};
    if (const failure f = cache.keep(seq, h, list)) return f;
    if (broken == fault::renumbers) return cache.renumber(seq);
    if (broken == fault::forgets_bias) bias[29] = bias[0] = -1;
    if (broken == fault::keeps_one_more && !list.empty()) lengths[h == 0 ? 0 : 1] -= 1;
    if (broken == fault::drops_seen) ++this->Owner::seen[0];
    return {};
  }
  using Owner = test::contiguous_owner<float>;
};

TEST(evict_stages, the_laws_of_a_cache_are_found_broken) {
  using fault = faulty_cache::fault;
  const auto broken_law = [](fault f) -> std::string {
    faulty_cache cache(f);
    const auto r = testing::check_eviction(cache, 0, {.draws = 5});
    return r ? r.broken : "";
  };
  EXPECT_EQ(broken_law(fault::none), "");
  EXPECT_EQ(broken_law(fault::takes_anything), "keep: refuses slots that are not held");
  EXPECT_EQ(broken_law(fault::renumbers), "keep: keys, values, biases and positions move with their slots");
  EXPECT_EQ(broken_law(fault::forgets_bias), "keep: keys, values, biases and positions move with their slots");
  EXPECT_EQ(broken_law(fault::keeps_one_more), "keep: as many slots stay as are listed");
  EXPECT_EQ(broken_law(fault::drops_seen), "keep: seen stays");
}

TEST(evict_stages, the_laws_of_an_allocator_are_found_broken) {
  EXPECT_FALSE(testing::check_allocator(uniform{}, 17, 4));
  EXPECT_STREQ(testing::check_allocator(uniform{1}, 17, 4).broken, "allocate: the entries add up to the total");
  EXPECT_STREQ(testing::check_allocator(uniform{-9}, 17, 4).broken, "allocate: no entry is negative");
}

} // namespace
} // namespace heed
