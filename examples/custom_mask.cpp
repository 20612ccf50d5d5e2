// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// A mask of one's own: every stride-th key, and causal. Two functions make a mask.
#include <heed/heed.hpp>

#include "plain_loop.hpp"

// [readme]
/// A query sees its own key and every stride-th key before it (strided attention, Child et al. 2019).
struct strided_mask {
  heed::index_t stride = 4;
  /// The definition, cell by cell.
  bool allows(heed::cell at) const noexcept { return at.k <= at.q && (at.q - at.k) % stride == 0; }
  /// Stretches of keys outside which nothing is visible. One partial run up to the last query is always lawful.
  heed::index_t runs(const heed::tile& t, std::span<heed::key_run> out) const noexcept {
    const heed::range seen = heed::meet(t.k, {0, t.q_hull.end});
    if (t.rows.empty() || seen.empty()) return 0;
    out[0] = {seen, heed::coverage::partial};
    return 1;
  }
};
static_assert(heed::mask<strided_mask>);
// [readme]

int main() {
  const heed::index_t tokens = 130, heads = 4, dim = 64;
  const auto q = plain::numbers(tokens * heads * dim, 1), k = plain::numbers(tokens * heads * dim, 2),
             v = plain::numbers(tokens * heads * dim, 3);
  std::vector<float> o(q.size());
  heed::thread_pool pool{2};
  const strided_mask mask{3};
  heed::attend(pool, heed::view(q.data(), tokens, heads, dim),
               heed::contiguous(heed::view(k.data(), tokens, heads, dim), heed::view(v.data(), tokens, heads, dim)),
               heed::view(o.data(), tokens, heads, dim), mask);
  double worst = 0;
  for (heed::index_t t = 0; t < tokens; ++t)
    for (heed::index_t h = 0; h < heads; ++h) {
      const auto row = plain::attend(
          q.data() + (t * heads + h) * dim, dim, dim, tokens,
          [&](heed::index_t j) { return k.data() + (j * heads + h) * dim; },
          [&](heed::index_t j) { return v.data() + (j * heads + h) * dim; },
          [&](double x, heed::index_t j) { return j <= t && (t - j) % 3 == 0 ? x : -HUGE_VAL; });
      worst = plain::furthest(worst, row, o.data() + (t * heads + h) * dim);
    }
  return plain::verdict("custom_mask", worst);
}
