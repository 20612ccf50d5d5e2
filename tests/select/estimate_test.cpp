// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// The passes of all selectors: pooled probabilities and scores against loops; their memory; what is refused.
#include <heed/select/estimate.hpp>

#include <select/selection.hpp>

namespace heed::detail {
inline namespace HEED_ISA {
HEED_ESTIMATES(double, )
HEED_ESTIMATES(float, )
} // namespace HEED_ISA
} // namespace heed::detail

namespace {
using namespace heed;
using namespace heed::test;

TEST(select_estimate, pools_are_those_of_a_double_loop_and_the_second_call_takes_no_memory) {
  const selection_input<double> x(1, 40, 90, 2, 2, 8);
  select_scratch<double> s;
  thread_pool pool(2);
  std::vector<index_t> positions(40);
  for (index_t r = 0; r < 40; ++r) positions[place(r)] = 50 + r;
  std::vector<double> sums(place(4 * 3 * 6)), zero(place(40 * 4)), maxima(place(4 * 40 * 6));
  const auto run_both = [&] {
    detail::pool_probabilities<double>(pool, s, x.q_view(), x.k_view(), {positions, 0.5},
                                       block_pool<double>(view(sums.data(), 1, 4, 3, 6), {16, 16}));
    detail::pool_scores<double>(
        pool, s, x.q_view(), x.k_view(), view(static_cast<const double*>(zero.data()), 40, 4), {positions, 0.5},
        block_pool<double>(view(maxima.data(), 1, 4, 40, 6), {1, 16, pool_by::maximum, shown::logarithms}));
  };
  run_both();
  for (index_t h = 0; h < 4; ++h) {
    std::vector<double> want(18);
    for (index_t r = 0; r < 40; ++r) {
      std::vector<double> p(90), most(6, -std::numeric_limits<double>::infinity());
      for (index_t j = 0; j <= 50 + r; ++j) {
        p[place(j)] = x.score(r, h, j) * std::sqrt(8.) * 0.5;
        most[place(j / 16)] = std::max(most[place(j / 16)], p[place(j)]);
      }
      for (index_t b = 0; b < 6; ++b) {
        const double got = maxima[place((h * 40 + r) * 6 + b)];
        EXPECT_TRUE(got == most[place(b)] || std::fabs(got - most[place(b)]) < 1e-12) << got << " " << most[place(b)];
      }
      softmax(p, 51 + r);
      for (index_t j = 0; j < 90; ++j) want[place(r / 16 * 6 + j / 16)] += p[place(j)];
    }
    for (std::size_t i = 0; i < 18; ++i) EXPECT_NEAR(sums[place(h) * 18 + i], want[i], 1e-12);
  }
  const index_t bytes = s.bytes();
  EXPECT_GT(bytes, 0);
  run_both();
  EXPECT_EQ(s.bytes(), bytes);
}

TEST(select_estimate, copies_rows_of_a_stretch_of_heads_and_zeros_beyond_the_last) {
  const selection_input<float> x(2, 5, 5, 3, 1, 4);
  std::vector<double> out(place(4 * 2 * 4), 9.);
  detail::copy_rows(x.k_view(), {3, 7}, {1, 3}, out.data());
  for (index_t r = 0; r < 4; ++r)
    for (index_t h = 0; h < 2; ++h)
      for (index_t d = 0; d < 4; ++d)
        EXPECT_EQ(out[place((r * 2 + h) * 4 + d)], r + 3 < 5 ? static_cast<double>(x.key(r + 3, h + 1, d)) : 0.);
}

TEST(select_estimate, refuses_shapes_with_code_and_text) {
  const std::vector<float> x(4000);
  const auto of = [&](index_t rows, index_t heads, index_t dim, index_t keys, index_t kv, index_t key_dim,
                      index_t block = 4) {
    const failure f =
        detail::check_selection("name", view(x.data(), rows, heads, dim), view(x.data(), keys, kv, key_dim), block);
    return refusal_of([&] {
      if (f) detail::report(f);
    });
  };
  EXPECT_EQ(of(8, 4, 8, 16, 2, 8), refusal());
  EXPECT_EQ(of(8, 4, 0, 16, 2, 0), refusal(errc::bad_extent, "q: key dim is 0, the least is 1"));
  EXPECT_EQ(of(8, 4, 8, 16, 2, 7), refusal(errc::dim_mismatch, "k: key dim is 7, but q has 8"));
  EXPECT_EQ(of(8, 4, 8, 16, 0, 8), refusal(errc::bad_extent, "k: kv_heads is 0, the least is 1"));
  EXPECT_EQ(of(8, 4, 8, 16, 3, 8),
            refusal(errc::heads_not_divisible, "q: heads is 4, which is no multiple of kv_heads 3"));
  EXPECT_EQ(of(8, 4, 8, 7, 2, 8),
            refusal(errc::bad_extent, "q: rows is 8, but the keys, which end with theirs, are 7"));
  EXPECT_EQ(
      of(8, 4, 8, 18, 2, 8),
      refusal(errc::bad_value, "name: number of keys before the first query is 10, chunks start at whole blocks of 4"));
  EXPECT_EQ(of(-1, 4, 8, 18, 2, 8), refusal(errc::bad_extent, "q: extent[0] is -1, the least is 0"));
  EXPECT_EQ(of(8, 4, 8, -1, 2, 8), refusal(errc::bad_extent, "k: extent[0] is -1, the least is 0"));
}
} // namespace
