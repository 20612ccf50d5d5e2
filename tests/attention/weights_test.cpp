// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Score modifiers that give weights: sums of values without a softmax.
#include <attention/sample.hpp>

#include <heed/exec/thread_pool.hpp>
#include <heed/kv/biased.hpp>
#include <heed/mask/causal.hpp>
#include <heed/score/chain.hpp>
#include <heed/score/soft_cap.hpp>

namespace {
using namespace heed;
using namespace heed::test;

/// The score itself is the weight.
struct linear {
  static constexpr bool gives_weights = true;
  template <class A> A operator()(A x, const cell&) const noexcept { return x; }
  template <class B>
  requires(B::lanes >= 1) B operator()(B x, const cells<B>&) const noexcept { return x; }
};
/// Weights of any sign by cell; the score may hold anything.
struct by_cell {
  static constexpr bool gives_weights = true, without_scores = true;
  template <class A> A operator()(A, const cell& at) const noexcept {
    return static_cast<A>((at.q * 3 + at.k * 5 + at.head) % 7 - 3) / 4;
  }
};
static_assert(weight_mod<linear> && !plain_weight_mod<linear> && plain_weight_mod<by_cell> && !weight_mod<soft_cap>);
static_assert(weight_mod<chain<soft_cap, linear>> && !weight_mod<chain<linear, soft_cap>>);

/// Roundings of weights that are exact, or dot products without cancellation.
void expect_sums(const sample<>& s, const outcome<float>& got, const reference::result& want, double score_size) {
  margin o;
  for (std::size_t row = 0; row < want.lse.size(); ++row) {
    EXPECT_EQ(static_cast<double>(got.lse[row]), want.lse[row]);
    const row_facts facts{static_cast<double>(want.visible[row]), static_cast<double>(s.key_dim), score_size};
    for (std::size_t i = row * place(s.value_dim); i < (row + 1) * place(s.value_dim); ++i)
      ASSERT_TRUE(o.add(static_cast<double>(got.o[i]), want.o[i],
                        (output_bound<float, float>(facts, want.magnitude[i], want.o[i]))))
          << "row " << row << ": " << got.o[i] << ", exact " << want.o[i];
  }
}

TEST(attention_weights, given_weights_sum_values) {
  // Rows of one and of many tiles, keys of several chunks; rows before the first key see nothing.
  for (const auto& [rows, keys] : {std::pair<index_t, index_t>{1, 50}, {3, 3000}, {100, 2500}, {40, 30}}) {
    const sample<> s(1, {rows}, {keys}, 2, 3, 8, 12);
    const auto got = s.run(causal{}, by_cell{});
    const auto want = s.exact(causal{}, by_cell{});
    expect_sums(s, got, want, 0);
    thread_pool pool{3};
    EXPECT_TRUE(s.run_on(pool, s.kv(), causal{}, by_cell{}) == got) << "workers";
  }
}
TEST(attention_weights, weights_may_follow_scores) {
  sample<> s(2, {60}, {1300}, 1, 2, 8, 12);
  for (float& x : s.q) x = std::fabs(x);
  for (float& x : s.k) x = std::fabs(x);
  expect_sums(s, s.run(causal{}, linear{}), s.exact(causal{}, linear{}), 1);
}
TEST(attention_weights, skipped_slots_and_masked_keys_bring_nothing) {
  sample<> s(3, {60}, {90}, 1, 2, 8, 12);
  std::vector<float> bias(90, 2.f);
  bias[5] = bias[60] = -std::numeric_limits<float>::infinity();
  for (const index_t slot : {5, 60, 89})
    for (index_t d = 0; d < 12; ++d) s.v[place(slot * 12 + d)] = std::numeric_limits<float>::quiet_NaN();
  s.offsets = {0, 59};
  const auto kv = biased(s.kv(), view(bias.data(), 1, 1, 90));
  const std::vector<index_t> positions = [] {
    std::vector<index_t> p;
    for (index_t i = 0; i < 60; ++i) p.push_back(30 + i);
    return p;
  }();
  s.q.resize(place(59 * 2 * 8));
  const auto at = query_positions::listed(std::span<const index_t>(positions).first(59));
  const auto got = s.run_from(kv, causal{}, by_cell{}, at);
  s.call.positions = positions.data();
  expect_sums(s, got, s.exact_from(kv, causal{}, by_cell{}), 0);
}
} // namespace
