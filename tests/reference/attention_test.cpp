// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// The oracle against numbers worked out by hand and against the identities that attention obeys.
#include <heed/reference/attention.hpp>

#include <support/logical_cache.hpp>
#include <support/tolerance.hpp>

#include <gtest/gtest.h>

namespace {
using namespace heed;
using namespace heed::test;
using reference::alignment;
using reference::call;
constexpr double none = -std::numeric_limits<double>::infinity();
constexpr float nan_f = std::numeric_limits<float>::quiet_NaN(), inf_f = std::numeric_limits<float>::infinity();

struct sees_all {
  bool allows(cell) const noexcept { return true; }
};
struct sees_past {
  bool allows(cell at) const noexcept { return at.k <= at.q; }
};
struct sees_slots {
  range kept;
  bool allows(cell at) const noexcept { return at.slot >= kept.begin && at.slot < kept.end; }
};
struct add_position {
  double step;
  double operator()(double x, cell at) const noexcept { return x + step * static_cast<double>(at.k); }
};
struct bend {
  double cap;
  double operator()(double x, cell) const noexcept { return cap * std::tanh(x / cap); }
};
struct shift {
  double by;
  double operator()(double x, cell) const noexcept { return x + by; }
};
/// Float only, and -inf for one position: a mask made of a score.
struct refuse_position {
  index_t k;
  float operator()(float x, cell at) const noexcept { return at.k == k ? -inf_f : x; }
};

/// Random queries and rows of one batch.
struct sample {
  logical_cache<float> cache;
  std::vector<float> q;
  std::vector<index_t> offsets{0};
  index_t heads;
  call c;
  sample(std::uint64_t seed, const std::vector<index_t>& rows, const std::vector<index_t>& keys, index_t kv_heads,
         index_t group, index_t key_dim, index_t value_dim)
      : heads(kv_heads * group) {
    test::random gen(seed);
    for (const index_t n : rows) offsets.push_back(offsets.back() + n);
    q = gen.numbers<float>(offsets.back() * heads * key_dim);
    cache = make_cache<float>(gen, keys, kv_heads, key_dim, value_dim);
    c.scale = 1 / std::sqrt(static_cast<double>(key_dim));
    c.row_offsets = offsets.data();
  }
  template <class Mask, class Score = reference::unchanged>
  reference::result attend(const Mask& mask, const Score& score = {}) const {
    return reference::attend(view(q.data(), offsets.back(), heads, cache.dims.key_dim), logical_source(cache), mask,
                             score, c);
  }
};

/// Two doubles that differ by rounding only.
void expect_same(const std::vector<double>& a, const std::vector<double>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i]) continue;
    ASSERT_NEAR(a[i], b[i], 64 * epsilon<double> * (1 + std::fabs(a[i]))) << "at " << i;
  }
}

TEST(reference_attention, two_keys_by_hand) {
  // Scores 0 and ln 3: probabilities 1/4 and 3/4.
  logical_cache<double> cache;
  cache.dims = {1, 1, 2, 1, 0};
  cache.seen = {2};
  cache.heads = {{{0, 1}, {0, 0}, {0, 0}, {0, 0, 2, -1}, {4, -8}}};
  const std::vector<double> q{std::log(3.), std::log(3.)};
  const auto r = reference::attend(view(q.data(), 1, 1, 2), logical_source(cache), sees_past{}, reference::unchanged{},
                                   call{.scale = 1, .rows_each = 1});
  EXPECT_NEAR(r.o[0], -5, 16 * epsilon<double>);
  EXPECT_NEAR(r.lse[0], std::log(4.), 4 * epsilon<double>);
  EXPECT_NEAR(r.magnitude[0], 7, 16 * epsilon<double>);
  EXPECT_NEAR(r.score_magnitude[0], 3 * std::log(3.), 16 * epsilon<double>); // |2 ln 3| + |-ln 3|
  EXPECT_EQ(r.visible[0], 2);
}

TEST(reference_attention, bias_sink_and_score_by_hand) {
  // Biases 0 and ln 3 on zero scores; a sink of ln 4 takes half.
  logical_cache<float> cache;
  cache.dims = {1, 1, 1, 1, 0};
  cache.seen = {2};
  cache.heads = {{{0, 1}, {0, 0}, {0, std::log(3.f)}, {5, 7}, {1, 5}}};
  const std::vector<float> q{0.f}, sink{std::log(4.f)};
  const auto r = reference::attend(view(q.data(), 1, 1, 1), logical_source(cache), sees_all{}, reference::unchanged{},
                                   call{.scale = 1, .rows_each = 1, .sinks = sink.data()});
  EXPECT_NEAR(r.o[0], 2, 4 * epsilon<float>);
  EXPECT_NEAR(r.lse[0], std::log(4.), 4 * epsilon<float>);
  EXPECT_NEAR(r.score_magnitude[0], std::log(3.), epsilon<float>);
  // The score adds k ln 3 / 1 more: weights 1 and 9.
  const auto s = reference::attend(view(q.data(), 1, 1, 1), logical_source(cache), sees_all{},
                                   add_position{std::log(3.)}, call{.scale = 1, .rows_each = 1});
  EXPECT_NEAR(s.o[0], 4.6, 16 * epsilon<float>);
  EXPECT_NEAR(s.score_magnitude[0], 2 * std::log(3.), 4 * epsilon<float>);
}

