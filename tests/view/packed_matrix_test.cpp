// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/view/packed_matrix.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace heed {
namespace {

TEST(view_packed_matrix, both_orders_give_one_layout_with_zeros_behind_the_outputs) {
  for (const index_t in : {1, 3, 32})
    for (const index_t out : {1, 31, 32, 33, 67}) {
      const auto numbers = static_cast<std::size_t>(packed_matrix<float>::numbers(in, out));
      ASSERT_EQ(numbers % 32, 0u);
      std::vector<float> by_out(static_cast<std::size_t>(in * out)), by_in(by_out);
      for (index_t o = 0; o < out; ++o)
        for (index_t i = 0; i < in; ++i)
          by_out[static_cast<std::size_t>(o * in + i)] = by_in[static_cast<std::size_t>(i * out + o)] =
              static_cast<float>(1 + 1000 * o + i);
      std::vector<float> a(numbers + 1, -1.f), b(a);
      const auto one =
          pack_matrix<float>(view(static_cast<const float*>(by_out.data()), out, in), matrix_order::out_in, a.data());
      const auto two =
          pack_matrix<float>(view(static_cast<const float*>(by_in.data()), in, out), matrix_order::in_out, b.data());
      EXPECT_EQ(a, b);
      EXPECT_EQ(a.back(), -1.f);
      EXPECT_EQ(one.in, in);
      EXPECT_EQ(two.out, out);
      for (index_t o = 0; o < (out + 31) / 32 * 32; ++o)
        for (index_t i = 0; i < in; ++i)
          ASSERT_EQ(one.column(o)[i * 32], o < out ? static_cast<float>(1 + 1000 * o + i) : 0.f);
    }
}

} // namespace
} // namespace heed
