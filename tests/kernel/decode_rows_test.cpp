// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Micro-kernels of decode against double loops.
#include <heed/kernel/decode_rows.hpp>

#include <kernel/micro.hpp>

namespace {
using namespace heed;
using namespace heed::test;
template <class T> class kernel_decode_rows : public testing::Test {};
using storages = testing::Types<float, double, f16, bf16>;
TYPED_TEST_SUITE(kernel_decode_rows, storages);

template <class T, int Lanes> void expect_scores() {
  using A = accum_t<T>;
  constexpr int vector = static_cast<int>(simd::batch<A>::lanes);
  if constexpr (Lanes <= vector) {
    constexpr index_t many = vector / Lanes, first_lane = Lanes == 4 ? 4 : 1;
    test::random gen(1);
    for (const index_t dim : dims()) {
      const index_t stride = (dim + vector - 1) / vector * vector;
      // Pairs of one row each; two at a time share their queries. Behind each row stands a NaN.
      std::vector<T> keys = gen.numbers<T>(many * (dim + 1));
      for (index_t i = 0; i < many; ++i) keys[place(i * (dim + 1) + dim)] = narrow<T>(quiet_nan<A>);
      std::vector<A> q(place((many + 1) / 2 * (first_lane + Lanes) * stride), A(0));
      for (std::size_t i = 0; i < q.size(); ++i)
        if (static_cast<index_t>(i) % stride < dim) q[i] = static_cast<A>(gen.unit());
      std::vector<A> scores(place(many * (first_lane + Lanes + 1)), A(9));
      std::vector<kernel::row_pair<A>> pairs;
      for (index_t i = 0; i < many; ++i) {
        const auto* row = reinterpret_cast<const std::byte*>(keys.data() + i * (dim + 1));
        pairs.push_back(
            {row, q.data() + i / 2 * (first_lane + Lanes) * stride, scores.data() + i * (first_lane + Lanes + 1), row});
      }
      for (index_t i = 0; i < kernel::row_pair<A>::ahead; ++i) pairs.push_back(pairs.back());
      const index_t bytes = dim * static_cast<index_t>(sizeof(T));
      kernel::score_pairs<A, T, Lanes>(pairs.data(), stride, first_lane, dim, bytes, bytes);
      for (index_t i = 0; i < many; ++i)
        for (index_t l = 0; l < first_lane + Lanes + 1; ++l) {
          const A got = pairs[place(i)].scores[l];
          if (l < first_lane || l >= first_lane + Lanes) {
            ASSERT_EQ(got, A(9)) << "beside the lanes";
            continue;
          }
          exact_sum want;
          for (index_t d = 0; d < dim; ++d)
            want.add(static_cast<double>(widen(keys[place(i * (dim + 1) + d)])) *
                     static_cast<double>(pairs[place(i)].q[l * stride + d]));
          ASSERT_TRUE(want.near(got)) << "dim " << dim << ", pair " << i << ", lane " << l;
        }
    }
  }
}
TYPED_TEST(kernel_decode_rows, scores_of_pairs) {
  expect_scores<TypeParam, 1>();
  expect_scores<TypeParam, 2>();
  expect_scores<TypeParam, 4>();
}

TYPED_TEST(kernel_decode_rows, weighted_rows) {
  using T = TypeParam;
  using A = accum_t<T>;
  constexpr index_t vector = simd::batch<A>::lanes;
  test::random gen(2);
  for (const index_t dim : dims())
    for (const index_t lanes : {1, 2, 3, 5, 8})
      for (const index_t count : {0, 1, 13}) {
        const index_t stride = (dim + vector - 1) / vector * vector, weight_stride = lanes + 2;
        std::vector<T> values = gen.numbers<T>(count * (dim + 1));
        for (index_t j = 0; j < count; ++j) values[place(j * (dim + 1) + dim)] = narrow<T>(quiet_nan<A>);
        const auto weights = drawn<A>(gen, count * weight_stride + 1), rescale = drawn<A>(gen, lanes);
        std::vector<A> before(place(lanes * stride + 1), A(0));
        for (index_t l = 0; l < lanes; ++l)
          for (index_t d = 0; d < dim; ++d) before[place(l * stride + d)] = static_cast<A>(gen.unit());
        before.back() = A(9);
        for (const bool rescaled : {true, false}) {
          auto o = before;
          kernel::weigh_rows<A, T>(weights.data(), weight_stride, lanes, rows_of(values, count, dim + 1).data(), count,
                                   dim, rescaled ? rescale.data() : nullptr, o.data(), stride);
          ASSERT_EQ(o.back(), A(9));
          for (index_t l = 0; l < lanes; ++l)
            for (index_t d = 0; d < stride; ++d) {
              if (d >= dim) {
                ASSERT_EQ(o[place(l * stride + d)], A(0)) << "padding stays clean";
                continue;
              }
              exact_sum want;
              want.add(static_cast<double>(before[place(l * stride + d)]) *
                       (rescaled ? static_cast<double>(rescale[place(l)]) : 1.));
              for (index_t j = 0; j < count; ++j)
                want.add(static_cast<double>(weights[place(j * weight_stride + l)]) *
                         static_cast<double>(widen(values[place(j * (dim + 1) + d)])));
              ASSERT_TRUE(want.near(o[place(l * stride + d)])) << "dim " << dim << ", lane " << l << ", d " << d;
            }
        }
      }
}
} // namespace