TEST(reference_attention, equal_values_give_that_value) {
  sample s(1, {5, 1}, {9, 4}, 2, 2, 6, 3);
  for (auto& h : s.cache.heads) std::fill(h.values.begin(), h.values.end(), 0.75f);
  const auto r = s.attend(sees_past{});
  for (std::size_t i = 0; i < r.o.size(); ++i) EXPECT_NEAR(r.o[i], 0.75, 16 * epsilon<double>);
}

TEST(reference_attention, equal_keys_give_the_mean_and_log_count) {
  sample s(2, {4}, {7}, 1, 3, 5, 2);
  for (auto& h : s.cache.heads) std::fill(h.keys.begin(), h.keys.end(), 0.f);
  const auto r = s.attend(sees_past{});
  for (index_t row = 0; row < 4; ++row) { // row sees the keys 0 .. 3 + row
    double mean = 0;
    for (index_t k = 0; k <= 3 + row; ++k)
      mean +=
          static_cast<double>(s.cache.heads[0].values[static_cast<std::size_t>(k * 2)]) / static_cast<double>(4 + row);
    for (index_t h = 0; h < 3; ++h) {
      const auto at = static_cast<std::size_t>(row * 3 + h);
      EXPECT_EQ(r.visible[at], 4 + row);
      EXPECT_NEAR(r.lse[at], std::log(static_cast<double>(4 + row)), 4 * epsilon<double>);
      EXPECT_NEAR(r.o[at * 2], mean, 8 * epsilon<double>);
    }
  }
}

TEST(reference_attention, a_shift_of_scores_moves_only_the_lse) {
  const sample s(3, {6}, {11}, 2, 2, 8, 4);
  const auto a = s.attend(sees_past{}), b = s.attend(sees_past{}, shift{2.5});
  expect_same(a.o, b.o);
  for (std::size_t i = 0; i < a.lse.size(); ++i) EXPECT_NEAR(a.lse[i] + 2.5, b.lse[i], 32 * epsilon<double>);
}

TEST(reference_attention, split_and_merge_at_any_cut_is_one_shot) {
  const sample s(4, {3}, {10}, 1, 2, 4, 3);
  const auto whole = s.attend(sees_all{});
  for (index_t cut = 0; cut <= 10; ++cut) {
    const auto a = s.attend(sees_slots{{0, cut}}), b = s.attend(sees_slots{{cut, 10}});
    std::vector<double> o, lse;
    for (std::size_t i = 0; i < whole.lse.size(); ++i) {
      const double top = std::fmax(a.lse[i], b.lse[i]), wa = std::exp(a.lse[i] - top), wb = std::exp(b.lse[i] - top);
      lse.push_back(top + std::log(wa + wb));
      for (std::size_t e = 0; e < 3; ++e) o.push_back((wa * a.o[i * 3 + e] + wb * b.o[i * 3 + e]) / (wa + wb));
    }
    expect_same(whole.o, o);
    expect_same(whole.lse, lse);
  }
}

TEST(reference_attention, grouped_heads_equal_repeated_heads) {
  const sample s(5, {4, 2}, {6, 5}, 2, 3, 4, 4);
  sample repeated = s;
  repeated.cache.dims.kv_heads = 6;
  repeated.cache.heads.clear();
  for (index_t seq = 0; seq < 2; ++seq)
    for (index_t h = 0; h < 6; ++h) repeated.cache.heads.push_back(s.cache.at(seq, h / 3));
  expect_same(s.attend(sees_past{}).o, repeated.attend(sees_past{}).o);
}

TEST(reference_attention, causal_with_more_queries_than_keys_both_alignments) {
  sample s(6, {5}, {2}, 1, 1, 4, 1);
  const index_t bottom_right[]{0, 0, 0, 1, 2}, top_left[]{1, 2, 2, 2, 2};
  const auto a = s.attend(sees_past{});
  s.c.align = alignment::top_left;
  const auto b = s.attend(sees_past{});
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(a.visible[i], bottom_right[i]);
    EXPECT_EQ(b.visible[i], top_left[i]);
  }
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(a.o[i], 0);
    EXPECT_EQ(a.lse[i], none);
  }
  const std::vector<index_t> listed{1, -4, 0, 7, 1};
  s.c.positions = listed.data();
  const auto l = s.attend(sees_past{});
  const index_t want[]{2, 0, 1, 2, 2};
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(l.visible[i], want[i]);
}

