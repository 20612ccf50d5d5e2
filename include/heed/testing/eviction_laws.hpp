// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Executable laws of the stages of an eviction: protections, policies, allocators, caches that evict.
#include <heed/evict/cache_policy.hpp>
#include <heed/testing/random_bits.hpp>

#include <limits>
#include <vector>

namespace heed::testing {

/// Which law a stage breaks, and where; false if none.
struct eviction_report {
  const char* broken = nullptr; ///< the law, in words
  index_t kv_head = -1, slot = -1;
  index_t value = 0, expected = 0;
  std::uint64_t draw = 0; ///< which draw showed it
  HEED_INLINE explicit operator bool() const noexcept { return broken != nullptr; }
};

/// What is drawn: `draws` times some heads of up to `most_slots` slots. least_budget: the least that the policy takes.
/// group: query heads of a key-value head.
struct eviction_draws {
  index_t kv_heads = 3, most_slots = 70, least_budget = 0;
  std::uint64_t draws = 200, seed = 1;
  index_t group = 2;
};

namespace detail {
inline namespace HEED_ISA {

enum class score_kind : unsigned char { random, few_values, equal, large, lowest, infinite, nan, last };

/// Scores that provoke: ties, huge, all equal, infinities, NaN.
inline float drawn_score(random_bits& bits, score_kind kind) noexcept {
  const float u = static_cast<float>(bits() >> 40) * 0x1p-24f;
  const bool rare = bits.in(0, 4) == 0;
  switch (kind) {
  case score_kind::random:
    return u - 0.5f;
  case score_kind::few_values:
    return static_cast<float>(bits.in(-2, 2));
  case score_kind::equal:
    return -1.f;
  case score_kind::large:
    return (u + 0.5f) * 3e38f * 0.5f;
  case score_kind::lowest:
    return -std::numeric_limits<float>::max() * (0.5f + u * 0.5f);
  case score_kind::infinite:
    return rare                 ? -std::numeric_limits<float>::infinity()
           : bits.in(0, 4) == 0 ? std::numeric_limits<float>::infinity()
                                : u;
  default:
    return rare ? std::numeric_limits<float>::quiet_NaN() : u;
  }
}

inline bool same_list(const kept_lists& a, const kept_lists& b, index_t kv_head) noexcept {
  if (a.count(kv_head) != b.count(kv_head)) return false;
  for (std::size_t i = 0; i < a.list(kv_head).size(); ++i)
    if (a.list(kv_head)[i] != b.list(kv_head)[i]) return false;
  return true;
}

/// What a slot holds, by value.
struct slot_image {
  std::vector<float> key, value;
  index_t position = 0;
  float bias = 0;
  friend bool operator==(const slot_image&, const slot_image&) = default;
};
template <class K> std::vector<std::vector<slot_image>> image_of(const K& kv, index_t seq) {
  const kv_dims d = kv.dims();
  std::vector<std::vector<slot_image>> heads;
  for (index_t h = 0; h < d.kv_heads; ++h) {
    heads.emplace_back();
    for (index_t i = 0; i < kv.slots(seq, h); ++i) {
      const kv_rows r = kv.rows(seq, h, {i, i + 1});
      std::vector<typename K::key_format::accum> key(static_cast<std::size_t>(d.key_dim)),
          value(static_cast<std::size_t>(d.value_dim));
      kv.keys_as().unpack(r.key, r.key_scales, key);
      kv.values_as().unpack(r.value, r.value_scales, value);
      heads.back().push_back({{key.begin(), key.end()},
                              {value.begin(), value.end()},
                              r.positions != nullptr ? r.positions[0] : r.first,
                              r.bias != nullptr ? r.bias[0] : 0.f});
    }
  }
  return heads;
}

template <class P>
eviction_report check_kept(const P& policy, const score_view& s, std::span<const index_t> budgets, kept_lists& kept) {
  kept_lists again(s.kv_heads(), kept.max_slots());
  if (const failure f = policy.keep(s, budgets, kept))
    return {"keep: takes budgets that it may take", f.at, -1, f.value, f.limit};
  if (policy.keep(s, budgets, again)) return {"keep: the same answer for the same arguments"};
  for (index_t h = 0; h < s.kv_heads(); ++h) {
    const index_t n = s.slots(h), budget = budgets[static_cast<std::size_t>(h)];
    if (!same_list(kept, again, h))
      return {"keep: the same answer for the same arguments", h, -1, again.count(h), kept.count(h)};
    if (const failure f = kept.check(h, n))
      return {"keep: lists ascend strictly inside the slots", h, f.at, f.value, f.limit};
    if (budget >= n && kept.count(h) != n) return {"keep: a budget of all slots keeps all", h, -1, kept.count(h), n};
    index_t most = lesser(budget, n);
    if constexpr (protecting_policy<P>) {
      most = lesser(n, greater(budget, count_protected(policy.protection(), h, n)));
      index_t found = 0;
      for (index_t i = 0; i < n; ++i) {
        const bool in = found < kept.count(h) && kept.list(h)[static_cast<std::size_t>(found)] == i;
        found += in ? 1 : 0;
        if (!in && policy.protection().protects(h, i, n)) return {"keep: protected slots stay", h, i, 0, 1};
      }
    }
    if (kept.count(h) > most)
      return {"keep: no more than the budget, or than is protected", h, -1, kept.count(h), most};
  }
  return {};
}
/// The laws of cache_policy, of a layer's budget or the next larger one that check takes.
template <cache_policy P>
eviction_report check_allocate(const P& policy, const score_view& s, index_t budget, index_t group, kept_lists& kept) {
  const index_t heads = s.kv_heads(), most = budget + 4 * kept.max_slots();
  while (policy.check(heads * group, heads, budget) && budget < most) ++budget;
  if (const failure f = policy.check(heads * group, heads, budget))
    return {"check: takes some budget", -1, f.at, f.value, f.limit};
  std::vector<index_t> budgets(static_cast<std::size_t>(heads), -1), again(static_cast<std::size_t>(heads), -2);
  if (const failure f = policy.allocate(s, budget, budgets))
    return {"allocate: takes a budget that check takes", f.at, -1, f.value, f.limit};
  if (policy.allocate(s, budget, again) || again != budgets)
    return {"allocate: the same answer for the same arguments"};
  index_t total = 0;
  for (index_t h = 0; h < heads; ++h) {
    const index_t b = budgets[static_cast<std::size_t>(h)];
    if (b < 0) return {"allocate: no budget is negative", h, -1, b, 0};
    total += b;
  }
  if (const index_t all = heads * budget; scoring_policy<P> && total != all)
    return {"allocate: heads that are scored share heads * budget exactly", -1, -1, total, all};
  return check_kept(policy, s, budgets, kept);
}

/// The laws of rescore, on sums that are 0 beyond a head's slots, as a driver hands them over.
template <scoring_policy P>
eviction_report check_rescore(const P& policy, std::span<index_t> lengths, index_t most_slots, index_t group,
                              random_bits& bits) {
  const auto heads = static_cast<index_t>(lengths.size()), stride = most_slots + 3;
  const observed_rows o = policy.observes();
  if (const failure f = heed::detail::check_chosen("observes", o.heads, heads * group))
    return {"observes: heads ascend and are there", -1, f.at, f.value, f.limit};
  index_t longest = 0;
  for (const index_t n : lengths) longest = greater(longest, n);
  if (longest == 0 || o.which == observed_rows::kind::none) return {};
  const index_t rows = o.heads.empty() ? heads * group : static_cast<index_t>(o.heads.size());
  std::vector<float> sums(static_cast<std::size_t>(rows * longest)), before(static_cast<std::size_t>(heads * stride));
  for (index_t i = 0; i < rows; ++i) {
    const index_t head = o.heads.empty() ? i : o.heads[static_cast<std::size_t>(i)];
    for (index_t j = 0; j < lengths[static_cast<std::size_t>(head / group)]; ++j)
      sums[static_cast<std::size_t>(i * longest + j)] = static_cast<float>(bits.in(0, 64)) / 8;
  }
  for (float& x : before) x = static_cast<float>(bits.in(1, 64)) / 8;
  const auto rescored = [&](std::vector<float> memory) {
    std::vector<float> own = sums; // may be overwritten
    policy.rescore(view(own.data(), rows, longest), heads * group,
                   score_table(view(memory.data(), heads, stride), lengths));
    return memory;
  };
  const bool adds = o.which == observed_rows::kind::every;
  const std::vector<index_t> held(lengths.begin(), lengths.end());
  const std::vector<float> after = rescored(before), fresh = rescored(std::vector<float>(before.size()));
  for (index_t h = 0; h < heads; ++h) {
    const index_t n = held[static_cast<std::size_t>(h)];
    if (lengths[static_cast<std::size_t>(h)] != n) return {"rescore: rows keep their length", h, -1, 0, n};
    for (index_t j = 0; j < stride; ++j) {
      const auto i = static_cast<std::size_t>(h * stride + j);
      const float was = before[i], x = after[i], y = fresh[i];
      if (j >= n && (x != was || y != 0.f)) return {"rescore: writes its rows alone", h, j, 0, n};
      if (j >= n) continue;
      if (!(x - x == 0.f)) return {"rescore: finite sums give finite scores", h, j, 0, n};
      if (!adds && x != y) return {"rescore: rows observed `last` replace the scores", h, j, 0, n};
      const float apart = x > was + y ? x - (was + y) : was + y - x;
      if (adds && apart > 4 * std::numeric_limits<float>::epsilon() * (was + y))
        return {"rescore: rows observed `every` add to the scores", h, j, 0, n};
    }
  }
  return {};
}
} // namespace HEED_ISA
} // namespace detail

inline namespace HEED_ISA {

/// Every law of eviction_policy, and of cache_policy and scoring_policy where it is one, on scores of all kinds, heads
/// of different lengths, and budgets from the least to all.
template <eviction_policy P> [[nodiscard]] eviction_report check_policy(const P& policy, const eviction_draws& d = {}) {
  random_bits bits{d.seed};
  score_table scores(d.kv_heads, d.most_slots);
  kept_lists kept(d.kv_heads, d.most_slots);
  std::vector<index_t> budgets(static_cast<std::size_t>(d.kv_heads)), lengths = budgets;
  for (std::uint64_t draw = 0; draw < d.draws; ++draw) {
    const index_t longest = bits.in(0, d.most_slots + 1);
    for (index_t h = 0; h < d.kv_heads; ++h) {
      const index_t n = bits.in(0, 2) == 0 ? longest : bits.in(0, longest + 1);
      if (scores.resize(h, n)) return {"score_table: takes up to max_slots", h};
      lengths[static_cast<std::size_t>(h)] = n;
      const auto kind = static_cast<detail::score_kind>(bits.in(0, static_cast<index_t>(detail::score_kind::last)));
      for (float& s : scores.row(h)) s = detail::drawn_score(bits, kind);
      budgets[static_cast<std::size_t>(h)] =
          greater(d.least_budget, bits.in(0, 3) == 0 ? n + bits.in(-1, 2) : bits.in(0, n + 1));
      budgets[static_cast<std::size_t>(h)] = greater(0, budgets[static_cast<std::size_t>(h)]);
    }
    eviction_report r = detail::check_kept(policy, scores, budgets, kept);
    if constexpr (cache_policy<P>)
      if (!r) r = detail::check_allocate(policy, scores, budgets[0], d.group, kept);
    if constexpr (scoring_policy<P>)
      if (!r) r = detail::check_rescore(policy, lengths, d.most_slots, d.group, bits);
    if (r) {
      r.draw = draw;
      return r;
    }
  }
  return {};
}

/// The laws of evicting_cache, on what the cache holds now; it holds less afterwards. Elements of plain rows.
///
/// Requires  sequence seq holds something in each head
template <evicting_cache C>
[[nodiscard]] eviction_report check_eviction(C& cache, index_t seq, const eviction_draws& d = {}) {
  using slots_of = std::vector<std::vector<detail::slot_image>>;
  random_bits bits{d.seed};
  const index_t heads = cache.kv_heads(), seen = cache.seen(seq);
  slots_of before = detail::image_of(cache.source(), seq);
  for (std::uint64_t draw = 0; draw < d.draws; ++draw) {
    slots_of want = before;
    std::vector<index_t> list;
    for (index_t h = 0; h < (cache.per_head() ? heads : 1); ++h) {
      const index_t n = cache.slots(seq, h), keep_in_16 = draw == 0 ? 16 : bits.in(8, 17);
      list.clear();
      for (index_t i = 0; i < n; ++i)
        if (bits.in(0, 16) < keep_in_16) list.push_back(i);
      list.push_back(n);
      if (!cache.check_keep(seq, h, list) || !cache.keep(seq, h, list))
        return {"keep: refuses slots that are not held", h, n, draw == 0, 1, draw};
      if (detail::image_of(cache.source(), seq) != (h == 0 ? before : want))
        return {"keep: a refused call changes nothing", h, -1, 0, 0, draw};
      list.pop_back();
      if (cache.check_keep(seq, h, list)) return {"check_keep: takes ascending slots that are held", h, -1, 0, 0, draw};
      if (cache.keep(seq, h, list)) return {"keep: does what check_keep takes", h, -1, 0, 0, draw};
      for (index_t g = cache.per_head() ? h : 0; g < (cache.per_head() ? h + 1 : heads); ++g) {
        auto& head = want[static_cast<std::size_t>(g)];
        std::vector<detail::slot_image> kept;
        for (const index_t i : list) kept.push_back(head[static_cast<std::size_t>(i)]);
        head = kept;
        if (cache.slots(seq, g) != static_cast<index_t>(list.size()))
          return {"keep: as many slots stay as are listed", g,   -1, cache.slots(seq, g),
                  static_cast<index_t>(list.size()),        draw};
      }
      if (detail::image_of(cache.source(), seq) != want)
        return {"keep: keys, values, biases and positions move with their slots", h, -1, 0, 0, draw};
      if (cache.seen(seq) != seen) return {"keep: seen stays", h, -1, cache.seen(seq), seen, draw};
    }
    before = want;
  }
  return {};
}

/// The law of slot_protection.
template <slot_protection P>
[[nodiscard]] eviction_report check_protection(const P& p, index_t kv_heads, index_t most_slots) {
  const P copy = p;
  for (index_t h = 0; h < kv_heads; ++h)
    for (index_t n = 0; n <= most_slots; ++n) {
      index_t count = 0;
      for (index_t i = 0; i < n; ++i) {
        const bool x = p.protects(h, i, n);
        if (x != p.protects(h, i, n) || x != copy.protects(h, i, n))
          return {"protects: depends on its arguments only", h, i, 0, 1};
        count += x ? 1 : 0;
      }
      if (count != count_protected(p, h, n))
        return {"count_protected: counts what is protected", h, -1, count_protected(p, h, n), count};
    }
  return {};
}

/// The law of budget_allocator, for one number of entries and a total that it can meet.
template <budget_allocator A>
[[nodiscard]] eviction_report check_allocator(const A& a, index_t total, index_t entries) {
  std::vector<index_t> budgets(static_cast<std::size_t>(entries), -1), again(static_cast<std::size_t>(entries), 7);
  if (const failure f = a.allocate(total, budgets))
    return {"allocate: takes a total that it can meet", -1, f.at, f.value, f.limit};
  if (a.allocate(total, again) || again != budgets) return {"allocate: the same answer for the same arguments"};
  index_t sum = 0;
  for (const index_t b : budgets) {
    if (b < 0) return {"allocate: no entry is negative", -1, -1, b, 0};
    sum += b;
  }
  if (sum != total) return {"allocate: the entries add up to the total", -1, -1, sum, total};
  return {};
}

} // namespace HEED_ISA
} // namespace heed::testing
