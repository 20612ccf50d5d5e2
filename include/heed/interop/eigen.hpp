// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Views of Eigen matrices and Eigen maps of views, without a copy.
#include <heed/view/tensor_view.hpp>

#include <Eigen/Core>

namespace heed {

/// A row-major map of a matrix that others own; rows outer_stride apart. as_eigen gives one of nothing where it refuses
/// a view.
template <class T>
using eigen_map = Eigen::Map<
    std::conditional_t<std::is_const_v<T>,
                       const Eigen::Matrix<std::remove_const_t<T>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>,
                       Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>,
    Eigen::Unaligned, Eigen::OuterStride<>>;

/// The matrix behind a view [rows][columns]; const elements give a const map.
/// Requires  a view that attend would take, its last stride 1
/// Throws    error; without exceptions the map is then empty
template <class T>
requires(std::is_floating_point_v<T>) [[nodiscard]] HEED_INLINE eigen_map<T> as_eigen(const tensor_view<T, 2>& v) {
  if (const failure f = detail::check_view("as_eigen", v)) {
    detail::report(f);
    return eigen_map<T>(nullptr, 0, 0, Eigen::OuterStride<>(0));
  }
  return eigen_map<T>(v.data(), v.extent(0), v.extent(1), Eigen::OuterStride<>(v.stride(0)));
}
/// The rows of one head, [tokens][dim], of a view [tokens][heads][dim].
/// Requires  as above; 0 <= head < heads, else errc::index_out_of_range
template <class T>
requires(std::is_floating_point_v<T>)
    [[nodiscard]] HEED_INLINE eigen_map<T> as_eigen(const tensor_view<T, 3>& v, index_t head) {
  failure f = detail::check_view("as_eigen", v);
  if (!f && head < 0) f = {errc::index_out_of_range, "as_eigen", "head", head, "the least is", 0};
  if (!f && head >= v.extent(1))
    f = {errc::index_out_of_range, "as_eigen", "head", head, "but the heads are", v.extent(1)};
  if (f) {
    detail::report(f);
    return eigen_map<T>(nullptr, 0, 0, Eigen::OuterStride<>(0));
  }
  return eigen_map<T>(v.data() + head * v.stride(1), v.extent(0), v.extent(2), Eigen::OuterStride<>(v.stride(0)));
}

namespace detail {
/// What is viewed has to outlive the call: a map or a block may be a temporary, a matrix may not.
template <class M>
concept outlives_the_call = std::is_lvalue_reference_v<M> ||
    !std::is_same_v<std::remove_cvref_t<M>, typename std::remove_cvref_t<M>::PlainObject>;
template <class M>
concept rows_in_memory = (std::remove_cvref_t<M>::Flags & Eigen::DirectAccessBit) != 0 &&
                         (std::remove_cvref_t<M>::Flags & Eigen::RowMajorBit) != 0 &&
                         std::remove_cvref_t<M>::InnerStrideAtCompileTime == 1 &&
                         std::is_floating_point_v<typename std::remove_cvref_t<M>::Scalar>;
} // namespace detail

/// The view [rows][columns] of a row-major matrix, map, block or reference; const ones give const elements. Of a
/// column-major matrix m, m.transpose() is row-major.
template <class M>
requires(detail::rows_in_memory<M>&& detail::outlives_the_call<M>) [[nodiscard]] HEED_INLINE auto view_of(M&& m) {
  using T = std::remove_pointer_t<decltype(m.data())>;
  const index_t extents[2] = {m.rows(), m.cols()}, strides[2] = {m.outerStride(), 1};
  return tensor_view<T, 2>(m.data(), extents, strides);
}

/// The view [rows][heads][columns / heads]: a projection of all heads side by side, as queries, keys or values.
/// Requires  heads >= 1 divides the columns, else errc::heads_not_divisible
/// Throws    error; without exceptions the view is then empty
template <class M>
requires(detail::rows_in_memory<M>&& detail::outlives_the_call<M>) [[nodiscard]] HEED_INLINE
    auto view_of(M&& m, index_t heads) {
  using T = std::remove_pointer_t<decltype(m.data())>;
  if (heads < 1 || m.cols() % heads != 0) {
    detail::report({errc::heads_not_divisible, "view_of", "heads", heads, "must divide the columns", m.cols()});
    return tensor_view<T, 3>();
  }
  const index_t dim = m.cols() / heads;
  const index_t extents[3] = {m.rows(), heads, dim}, strides[3] = {m.outerStride(), dim, 1};
  return tensor_view<T, 3>(m.data(), extents, strides);
}

} // namespace heed