TEST(reference_attention, fewer_queries_than_keys_stand_at_the_end) {
  const sample s(7, {2}, {5}, 1, 1, 4, 1);
  const auto r = s.attend(sees_past{});
  EXPECT_EQ(r.visible[0], 4);
  EXPECT_EQ(r.visible[1], 5);
}

TEST(reference_attention, a_large_cap_changes_nothing_and_a_small_one_does) {
  const sample s(8, {3}, {6}, 1, 1, 8, 2);
  const auto plain = s.attend(sees_all{}), wide = s.attend(sees_all{}, bend{1e6}),
             tight = s.attend(sees_all{}, bend{.1});
  // tanh(y) = y - y^3 / 3: with |x| < 4 and a cap of 1e6 a score moves by at most 4^3 / (3 * 1e12).
  for (std::size_t i = 0; i < plain.o.size(); ++i) EXPECT_NEAR(plain.o[i], wide.o[i], 2 * 64 / 3e12);
  for (std::size_t i = 0; i < plain.o.size(); ++i) EXPECT_NE(plain.o[i], tight.o[i]);
  for (std::size_t i = 0; i < plain.lse.size(); ++i) {
    EXPECT_LE(tight.lse[i], std::log(6.) + .1);
    // The cap bends scores, not the bound of their errors.
    EXPECT_NEAR(tight.score_magnitude[i] / plain.score_magnitude[i], 1, 1. / 128);
  }
}

TEST(reference_attention, sinks_minus_infinity_is_none_and_the_lse_halves) {
  sample s(9, {2}, {5}, 2, 2, 4, 3);
  const auto plain = s.attend(sees_past{});
  std::vector<float> sinks(4, -inf_f);
  s.c.sinks = sinks.data();
  expect_same(plain.o, s.attend(sees_past{}).o);
  for (std::size_t h = 0; h < 4; ++h) sinks[h] = static_cast<float>(plain.lse[4 + h]); // second token
  const auto halved = s.attend(sees_past{});
  for (std::size_t i = 0; i < 12; ++i) EXPECT_NEAR(halved.o[12 + i], plain.o[12 + i] / 2, epsilon<float>);
  expect_same(plain.lse, halved.lse);
}

TEST(reference_attention, order_of_keys_is_of_no_account) {
  sample s(10, {3}, {9}, 1, 2, 4, 3);
  const auto plain = s.attend(sees_past{});
  s.cache.ordered = false;
  keep(s.cache.heads[0], {4, 8, 0, 2, 7, 1, 6, 3, 5}, 4, 3);
  expect_same(plain.o, s.attend(sees_past{}).o);
}

TEST(reference_attention, steps_equal_the_rows_of_one_call) {
  const sample s(11, {7}, {7}, 2, 1, 4, 3);
  const auto whole = s.attend(sees_past{});
  for (index_t row = 0; row < 7; ++row) {
    sample step = s;
    step.offsets = {0, 1};
    step.c.row_offsets = step.offsets.data();
    step.q.assign(s.q.begin() + row * 8, s.q.begin() + (row + 1) * 8);
    step.cache.seen = {row + 1};
    for (auto& h : step.cache.heads) {
      std::vector<index_t> first;
      for (index_t i = 0; i <= row; ++i) first.push_back(i);
      keep(h, first, 4, 3);
    }
    const auto r = step.attend(sees_past{});
    expect_same(r.o, {whole.o.begin() + row * 6, whole.o.begin() + (row + 1) * 6});
  }
}

TEST(reference_attention, dead_cells_never_enter) {
  for (const float poison : {nan_f, inf_f, -inf_f}) {
    sample s(12, {4}, {6}, 1, 2, 4, 3);
    const auto poison_slot = [&](std::size_t slot) {
      for (std::size_t d = 0; d < 4; ++d) s.cache.heads[0].keys[slot * 4 + d] = poison;
      for (std::size_t e = 0; e < 3; ++e) s.cache.heads[0].values[slot * 3 + e] = poison;
    };
    poison_slot(1), poison_slot(2), poison_slot(4);
    s.cache.heads[0].hole[1] = 1;
    s.cache.heads[0].bias[2] = -inf_f;
    const auto r = s.attend(sees_past{}, refuse_position{4}); // rows stand at 2 .. 5
    const index_t visible[]{1, 2, 2, 3};
    for (std::size_t i = 0; i < 8; ++i) {
      EXPECT_EQ(r.visible[i], visible[i / 2]);
      EXPECT_TRUE(std::isfinite(r.lse[i]));
      for (std::size_t e = 0; e < 3; ++e) EXPECT_TRUE(std::isfinite(r.o[i * 3 + e]));
    }
  }
}

