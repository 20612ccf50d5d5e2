// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// XAttention's lists against the rule written out, on random and structured inputs, ties included.
#include <heed/select/xattention.hpp>

#include <select/selection.hpp>

namespace {
using namespace heed;
using namespace heed::test;

/// Block sums of the antidiagonal softmax of one head, [row blocks][key blocks].
std::vector<std::vector<double>> slow_sums(const xattention& how, const selection_input<double>& x, index_t head) {
  const index_t s = how.stride, row_blocks = (x.rows + how.block - 1) / how.block;
  const index_t key_blocks = (x.keys + how.block - 1) / how.block;
  std::vector<std::vector<double>> sums(place(row_blocks), std::vector<double>(place(key_blocks)));
  for (index_t m = 0; m < (x.rows + s - 1) / s; ++m) {
    const index_t seen = x.before() / s + m + 1;
    std::vector<double> p(place(seen));
    for (index_t n = 0; n < seen; ++n) {
      for (index_t r = 0; r < s; ++r) {
        const index_t row = m * s + s - 1 - r, key = n * s + r;
        if (row >= x.rows || key >= x.keys) continue;
        for (index_t i = 0; i < x.dim; ++i) p[place(n)] += x.query(row, head, i) * x.key(key, head, i);
      }
      p[place(n)] /= std::sqrt(static_cast<double>(x.dim)) * static_cast<double>(s) * how.norm;
    }
    softmax(p, seen);
    for (index_t n = 0; n < seen; ++n) sums[place(m * s / how.block)][place(n * s / how.block)] += p[place(n)];
  }
  return sums;
}

std::vector<std::vector<entries>> slow(const xattention& how, const selection_input<double>& x) {
  std::vector<std::vector<entries>> all;
  for (index_t h = 0; h < x.heads(); ++h) {
    all.emplace_back();
    const auto sums = slow_sums(how, x, h);
    for (index_t r = 0; r < static_cast<index_t>(sums.size()); ++r) {
      std::vector<double> row = sums[place(r)];
      const index_t diagonal = x.before() / how.block + r;
      row.resize(place(diagonal + 1));
      std::vector<bool> kept(row.size());
      double total = 0, mass = 0;
      for (const double y : row) total += y;
      for (const index_t b : {index_t{0}, diagonal})
        if (!kept[place(b)]) {
          kept[place(b)] = true;
          mass += row[place(b)];
        }
      while (mass < how.threshold * total) {
        const index_t b = best(row, kept);
        if (b < 0) break;
        kept[place(b)] = true;
        mass += row[place(b)];
      }
      all.back().push_back(chosen(kept));
    }
  }
  return all;
}

TEST(select_xattention, lists_equal_the_slow_rule) {
  for (const drawn_as how : all_inputs())
    for (const auto& size : {std::pair<index_t, index_t>{160, 160}, {96, 160}, {75, 75}, {21, 37}, {1, 1}, {0, 16}}) {
      const selection_input<double> x(7, size.first, size.second, 2, 2, 6, how);
      for (const index_t stride : {1, 4, 16})
        for (const double threshold : {0.02, 0.53, 0.9, 0.991}) {
          const xattention option{16, stride, threshold, 1};
          if (x.before() % 16 != 0) continue;
          const block_lists got = lists_of(option, x);
          EXPECT_EQ(blocks_of(got), slow(option, x))
              << "input " << static_cast<int>(how) << ", stride " << stride << ", threshold " << threshold;
        }
    }
}

TEST(select_xattention, queries_may_be_laid_out_in_stretches) {
  const selection_input<double> x(3, 75, 139, 2, 2, 6, drawn_as::structured);
  for (const index_t blocks : {0, 1, 3}) {
    block_lists out;
    select_scratch<double> s;
    s.most_query_bytes = blocks * 16 * 2 * 6 * 8;
    const xattention how{16, 4, 0.7, 1};
    const selection_cost cost = run_selector(how, x, out, s);
    EXPECT_EQ(blocks_of(out), slow(how, x)) << blocks << " blocks at a time";
    EXPECT_EQ(cost.estimate_flops, 4. * 4 * 24 * (19 * 16 + 19 * 20 / 2));
  }
}

TEST(select_xattention, diagonals_are_partial_and_the_rest_full) {
  const selection_input<double> x(3, 32, 80, 1, 2, 8);
  const block_lists got = lists_of(xattention{16, 4, 0.6, 1}, x);
  for (index_t l = 0; l < 2; ++l)
    for (index_t r = 0; r < 2; ++r) {
      ASSERT_EQ(got.partial_row(0, l, r).size(), 1u);
      EXPECT_EQ(got.partial_row(0, l, r)[0], 3 + r);
      EXPECT_EQ(got.full_row(0, l, r)[0], 0);
    }
}

TEST(select_xattention, with_stride_1_blocks_are_taken_by_their_mass_of_causal_softmax) {
  const selection_input<double> x(4, 64, 64, 1, 1, 8, drawn_as::structured);
  index_t left_out = 0;
  for (const double threshold : {0.5, 0.8, 0.95}) {
    const auto got = blocks_of(lists_of(xattention{16, 1, threshold, 1}, x))[0];
    for (index_t r = 0; r < 4; ++r) {
      std::vector<double> mass(4);
      for (index_t i = r * 16; i < (r + 1) * 16; ++i) {
        std::vector<double> p(64);
        for (index_t j = 0; j <= i; ++j) p[place(j)] = x.score(i, 0, j);
        softmax(p, i + 1);
        for (index_t j = 0; j < 64; ++j) mass[place(j / 16)] += p[place(j)];
      }
      // The sink and the diagonal, then the heaviest blocks until the rows' mass, 16, is reached.
      std::vector<bool> kept(place(r + 1));
      kept[0] = kept[place(r)] = true;
      double sum = r == 0 ? mass[0] : mass[0] + mass[place(r)];
      mass.resize(place(r + 1));
      while (sum < threshold * 16 * (1 - 1e-12)) {
        const index_t b = best(mass, kept);
        kept[place(b)] = true;
        sum += mass[place(b)];
      }
      EXPECT_EQ(got[place(r)], chosen(kept)) << "row " << r << ", threshold " << threshold;
      left_out += r + 1 - static_cast<index_t>(got[place(r)].size());
    }
  }
  EXPECT_GT(left_out, 0) << "thresholds that leave something out";
}

TEST(select_xattention, threshold_1_keeps_every_causal_block_and_0_the_forced_ones) {
  const selection_input<double> x(5, 100, 100, 1, 2, 8, drawn_as::structured);
  const block_lists all = lists_of(xattention{16, 4, 1, 1}, x), few = lists_of(xattention{16, 4, 0, 1}, x);
  for (index_t l = 0; l < 2; ++l)
    for (index_t r = 0; r < 7; ++r) {
      EXPECT_EQ(blocks_of(all)[place(l)][place(r)].size(), place(r + 1));
      EXPECT_EQ(blocks_of(few)[place(l)][place(r)], r == 0 ? entries{0} : entries({0, r}));
    }
}

// Prompts whose scores can't be told apart stay dense where they are touched, and lists stay lists.
TEST(select_xattention, a_query_that_is_no_number_keeps_its_rows_dense) {
  selection_input<double> x(5, 100, 100, 1, 2, 8, drawn_as::structured);
  x.q[place(50 * 2 * 8)] = std::numeric_limits<double>::quiet_NaN(); // head 0, row 50
  const auto got = blocks_of(lists_of(xattention{16, 4, 0, 1}, x));
  for (index_t r = 0; r < 7; ++r) {
    const entries forced = r == 0 ? entries{0} : entries({0, r});
    EXPECT_EQ(got[0][place(r)], r == 3 ? entries({0, 1, 2, 3}) : forced);
    EXPECT_EQ(got[1][place(r)], forced);
  }
}

TEST(select_xattention, float_inputs_with_clear_margins_give_the_lists_of_double) {
  const selection_input<float> x(6, 160, 160, 2, 2, 8, drawn_as::structured);
  selection_input<double> same(6, 160, 160, 2, 2, 8, drawn_as::structured);
  for (std::size_t i = 0; i < x.q.size(); ++i) same.q[i] = static_cast<double>(x.q[i]);
  for (std::size_t i = 0; i < x.k.size(); ++i) same.k[i] = static_cast<double>(x.k[i]);
  const xattention how{16, 4, 0.9, 1};
  EXPECT_EQ(blocks_of(lists_of(how, x)), slow(how, same));
}

TEST(select_xattention, equal_blocks_go_by_lower_index_at_the_default_sizes_in_float) {
  const selection_input<float> x(6, 1500, 1500, 1, 1, 4, drawn_as::zero);
  for (const index_t stride : {1, 16}) {
    const auto got = blocks_of(lists_of(xattention{.stride = stride, .threshold = 0.52}, x))[0];
    for (index_t r = 0; r < 12; ++r) {
      const entries& row = got[place(r)];
      ASSERT_GE(row.size(), 1u);
      EXPECT_EQ(row.back(), r);
      for (std::size_t i = 0; i + 1 < row.size(); ++i) EXPECT_EQ(row[i], static_cast<index_t>(i)) << "row " << r;
      EXPECT_LE(row.size(), place(std::max<index_t>(4, r)));
    }
  }
}

TEST(select_xattention, reports_its_cost_and_takes_no_memory_the_second_time) {
  const selection_input<double> x(8, 96, 160, 2, 2, 8, drawn_as::structured);
  block_lists out;
  select_scratch<double> s;
  const selection_cost cost = run_selector(xattention{16, 4, 0.5, 1}, x, out, s);
  EXPECT_EQ(cost.kept_flops, 4 * 8 * cells_by_loop(out, x.before(), 4));
  double dense = 0, strided_cells = 0;
  for (index_t r = 64; r < 160; ++r) dense += static_cast<double>(r + 1);
  for (index_t m = 16; m < 40; ++m) strided_cells += static_cast<double>(m + 1);
  EXPECT_EQ(cost.dense_flops, 4 * 4 * 8 * dense);
  EXPECT_EQ(cost.estimate_flops, 4 * 4 * 32 * strided_cells);
  EXPECT_NEAR(cost.density(), cost.kept_flops / cost.dense_flops, 1e-15);
  const index_t bytes = s.bytes();
  (void)run_selector(xattention{16, 4, 0.5, 1}, x, out, s);
  EXPECT_EQ(s.bytes(), bytes);
}

TEST(select_xattention, has_the_defaults_of_its_source) {
  EXPECT_EQ(xattention{}.block, 128);
  EXPECT_EQ(xattention{}.stride, 16);
  EXPECT_EQ(xattention{}.threshold, 0.9);
  EXPECT_EQ(xattention{}.norm, 1);
}

TEST(select_xattention, refused_with_code_and_text) {
  const selection_input<double> x(9, 32, 64, 1, 1, 8);
  const auto of = [&](const xattention& how) { return refusal_of([&] { (void)lists_of(how, x); }); };
  EXPECT_EQ(of({16, 4, 0.5, 1}), refusal());
  EXPECT_EQ(of({0, 4, 0.5, 1}), refusal(errc::bad_value, "xattention: block is 0, the least is 1"));
  EXPECT_EQ(of({16, 0, 0.5, 1}), refusal(errc::bad_value, "xattention: stride is 0, the least is 1"));
  EXPECT_EQ(of({16, 3, 0.5, 1}),
            refusal(errc::bad_value, "xattention: block is 16, which is no multiple of the stride 3"));
  EXPECT_EQ(of({16, 4, -0.5, 1}), refusal(errc::bad_value, "xattention: threshold is -0.5, the least is 0"));
  EXPECT_EQ(of({16, 4, std::nan(""), 1}), refusal(errc::bad_value, "xattention: threshold is nan, the least is 0"));
  EXPECT_EQ(of({16, 4, 0.5, 0}), refusal(errc::bad_value, "xattention: norm is 0, it must be above 0"));
  EXPECT_EQ(of({16, 4, 0.5, -0.004}), refusal(errc::bad_value, "xattention: norm is -0.004, it must be above 0"));
  EXPECT_EQ(of({16, 4, 0.5, std::nan("")}), refusal(errc::bad_value, "xattention: norm is nan, it must be above 0"));
  EXPECT_EQ(of({20, 4, 0.5, 1}),
            refusal(errc::bad_value,
                    "xattention: number of keys before the first query is 32, chunks start at whole blocks of 20"));
}
} // namespace
