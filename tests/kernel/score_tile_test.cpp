// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Scores of a panel against double loops: products, modifiers, bias, mask.
#include <heed/kernel/score_tile.hpp>

#include <kernel/micro.hpp>

namespace {
using namespace heed;
using namespace heed::test;
template <class A> class kernel_score_tile : public testing::Test {};
TYPED_TEST_SUITE(kernel_score_tile, accumulators);

template <class A, int Vectors, int group> void expect_products() {
  constexpr index_t lanes = Vectors * simd::batch<A>::lanes;
  test::random gen(1);
  for (const index_t dim : dims()) {
    const auto q = drawn<A>(gen, dim * lanes), keys = drawn<A>(gen, group * (dim + 1));
    std::vector<A> out(place(group * lanes + 1), A(9));
    kernel::score_group<A, Vectors, group>(q.data(), rows_of(keys, group, dim + 1).data(), dim, out.data(),
                                           Vectors * simd::batch<A>::lanes);
    for (index_t n = 0; n < group; ++n)
      for (index_t v = 0; v < lanes; ++v) {
        exact_sum want;
        for (index_t d = 0; d < dim; ++d)
          want.add(static_cast<double>(keys[place(n * (dim + 1) + d)]) * static_cast<double>(q[place(d * lanes + v)]));
        ASSERT_TRUE(want.near(out[place(n * lanes + v)])) << "dim " << dim << " key " << n << " lane " << v;
      }
    ASSERT_EQ(out.back(), A(9));
  }
}
TYPED_TEST(kernel_score_tile, products_of_a_group) {
  using shape = kernel::kernel_shape<TypeParam>;
  expect_products<TypeParam, 1, shape::group_keys>();
  expect_products<TypeParam, 2, shape::group_keys>();
  expect_products<TypeParam, shape::panel_vectors, shape::group_keys>();
  expect_products<TypeParam, 1, shape::live_keys>();
  expect_products<TypeParam, 2, shape::live_keys>();
  expect_products<TypeParam, shape::panel_vectors, shape::live_keys>();
}

TYPED_TEST(kernel_score_tile, products_of_a_panel_are_those_of_the_lanes_that_see_a_key) {
  using A = TypeParam;
  constexpr int vectors = kernel::kernel_shape<A>::panel_vectors;
  constexpr index_t lanes = vectors * simd::batch<A>::lanes, dim = 5;
  test::random gen(5);
  kernel::live_groups live;
  for (int i = 0; i < 100; ++i) {
    const index_t keys = gen.integer(1, 60), padded = keys + key_block::padding;
    const auto q = drawn<A>(gen, dim * lanes), rows = drawn<A>(gen, padded * dim);
    kernel::panel<A> p{};
    p.q = q.data();
    p.key_dim = dim;
    p.lanes = lanes;
    p.vectors = vectors;
    p.every = first_bits(lanes);
    const auto seen = drawn_lanes(gen, keys, p.every);
    set_live<A>(live, seen, p.every);
    std::vector<A> scores(place(padded * lanes));
    kernel::row_prefetch none;
    kernel::score_products<A, vectors>(p, rows_of(rows, padded, dim).data(), live, scores.data(), none);
    for (index_t j = 0; j < keys; ++j)
      for (index_t v = 0; v < lanes; ++v) {
        if ((seen[place(j)] >> v & 1u) == 0) continue;
        exact_sum want;
        for (index_t d = 0; d < dim; ++d)
          want.add(static_cast<double>(rows[place(j * dim + d)]) * static_cast<double>(q[place(d * lanes + v)]));
        ASSERT_TRUE(want.near(scores[place(j * lanes + v)])) << keys << " keys, key " << j << " lane " << v;
      }
  }
}

TYPED_TEST(kernel_score_tile, masked_cells_become_minus_infinity) {
  using A = TypeParam;
  constexpr index_t lanes = 2 * simd::batch<A>::lanes;
  test::random gen(2);
  kernel::live_groups live;
  for (int i = 0; i < 50; ++i) {
    const index_t keys = gen.integer(1, key_block::capacity), used = gen.integer(1, lanes);
    kernel::panel<A> p{};
    p.lanes = lanes;
    p.vectors = 2;
    p.used = used;
    p.every = first_bits(used);
    const auto seen = drawn_lanes(gen, keys, p.every);
    set_live<A>(live, seen, p.every);
    const auto before = drawn<A>(gen, keys * lanes);
    auto scores = before;
    kernel::mask_scores(p, live, scores.data());
    for (index_t s = 0; s < live.count; ++s)
      for (index_t j = live.segment[s].begin; j < live.segment[s].end; ++j)
        for (index_t v = 0; v < used; ++v) {
          const bool sees = (seen[place(j)] >> v & 1u) != 0;
          ASSERT_EQ(scores[place(j * lanes + v)], sees ? before[place(j * lanes + v)] : -infinite<A>);
        }
  }
}

/// Doubles a score and adds what depends on the cell; sends every seventh key to -inf.
struct by_cell {
  template <class A> A operator()(A x, cell at) const noexcept {
    if (at.k % 7 == 0) return -infinite<A>;
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
      const cell c = at[i < at.count ? i : at.count - 1];
      EXPECT_EQ(at.distance[i < at.count ? i : at.count - 1], static_cast<A>(c.q - c.k));
      return (*this)(x[i], c);
    });
  }
};

