// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// ProxyAttn's lists against the rule written out, on random and structured inputs, ties included.
#include <heed/select/proxy_attn.hpp>

#include <select/selection.hpp>

namespace {
using namespace heed;
using namespace heed::test;

index_t parts(index_t n, index_t of) { return (n + of - 1) / of; }

/// A_G of one group: [row blocks][key blocks], the maximum of each block of the strided proxies' causal softmax.
std::vector<std::vector<double>> slow_map(const proxy_attn& how, const selection_input<double>& x, index_t group) {
  const index_t heads = x.heads() / how.groups, kv = x.kv_heads / how.groups;
  std::vector<std::vector<double>> map(place(parts(x.rows, how.block)),
                                       std::vector<double>(place(parts(x.keys, how.block))));
  for (index_t r = 0; r < x.rows; r += how.stride) {
    const index_t seen = (x.before() + r) / how.stride + 1;
    std::vector<double> p(place(seen));
    for (index_t n = 0; n < seen; ++n) {
      double score = 0;
      for (index_t i = 0; i < x.dim; ++i) {
        double q = 0, k = 0;
        for (index_t h = 0; h < heads; ++h) q += x.query(r, group * heads + h, i);
        for (index_t h = 0; h < kv; ++h) k += x.key(n * how.stride, (group * kv + h) * x.group, i);
        score += q / static_cast<double>(heads) * (k / static_cast<double>(kv));
      }
      p[place(n)] = score / std::sqrt(static_cast<double>(x.dim));
    }
    softmax(p, seen);
    for (index_t n = 0; n < seen; ++n) {
      double& most = map[place(r / how.block)][place(n * how.stride / how.block)];
      most = std::max(most, p[place(n)]);
    }
  }
  return map;
}

/// c of b_i = c / NB: how many blocks carry gamma of the head's last query block.
index_t slow_budget(const proxy_attn& how, const selection_input<double>& x, index_t head) {
  const index_t blocks = parts(x.keys, how.block);
  if (how.gamma >= 1) return blocks;
  std::vector<double> average(place(blocks));
  for (index_t r = std::max<index_t>(0, x.rows - how.block); r < x.rows; ++r) {
    std::vector<double> p(place(x.keys));
    for (index_t j = 0; j <= x.before() + r; ++j) p[place(j)] = x.score(r, head, j);
    softmax(p, x.before() + r + 1);
    for (index_t j = 0; j < x.keys; ++j)
      average[place(j / how.block)] +=
          p[place(j)] / static_cast<double>(std::min(how.block, x.keys - j / how.block * how.block));
  }
  double total = 0, sum = 0;
  for (const double y : average) total += y;
  std::vector<bool> taken(place(blocks));
  index_t n = 0;
  for (; sum < how.gamma * total; ++n) {
    const index_t b = best(average, taken);
    if (b < 0) break;
    taken[place(b)] = true;
    sum += average[place(b)];
  }
  return n;
}

std::vector<std::vector<entries>> slow(const proxy_attn& how, const selection_input<double>& x) {
  std::vector<std::vector<entries>> all(place(x.heads()));
  for (index_t g = 0; g < how.groups; ++g) {
    const auto map = slow_map(how, x, g);
    for (index_t h = g * x.heads() / how.groups; h < (g + 1) * x.heads() / how.groups; ++h) {
      const double budget =
          x.rows == 0 ? 0 : static_cast<double>(slow_budget(how, x, h)) / static_cast<double>(parts(x.keys, how.block));
      for (index_t r = 0; r < static_cast<index_t>(map.size()); ++r) {
        const index_t seen = x.before() / how.block + r + 1;
        std::vector<double> row = map[place(r)];
        row.resize(place(seen));
        const auto share = static_cast<index_t>(std::ceil(budget * static_cast<double>(seen) - 1e-9));
        std::vector<bool> kept(place(seen));
        for (index_t n = 0; n < std::max(share, parts(how.min_tokens, how.block)); ++n)
          if (const index_t b = best(row, kept); b >= 0) kept[place(b)] = true;
        kept[place(seen - 1)] = true;
        all[place(h)].push_back(chosen(kept));
      }
    }
  }
  return all;
}

TEST(select_proxy_attn, lists_equal_the_slow_rule) {
  for (const drawn_as how : all_inputs())
    for (const auto& size : {std::pair<index_t, index_t>{160, 160}, {96, 160}, {75, 75}, {5, 37}, {1, 1}, {0, 16}}) {
      const selection_input<double> x(17, size.first, size.second, 2, 2, 6, how);
      for (const index_t groups : {1, 2})
        for (const double gamma : {0.31, 0.9, 0.951})
          for (const index_t least : {0, 40}) {
            const proxy_attn option{16, 4, groups, gamma, least};
            if (x.before() % 16 != 0) continue;
            EXPECT_EQ(blocks_of(lists_of(option, x)), slow(option, x))
                << "input " << static_cast<int>(how) << ", groups " << groups << ", gamma " << gamma;
          }
    }
}

TEST(select_proxy_attn, gamma_1_is_dense_and_min_tokens_keep_a_floor) {
  const selection_input<double> x(5, 160, 160, 2, 2, 8, drawn_as::structured);
  const auto dense = blocks_of(lists_of(proxy_attn{16, 4, 1, 1, 0}, x));
  const auto floor = blocks_of(lists_of(proxy_attn{16, 4, 1, 0, 48}, x));
  for (std::size_t h = 0; h < 4; ++h)
    for (std::size_t r = 0; r < 10; ++r) {
      EXPECT_EQ(dense[h][r].size(), r + 1);
      EXPECT_GE(floor[h][r].size(), std::min<std::size_t>(r + 1, 3));
      EXPECT_LE(floor[h][r].size(), 4u);
    }
}

TEST(select_proxy_attn, identical_heads_get_identical_lists) {
  selection_input<double> x(6, 160, 160, 2, 2, 8, drawn_as::structured);
  for (index_t r = 0; r < 160; ++r)
    for (index_t i = 0; i < 8; ++i) {
      for (index_t h = 1; h < 4; ++h) x.q[place((r * 4 + h) * 8 + i)] = x.q[place(r * 4 * 8 + i)];
      x.k[place((r * 2 + 1) * 8 + i)] = x.k[place(r * 2 * 8 + i)];
    }
  for (const index_t groups : {1, 2}) {
    const auto all = blocks_of(lists_of(proxy_attn{16, 4, groups, 0.8, 0}, x));
    for (std::size_t h = 1; h < 4; ++h) EXPECT_EQ(all[h], all[0]);
  }
}

TEST(select_proxy_attn, a_group_per_head_and_stride_1_rank_by_the_exact_maxima) {
  const selection_input<double> x(7, 80, 80, 3, 1, 8, drawn_as::structured);
  const proxy_attn how{16, 1, 3, 0.8, 0};
  const auto got = blocks_of(lists_of(how, x));
  for (index_t h = 0; h < 3; ++h)
    for (index_t r = 0; r < 5; ++r) {
      std::vector<double> most(place(r + 1));
      for (index_t i = r * 16; i < (r + 1) * 16; ++i) {
        std::vector<double> p(80);
        for (index_t j = 0; j <= i; ++j) p[place(j)] = x.score(i, h, j);
        softmax(p, i + 1);
        for (index_t j = 0; j <= i; ++j) most[place(j / 16)] = std::max(most[place(j / 16)], p[place(j)]);
      }
      std::vector<bool> kept(place(r + 1));
      const index_t n = parts(slow_budget(how, x, h) * (r + 1), 5);
      for (index_t i = 0; i < n; ++i) kept[place(best(most, kept))] = true;
      kept[place(r)] = true;
      EXPECT_EQ(got[place(h)][place(r)], chosen(kept));
    }
}

TEST(select_proxy_attn, reports_its_cost_and_takes_no_memory_the_second_time) {
  const selection_input<double> x(8, 96, 160, 2, 2, 8, drawn_as::structured);
  block_lists out;
  select_scratch<double> s;
  const proxy_attn how{16, 4, 1, 0.5, 0};
  const selection_cost cost = run_selector(how, x, out, s);
  EXPECT_EQ(cost.kept_flops, 4 * 8 * cells_by_loop(out, x.before(), 4));
  double own = 0, proxies = 0;
  for (index_t r = 144; r < 160; ++r) own += static_cast<double>(r + 1);
  for (index_t m = 16; m < 40; ++m) proxies += static_cast<double>(m + 1);
  EXPECT_EQ(cost.estimate_flops, 4 * 8 * (4 * own + proxies));
  const index_t bytes = s.bytes();
  (void)run_selector(how, x, out, s);
  EXPECT_EQ(s.bytes(), bytes);
}

TEST(select_proxy_attn, has_the_defaults_of_its_source) {
  EXPECT_EQ(proxy_attn{}.block, 128);
  EXPECT_EQ(proxy_attn{}.stride, 4);
  EXPECT_EQ(proxy_attn{}.groups, 1);
  EXPECT_EQ(proxy_attn{}.gamma, 0.95);
  EXPECT_EQ(proxy_attn{}.min_tokens, 2048);
}

TEST(select_proxy_attn, refused_with_code_and_text) {
  const selection_input<double> x(9, 32, 64, 2, 1, 8);
  const auto of = [&](const proxy_attn& how) { return refusal_of([&] { (void)lists_of(how, x); }); };
  EXPECT_EQ(of({16, 4, 1, 0.5, 0}), refusal());
  EXPECT_EQ(of({0, 4, 1, 0.5, 0}), refusal(errc::bad_value, "proxy_attn: block is 0, the least is 1"));
  EXPECT_EQ(of({16, 0, 1, 0.5, 0}), refusal(errc::bad_value, "proxy_attn: stride is 0, the least is 1"));
  EXPECT_EQ(of({16, 3, 1, 0.5, 0}),
            refusal(errc::bad_value, "proxy_attn: block is 16, which is no multiple of the stride 3"));
  EXPECT_EQ(of({16, 4, 0, 0.5, 0}), refusal(errc::bad_value, "proxy_attn: groups is 0, the least is 1"));
  EXPECT_EQ(of({16, 4, 3, 0.5, 0}),
            refusal(errc::heads_not_divisible, "proxy_attn: groups is 3, which does not divide the kv_heads 2"));
  EXPECT_EQ(of({16, 4, 1, -1, 0}), refusal(errc::bad_value, "proxy_attn: gamma is -1, the least is 0"));
  EXPECT_EQ(of({16, 4, 1, std::nan(""), 0}), refusal(errc::bad_value, "proxy_attn: gamma is nan, the least is 0"));
  EXPECT_EQ(of({16, 4, 1, -1e300, 0}), refusal(errc::bad_value, "proxy_attn: gamma is -1e+300, the least is 0"));
  EXPECT_EQ(of({16, 4, 1, 0.5, -1}), refusal(errc::bad_value, "proxy_attn: min_tokens is -1, the least is 0"));
  EXPECT_EQ(of({20, 4, 1, 0.5, 0}),
            refusal(errc::bad_value,
                    "proxy_attn: number of keys before the first query is 32, chunks start at whole blocks of 20"));
}
} // namespace
