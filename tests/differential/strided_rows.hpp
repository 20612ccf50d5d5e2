// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Buffers of queries and outputs at drawn strides, that notice a write beside their rows.
#include <differential/drawn_case.hpp>
#include <support/row_pool.hpp>

#include <cstring>

namespace heed::test {

/// Packed rows [tokens][heads][dim] at drawn strides; the elements between rows keep a mark.
template <class T> struct strided_rows {
  std::vector<T> data;
  index_t tokens, heads, dim, token_stride, head_stride, base;
  static T mark() noexcept { return narrowed<T>(-123.); }
  strided_rows(drawn_case& c, index_t d) : tokens(c.tokens()), heads(c.heads()), dim(d) {
    const index_t row = dim + c.gen.one_of(std::vector<index_t>{0, 0, 1, 5});
    const bool heads_first = c.gen.chance(4);
    token_stride = heads_first ? row : heads * row + c.gen.integer(0, 1) * 7;
    head_stride = heads_first ? std::max<index_t>(1, tokens) * row : row;
    base = c.gen.integer(0, 3);
    data.assign(at(base + std::max<index_t>(1, tokens) * heads * row + tokens * 7), mark());
  }
  T* row(index_t token, index_t head) noexcept {
    return data.data() + base + token * token_stride + head * head_stride;
  }
  tensor_view<T, 3> rows() noexcept {
    return {data.data() + base, {tokens, heads, dim}, {token_stride, head_stride, 1}};
  }
  void fill(const std::vector<double>& numbers) {
    for (index_t t = 0; t < tokens; ++t)
      for (index_t h = 0; h < heads; ++h)
        for (index_t d = 0; d < dim; ++d) row(t, h)[d] = narrowed<T>(numbers[at((t * heads + h) * dim + d)]);
  }
  /// The rows, widened; and marks in their place, so that what is left of `data` has to be all marks.
  std::vector<double> take() {
    std::vector<double> numbers;
    for (index_t t = 0; t < tokens; ++t)
      for (index_t h = 0; h < heads; ++h)
        for (index_t d = 0; d < dim; ++d) {
          numbers.push_back(static_cast<double>(widen(row(t, h)[d])));
          row(t, h)[d] = mark();
        }
    return numbers;
  }
  [[nodiscard]] bool all_marks() const noexcept {
    const T m = mark();
    for (const T& x : data)
      if (std::memcmp(&x, &m, sizeof m) != 0) return false;
    return true;
  }
};

} // namespace heed::test
