// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Softmax of a block and its weighted values against double loops; what is masked does not leak.
#include <heed/kernel/value_tile.hpp>

#include <kernel/micro.hpp>

namespace {
using namespace heed;
using namespace heed::test;
template <class A> class kernel_value_tile : public testing::Test {};
TYPED_TEST_SUITE(kernel_value_tile, accumulators);

template <kernel::score_unit Unit, class A, int Vectors> void expect_softmax() {
  const auto power = [](double x) { return Unit == kernel::score_unit::natural ? std::exp(x) : std::exp2(x); };
  constexpr index_t lanes = Vectors * simd::batch<A>::lanes;
  test::random gen(1);
  kernel::live_groups live;
  for (int i = 0; i < 20; ++i) {
    std::vector<A> m(place(lanes), -infinite<A>), l(place(lanes)), rescale(place(lanes));
    std::vector<std::vector<double>> seen(place(lanes)); // scores of all blocks so far
    for (int block = 0; block < 3; ++block) {
      const index_t keys = gen.integer(1, 60);
      const auto sees = block == 1 && i % 4 == 0 ? std::vector<std::uint64_t>(place(keys), 1)
                                                 : drawn_lanes(gen, keys, first_bits(lanes));
      set_live<A>(live, sees, first_bits(lanes));
      auto scores = drawn<A>(gen, keys * lanes);
      for (index_t j = 0; j < keys; ++j)
        for (index_t v = 0; v < lanes; ++v) {
          A& x = scores[place(j * lanes + v)];
          x = (sees[place(j)] >> v & 1u) != 0 ? x * A(20) : -infinite<A>;
          if (x != -infinite<A>) seen[place(v)].push_back(static_cast<double>(x));
        }
      const auto before = scores, m_before = m;
      kernel::softmax_block<Unit, A, Vectors>(scores.data(), live, m.data(), l.data(), rescale.data());
      for (index_t v = 0; v < lanes; ++v) {
        double top = -infinite<double>, sum = 0;
        for (const double x : seen[place(v)]) top = std::max(top, x);
        for (const double x : seen[place(v)]) sum += power(x - top);
        ASSERT_EQ(static_cast<double>(m[place(v)]), top);
        ASSERT_NEAR(static_cast<double>(l[place(v)]), sum,
                    (static_cast<double>(seen[place(v)].size()) + 8) * epsilon<A> * sum);
        if (seen[place(v)].empty()) {
          ASSERT_EQ(rescale[place(v)], A(0));
          continue;
        }
        const double factor = power(static_cast<double>(m_before[place(v)]) - top);
        ASSERT_NEAR(static_cast<double>(rescale[place(v)]), factor, 4 * epsilon<A>);
        for (index_t s = 0; s < live.count; ++s)
          for (index_t j = live.segment[s].begin; j < live.segment[s].end; ++j) {
            const double p = power(static_cast<double>(before[place(j * lanes + v)]) - top);
            ASSERT_NEAR(static_cast<double>(scores[place(j * lanes + v)]), p, 4 * epsilon<A>);
          }
      }
    }
  }
}
template <class A, int Vectors> void expect_softmax_in_both() {
  expect_softmax<kernel::score_unit::base_two, A, Vectors>();
  expect_softmax<kernel::score_unit::natural, A, Vectors>();
}
TYPED_TEST(kernel_value_tile, softmax_of_a_block) {
  expect_softmax_in_both<TypeParam, 1>();
  expect_softmax_in_both<TypeParam, 2>();
  expect_softmax_in_both<TypeParam, kernel::kernel_shape<TypeParam>::panel_vectors>();
}

template <class A, int Vectors> void expect_values() {
  constexpr index_t lanes = Vectors * simd::batch<A>::lanes;
  test::random gen(2);
  kernel::live_groups live;
  for (const index_t dim : dims()) {
    const index_t keys = gen.integer(1, 40);
    const std::uint64_t every = first_bits(lanes);
    auto sees = drawn_lanes(gen, keys, every);
    if (keys > 20) sees[place(keys - 1)] = 0;
    sees[0] = every; // a block that nobody sees brings no values
    set_live<A>(live, sees, every);
    std::vector<char> listed(place(keys), 0);
    for (index_t s = 0; s < live.count; ++s)
      for (index_t j = live.segment[s].begin; j < live.segment[s].end; ++j) listed[place(j)] = 1;
    auto weights = drawn<A>(gen, keys * lanes), values = drawn<A>(gen, keys * (dim + 1));
    for (index_t j = 0; j < keys; ++j) {
      for (index_t v = 0; v < lanes; ++v)
        if ((sees[place(j)] >> v & 1u) == 0) weights[place(j * lanes + v)] = 0;
      if (sees[place(j)] == 0) // nobody sees it: it may hold anything
        for (index_t d = 0; d < dim; ++d) values[place(j * (dim + 1) + d)] = quiet_nan<A>;
      else if ((sees[place(j)] & 1u) == 0) // all but the first lane may see it
        values[place(j * (dim + 1) + dim - 1)] = infinite<A>;
    }
    const auto rescale = drawn<A>(gen, lanes), before = drawn<A>(gen, dim * lanes + 1);
    auto o = before;
    kernel::row_prefetch none;
    kernel::add_values<A, Vectors>(weights.data(), rows_of(values, keys, dim + 1).data(), dim, live, rescale.data(),
                                   o.data(), none);
    ASSERT_EQ(o.back(), before.back());
    for (index_t d = 0; d < dim; ++d)
      for (index_t v = 0; v < lanes; ++v) {
        exact_sum want;
        want.add(static_cast<double>(before[place(d * lanes + v)]) * static_cast<double>(rescale[place(v)]));
        bool infinity = false;
        for (index_t j = 0; j < keys; ++j) {
          if ((sees[place(j)] >> v & 1u) == 0) continue;
          const double x = static_cast<double>(values[place(j * (dim + 1) + d)]);
          infinity = infinity || std::isinf(x);
          if (!std::isinf(x)) want.add(static_cast<double>(weights[place(j * lanes + v)]) * x);
        }
        const A got = o[place(d * lanes + v)];
        ASSERT_TRUE(infinity ? !std::isfinite(got) : want.near(got)) << "dim " << dim << ", d " << d << ", lane " << v;
      }
  }
}
TYPED_TEST(kernel_value_tile, lanes_that_saw_a_key_are_noted) {
  using A = TypeParam;
  test::random gen(3);
  kernel::live_groups live;
  for (int i = 0; i < 100; ++i) {
    const index_t keys = gen.integer(1, 40), used = gen.integer(1, 48);
    const auto sees = drawn_lanes(gen, keys, first_bits(used));
    set_live<A>(live, sees, first_bits(used));
    std::uint64_t some = 0;
    for (const std::uint64_t lanes : sees) some |= lanes;
    std::vector<A> m(64, -infinite<A>), l(64, A(0));
    kernel::note_seen<A>(live, first_bits(used), 64, m.data(), l.data());
    for (index_t v = 0; v < 64; ++v) {
      const bool saw = (some >> v & 1u) != 0;
      ASSERT_EQ(m[place(v)], saw ? A(0) : -infinite<A>);
      ASSERT_EQ(l[place(v)], saw ? A(1) : A(0));
    }
  }
}
TYPED_TEST(kernel_value_tile, weighted_values_and_no_leak) {
  expect_values<TypeParam, 1>();
  expect_values<TypeParam, 2>();
  expect_values<TypeParam, kernel::kernel_shape<TypeParam>::panel_vectors>();
}
} // namespace
