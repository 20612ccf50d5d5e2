// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/simd/row_products.hpp>

#include <support/guarded_buffer.hpp>
#include <support/random.hpp>
#include <support/tolerance.hpp>

#include <gtest/gtest.h>

namespace heed {
namespace {

std::size_t place(index_t i) { return static_cast<std::size_t>(i); }

template <class TW, class TX, class TO> void expect_products(index_t in, index_t out) {
  using A = accum_t<TX>;
  constexpr index_t most = 19;
  test::random gen(static_cast<std::uint64_t>(in * 1000 + out));
  const auto w = gen.numbers<TW>(out * in);
  std::vector<TW> panels(place(packed_matrix<TW>::numbers(in, out)));
  const auto packed = pack_matrix<TW>(view(w.data(), out, in), matrix_order::out_in, panels.data());
  const test::guarded_buffer<TX> x(gen.numbers<TX>(most * in));
  std::vector<TO> alone(place(most * out));
  for (index_t rows = most; rows > 0; rows -= rows > 9 ? 3 : 1) {
    std::vector<const TX*> from;
    std::vector<TO> result(place(rows * out + 1), narrow<TO>(A(7)));
    std::vector<TO*> to;
    for (index_t t = 0; t < rows; ++t) {
      from.push_back(x.data() + t * in);
      to.push_back(result.data() + t * out);
    }
    simd::row_products<A>(packed, from.data(), to.data(), rows);
    ASSERT_EQ(widen(result.back()), A(7));
    for (index_t t = 0; t < rows; ++t)
      for (index_t o = 0; o < out; ++o) {
        double want = 0, size = 0;
        for (index_t i = 0; i < in; ++i) {
          const double term = static_cast<double>(widen(x.data()[t * in + i])) * widen(w[place(o * in + i)]);
          want += term;
          size += std::fabs(term);
        }
        const double got = static_cast<double>(widen(result[place(t * out + o)]));
        const double bound = static_cast<double>(in) * test::epsilon<A> * size;
        ASSERT_NEAR(got, want, bound + test::half_ulp<TO>(std::fabs(want) + bound)) << in << ' ' << out << ' ' << t;
        // The first call has all rows; fewer beside a row change none of its bits.
        if (rows == most) alone[place(t * out + o)] = result[place(t * out + o)];
        ASSERT_EQ(widen(result[place(t * out + o)]), widen(alone[place(t * out + o)])) << rows;
      }
  }
}

TEST(simd_row_products, equal_the_definition_and_do_not_depend_on_the_rows_beside) {
  for (const index_t in : {1, 7, 64})
    for (const index_t out : {1, 15, 16, 17, 32, 33, 64, 127, 128, 130, 300}) {
      expect_products<float, float, float>(in, out);
      expect_products<double, double, double>(in, out);
    }
  expect_products<bf16, bf16, float>(33, 70);
  expect_products<f16, float, bf16>(33, 70);
}

} // namespace
} // namespace heed
