// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// What selectors take beside their inputs and lists: at most the formulas below, which stay under 512 MiB at 65,536
// tokens.
#include <heed/select/anchor_attn.hpp>
#include <heed/select/core_context.hpp>
#include <heed/select/proxy_attn.hpp>
#include <heed/select/quest.hpp>
#include <heed/select/vertical_slash.hpp>
#include <heed/select/xattention.hpp>

#include <select/selection.hpp>

namespace {
using namespace heed;
using namespace heed::test;

struct layer {
  index_t tokens, q_heads, kv_heads, dim;
  [[nodiscard]] double group() const { return static_cast<double>(q_heads / kv_heads); }
  [[nodiscard]] double blocks() const { return static_cast<double>((tokens + 127) / 128); }
  [[nodiscard]] double numbers(double per_token) const { return static_cast<double>(tokens) * per_token; }
};
/// The 65,536 tokens that the limit is set for, 32 query heads on 8; and the same with a head for each.
constexpr layer longest[] = {{65536, 32, 8, 128}, {65536, 32, 32, 128}, {65536, 8, 1, 128}};
constexpr layer tried[] = {{1024, 8, 2, 32}, {2048, 4, 4, 16}, {700, 6, 1, 24}};

/// Workspace of one call, of its scratch per worker, records of tiles and tasks; positions, orders, lists of one row.
double rest(const layer& l) { return 24e6 + l.numbers(64) + static_cast<double>(l.q_heads) * l.blocks() * 64; }
double of_xattention(const layer& l) { // keys and a stretch of queries as accumulators, logs and outputs, sums
  const double queries = std::min(l.numbers(l.group() * static_cast<double>(l.dim)),
                                  16777216. + 128 * l.group() * static_cast<double>(l.dim));
  return 4 * (l.numbers(static_cast<double>(l.dim)) + queries + 3 * l.numbers(l.group()) +
              l.group() * l.blocks() * l.blocks()) +
         rest(l);
}
double of_proxy_attn(const layer& l) { // proxies, the map, budgets
  return 4 * (l.numbers(static_cast<double>(l.dim) / 2) + 128. * static_cast<double>(l.q_heads * l.dim) +
              l.blocks() * l.blocks() + 2 * static_cast<double>(l.q_heads) * l.blocks() + l.numbers(2)) +
         rest(l);
}
double of_anchor_attn(const layer& l) { // queries of a group of rows, their maxima, one number per key and head
  return 4 * (2048. * l.group() * (static_cast<double>(l.dim) + 20) + l.numbers(l.group()) +
              16. * l.group() * static_cast<double>(l.dim + 2)) +
         rest(l);
}
double of_vertical_slash(const layer& l) { // probabilities of the last queries of a head, sums, kept lines of all heads
  return 4 * (l.numbers(64 + 2 + 4) + 2 * static_cast<double>(l.q_heads) * 7096 * 2) + rest(l);
}
double of_quest(const layer& l) { // the halves of a query, bounds and orders of pages of 16 tokens
  const double heads = static_cast<double>(l.q_heads);
  return 4 * (heads * (2 * static_cast<double>(l.dim) + 1) + l.numbers((heads + 1 + 2) / 16)) + rest(l);
}
double of_core_context(const layer& l) { // a query of each group of 16 tokens per key-value head
  return 4 * l.numbers(static_cast<double>(l.kv_heads * l.dim) / 16) + 8 * l.numbers(1. / 16) + rest(l);
}

template <class How> double taken(const How& how, const layer& l) {
  const selection_input<float> x(1, l.tokens, l.tokens, l.kv_heads, l.q_heads / l.kv_heads, l.dim);
  block_lists out;
  select_scratch<float> s;
  (void)run_selector(how, x, out, s);
  return static_cast<double>(s.bytes());
}
double taken(const quest& how, const layer& l) {
  const selection_input<float> x(1, 1, l.tokens, l.kv_heads, l.q_heads / l.kv_heads, l.dim);
  page_bounds<float> bounds(l.kv_heads, l.dim, 16, l.tokens);
  bounds.append(x.k_view());
  block_lists out;
  select_scratch<float> s;
  thread_pool pool(2);
  (void)select(pool, how, bounds, x.q_view(), out, s);
  return static_cast<double>(s.bytes());
}
double taken(const core_context& how, const layer& l) {
  const selection_input<float> x(1, l.tokens, l.tokens, l.kv_heads, l.q_heads / l.kv_heads, l.dim);
  std::vector<float> k(place(l.tokens / how.group * l.kv_heads * l.dim)), v(k.size());
  select_scratch<float> s;
  thread_pool pool(2);
  pool_groups(pool, how, x.q_view(), x.k_view(), x.k_view(), view(k.data(), l.tokens / how.group, l.kv_heads, l.dim),
              view(v.data(), l.tokens / how.group, l.kv_heads, l.dim), s);
  return static_cast<double>(s.bytes());
}

TEST(select_memory, stays_below_the_formula_and_the_formula_below_512_mib) {
  for (const layer& l : tried) {
    EXPECT_LE(taken(xattention{}, l), of_xattention(l)) << l.tokens;
    EXPECT_LE(taken(proxy_attn{}, l), of_proxy_attn(l)) << l.tokens;
    EXPECT_LE(taken(anchor_attn{.step = 2, .theta = 1}, l), of_anchor_attn(l)) << l.tokens;
    EXPECT_LE(taken(vertical_slash{}, l), of_vertical_slash(l)) << l.tokens;
    EXPECT_LE(taken(quest{}, l), of_quest(l)) << l.tokens;
    EXPECT_LE(taken(core_context{}, l), of_core_context(l)) << l.tokens;
  }
  for (const layer& l : longest)
    for (const double bytes :
         {of_xattention(l), of_proxy_attn(l), of_anchor_attn(l), of_vertical_slash(l), of_quest(l), of_core_context(l)})
      EXPECT_LE(bytes, 512. * 1024 * 1024) << l.q_heads << " heads on " << l.kv_heads;
}

TEST(select_memory, grows_by_what_the_formula_says_and_not_faster) {
  // The constant of the formula is taken off by a difference: four times the tokens.
  const layer small{512, 4, 2, 16}, large{2048, 4, 2, 16};
  const auto growth = [&](const auto& how) { return taken(how, large) - taken(how, small); };
  // From a length on at which its groups have keys between block 0 and the local part.
  const layer few{1024, 4, 2, 16}, many{4096, 4, 2, 16};
  EXPECT_LE(growth(xattention{}), of_xattention(large) - of_xattention(small));
  EXPECT_LE(growth(proxy_attn{}), of_proxy_attn(large) - of_proxy_attn(small));
  const anchor_attn anchor{.step = 2, .theta = 1};
  EXPECT_LE(taken(anchor, many) - taken(anchor, few), of_anchor_attn(many) - of_anchor_attn(few));
  // These two need nothing of the rest.
  const auto own = [](const auto& formula, const layer& l) { return formula(l) - rest(l); };
  EXPECT_LE(growth(quest{}), own(of_quest, large) - own(of_quest, small));
  EXPECT_LE(growth(core_context{}), own(of_core_context, large) - own(of_core_context, small));
  EXPECT_LE(growth(vertical_slash{}), of_vertical_slash(large) - of_vertical_slash(small) + 4 * 4 * 2 * 2 * 7096);
}
} // namespace
