// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Merges two results of the same queries over disjoint keys: split keys, shared prefixes, chunks.
#include <heed/simd/math.hpp>
#include <heed/view/footprint.hpp>

namespace heed {
namespace detail {
inline namespace HEED_ISA {

/// What rows of [tokens][heads] touch, looked at by token and by row of a token and head.
struct row_footprints {
  footprint token, row;
};
template <class T> HEED_INLINE row_footprints rows_touched(const tensor_view<T, 3>& v) noexcept {
  const index_t extents[4] = {v.extent(0), v.extent(1), 1, v.extent(2)};
  const index_t strides[4] = {v.stride(0), v.stride(1), 0, 1};
  return {footprint_of(v), footprint_of(tensor_view<T, 4>(v.data(), extents, strides))};
}
template <class A> HEED_INLINE row_footprints rows_touched(const tensor_view<A, 2>& v) noexcept {
  return {footprint_of(v), footprint_of(v)}; // one number of each head, side by side
}

template <class T, class U, class A>
HEED_INLINE failure check_merge(const tensor_view<T, 3>& o, const tensor_view<A, 2>& lse,
                                const tensor_view<const U, 3>& other,
                                const tensor_view<const A, 2>& other_lse) noexcept {
  if (const failure f = check_view("o", o)) return f;
  if (const failure f = check_view("lse", lse)) return f;
  if (const failure f = check_view("other", other)) return f;
  if (const failure f = check_view("other_lse", other_lse)) return f;
  for (int i = 0; i < 3; ++i)
    if (other.extent(i) != o.extent(i))
      return {errc::bad_extent, "other", "extent", other.extent(i), "but o has", o.extent(i), i};
  for (int i = 0; i < 2; ++i) {
    if (lse.extent(i) != o.extent(i))
      return {errc::bad_extent, "lse", "extent", lse.extent(i), "but o has", o.extent(i), i};
    if (other_lse.extent(i) != o.extent(i))
      return {errc::bad_extent, "other_lse", "extent", other_lse.extent(i), "but o has", o.extent(i), i};
  }
  if (const failure f = check_written("o", o)) return f;
  if (const failure f = check_written("lse", lse)) return f;
  const row_footprints of_o = rows_touched(o), of_lse = rows_touched(lse);
  const row_footprints of_other = rows_touched(other), of_other_lse = rows_touched(other_lse);
  const struct {
    const char *argument, *sharing;
    const row_footprints &written, &also;
  } pairs[] = {{"lse", "buffers shared with o", of_lse, of_o},
               {"o", "buffers shared with other", of_o, of_other},
               {"o", "buffers shared with other_lse", of_o, of_other_lse},
               {"lse", "buffers shared with other", of_lse, of_other},
               {"lse", "buffers shared with other_lse", of_lse, of_other_lse}};
  for (const auto& p : pairs)
    if (may_share(p.written.token, p.also.token) && may_share(p.written.row, p.also.row))
      return {errc::overlap, p.argument, p.sharing, 1, "the limit is", 0};
  return {};
}

/// One row: o = keep o + add other. A row of weight 0 is not read.
template <class A, class T, class U>
HEED_NOINLINE void merge_row(T* o, const U* other, index_t dim, A keep, A add) noexcept {
  using batch = simd::batch<A>;
  for (index_t d = 0; d < dim; d += batch::lanes) {
    const index_t n = lesser(batch::lanes, dim - d);
    batch sum(A(0));
    if (keep != A(0)) sum = mul(batch::widen_first(o + d, n), batch(keep));
    if (add != A(0)) sum = fma(batch::widen_first(other + d, n), batch(add), sum);
    sum.narrow_first(o + d, n);
  }
}

/// A row that saw no key; results of other libraries say +inf.
template <class A> HEED_INLINE bool saw_nothing(A lse) noexcept {
  return lse == -static_cast<A>(__builtin_inf()) || lse == static_cast<A>(__builtin_inf());
}

} // namespace HEED_ISA
} // namespace detail

inline namespace HEED_ISA {

/// Makes (o, lse) the attention over the union of two disjoint sets of keys, in place.
///
/// Shapes       o, other: [tokens][heads][dim]; lse, other_lse: [tokens][heads]
/// Units        natural logarithm
/// Laws         commutative and associative up to rounding; (0, -inf) is the identity, and a row of it is not read.
///              +inf is taken for -inf
/// Requires     both results exclude a learned sink: it is applied once, after the last merge. o and lse share no
///              memory with each other nor with what is merged into them
/// Determinism  bits depend on the operands' order only
/// Error        4 x 2^-24 (|o| + |other|) for float, and 3 x 2^-24 for the lse
/// Throws       error where extents or strides don't fit, or buffers overlap; nothing is written then
/// Source       Milakov and Gimelshein 2018, Online normalizer calculation; the split form is flash-decoding's
template <class T, class A, class U>
void merge(const tensor_view<T, 3>& o, const tensor_view<A, 2>& lse, const tensor_view<U, 3>& other,
           const tensor_view<const A, 2>& other_lse) {
  static_assert(std::is_same_v<A, accum_t<T>> && std::is_same_v<A, accum_t<U>>,
                "heed: o, other and lse accumulate in different types");
  const tensor_view<const std::remove_const_t<U>, 3> from = other;
  if (const failure f = detail::check_merge(o, lse, from, other_lse)) return detail::report(f);
  constexpr A nothing = -static_cast<A>(__builtin_inf());
  using batch = simd::batch<A>;
  for (index_t t = 0; t < o.extent(0); ++t)
    for (index_t h = 0; h < o.extent(1); ++h) {
      const A a = detail::saw_nothing(lse(t, h)) ? nothing : lse(t, h);
      const A b = detail::saw_nothing(other_lse(t, h)) ? nothing : other_lse(t, h);
      const A top = a > b ? a : b;
      if (b == nothing && a != nothing) continue;
      A keep = A(0), add = A(0), z = nothing;
      if (top != nothing) {
        constexpr A log2e = A(1.44269504088896340735992468100189214L), ln2 = A(0.693147180559945309417232121458176568L);
        const batch base(top);
        const batch x = simd::exp2(mul(batch(a) - base, batch(log2e))),
                    y = simd::exp2(mul(batch(b) - base, batch(log2e)));
        const batch sum = x + y;
        A one[batch::lanes], two[batch::lanes], log_sum[batch::lanes];
        (x / sum).store(one);
        (y / sum).store(two);
        (mul(simd::log2(sum), batch(ln2)) + base).store(log_sum);
        keep = one[0];
        add = two[0];
        z = log_sum[0];
      }
      detail::merge_row(&o(t, h, 0), &from(t, h, 0), o.extent(2), keep, add);
      lse(t, h) = z;
    }
}
/// The same where other_lse is a view of mutable numbers.
template <class T, class A, class U>
void merge(const tensor_view<T, 3>& o, const tensor_view<A, 2>& lse, const tensor_view<U, 3>& other,
           const tensor_view<A, 2>& other_lse) {
  merge(o, lse, other, tensor_view<const A, 2>(other_lse));
}

} // namespace HEED_ISA
} // namespace heed
