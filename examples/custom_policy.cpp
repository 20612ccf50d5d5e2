// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// A policy of one's own, run by the driver: what any head of a group looks at stays, not what they look at on average.
#include <heed/heed.hpp>

#include "plain_loop.hpp"

// [readme]
/// The last tokens, and those with the most probability from any head of the group.
struct any_head {
  heed::index_t window = 8;
  heed::failure check(heed::index_t, heed::index_t, heed::index_t) const noexcept { return {}; }
  heed::observed_rows observes() const noexcept { return {heed::observed_rows::kind::last, window, {}}; }
  void rescore(const heed::tensor_view<float, 2>& sums, heed::index_t heads,
               const heed::score_table& s) const noexcept {
    heed::reduce_groups({heed::reduce_by::max}, heads, {}, sums, s);
  }
  heed::failure allocate(const heed::score_view&, heed::index_t budget, std::span<heed::index_t> b) const noexcept {
    for (heed::index_t& head : b) head = budget;
    return {};
  }
  heed::failure keep(const heed::score_view& s, std::span<const heed::index_t> b,
                     heed::kept_lists& kept) const noexcept {
    return heed::select_top(s, heed::protect_ends{.recent = window}, b, kept);
  }
};
static_assert(heed::scoring_policy<any_head>);
// [readme]

int main() {
  constexpr heed::index_t n = 200, heads = 4, dim = 32, budget = 40; // one key-value head
  const auto q = plain::numbers(n * heads * dim, 1), k = plain::numbers(n * dim, 2), v = plain::numbers(n * dim, 3);
  std::vector<float> keys(k.size()), values(v.size()), o(q.size()), sums(n * heads);
  std::vector<heed::index_t> length(1), positions(n), seen(1), budgets(1, budget);
  heed::contiguous_cache cache(heed::view(keys.data(), 1, n, 1, dim), heed::view(values.data(), 1, n, 1, dim),
                               {length, positions, seen});
  heed::thread_pool pool{2};
  const std::vector<any_head> policy(1);
  heed::cache_driver driver({.q_heads = heads, .key_dim = dim, .max_slots = n, .max_rows = n}, std::span(policy));
  driver.prepare(pool, cache.source(), heed::causal{});
  const auto queries = heed::view(q.data(), n, heads, dim);
  const auto lse = heed::view(std::as_const(sums).data(), n, heads);
  bool refused =
      bool(driver.begin(budgets)) || cache.append(0, heed::view(k.data(), n, 1, dim), heed::view(v.data(), n, 1, dim));
  heed::attend(pool, queries, cache.source(), heed::view(o.data(), n, heads, dim), heed::causal{},
               heed::lse(heed::view(sums.data(), n, heads)));
  const auto cache_of = [&](heed::index_t) -> auto& { return cache; };
  refused = refused || driver.attended(pool, 0, queries, cache.source(), lse, heed::causal{}) ||
            driver.reached(pool, heed::engine_point::prefill, cache_of, heed::causal{});
  // The last query again, over what is left.
  heed::attend(pool, queries.slice(0, n - 1, 1), cache.source(), heed::view(o.data(), 1, heads, dim));
  double worst = refused || cache.slots(0, 0) != budget ? 1 : 0;
  for (heed::index_t h = 0; h < heads; ++h) {
    const auto key = [&](heed::index_t i) { return k.data() + positions.data()[i] * dim; };
    const auto value = [&](heed::index_t i) { return v.data() + positions.data()[i] * dim; };
    const auto row = plain::attend(q.data() + ((n - 1) * heads + h) * dim, dim, dim, budget, key, value);
    worst = plain::furthest(worst, row, o.data() + h * dim);
  }
  return plain::verdict("custom_policy", worst);
}