template <class A, class F> void expect_modified(const F& mod, bool modified) {
  constexpr index_t lanes = 2 * simd::batch<A>::lanes;
  constexpr double log2_of_e = 1.44269504088896340735992468100189214;
  test::random gen(3);
  const auto block = std::make_unique<key_block>();
  kernel::live_groups live;
  for (int i = 0; i < 30; ++i) {
    key_block& b = *block;
    const index_t used = gen.integer(1, lanes);
    std::vector<index_t> head_of, q_of, row_of;
    std::vector<std::int32_t> relative_q;
    for (index_t v = 0; v < lanes; ++v) {
      const index_t lane = std::min(v, used - 1);
      head_of.push_back(lane % 3);
      row_of.push_back(lane / 3);
      q_of.push_back(50 + lane / 3);
      relative_q.push_back(kernel::relative(q_of.back(), 50));
    }
    const kernel::panel<A> p{nullptr, 1,  lanes,          2,           used,          first_bits(used),
                             0,       50, head_of.data(), q_of.data(), row_of.data(), relative_q.data(),
                             nullptr, {}, false};
    b.count = gen.integer(1, 40);
    for (index_t j = 0; j < b.count; ++j) {
      b.k[j] = gen.integer(0, 60);
      b.slot[j] = j + 5;
      b.bias[j] = gen.unit();
    }
    live.all(b.count);
    const auto before = drawn<A>(gen, b.count * lanes);
    auto scores = before;
    kernel::modify_scores(mod, p, b, live, scores.data());
    for (index_t j = 0; j < b.count; ++j)
      for (index_t v = 0; v < used; ++v) {
        const double bias = static_cast<double>(b.bias[j]), x = static_cast<double>(before[place(j * lanes + v)]);
        const cell at{0, head_of[place(v)], q_of[place(v)], b.k[j], row_of[place(v)], b.slot[j]};
        if (modified && b.k[j] % 7 == 0) {
          ASSERT_EQ(live.lanes[j], 0u) << "as if masked";
          continue;
        }
        const double want = modified ? by_cell{}(x, at) + bias : x + bias * log2_of_e;
        const double size = (modified ? std::fabs(by_cell{}(0., at)) : 0) + 4;
        ASSERT_NEAR(static_cast<double>(scores[place(j * lanes + v)]), want, 8 * epsilon<A> * size);
        if (modified) {
          ASSERT_EQ(live.lanes[j], p.every);
        }
      }
  }
}
TYPED_TEST(kernel_score_tile, modified_scores_stay_natural_and_others_in_base_two) {
  static_assert(batched_score_mod<by_lanes, simd::batch<TypeParam>> &&
                !batched_score_mod<by_cell, simd::batch<TypeParam>>);
  expect_modified<TypeParam>(no_score_mod{}, false);
  expect_modified<TypeParam>(by_cell{}, true);
  expect_modified<TypeParam>(by_lanes{}, true);
}

TEST(kernel_score_tile_positions, distances_are_held_inside_32_bits) {
  EXPECT_EQ(kernel::relative(7, 10), -3);
  constexpr index_t far = index_t{1} << 40, limit = (index_t{1} << 30) - 1;
  EXPECT_EQ(kernel::relative(far, 0), limit);
  EXPECT_EQ(kernel::relative(0, far), -limit);
  EXPECT_EQ(kernel::relative(far + limit, far), limit);
}
} // namespace