TEST(reference_attention, nan_in_a_live_slot_reaches_its_readers_only) {
  sample s(13, {6}, {6}, 1, 1, 4, 3);
  const auto clean = s.attend(sees_past{});
  s.cache.heads[0].values[3 * 3 + 1] = nan_f;
  const auto value = s.attend(sees_past{});
  for (std::size_t i = 0; i < 18; ++i) {
    const bool reads = i / 3 >= 3 && i % 3 == 1;
    EXPECT_EQ(std::isnan(value.o[i]), reads) << i;
    if (!reads) {
      EXPECT_EQ(value.o[i], clean.o[i]);
    }
  }
  s.cache.heads[0].keys[3 * 4] = nan_f;
  const auto key = s.attend(sees_past{});
  for (std::size_t i = 0; i < 18; ++i) EXPECT_EQ(std::isnan(key.o[i]), i / 3 >= 3) << i;
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(std::isnan(key.lse[i]), i >= 3) << i;
}

TEST(reference_attention, probabilities_are_told_and_sum_to_one) {
  const sample s(14, {3, 2}, {4, 6}, 2, 2, 4, 3);
  std::vector<double> sums(5 * 4, 0.);
  index_t cells = 0;
  reference::attend(view(s.q.data(), 5, 4, 4), logical_source(s.cache), sees_past{}, reference::unchanged{}, s.c,
                    [&](const query_row& at, index_t slot, double p) {
                      EXPECT_LE(slot, at.q);
                      EXPECT_EQ(at.token, s.offsets[static_cast<std::size_t>(at.seq)] + at.row);
                      sums[static_cast<std::size_t>(at.token * 4 + at.head)] += p;
                      ++cells;
                    });
  EXPECT_EQ(cells, 4 * (2 + 3 + 4 + 5 + 6));
  for (const double x : sums) EXPECT_NEAR(x, 1, 16 * epsilon<double>);
}

TEST(reference_attention, empty_sizes) {
  EXPECT_TRUE(sample(15, {0}, {3}, 1, 1, 2, 2).attend(sees_all{}).o.empty());
  const auto r = sample(16, {2, 0, 1}, {0, 4, 0}, 1, 1, 2, 2).attend(sees_all{});
  for (const double x : r.o) EXPECT_EQ(x, 0);
  for (const double x : r.lse) EXPECT_EQ(x, none);
}

TEST(support_tolerance, half_ulp_is_half_the_step_of_the_type) {
  const auto step_above = [](auto x) {
    using type = decltype(x);
    const type next{static_cast<std::uint16_t>(x.bits + 1)};
    return static_cast<double>(widen(next)) - static_cast<double>(widen(x));
  };
  for (const float x : {0.f, 1e-9f, 6e-5f, 7e-5f, 0.3f, 1.f, 1.99f, 2.f, 1000.f}) {
    const f16 h = narrow<f16>(x);
    const bf16 b = narrow<bf16>(x);
    EXPECT_EQ(2 * half_ulp<f16>(static_cast<double>(widen(h))), step_above(h)) << x;
    EXPECT_EQ(2 * half_ulp<bf16>(static_cast<double>(widen(b))), step_above(b)) << x;
    EXPECT_EQ(half_ulp<float>(static_cast<double>(x)), 0);
  }
}

TEST(support_tolerance, the_bound_is_the_formula) {
  const row_facts r{16, 4, 3};
  const double m = 2, least = 0x1p-126;
  EXPECT_DOUBLE_EQ((output_bound<float, float>(r, m, 0.)), (8 + 4 + 6) * 0x1p-23 * m + least);
  EXPECT_DOUBLE_EQ((output_bound<double, double>(r, m, 0.)), 2 * (8 + 4 + 6) * 0x1p-52 * m + least)
      << "the oracle is a double too";
  EXPECT_DOUBLE_EQ(lse_bound<float>(r), (4 + 4 + 6) * 0x1p-23);
  EXPECT_DOUBLE_EQ((output_bound<float, bf16>(r, m, 1.)), (8 + 4 + 6) * 0x1p-23 * m + least + 0x1p-8);
  EXPECT_DOUBLE_EQ((output_bound<float, float>(r, m, 0., probabilities::as_bf16)),
                   (8 + 4 + 6) * 0x1p-23 * m + 0x1p-7 + least);
  margin seen;
  EXPECT_TRUE(seen.add(1., 1.5, 1.));
  EXPECT_EQ(seen.worst, 0.5);
  EXPECT_FALSE(seen.add(std::nan(""), 1., 1.));
  EXPECT_EQ(seen.worst, std::numeric_limits<double>::infinity());
}
} // namespace
