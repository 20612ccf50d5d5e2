// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The arithmetic of RoPE: rows of one token turned by given cosines and sines. What rotate.hpp is made of.
#include <heed/rope/rope.hpp>
#include <heed/simd/batch.hpp>
#include <heed/view/tensor_view.hpp>

#include <utility>

namespace heed {
namespace detail {

/// Pairs that are turned at a time: 2 KiB of factors on the stack (double), whatever the head dim.
inline constexpr index_t rope_chunk = 64;

/// Cosines and sines of up to rope_chunk pairs of one token, in the order of the layout's dims.
template <class A> struct rope_factors {
  // half: c[l], s[l]. interleaved: c[2l] = c[2l + 1] = cos, -s[2l] = s[2l + 1] = sin.
  A c[2 * rope_chunk], s[2 * rope_chunk];
};

inline namespace HEED_ISA {

/// Cosines and sines of the angles p f, times magnitude. The angle is right to 2^-52 of itself.
template <class A>
inline void rope_angles(double position, const double* frequency, index_t n, double magnitude, A* c, A* s) noexcept {
  for (index_t l = 0; l < n; ++l) {
    const double angle = product(position, frequency[l]);
    c[l] = static_cast<A>(product(__builtin_cos(angle), magnitude));
    s[l] = static_cast<A>(product(__builtin_sin(angle), magnitude));
  }
}

/// Cosines and sines at c, s as factors of dims.
template <class A>
HEED_INLINE void rope_spread(rope_layout layout, const A* c, const A* s, index_t n, rope_factors<A>& out) noexcept {
  if (layout == rope_layout::half)
    for (index_t l = 0; l < n; ++l) {
      out.c[l] = c[l];
      out.s[l] = s[l];
    }
  else
    for (index_t l = 0; l < n; ++l) {
      out.c[2 * l] = out.c[2 * l + 1] = c[l];
      out.s[2 * l] = -s[l];
      out.s[2 * l + 1] = s[l];
    }
}

/// Lanes 2i and 2i + 1 exchanged.
template <class B, std::size_t... I> HEED_INLINE B swap_pairs(B x, std::index_sequence<I...>) noexcept {
  using A = typename B::value_type;
  typedef A vector __attribute__((vector_size(sizeof...(I) * sizeof(A))));
  A memory[sizeof...(I)];
  vector v;
  x.store(memory);
  __builtin_memcpy(&v, memory, sizeof v);
  v = __builtin_shufflevector(v, v, (I ^ 1)...);
  __builtin_memcpy(memory, &v, sizeof v);
  return B::load(memory);
}

/// n pairs (x[l], y[l]), half layout.
template <class A, class T>
HEED_INLINE void rope_turn_halves(const T* x, const T* y, T* x_out, T* y_out, index_t n,
                                  const rope_factors<A>& f) noexcept {
  using batch = simd::batch<A>;
  index_t l = 0;
  for (; l + batch::lanes <= n; l += batch::lanes) {
    const batch a = batch::widen(x + l), b = batch::widen(y + l), c = batch::load(f.c + l), s = batch::load(f.s + l);
    fma(a, c, -mul(b, s)).narrow_to(x_out + l);
    fma(b, c, mul(a, s)).narrow_to(y_out + l);
  }
  if (const index_t rest = n - l; rest > 0) {
    const batch a = batch::widen_first(x + l, rest), b = batch::widen_first(y + l, rest);
    const batch c = batch::load_first(f.c + l, rest), s = batch::load_first(f.s + l, rest);
    fma(a, c, -mul(b, s)).narrow_first(x_out + l, rest);
    fma(b, c, mul(a, s)).narrow_first(y_out + l, rest);
  }
}

/// n pairs (x[2l], x[2l + 1]), interleaved layout. Same bits as the other layout.
template <class A, class T>
HEED_INLINE void rope_turn_pairs(const T* x, T* out, index_t n, const rope_factors<A>& f) noexcept {
  using batch = simd::batch<A>;
  if constexpr (batch::lanes == 1) {
    for (index_t l = 0; l < n; ++l) {
      const batch a = batch::widen(x + 2 * l), b = batch::widen(x + 2 * l + 1);
      const batch c(f.c[2 * l]), s(f.s[2 * l + 1]);
      fma(a, c, -mul(b, s)).narrow_to(out + 2 * l);
      fma(b, c, mul(a, s)).narrow_to(out + 2 * l + 1);
    }
  } else {
    constexpr auto lanes = std::make_index_sequence<static_cast<std::size_t>(batch::lanes)>{};
    index_t i = 0;
    for (; i + batch::lanes <= 2 * n; i += batch::lanes) {
      const batch a = batch::widen(x + i);
      fma(a, batch::load(f.c + i), mul(swap_pairs(a, lanes), batch::load(f.s + i))).narrow_to(out + i);
    }
    if (const index_t rest = 2 * n - i; rest > 0) {
      const batch a = batch::widen_first(x + i, rest);
      fma(a, batch::load_first(f.c + i, rest), mul(swap_pairs(a, lanes), batch::load_first(f.s + i, rest)))
          .narrow_first(out + i, rest);
    }
  }
}

/// Pairs [first, first + n) of all heads of one token. in and out may be the same memory.
template <class T>
inline void rope_turn_heads(rope_layout layout, index_t dims, index_t first, index_t n, const T* in, index_t in_stride,
                            T* out, index_t out_stride, index_t heads, const rope_factors<accum_t<T>>& f) noexcept {
  const index_t half = dims / 2;
  for (index_t h = 0; h < heads; ++h) {
    const T* const x = in + h * in_stride;
    T* const y = out + h * out_stride;
    if (layout == rope_layout::half)
      rope_turn_halves(x + first, x + first + half, y + first, y + first + half, n, f);
    else
      rope_turn_pairs(x + 2 * first, y + 2 * first, n, f);
  }
}

/// The dims that don't turn, where in and out differ.
template <class T> inline void rope_pass_through(index_t dims, tensor_view<const T, 3> in, tensor_view<T, 3> out) {
  if (in.data() == out.data()) return;
  const auto bytes = static_cast<std::size_t>(in.extent(2) - dims) * sizeof(T);
  if (bytes == 0) return;
  for (index_t t = 0; t < in.extent(0); ++t)
    for (index_t h = 0; h < in.extent(1); ++h) __builtin_memcpy(&out(t, h, dims), &in(t, h, dims), bytes);
}

} // namespace HEED_ISA

/// Refuses rows that can't be turned: in and out differ in shape, out overlaps itself, or in partly.
template <class T>
HEED_INLINE failure check_rope_rows(index_t dims, const tensor_view<const T, 3>& in,
                                    const tensor_view<T, 3>& out) noexcept {
  if (const failure f = check_view("in", in)) return f;
  if (const failure f = check_view("out", out)) return f;
  for (int i = 0; i < 3; ++i)
    if (in.extent(i) != out.extent(i))
      return {errc::bad_extent, "out", "extent", out.extent(i), "but that of in is", in.extent(i), i};
  if (dims > in.extent(2)) return {errc::dim_mismatch, "rope", "dims", dims, "but the rows have dim", in.extent(2)};
  if (out.size() == 0) return {};
  // An axis of extent 1 is never stepped along.
  const index_t token = out.extent(0) > 1 ? out.stride(0) : PTRDIFF_MAX;
  const index_t head = out.extent(1) > 1 ? out.stride(1) : PTRDIFF_MAX;
  const bool by_head = head < token; // [tokens][heads] in memory, else [heads][tokens]
  const index_t inner = by_head ? head : token, outer = by_head ? token : head;
  const index_t count = by_head ? out.extent(1) : out.extent(0);
  const index_t least = outer == PTRDIFF_MAX ? 0 : inner * (count - 1) + out.extent(2);
  if (inner < out.extent(2))
    return {errc::bad_stride, "out", "stride", inner, "rows overlap, the least is", out.extent(2), by_head ? 1 : 0};
  if (outer < least)
    return {errc::bad_stride, "out", "stride", outer, "rows overlap, the least is", least, by_head ? 0 : 1};
  const auto in_begin = reinterpret_cast<std::uintptr_t>(in.data()),
             out_begin = reinterpret_cast<std::uintptr_t>(out.data());
  const auto in_bytes = static_cast<std::uintptr_t>(extent_in_elements(in)) * sizeof(T),
             out_bytes = static_cast<std::uintptr_t>(extent_in_elements(out)) * sizeof(T);
  const bool same = in_begin == out_begin && (in.extent(0) == 1 || in.stride(0) == out.stride(0)) &&
                    (in.extent(1) == 1 || in.stride(1) == out.stride(1));
  if (!same && in_begin < out_begin + out_bytes && out_begin < in_begin + in_bytes)
    return {errc::overlap, "out", "bytes shared with in, other than in place", 1, "the limit is", 0};
  return {};
}

} // namespace detail
} // namespace heed
