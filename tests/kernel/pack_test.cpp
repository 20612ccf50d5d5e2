// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Queries into lanes and lanes into rows: each number at its place, nothing beside it.
#include <heed/kernel/pack.hpp>

#include <kernel/micro.hpp>

namespace {
using namespace heed;
using namespace heed::test;
template <class T> class kernel_pack : public testing::Test {};
using storages = testing::Types<float, double, f16, bf16>;
TYPED_TEST_SUITE(kernel_pack, storages);

TYPED_TEST(kernel_pack, lanes_hold_the_scaled_rows_and_go_back) {
  using T = TypeParam;
  using A = accum_t<T>;
  constexpr index_t lanes = simd::batch<A>::lanes;
  test::random gen(1);
  for (const index_t dim : dims())
    for (index_t used = 0; used <= lanes; ++used) {
      const auto x = gen.numbers<T>(lanes * dim);
      std::vector<const T*> rows;
      for (index_t i = 0; i < lanes; ++i) rows.push_back(i < used ? x.data() + i * dim : nullptr);
      const index_t stride = lanes + 3;
      std::vector<A> packed(place(dim * stride), A(9));
      kernel::pack_lanes(rows.data(), used, dim, kernel::two_part_factor<A>{A(-2), A(0)}, packed.data(), stride);
      for (index_t d = 0; d < dim; ++d)
        for (index_t i = 0; i < stride; ++i) {
          const A want = i >= lanes ? A(9) : i >= used ? A(0) : -2 * widen(x[place(i * dim + d)]);
          ASSERT_EQ(packed[place(d * stride + i)], want) << "dim " << dim << ", lane " << i;
        }
      // Back, halved and with the sign changed; a guard stands behind each row.
      const std::vector<A> factor(place(lanes), A(-.5));
      std::vector<T> out(place(lanes * (dim + 1)), narrow<T>(A(9)));
      std::vector<T*> to;
      for (index_t i = 0; i < lanes; ++i) to.push_back(out.data() + i * (dim + 1));
      kernel::store_lanes(packed.data(), stride, factor.data(), to.data(), used, dim);
      for (index_t i = 0; i < lanes; ++i)
        for (index_t d = 0; d <= dim; ++d) {
          const T want = i < used && d < dim ? x[place(i * dim + d)] : narrow<T>(A(9));
          ASSERT_EQ(widen(out[place(i * (dim + 1) + d)]), widen(want)) << "dim " << dim << ", row " << i;
        }
    }
}

/// Rows of signed bytes times a scale.
struct scaled_bytes {
  using element = void;
  using accum = float;
  index_t row_bytes(index_t dim) const noexcept { return dim; }
  void unpack(const std::byte* row, const float* scales, std::span<float> out) const noexcept {
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = static_cast<float>(static_cast<std::int8_t>(row[i])) * *scales;
  }
};
static_assert(row_format<scaled_bytes>);

TYPED_TEST(kernel_pack, unpacked_rows_take_the_place_of_stored_ones) {
  using T = TypeParam;
  using A = accum_t<T>;
  test::random gen(2);
  for (const index_t dim : dims()) {
    const index_t count = 5, stride = dim + 4;
    const auto x = gen.numbers<T>(count * dim);
    auto rows = rows_of(x, count, dim);
    std::vector<A> out(place(count * stride), A(9));
    kernel::unpack_rows<A>(elements<T>{}, rows.data(), nullptr, count, dim, stride, out.data());
    for (index_t j = 0; j < count; ++j) {
      ASSERT_EQ(rows[place(j)], reinterpret_cast<const std::byte*>(out.data() + j * stride));
      for (index_t d = 0; d < stride; ++d)
        ASSERT_EQ(out[place(j * stride + d)], d < dim ? widen(x[place(j * dim + d)]) : A(9)) << dim;
    }
  }
}

TEST(kernel_pack_formats, quantised_rows_get_their_scales) {
  const std::int8_t x[2][3] = {{1, -2, 3}, {4, 5, -6}};
  const float scales[2] = {.5f, 2.f};
  const float* scale_of[2] = {&scales[1], &scales[0]};
  const std::byte* rows[2] = {reinterpret_cast<const std::byte*>(x[0]), reinterpret_cast<const std::byte*>(x[1])};
  float out[8] = {9, 9, 9, 9, 9, 9, 9, 9};
  kernel::unpack_rows<float>(scaled_bytes{}, rows, scale_of, 2, 3, 4, out);
  const float want[8] = {2, -4, 6, 9, 2, 2.5, -3, 9};
  for (int i = 0; i < 8; ++i) EXPECT_EQ(out[i], want[i]);
}
} // namespace
