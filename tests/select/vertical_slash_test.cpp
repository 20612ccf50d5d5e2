// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// The lists of vertical-slash against the rule written out, on random and structured inputs, ties included.
#include <heed/select/vertical_slash.hpp>

#include <select/selection.hpp>

namespace {
using namespace heed;
using namespace heed::test;

/// Which of n lines are kept: the first `forced`, then by descending score, until there are `count`.
std::vector<bool> slow_lines(const std::vector<double>& scores, index_t forced, index_t count) {
  std::vector<bool> kept(scores.size());
  for (index_t i = 0; i < std::min<index_t>(count, static_cast<index_t>(scores.size())); ++i)
    kept[place(i < forced ? i : best(scores, kept))] = true;
  return kept;
}

/// seen[row][key] of one head.
std::vector<std::vector<bool>> slow(const vertical_slash& how, const selection_input<double>& x, index_t head) {
  std::vector<double> columns(place(x.keys)), diagonals(place(x.keys));
  for (index_t r = std::max<index_t>(0, x.rows - how.last); r < x.rows; ++r) {
    const index_t at = x.before() + r;
    std::vector<double> p(place(x.keys));
    for (index_t j = 0; j <= at; ++j) p[place(j)] = x.score(r, head, j);
    softmax(p, at + 1);
    for (index_t j = 0; j <= at; ++j) {
      columns[place(j)] += p[place(j)];
      diagonals[place(at - j)] += p[place(j)];
    }
  }
  const auto vertical = slow_lines(columns, how.first_columns, std::max(how.vertical, how.least_vertical));
  const auto slash = slow_lines(diagonals, how.near_diagonals, std::max(how.slash, how.least_slash));
  std::vector<std::vector<bool>> seen(place(x.rows), std::vector<bool>(place(x.keys)));
  for (index_t r = 0; r < x.rows; ++r) {
    const index_t first = x.before() + r / how.block * how.block, last = std::min(x.keys, first + how.block);
    std::vector<bool> granules(place(x.keys / how.granule + 1));
    for (index_t d = 0; d < x.keys; ++d)
      for (index_t j = std::max<index_t>(0, first - d); slash[place(d)] && j < last - d; ++j)
        granules[place(j / how.granule)] = true;
    for (index_t j = 0; j <= x.before() + r; ++j)
      seen[place(r)][place(j)] = granules[place(j / how.granule)] || vertical[place(j)];
  }
  return seen;
}

TEST(select_vertical_slash, lists_equal_the_slow_rule) {
  for (const drawn_as how : all_inputs())
    for (const auto& size : {std::pair<index_t, index_t>{160, 160}, {90, 150}, {75, 75}, {5, 37}, {1, 1}}) {
      const selection_input<double> x(37, size.first, size.second, 2, 2, 6, how);
      for (const index_t granule : {1, 4, 8})
        for (const index_t lines : {0, 5, 23, 1000}) {
          const vertical_slash option{lines, lines, 12, 8, granule, 3, 10, 4, 6};
          const block_lists got = lists_of(option, x);
          for (index_t h = 0; h < x.heads(); ++h) {
            const auto want = slow(option, x, h);
            index_t wrong = 0;
            for (index_t r = 0; r < x.rows; ++r)
              for (index_t j = 0; j < x.keys; ++j) wrong += sees(got, x.before(), h, r, j) != want[place(r)][place(j)];
            EXPECT_EQ(wrong, 0) << "input " << static_cast<int>(how) << ", granule " << granule << ", lines " << lines;
          }
        }
    }
}

TEST(select_vertical_slash, a_query_sees_itself) {
  const selection_input<double> x(2, 90, 150, 1, 2, 8, drawn_as::structured);
  const block_lists got = lists_of(vertical_slash{20, 20, 12, 8, 4, 3, 10, 4, 6}, x);
  for (index_t h = 0; h < 2; ++h)
    for (index_t r = 0; r < 90; ++r) EXPECT_TRUE(sees(got, 60, h, r, 60 + r));
}

TEST(select_vertical_slash, all_lines_are_dense) {
  const selection_input<double> x(3, 100, 100, 1, 1, 8);
  const selection_cost cost = [&] {
    block_lists out;
    select_scratch<double> s;
    return run_selector(vertical_slash{0, 100, 64, 64, 16}, x, out, s);
  }();
  EXPECT_EQ(cost.kept_flops, cost.dense_flops);
}

TEST(select_vertical_slash, no_lists_for_no_rows) {
  const selection_input<double> x(3, 0, 16, 1, 1, 8);
  EXPECT_EQ(lists_of(vertical_slash{}, x).row_blocks(), 0);
}

TEST(select_vertical_slash, reports_its_cost_and_takes_no_memory_the_second_time) {
  const selection_input<double> x(8, 96, 160, 2, 2, 8, drawn_as::structured);
  block_lists out;
  select_scratch<double> s;
  const vertical_slash how{9, 20, 16, 8, 4, 3, 10, 4, 6};
  const selection_cost cost = run_selector(how, x, out, s);
  EXPECT_EQ(cost.kept_flops, 4 * 8 * cells_by_loop(out, x.before(), 4));
  double own = 0;
  for (index_t r = 144; r < 160; ++r) own += static_cast<double>(r + 1);
  EXPECT_EQ(cost.estimate_flops, 4 * 8 * 4 * own);
  const index_t bytes = s.bytes();
  (void)run_selector(how, x, out, s);
  EXPECT_EQ(s.bytes(), bytes);
}

TEST(select_vertical_slash, has_the_defaults_of_its_source) {
  const vertical_slash how;
  EXPECT_EQ(how.vertical, 1000);
  EXPECT_EQ(how.slash, 6096);
  EXPECT_EQ(how.last, 64);
  EXPECT_EQ(how.block, 64);
  EXPECT_EQ(how.first_columns, 30);
  EXPECT_EQ(how.near_diagonals, 100);
  EXPECT_EQ(how.least_vertical, 30);
  EXPECT_EQ(how.least_slash, 50);
}

TEST(select_vertical_slash, refused_with_code_and_text) {
  const selection_input<double> x(9, 32, 64, 2, 1, 8);
  const auto of = [&](const vertical_slash& how) { return refusal_of([&] { (void)lists_of(how, x); }); };
  EXPECT_EQ(of({9, 20, 16, 8, 4, 3, 10, 4, 6}), refusal());
  const auto at_least = [](const char* text) { return refusal(errc::bad_value, text); };
  EXPECT_EQ(of({-1, 20, 16, 8, 4, 3, 10, 4, 6}), at_least("vertical_slash: vertical is -1, the least is 0"));
  EXPECT_EQ(of({9, -1, 16, 8, 4, 3, 10, 4, 6}), at_least("vertical_slash: slash is -1, the least is 0"));
  EXPECT_EQ(of({9, 20, 0, 8, 4, 3, 10, 4, 6}), at_least("vertical_slash: last is 0, the least is 1"));
  EXPECT_EQ(of({9, 20, 16, 0, 4, 3, 10, 4, 6}), at_least("vertical_slash: block is 0, the least is 1"));
  EXPECT_EQ(of({9, 20, 16, 8, 0, 3, 10, 4, 6}), at_least("vertical_slash: granule is 0, the least is 1"));
  EXPECT_EQ(of({9, 20, 16, 8, 4, -1, 10, 4, 6}), at_least("vertical_slash: first_columns is -1, the least is 0"));
  EXPECT_EQ(of({9, 20, 16, 8, 4, 3, 0, 4, 6}), at_least("vertical_slash: near_diagonals is 0, the least is 1"));
  EXPECT_EQ(of({9, 20, 16, 8, 4, 3, 10, -1, 6}), at_least("vertical_slash: least_vertical is -1, the least is 0"));
  EXPECT_EQ(of({9, 20, 16, 8, 4, 3, 10, 4, 0}), at_least("vertical_slash: least_slash is 0, the least is 1"));
}
} // namespace
