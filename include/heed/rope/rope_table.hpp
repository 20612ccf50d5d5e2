// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Cosines and sines of the tokens of one step, computed once for all layers.
#include <heed/rope/rotate_rows.hpp>

namespace heed {

/// Cosines and sines, one row per token, in the caller's memory.
///
/// Shapes    numbers: [tokens][2][dims / 2], cosines then sines. A: accum_t of the rows to rotate
/// Cost      filling: a cosine and a sine per token and pair; 2 x dims / 2 numbers per token
template <class A> class rope_table {
public:
  HEED_INLINE static index_t size(const rope& r, index_t tokens) noexcept { return tokens * r.dims; }

  /// Computes the table for tokens at `positions`.
  /// Requires  rope::check; numbers.size() >= size(r, tokens)
  /// Throws    error; the table then has no tokens
  HEED_INLINE rope_table(const rope& r, std::span<const index_t> positions, std::span<A> numbers);

  [[nodiscard]] HEED_INLINE index_t tokens() const noexcept { return tokens_; }
  [[nodiscard]] HEED_INLINE index_t dims() const noexcept { return dims_; }
  [[nodiscard]] HEED_INLINE rope_layout layout() const noexcept { return layout_; }
  [[nodiscard]] HEED_INLINE const A* cosines(index_t token) const noexcept { return numbers_ + token * dims_; }
  [[nodiscard]] HEED_INLINE const A* sines(index_t token) const noexcept {
    return numbers_ + token * dims_ + dims_ / 2;
  }
  /// The rows of tokens [first, first + count): a prefill chunk out of a table for all positions.
  [[nodiscard]] HEED_INLINE rope_table slice(index_t first, index_t count) const noexcept {
    HEED_EXPECTS(0 <= first && 0 <= count && first + count <= tokens_);
    rope_table part = *this;
    part.numbers_ += first * dims_;
    part.tokens_ = count;
    return part;
  }

private:
  const A* numbers_ = nullptr;
  index_t tokens_ = 0, dims_ = 0;
  rope_layout layout_ = rope_layout::half;
};

namespace detail {
inline namespace HEED_ISA {

template <class A>
failure check_rope_table(const rope& r, std::span<const index_t> positions, std::span<A> numbers) noexcept {
  static_assert(std::is_same_v<A, float> || std::is_same_v<A, double>);
  if (const failure f = r.check()) return f;
  const auto tokens = static_cast<index_t>(positions.size()), room = static_cast<index_t>(numbers.size());
  if (r.dims > 0 && tokens > room / r.dims)
    return {errc::length_out_of_range, "numbers", "size divided by dims", room / r.dims, "but the tokens are", tokens};
  return {};
}

template <class A> void fill_rope_table(const rope& r, std::span<const index_t> positions, A* numbers) noexcept {
  constexpr index_t chunk = detail::rope_chunk;
  const index_t half = r.dims / 2;
  double frequency[chunk];
  for (index_t first = 0; first < half; first += chunk) {
    const index_t n = lesser(chunk, half - first);
    for (index_t l = 0; l < n; ++l) frequency[l] = r.frequency(first + l);
    for (std::size_t t = 0; t < positions.size(); ++t) {
      A* const row = numbers + static_cast<index_t>(t) * r.dims + first;
      detail::rope_angles(static_cast<double>(positions[t]), frequency, n, r.scaling.magnitude(), row, row + half);
    }
  }
}

} // namespace HEED_ISA
} // namespace detail

inline namespace HEED_ISA {

/// Turns row t by row t of the table: the same bits as rotate with the table's positions.
///
/// Shapes    in, out: [tokens][heads][dim], tokens those of the table. out may be in
/// Requires  as rotate, with table.tokens() tokens
/// Cost      one pass over the rows; no allocation
/// Throws    error
template <class In, element T>
requires(std::is_same_v<std::remove_const_t<In>, T>) void rotate(const rope_table<accum_t<T>>& table,
                                                                 tensor_view<In, 3> in, tensor_view<T, 3> out) {
  if (const failure f = detail::check_rope_rows<T>(table.dims(), in, out)) return detail::report(f);
  if (in.extent(0) != table.tokens())
    return detail::report(
        {errc::bad_extent, "in", "number of tokens", in.extent(0), "but those of the table are", table.tokens()});
  if (in.size() == 0) return;
  const tensor_view<const T, 3> from = in;
  constexpr index_t chunk = detail::rope_chunk;
  const index_t half = table.dims() / 2;
  detail::rope_factors<accum_t<T>> factors;
  for (index_t t = 0; t < from.extent(0); ++t)
    for (index_t first = 0; first < half; first += chunk) {
      const index_t n = lesser(chunk, half - first);
      detail::rope_spread(table.layout(), table.cosines(t) + first, table.sines(t) + first, n, factors);
      detail::rope_turn_heads(table.layout(), table.dims(), first, n, &from(t, 0, 0), from.stride(1), &out(t, 0, 0),
                              out.stride(1), from.extent(1), factors);
    }
  detail::rope_pass_through(table.dims(), from, out);
}
/// In place.
template <element T> void rotate(const rope_table<accum_t<T>>& table, tensor_view<T, 3> rows) {
  rotate(table, rows, rows);
}

} // namespace HEED_ISA

template <class A>
HEED_INLINE rope_table<A>::rope_table(const rope& r, std::span<const index_t> positions, std::span<A> numbers) {
  if (const failure f = detail::check_rope_table(r, positions, numbers)) {
    detail::report(f);
    return;
  }
  detail::fill_rope_table(r, positions, numbers.data());
  numbers_ = numbers.data();
  tokens_ = static_cast<index_t>(positions.size());
  dims_ = r.dims;
  layout_ = r.layout;
}

} // namespace heed
