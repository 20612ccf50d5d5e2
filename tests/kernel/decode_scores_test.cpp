// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Scores of several keys in a vector against double loops: modifiers, bias, mask, softmax.
#include <heed/kernel/decode_scores.hpp>

#include <kernel/micro.hpp>

namespace {
using namespace heed;
using namespace heed::test;
using kernel::score_unit;
template <class A> class kernel_decode_scores : public testing::Test {};
TYPED_TEST_SUITE(kernel_decode_scores, accumulators);

/// A few lanes and a block of keys for them; lists repeat the lanes up to a vector.
template <class A> struct few_lanes {
  index_t used, padded;
  std::vector<index_t> head_of, q_of, row_of;
  std::vector<std::int32_t> relative_q;
  std::unique_ptr<key_block> block = std::make_unique<key_block>();
  kernel::live_groups live;
  kernel::panel<A> p{};
  few_lanes(test::random& gen, index_t lanes, index_t keys)
      : used(lanes), padded(lanes <= 2   ? lanes
                            : lanes <= 4 ? 4
                                         : 8) {
    const index_t room = std::max(padded, simd::batch<A>::lanes);
    for (index_t i = 0; i < room; ++i) {
      const index_t lane = std::min(i % padded, used - 1);
      head_of.push_back(lane % 3);
      row_of.push_back(lane / 3);
      q_of.push_back(50 + lane / 3);
      relative_q.push_back(kernel::relative(q_of.back(), 50));
    }
    p.lanes = padded;
    p.used = used;
    p.every = first_bits(used);
    p.origin = 50;
    p.head_of = head_of.data();
    p.q_of = q_of.data();
    p.row_of = row_of.data();
    p.relative_q = relative_q.data();
    block->count = keys;
    for (index_t j = 0; j < keys + key_block::padding; ++j) {
      block->k[j] = j < keys ? gen.integer(0, 60) : block->k[keys - 1];
      block->slot[j] = std::min(j, keys - 1) + 5;
      block->bias[j] = j < keys ? gen.unit() : block->bias[keys - 1];
    }
    live.all(keys);
  }
  [[nodiscard]] index_t numbers() const { return kernel::score_numbers<A>(block->count, padded); }
};
/// Lanes that the decode kernel serves with this accumulator.
template <class A> index_t most_lanes() { return std::min<index_t>(8, 2 * simd::batch<A>::lanes); }

/// Doubles a score and adds what depends on the cell; sends every seventh key to -inf for even heads.
struct by_cell {
  template <class A> A operator()(A x, cell at) const noexcept {
    if (at.k % 7 == 0 && at.head % 2 == 0) return -infinite<A>;
    return 2 * x + static_cast<A>(at.q - at.k) + static_cast<A>(at.head * 100 + at.row * 1000 + at.slot * 10000);
  }
};
/// The same by lanes.
struct by_lanes : by_cell {
  using by_cell::operator();
  template <class B>
  requires(B::lanes >= 1) B operator()(B x, const cells<B>& at) const noexcept {
    using A = typename B::value_type;
    return B::generate([&](index_t i) {
      EXPECT_EQ(at.distance[i], static_cast<A>(at[i].q - at[i].k));
      return (*this)(x[i], at[i]);
    });
  }
};

template <class A, class F> void expect_modified(const F& mod, bool modified) {
  constexpr double log2_of_e = 1.44269504088896340735992468100189214;
  test::random gen(3);
  for (index_t lanes = 1; lanes <= most_lanes<A>(); ++lanes)
    for (int i = 0; i < 8; ++i) {
      few_lanes<A> x(gen, lanes, gen.integer(1, 40));
      const auto before = drawn<A>(gen, x.numbers());
      auto scores = before;
      kernel::modify_rows(mod, x.p, *x.block, x.live, scores.data());
      for (index_t j = 0; j < x.block->count; ++j)
        for (index_t lane = 0; lane < lanes; ++lane) {
          const auto at = place(j * x.padded + lane);
          const double bias = static_cast<double>(x.block->bias[j]), score = static_cast<double>(before[at]);
          const cell c{
              0, x.head_of[place(lane)], x.q_of[place(lane)], x.block->k[j], x.row_of[place(lane)], x.block->slot[j]};
          const double changed = by_cell{}(score, c);
          if (modified) {
            ASSERT_EQ(x.live.lanes[j] >> lane & 1u, changed == -infinite<double> ? 0u : 1u);
            if (changed == -infinite<double>) continue;
          }
          const double want = modified ? changed + bias : score + bias * log2_of_e;
          const double size = (modified ? std::fabs(by_cell{}(0., c)) : 0) + 4;
          ASSERT_NEAR(static_cast<double>(scores[at]), want, 8 * epsilon<A> * size);
        }
    }
}
TYPED_TEST(kernel_decode_scores, modifiers_and_bias) {
  static_assert(batched_score_mod<by_lanes, simd::batch<TypeParam>> &&
                !batched_score_mod<by_cell, simd::batch<TypeParam>>);
  expect_modified<TypeParam>(no_score_mod{}, false);
  expect_modified<TypeParam>(by_cell{}, true);
  expect_modified<TypeParam>(by_lanes{}, true);
}

TYPED_TEST(kernel_decode_scores, folded_by_halves_into_all_lanes) {
  using batch = simd::batch<TypeParam>;
  test::random gen(2);
  for (index_t period = 1; period <= batch::lanes; period *= 2) {
    const auto x = drawn<TypeParam>(gen, batch::lanes);
    auto expected = x;
    for (index_t n = batch::lanes / 2; n >= period; n /= 2)
      for (index_t e = 0; e < n; ++e) expected[place(e)] += expected[place(e + n)];
    std::vector<TypeParam> folded(place(batch::lanes));
    kernel::fold_lanes<TypeParam>(batch::load(x.data()), period, [](batch a, batch b) {
      return a + b;
    }).store(folded.data());
    for (index_t e = 0; e < batch::lanes; ++e) ASSERT_EQ(folded[place(e)], expected[place(e % period)]);
  }
}

template <score_unit Unit, class A, int Vectors> void expect_softmax(index_t lanes) {
  const auto power = [](double x) { return Unit == score_unit::natural ? std::exp(x) : std::exp2(x); };
  test::random gen(1);
  const index_t room = std::max(lanes, simd::batch<A>::lanes);
  for (int i = 0; i < 20; ++i) {
    std::vector<A> m(place(room), -infinite<A>), l(place(room)), rescale(place(room));
    std::vector<std::vector<double>> seen(place(lanes)); // scores of all blocks so far
    for (int block = 0; block < 3; ++block) {
      few_lanes<A> x(gen, lanes, gen.integer(1, 60));
      if (x.padded != lanes) return;
      const index_t keys = x.block->count;
      auto scores = drawn<A>(gen, x.numbers());
      for (A& s : scores) s *= A(20);
      set_live<A>(x.live, drawn_lanes(gen, keys, x.p.every), x.p.every);
      const auto before = scores, m_before = m;
      kernel::mask_rows(x.p, x.live, keys, scores.data());
      for (index_t j = 0; j < keys; ++j)
        for (index_t v = 0; v < lanes; ++v) {
          const bool sees = (x.live.lanes[j] >> v & 1u) != 0;
          const auto at = place(j * lanes + v);
          ASSERT_EQ(scores[at], sees ? before[at] : -infinite<A>);
          if (sees) seen[place(v)].push_back(static_cast<double>(before[at]));
        }
      for (index_t at = keys * lanes; at < x.numbers(); ++at) ASSERT_EQ(scores[place(at)], -infinite<A>);
      const auto masked = scores;
      kernel::softmax_rows<Unit, A, Vectors>(scores.data(), keys, lanes, m.data(), l.data(), rescale.data());
      for (index_t v = 0; v < lanes; ++v) {
        double top = -infinite<double>, sum = 0;
        for (const double s : seen[place(v)]) top = std::max(top, s);
        for (const double s : seen[place(v)]) sum += power(s - top);
        ASSERT_EQ(static_cast<double>(m[place(v)]), top);
        ASSERT_NEAR(static_cast<double>(l[place(v)]), sum,
                    (static_cast<double>(seen[place(v)].size()) + 8) * epsilon<A> * sum);
        if (seen[place(v)].empty()) {
          ASSERT_EQ(rescale[place(v)], A(0));
          continue;
        }
        ASSERT_NEAR(static_cast<double>(rescale[place(v)]), power(static_cast<double>(m_before[place(v)]) - top),
                    4 * epsilon<A>);
        for (index_t j = 0; j < keys; ++j) {
          const auto at = place(j * lanes + v);
          ASSERT_NEAR(static_cast<double>(scores[at]), power(static_cast<double>(masked[at]) - top), 4 * epsilon<A>);
        }
      }
    }
  }
}
TYPED_TEST(kernel_decode_scores, mask_and_softmax) {
  using A = TypeParam;
  constexpr index_t vector = simd::batch<A>::lanes;
  for (const index_t lanes : {1, 2, 4, 8}) {
    if (lanes > most_lanes<A>()) break;
    if (lanes <= vector) {
      expect_softmax<score_unit::base_two, A, 1>(lanes);
      expect_softmax<score_unit::natural, A, 1>(lanes);
    } else {
      expect_softmax<score_unit::base_two, A, 2>(lanes);
      expect_softmax<score_unit::natural, A, 2>(lanes);
    }
  }
}
} // namespace
