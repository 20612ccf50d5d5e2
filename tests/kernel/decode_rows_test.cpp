// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Micro-kernels of decode against double loops.
#include <heed/kernel/decode_rows.hpp>

#include <kernel/micro.hpp>

namespace {
using namespace heed;
using namespace heed::test;
/// Prefetches that ask for nothing.
kernel::row_fetch no_rows() {
  static constexpr std::byte nothing{};
  static const std::byte* const row = &nothing;
  const kernel::row_walk none(&row, 0, 0);
  return {none, none, none};
}
template <class T> class kernel_decode_rows : public testing::Test {};
using storages = testing::Types<float, double, f16, bf16>;
TYPED_TEST_SUITE(kernel_decode_rows, storages);

template <class T, int Lanes> void expect_scores() {
  using A = accum_t<T>;
  constexpr int vector = static_cast<int>(simd::batch<A>::lanes);
  if constexpr (Lanes <= vector) {
    constexpr index_t many = vector / Lanes;
    test::random gen(1);
    kernel::row_fetch none = no_rows();
    for (const index_t dim : dims())
      for (const index_t beside : {0, 3}) {
        const index_t vectors = (dim + vector - 1) / vector, stride = Lanes + beside;
        // Behind each row stands a NaN.
        std::vector<T> keys = gen.numbers<T>(many * (dim + 1));
        for (index_t i = 0; i < many; ++i) keys[place(i * (dim + 1) + dim)] = narrow<T>(quiet_nan<A>);
        std::vector<A> q(place(Lanes * vectors * vector), A(0)), scores(place(many * stride), A(9));
        const auto place_of = [&](index_t l, index_t d) {
          return place((d / vector * Lanes + l) * vector + d % vector); // [vectors of dim][Lanes][vector]
        };
        for (index_t l = 0; l < Lanes; ++l)
          for (index_t d = 0; d < dim; ++d) q[place_of(l, d)] = static_cast<A>(gen.unit());
        kernel::score_rows<A, T, Lanes>(rows_of(keys, many, dim + 1).data(), q.data(), dim, scores.data(), stride,
                                        none);
        for (index_t i = 0; i < many; ++i)
          for (index_t l = 0; l < stride; ++l) {
            const A got = scores[place(i * stride + l)];
            if (l >= Lanes) {
              ASSERT_EQ(got, A(9)) << "beside the lanes";
              continue;
            }
            exact_sum want;
            for (index_t d = 0; d < dim; ++d)
              want.add(static_cast<double>(widen(keys[place(i * (dim + 1) + d)])) *
                       static_cast<double>(q[place_of(l, d)]));
            ASSERT_TRUE(want.near(got)) << "dim " << dim << ", row " << i << ", lane " << l;
          }
      }
  }
}
TYPED_TEST(kernel_decode_rows, scores_of_rows) {
  expect_scores<TypeParam, 1>();
  expect_scores<TypeParam, 2>();
  expect_scores<TypeParam, 4>();
}

TYPED_TEST(kernel_decode_rows, weighted_rows) {
  using T = TypeParam;
  using A = accum_t<T>;
  constexpr index_t vector = simd::batch<A>::lanes;
  test::random gen(2);
  kernel::row_fetch none = no_rows();
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
                                   dim, rescaled ? rescale.data() : nullptr, o.data(), stride, none);
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
