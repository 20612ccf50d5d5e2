// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Quest's bounds hold, its page lists equal the rule written out, and a step allocates nothing.
#include <support/allocation_counter.hpp>

#include <heed/select/quest.hpp>

#include <select/selection.hpp>

namespace {
using namespace heed;
using namespace heed::test;

/// One decode step: the last token's query against all keys.
struct step {
  selection_input<double> x;
  page_bounds<double> bounds;
  step(std::uint64_t seed, index_t tokens, index_t kv, index_t group, index_t page, drawn_as how)
      : x(seed, 1, tokens, kv, group, 6, how), bounds(kv, 6, page, tokens + 9) {
    bounds.append(x.k_view());
  }
  /// Bounds of each query head, [heads][pages], from the definition.
  [[nodiscard]] std::vector<std::vector<double>> slow_bounds() const {
    const index_t page = bounds.page();
    std::vector<std::vector<double>> u(place(x.heads()), std::vector<double>(place((x.keys + page - 1) / page)));
    for (index_t h = 0; h < x.heads(); ++h)
      for (index_t p = 0; p * page < x.keys; ++p)
        for (index_t d = 0; d < x.dim; ++d) {
          double low = std::numeric_limits<double>::infinity(), high = -low;
          for (index_t j = p * page; j < std::min(x.keys, (p + 1) * page); ++j) {
            low = std::min(low, x.key(j, h, d));
            high = std::max(high, x.key(j, h, d));
          }
          u[place(h)][place(p)] += std::max(x.query(0, h, d) * low, x.query(0, h, d) * high);
        }
    return u;
  }
  [[nodiscard]] std::vector<std::vector<entries>> slow(const quest& how) const {
    const auto u = slow_bounds();
    const index_t pages = bounds.pages(), page = bounds.page();
    const index_t n = std::max(how.least_pages, (how.budget + page - 1) / page);
    std::vector<std::vector<entries>> all;
    const index_t lists = how.lists == pages_per::query_head ? x.heads() : x.kv_heads;
    for (index_t l = 0; l < lists; ++l) {
      std::vector<double> own = how.lists == pages_per::query_head ? u[place(l)] : u[place(l * x.group)];
      for (index_t h = 1; how.lists != pages_per::query_head && h < x.group; ++h)
        for (index_t p = 0; p < pages; ++p) {
          const double y = u[place(l * x.group + h)][place(p)];
          own[place(p)] = how.lists == pages_per::group_by_sum ? own[place(p)] + y : std::max(own[place(p)], y);
        }
      std::vector<bool> kept(place(pages));
      kept[place(pages - 1)] = true;
      for (index_t i = 1; i < std::min(n, pages); ++i) kept[place(best(own, kept))] = true;
      all.push_back({chosen(kept)});
    }
    return all;
  }
};

block_lists pages_of(const quest& how, const step& s) {
  thread_pool pool(2);
  block_lists out;
  select_scratch<double> scratch;
  (void)select(pool, how, s.bounds, s.x.q_view(), out, scratch);
  return out;
}

TEST(select_quest, lists_equal_the_slow_rule) {
  for (const drawn_as how : all_inputs())
    for (const index_t tokens : {1, 4, 5, 63, 130})
      for (const pages_per lists : {pages_per::query_head, pages_per::group_by_max, pages_per::group_by_sum}) {
        const step s(1, tokens, 2, 3, 4, how);
        for (const index_t budget : {0, 16, 30, 65}) {
          const quest option{budget, 2, lists};
          EXPECT_EQ(blocks_of(pages_of(option, s)), s.slow(option))
              << "input " << static_cast<int>(how) << ", tokens " << tokens << ", budget " << budget;
        }
      }
}

TEST(select_quest, no_key_of_a_page_scores_more_than_its_bound) {
  const step s(2, 130, 2, 3, 4, drawn_as::structured);
  thread_pool pool(2);
  select_scratch<double> scratch;
  const double* const u = detail::bound_pages(pool, s.bounds, s.x.q_view(), scratch);
  const auto slow = s.slow_bounds();
  for (index_t h = 0; h < 6; ++h)
    for (index_t j = 0; j < 130; ++j) {
      const double bound = u[h * s.bounds.pages() + j / 4];
      EXPECT_NEAR(bound, slow[place(h)][place(j / 4)], 1e-12);
      EXPECT_GE(bound + 1e-12, s.x.score(0, h, j) * std::sqrt(6.));
    }
}

TEST(select_quest, a_budget_of_all_tokens_keeps_every_page_and_the_cost_is_counted) {
  const step s(3, 130, 2, 3, 4, drawn_as::random);
  thread_pool pool(1);
  block_lists out;
  select_scratch<double> scratch;
  const selection_cost cost =
      select(pool, quest{130, 3, pages_per::group_by_max}, s.bounds, s.x.q_view(), out, scratch);
  EXPECT_EQ(cost.kept_flops, cost.dense_flops);
  EXPECT_EQ(cost.dense_flops, 4. * 6 * 6 * 130);
  EXPECT_EQ(cost.estimate_flops, 4. * 6 * 33 * 6);
}

TEST(select_quest, bounds_appended_token_by_token_are_those_of_all_at_once) {
  const selection_input<float> x(4, 1, 37, 2, 1, 5);
  page_bounds<float> whole(2, 5, 4, 40), steps(2, 5, 4, 40);
  whole.append(x.k_view());
  for (int again = 0; again < 2; ++again) { // cleared bounds start anew
    steps.clear();
    for (index_t t = 0; t < 37; ++t) steps.append(x.k_view().slice(0, t, 1));
  }
  ASSERT_EQ(steps.tokens(), 37);
  for (index_t p = 0; p < 10; ++p)
    for (index_t h = 0; h < 2; ++h)
      for (index_t d = 0; d < 10; ++d) EXPECT_EQ(steps.rows()(p, h, d), whole.rows()(p, h, d));
  EXPECT_EQ(whole.bytes(), 10 * 2 * 10 * 4) << "two numbers of key_dim per page and head";
}

TEST(select_quest, a_step_allocates_nothing_once_lists_are_long_enough) {
  step s(5, 120, 2, 2, 4, drawn_as::structured);
  thread_pool pool(1);
  block_lists out;
  select_scratch<double> scratch;
  const quest how{16, 3, pages_per::group_by_max};
  (void)select(pool, how, s.bounds, s.x.q_view(), out, scratch);
  const allocation_scope scope;
  for (index_t t = 0; t < 9; ++t) {
    s.bounds.append(s.x.k_view().slice(0, t, 1));
    (void)select(pool, how, s.bounds, s.x.q_view(), out, scratch);
  }
  EXPECT_EQ(scope.count(), 0);
}

TEST(select_quest, has_the_defaults_of_its_source) {
  EXPECT_EQ(quest{}.budget, 1024);
  EXPECT_EQ(quest{}.least_pages, 3);
  EXPECT_EQ(quest{}.lists, pages_per::query_head);
}

TEST(select_quest, refused_with_code_and_text) {
  const step s(6, 20, 2, 2, 4, drawn_as::random);
  thread_pool pool(1);
  select_scratch<double> scratch;
  block_lists out({.rows = 1, .keys = 20, .block_rows = 1, .block_keys = 4, .lists = 4});
  const auto of = [&](const quest& how, const tensor_view<const double, 3>& q) {
    return refusal_of([&] { select_pages(pool, how, s.bounds, q, 0, out, scratch); });
  };
  const auto q = s.x.q_view();
  EXPECT_EQ(of({}, q), refusal());
  EXPECT_EQ(of({-1}, q), refusal(errc::bad_value, "quest: budget is -1, the least is 0"));
  EXPECT_EQ(of({8, 0}, q), refusal(errc::bad_value, "quest: least_pages is 0, the least is 1"));
  EXPECT_EQ(of({8, 3, pages_per::group_by_max}, q), refusal(errc::bad_extent, "quest: lists is 4, but it makes 2"));
  EXPECT_EQ(of({}, s.x.k_view()), refusal(errc::bad_extent, "q: rows is 20, a decode step has 1"));
  EXPECT_EQ(of({}, q.slice(1, 0, 3)),
            refusal(errc::heads_not_divisible, "q: heads is 3, which is no multiple of kv_heads 2"));
  EXPECT_EQ(of({}, q.slice(2, 0, 5)), refusal(errc::dim_mismatch, "q: dim is 5, but the bounds have 6"));
  EXPECT_EQ(of({}, view<const double>(nullptr, 1, 4, 6)),
            refusal(errc::null_pointer, "q: data is 0, but the elements in view are 24"));
  out.reset({.rows = 1, .keys = 20, .block_rows = 1, .block_keys = 5, .lists = 4});
  EXPECT_EQ(of({}, q), refusal(errc::bad_value, "quest: keys of a block of the lists is 5, but the pages have 4"));

  const auto made = [](index_t heads, index_t dim, index_t page, index_t most) {
    return refusal_of([&] { page_bounds<float> b(heads, dim, page, most); });
  };
  EXPECT_EQ(made(0, 6, 4, 9), refusal(errc::bad_value, "page_bounds: kv_heads is 0, the least is 1"));
  EXPECT_EQ(made(2, 0, 4, 9), refusal(errc::bad_value, "page_bounds: key_dim is 0, the least is 1"));
  EXPECT_EQ(made(2, 6, 0, 9), refusal(errc::bad_value, "page_bounds: page is 0, the least is 1"));
  EXPECT_EQ(made(2, 6, 4, -1), refusal(errc::bad_value, "page_bounds: max_tokens is -1, the least is 0"));
  EXPECT_EQ(made(4, 8, 1, index_t{1} << 58),
            refusal(errc::size_overflow,
                    "page_bounds: max_tokens is 288230376151711744, the numbers that they take may "
                    "be at most 1099511627776"));
  page_bounds<double> bounds(2, 6, 4, 10);
  const auto appended = [&](const tensor_view<const double, 3>& k) { return refusal_of([&] { bounds.append(k); }); };
  EXPECT_EQ(appended(s.x.k_view().slice(0, 0, 7)), refusal());
  EXPECT_EQ(appended(s.x.k_view().slice(0, 0, 4)),
            refusal(errc::limit_exceeded, "page_bounds: tokens is 11, the limit is 10"));
  EXPECT_EQ(appended(s.x.k_view().slice(1, 0, 1)),
            refusal(errc::bad_extent, "page_bounds: kv_heads of k is 1, but it has 2"));
  EXPECT_EQ(appended(view<const double>(nullptr, 2, 2, 6)),
            refusal(errc::null_pointer, "k: data is 0, but the elements in view are 24"));
  EXPECT_EQ(appended(s.x.k_view().slice(2, 0, 5)),
            refusal(errc::dim_mismatch, "page_bounds: dim of k is 5, but it has 6"));
  EXPECT_EQ(bounds.tokens(), 7);
}
} // namespace
