// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Rotates queries and keys by their positions, cached keys from old to new positions, and rows from layout to layout.
#include <heed/rope/rotate_rows.hpp>

namespace heed {
namespace detail {
inline namespace HEED_ISA {

/// from null: turns token t by positions[t]; else by positions[t] - from[t], without the magnitude, which the rows
/// have.
template <class T>
void rope_rotate_checked(const rope& r, const index_t* positions, const index_t* from, tensor_view<const T, 3> in,
                         tensor_view<T, 3> out) noexcept {
  using A = accum_t<T>;
  constexpr index_t chunk = rope_chunk;
  if (in.size() == 0) return;
  const double magnitude = from == nullptr ? r.scaling.magnitude() : 1.;
  double frequency[chunk];
  A c[chunk], s[chunk];
  rope_factors<A> factors;
  for (index_t first = 0; first < r.dims / 2; first += chunk) {
    const index_t n = lesser(chunk, r.dims / 2 - first);
    for (index_t l = 0; l < n; ++l) frequency[l] = r.frequency(first + l);
    for (index_t t = 0; t < in.extent(0); ++t) {
      const double turned = static_cast<double>(from == nullptr ? positions[t] : positions[t] - from[t]);
      rope_angles(turned, frequency, n, magnitude, c, s);
      rope_spread(r.layout, c, s, n, factors);
      rope_turn_heads(r.layout, r.dims, first, n, &in(t, 0, 0), in.stride(1), &out(t, 0, 0), out.stride(1),
                      in.extent(1), factors);
    }
  }
  rope_pass_through(r.dims, in, out);
}

} // namespace HEED_ISA
} // namespace detail

inline namespace HEED_ISA {

/// Why rotate would refuse; nothing is written.
template <class In, element T>
requires(std::is_same_v<std::remove_const_t<In>, T>) [[nodiscard]] HEED_INLINE failure
    check_rotate(const rope& r, std::span<const index_t> positions, tensor_view<In, 3> in,
                 tensor_view<T, 3> out) noexcept {
  if (const failure f = r.check()) return f;
  if (const failure f = detail::check_rope_rows<T>(r.dims, in, out)) return f;
  if (static_cast<index_t>(positions.size()) != in.extent(0))
    return {errc::bad_extent,     "positions", "number of positions", static_cast<index_t>(positions.size()),
            "but the tokens are", in.extent(0)};
  return {};
}

/// Turns each row by the position of its token.
///
/// Shapes    in, out: [tokens][heads][dim], queries or keys, any strides with the last axis 1; positions: [tokens], any
///           order, negative ones turn back. out may be in
/// Requires  rope::check; r.dims <= dim; equal shapes; one position per token; out overlaps neither itself nor, unless
///           in place, in. Refused before any write
/// Error     the angle is right to 1e-9 at position 2^20 (1e-6 is promised); cosine, sine and the result round to the
///           accumulation type once each. Both layouts give the same bits
/// Cost      a cosine and a sine per token and pair (13 ns, AMD EPYC), whatever the number of heads: with many layers,
/// make
///           a rope_table once per step. No allocation
/// Throws    error
template <class In, element T>
requires(std::is_same_v<std::remove_const_t<In>, T>) void rotate(const rope& r, std::span<const index_t> positions,
                                                                 tensor_view<In, 3> in, tensor_view<T, 3> out) {
  if (const failure f = check_rotate(r, positions, in, out)) return detail::report(f);
  detail::rope_rotate_checked<T>(r, positions.data(), nullptr, in, out);
}
/// In place.
template <element T> void rotate(const rope& r, std::span<const index_t> positions, tensor_view<T, 3> rows) {
  rotate(r, positions, rows, rows);
}

/// Moves cached keys that were turned by `from` to the positions `to`, in place. The magnitude of the scaling, which
/// they carry, stays as it is.
///
/// Shapes    keys: [tokens][kv_heads][dim]; from, to: [tokens]; to = 0 gives keys before RoPE, times the magnitude
/// Requires  as rotate; to - from fits 64 bits
/// Error     one rotation by to - from: 16-bit keys round once more
/// Throws    error
template <element T>
void rerotate(const rope& r, std::span<const index_t> from, std::span<const index_t> to, tensor_view<T, 3> keys) {
  if (const failure f = check_rotate(r, to, keys, keys)) return detail::report(f);
  if (from.size() != to.size())
    return detail::report({errc::bad_extent, "from", "number of positions", static_cast<index_t>(from.size()),
                           "but to has", static_cast<index_t>(to.size())});
  for (std::size_t t = 0; t < to.size(); ++t) {
    index_t delta = 0;
    if (__builtin_sub_overflow(to[t], from[t], &delta))
      return detail::report(
          {errc::size_overflow, "from", "position", from[t], "is too far from", to[t], static_cast<index_t>(t)});
  }
  detail::rope_rotate_checked<T>(r, to.data(), from.data(), keys, keys);
}

/// Copies rows from one layout into the other: out dim i is in dim rope_source_dim(i, ...).
///
/// Shapes    in, out: [tokens][heads][dim]; dims: those that turn, the others are copied
/// Requires  dims even, in [0, dim]; equal shapes; out shares no memory with in
/// Throws    error
template <class In, element T>
requires(std::is_same_v<std::remove_const_t<In>, T>) void convert_layout(rope_layout from, rope_layout to, index_t dims,
                                                                         tensor_view<In, 3> in, tensor_view<T, 3> out) {
  if (const failure f = rope{.dims = dims}.check()) return detail::report(f);
  if (const failure f = detail::check_rope_rows<T>(dims, in, out)) return detail::report(f);
  if (out.size() > 0 && in.data() == out.data())
    return detail::report({errc::overlap, "out", "bytes shared with in", 1, "the limit is", 0});
  for (index_t t = 0; t < in.extent(0); ++t)
    for (index_t h = 0; h < in.extent(1); ++h)
      for (index_t i = 0; i < in.extent(2); ++i) out(t, h, i) = in(t, h, rope_source_dim(i, dims, from, to));
}

} // namespace HEED_ISA
} // namespace heed
