// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// AnchorAttention's lists against the rule written out, on random and structured inputs, ties included; the partition
// of its keys.
#include <heed/select/anchor_attn.hpp>

#include <heed/epilogue/lse.hpp>

#include <select/selection.hpp>

namespace {
using namespace heed;
using namespace heed::test;

constexpr double infinite = std::numeric_limits<double>::infinity();

/// The stripes of each head and group.
std::vector<std::vector<entries>> slow_stripes(const anchor_attn& how, const selection_input<double>& x) {
  const index_t b = how.block, span = b * how.step;
  std::vector<std::vector<entries>> all(place(x.heads()));
  for (index_t h = 0; h < x.heads(); ++h)
    for (index_t first = 0; first < x.rows; first += span) {
      const index_t begin = x.before() + first, rows = std::min(span, x.rows - first);
      entries kept;
      std::vector<double> anchors;
      std::vector<std::vector<double>> means;
      for (index_t block = first; block < first + rows; block += b) {
        const index_t n = std::min(b, first + rows - block);
        double anchor = 0;
        std::vector<double> mean(place(x.dim));
        for (index_t r = block; r < block + n; ++r) {
          double most = -infinite;
          for (index_t j = 0; j <= x.before() + r; ++j)
            if (begin == 0 || j < b || j >= begin - b) most = std::max(most, x.score(r, h, j));
          anchor += most / static_cast<double>(n);
          for (index_t i = 0; i < x.dim; ++i) mean[place(i)] += x.query(r, h, i) / static_cast<double>(n);
        }
        anchors.push_back(anchor);
        means.push_back(mean);
      }
      for (index_t j = b; j < begin - b; ++j) {
        bool near = false;
        for (std::size_t m = 0; m < means.size(); ++m) {
          double score = 0;
          for (index_t i = 0; i < x.dim; ++i) score += means[m][place(i)] * x.key(j, h, i);
          near = near || score / std::sqrt(static_cast<double>(x.dim)) + how.theta >= anchors[m];
        }
        if (near) kept.push_back(j);
      }
      all[place(h)].push_back(kept);
    }
  return all;
}

/// Block 0, the block before the group, and the group up to the diagonal.
std::vector<std::vector<entries>> pattern(const anchor_attn& how, const selection_input<double>& x) {
  std::vector<std::vector<entries>> all(place(x.heads()));
  for (auto& head : all)
    for (index_t r = 0; r < x.rows; r += how.block) {
      const index_t diagonal = (x.before() + r) / how.block, group = diagonal / how.step * how.step;
      entries row;
      for (index_t b = 0; b <= diagonal; ++b)
        if (b == 0 || b >= group - 1) row.push_back(b);
      head.push_back(row);
    }
  return all;
}

TEST(select_anchor_attn, lists_equal_the_slow_rule) {
  for (const drawn_as how : all_inputs())
    for (const auto& size : {std::pair<index_t, index_t>{160, 160}, {96, 160}, {75, 75}, {90, 122}, {1, 1}, {0, 32}})
      for (const index_t step : {1, 2, 4}) {
        const selection_input<double> x(27, size.first, size.second, 2, 2, 6, how);
        for (const double theta : {-1., 0., 0.7, 2.1, 6.}) {
          const anchor_attn option{8, step, theta, stripes_per::query_head};
          if (x.before() % (8 * step) != 0) continue;
          // With equal keys a mean of maxima can equal the maximum of a mean: at 0 only roundings would tell.
          if (theta == 0 && how == drawn_as::repeated) continue;
          const block_lists got = lists_of(option, x);
          EXPECT_EQ(blocks_of(got), pattern(option, x));
          EXPECT_EQ(stripes_of(got), slow_stripes(option, x))
              << "input " << static_cast<int>(how) << ", step " << step << ", theta " << theta;
        }
      }
}

TEST(select_anchor_attn, a_list_per_group_keeps_what_any_of_its_heads_keeps) {
  for (const index_t keys : {170, 106}) {
    const selection_input<double> x(27, 90, keys, 2, 3, 6, drawn_as::structured);
    const anchor_attn option{8, 2, 0.7, stripes_per::kv_head};
    if (x.before() % 16 != 0) continue;
    const block_lists got = lists_of(option, x);
    ASSERT_EQ(got.shape().lists, 2);
    EXPECT_EQ(got.shape().heads_per_list, 3);
    const auto each = slow_stripes(option, x), all = stripes_of(got);
    const auto blocks = pattern(option, x);
    index_t wider = 0;
    for (index_t g = 0; g < 2; ++g) {
      EXPECT_EQ(blocks_of(got)[place(g)], blocks[0]);
      for (std::size_t group = 0; group < all[place(g)].size(); ++group) {
        std::vector<bool> kept(place(keys));
        for (index_t h = 0; h < 3; ++h)
          for (const index_t key : each[place(g * 3 + h)][group]) kept[place(key)] = true;
        EXPECT_EQ(all[place(g)][group], chosen(kept));
        wider += all[place(g)][group].size() > each[place(g * 3)][group].size();
      }
    }
    EXPECT_GT(wider, 0);
    block_lists out;
    select_scratch<double> s;
    const selection_cost cost = run_selector(option, x, out, s);
    EXPECT_EQ(cost.kept_flops, 4 * 6 * cells_by_loop(out, x.before(), 6));
  }
}

TEST(select_anchor_attn, theta_infinite_is_dense_causal_and_minus_infinite_the_pattern) {
  const selection_input<double> x(2, 100, 132, 1, 2, 8, drawn_as::structured);
  const block_lists dense = lists_of(anchor_attn{8, 4, infinite}, x);
  for (index_t h = 0; h < 2; ++h)
    for (index_t r = 0; r < 100; ++r)
      for (index_t j = 0; j <= 32 + r; ++j) ASSERT_TRUE(sees(dense, 32, h, r, j));
  for (const auto& head : stripes_of(lists_of(anchor_attn{8, 4, -infinite}, x)))
    for (const entries& group : head) EXPECT_TRUE(group.empty());
}

TEST(select_anchor_attn, each_key_is_listed_once_and_more_with_a_larger_theta) {
  const selection_input<double> x(3, 160, 160, 2, 2, 8, drawn_as::structured);
  std::vector<std::vector<entries>> last;
  for (const double theta : {-infinite, -2., 0., 0.5, 1., 3., infinite}) {
    const block_lists got = lists_of(anchor_attn{8, 4, theta}, x);
    const auto blocks = blocks_of(got);
    for (index_t h = 0; h < 4; ++h)
      for (index_t r = 0; r < 20; ++r)
        for (const index_t key : got.stripes(0, h, r / 4))
          for (const index_t b : blocks[place(h)][place(r)]) EXPECT_NE(key / 8, b);
    const auto stripes = stripes_of(got);
    for (std::size_t h = 0; h < last.size(); ++h)
      for (std::size_t g = 0; g < last[h].size(); ++g)
        EXPECT_TRUE(std::includes(stripes[h][g].begin(), stripes[h][g].end(), last[h][g].begin(), last[h][g].end()));
    last = stripes;
  }
}

TEST(select_anchor_attn, attention_over_the_lists_counts_each_key_once) {
  const selection_input<double> x(4, 160, 160, 1, 2, 8, drawn_as::structured);
  const block_lists got = lists_of(anchor_attn{8, 4, 1.}, x);
  std::vector<double> o(place(160 * 2)), logs(place(160 * 2));
  thread_pool pool(2);
  attend(pool, x.q_view(), detail::keys_only(tensor_view<const double, 3>(x.k_view())), view(o.data(), 160, 2, 1),
         got.mask(causal{}), heed::lse(view(logs.data(), 160, 2)));
  for (index_t h = 0; h < 2; ++h)
    for (index_t r = 0; r < 160; ++r) {
      double sum = 0;
      for (index_t j = 0; j <= r; ++j) sum += sees(got, 0, h, r, j) ? std::exp(x.score(r, h, j)) : 0;
      EXPECT_NEAR(logs[place(r * 2 + h)], std::log(sum), 1e-12) << "row " << r;
    }
}

TEST(select_anchor_attn, reports_its_cost_and_takes_no_memory_the_second_time) {
  const selection_input<double> x(8, 96, 160, 2, 2, 8, drawn_as::structured);
  block_lists out;
  select_scratch<double> s;
  const anchor_attn how{8, 4, 1.};
  const selection_cost cost = run_selector(how, x, out, s);
  EXPECT_EQ(cost.kept_flops, 4 * 8 * cells_by_loop(out, x.before(), 4));
  double estimate = 0; // per group: 32 rows with block 0 and the local part; 4 averages with the keys between
  for (const index_t begin : {64, 96, 128}) {
    for (index_t i = 0; i < 32; ++i) estimate += static_cast<double>(8 + 8 + i + 1);
    estimate += static_cast<double>(4 * (begin - 16));
  }
  EXPECT_EQ(cost.estimate_flops, 2 * 8 * 4 * estimate);
  const index_t bytes = s.bytes();
  (void)run_selector(how, x, out, s);
  EXPECT_EQ(s.bytes(), bytes);
}

TEST(select_anchor_attn, has_the_defaults_of_its_source) {
  EXPECT_EQ(anchor_attn{}.block, 128);
  EXPECT_EQ(anchor_attn{}.step, 16) << "groups of 2,048 queries";
  EXPECT_EQ(anchor_attn{}.theta, 12);
  EXPECT_EQ(anchor_attn{}.lists, stripes_per::query_head);
}

TEST(select_anchor_attn, refused_with_code_and_text) {
  const selection_input<double> x(9, 32, 64, 2, 1, 8);
  const auto of = [&](const anchor_attn& how) { return refusal_of([&] { (void)lists_of(how, x); }); };
  EXPECT_EQ(of({8, 4, 1.}), refusal());
  EXPECT_EQ(of({0, 4, 1.}), refusal(errc::bad_value, "anchor_attn: block is 0, the least is 1"));
  EXPECT_EQ(of({8, 0, 1.}), refusal(errc::bad_value, "anchor_attn: step is 0, the least is 1"));
  EXPECT_EQ(of({8, index_t{1} << 40, 1.}),
            refusal(errc::bad_value, "anchor_attn: step is 1099511627776, the most is 134217728"));
  EXPECT_EQ(of({8, 4, std::numeric_limits<double>::quiet_NaN()}),
            refusal(errc::bad_value, "anchor_attn: theta is nan, must be a number, as 12"));
  EXPECT_EQ(of({8, 5, 1.}),
            refusal(errc::bad_value,
                    "anchor_attn: number of keys before the first query is 32, chunks start at whole blocks of 40"));
}
} // namespace
