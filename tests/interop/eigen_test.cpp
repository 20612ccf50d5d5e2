// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// interop/eigen: maps and views share memory in both directions, keep strides and constness, and refuse what they
// can't.
#include <heed/interop/eigen.hpp>

#include <gtest/gtest.h>
#include <support/refusal.hpp>

#include <string>
#include <utility>
#include <vector>

namespace {

using heed::index_t;
using row_major = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <class M>
concept viewable = requires(M m) {
  heed::view_of(std::forward<M>(m));
};

TEST(interop_eigen, a_map_writes_into_the_views_memory) {
  std::vector<float> data(5 * 8, -1.f);
  const auto v = heed::strided(data.data(), {5, 6}, {8, 1});
  auto m = heed::as_eigen(v);
  static_assert(std::is_same_v<decltype(m), heed::eigen_map<float>>);
  EXPECT_EQ(m.rows(), 5);
  EXPECT_EQ(m.cols(), 6);
  for (index_t i = 0; i < 5; ++i)
    for (index_t j = 0; j < 6; ++j) m(i, j) = static_cast<float>(10 * i + j);
  for (index_t i = 0; i < 5; ++i) {
    for (index_t j = 0; j < 6; ++j) EXPECT_EQ(v(i, j), static_cast<float>(10 * i + j));
    for (index_t j = 6; j < 8; ++j) EXPECT_EQ(data[static_cast<std::size_t>(8 * i + j)], -1.f); // between the rows
  }
}

TEST(interop_eigen, a_view_of_const_elements_gives_a_const_map) {
  const std::vector<double> data{1, 2, 3, 4, 5, 6};
  const auto m = heed::as_eigen(heed::view(data.data(), 2, 3));
  static_assert(std::is_same_v<std::remove_const_t<decltype(m)>, heed::eigen_map<const double>>);
  static_assert(std::is_same_v<decltype(m.data()), const double*>);
  EXPECT_EQ(m.data(), data.data());
  EXPECT_EQ(m(1, 2), 6.);
  EXPECT_EQ(m.sum(), 21.);
}

TEST(interop_eigen, one_head_of_a_view_is_a_matrix) {
  std::vector<float> data(4 * 3 * 5);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<float>(i);
  const auto v = heed::view(data.data(), 4, 3, 5);
  const auto head = heed::as_eigen(v, 2);
  ASSERT_EQ(head.rows(), 4);
  ASSERT_EQ(head.cols(), 5);
  for (index_t t = 0; t < 4; ++t)
    for (index_t d = 0; d < 5; ++d) EXPECT_EQ(head(t, d), v(t, 2, d));
}

TEST(interop_eigen, a_view_sees_the_matrix_and_writes_into_it) {
  row_major m = row_major::Random(4, 7);
  const auto v = heed::view_of(m);
  static_assert(std::is_same_v<decltype(v), const heed::tensor_view<float, 2>>);
  static_assert(heed::strided_view<heed::tensor_view<float, 2>, 2>);
  EXPECT_EQ(v.data(), m.data());
  EXPECT_EQ(v.extent(0), 4);
  EXPECT_EQ(v.extent(1), 7);
  EXPECT_EQ(v.stride(0), 7);
  v(2, 3) = 42.f;
  EXPECT_EQ(m(2, 3), 42.f);
  const row_major& c = m;
  static_assert(std::is_same_v<decltype(heed::view_of(c)), heed::tensor_view<const float, 2>>);
  EXPECT_EQ(heed::view_of(c)(2, 3), 42.f);
}

TEST(interop_eigen, blocks_maps_and_transposes_keep_their_strides) {
  row_major m = row_major::Random(6, 9);
  const auto block = heed::view_of(m.block(1, 2, 3, 4));
  EXPECT_EQ(block.stride(0), 9);
  for (index_t i = 0; i < 3; ++i)
    for (index_t j = 0; j < 4; ++j) EXPECT_EQ(block(i, j), m(1 + i, 2 + j));
  Eigen::MatrixXd columns = Eigen::MatrixXd::Random(3, 5);
  const auto turned = heed::view_of(columns.transpose());
  EXPECT_EQ(turned.extent(0), 5);
  EXPECT_EQ(turned.stride(0), 3);
  for (index_t i = 0; i < 5; ++i)
    for (index_t j = 0; j < 3; ++j) EXPECT_EQ(turned(i, j), columns(j, i));
  // there and back
  const auto again = heed::view_of(heed::as_eigen(block));
  EXPECT_EQ(again.data(), block.data());
  EXPECT_EQ(again.stride(0), block.stride(0));
}

TEST(interop_eigen, heads_side_by_side_become_an_axis) {
  row_major m = row_major::Random(5, 12);
  const auto v = heed::view_of(m, 3);
  static_assert(std::is_same_v<decltype(v), const heed::tensor_view<float, 3>>);
  for (index_t t = 0; t < 5; ++t)
    for (index_t h = 0; h < 3; ++h)
      for (index_t d = 0; d < 4; ++d) EXPECT_EQ(v(t, h, d), m(t, 4 * h + d));
  EXPECT_EQ(heed::view_of(std::as_const(m), 12).extent(2), 1);
  for (const index_t heads : {-1, 0, 5, 13})
    EXPECT_EQ(heed::test::refusal_of([&] { static_cast<void>(heed::view_of(m, heads)); }),
              heed::test::refusal(heed::errc::heads_not_divisible,
                                  "view_of: heads is " + std::to_string(heads) + ", must divide the columns 12"));
}

TEST(interop_eigen, views_that_are_no_matrix_are_refused) {
  float x[24] = {};
  const auto v = heed::view(x, 2, 3, 4);
  using heed::test::refusal;
  using heed::test::refusal_of;
  const auto of_head = [&](const auto& rows, index_t head) {
    return refusal_of([&] { (void)heed::as_eigen(rows, head); });
  };
  EXPECT_EQ(of_head(v, 2), refusal());
  EXPECT_EQ(of_head(v, 3), refusal(heed::errc::index_out_of_range, "as_eigen: head is 3, but the heads are 3"));
  EXPECT_EQ(of_head(v, -1), refusal(heed::errc::index_out_of_range, "as_eigen: head is -1, the least is 0"));
  const index_t extents[3] = {2, 3, 4}, turned[3] = {12, 1, 3};
  EXPECT_EQ(of_head(heed::tensor_view<float, 3>(x, extents, turned), 0),
            refusal(heed::errc::bad_stride, "as_eigen: stride[2] is 3, the last must be 1"));
  const index_t square[2] = {2, 3}, columns[2] = {1, 2};
  EXPECT_EQ(refusal_of([&] { (void)heed::as_eigen(heed::tensor_view<float, 2>(x, square, columns)); }),
            refusal(heed::errc::bad_stride, "as_eigen: stride[1] is 2, the last must be 1"));
}

TEST(interop_eigen, empty_matrices_are_legal) {
  row_major m(0, 4);
  EXPECT_EQ(heed::view_of(m).size(), 0);
  EXPECT_EQ(heed::view_of(m, 2).extent(2), 2);
  EXPECT_EQ(heed::as_eigen(heed::view(static_cast<float*>(nullptr), 0, 3)).rows(), 0);
}

TEST(interop_eigen, what_has_no_rows_in_memory_does_not_compile) {
  static_assert(viewable<row_major&> && viewable<const row_major&>);
  static_assert(!viewable<row_major>);                                  // would dangle
  static_assert(!viewable<Eigen::MatrixXf&>);                           // column-major
  static_assert(!viewable<decltype(row_major() + row_major())>);        // an expression
  static_assert(!viewable<Eigen::Matrix<int, 2, 2, Eigen::RowMajor>&>); // no element of heed
  using strided_map = Eigen::Map<row_major, Eigen::Unaligned, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>;
  static_assert(!viewable<strided_map>); // columns apart
  static_assert(viewable<heed::eigen_map<float>> && viewable<heed::eigen_map<const float>>);
  SUCCEED();
}

} // namespace
