// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A score modifier from a function of one's own.
#include <heed/concepts.hpp>

#include <new>

namespace heed {

/// q - k as a number like x: for a function that serves single cells and vectors of them.
HEED_INLINE float distance(float, const cell& at) noexcept { return static_cast<float>(at.q - at.k); }
HEED_INLINE double distance(double, const cell& at) noexcept { return static_cast<double>(at.q - at.k); }
template <class B> HEED_INLINE B distance(B, const cells<B>& at) noexcept { return at.distance; }

/// Wraps a callable. f(float, cell) is called cell by cell. A generic one, f(auto x, auto at), also gets whole vectors
/// of scores and is as fast as the built-in modifiers:
///
///     heed::score([](auto x, auto at) { return x + decltype(x)(-0.01f) * distance(x, at); })
///
/// Requires  f throws nothing and returns the type of x. A generic f uses operators, the free functions of
///           simd/math.hpp and single values as decltype(x)(value); it is compiled for float, double and vectors
/// Laws      score_mod; batched_score_mod if f is generic
template <class F> class score {
public:
  HEED_INLINE explicit constexpr score(F f) noexcept : f_(f) {}
  HEED_INLINE score(const score&) noexcept = default;
  /// A function with captures has a copy constructor but no assignment.
  HEED_INLINE score& operator=(const score& other) noexcept {
    if (this != &other) {
      f_.~F();
      ::new (static_cast<void*>(&f_)) F(other.f_);
    }
    return *this;
  }
  HEED_INLINE ~score() = default;

  HEED_INLINE float operator()(float x, const cell& at) const noexcept requires
      requires(const F& f, float y, const cell& c) {
    { f(y, c) } -> std::same_as<float>;
  }
  { return f_(x, at); }
  HEED_INLINE double operator()(double x, const cell& at) const noexcept requires
      requires(const F& f, double y, const cell& c) {
    { f(y, c) } -> std::same_as<double>;
  }
  { return f_(x, at); }
  template <class B>
  requires requires(const F& f, B y, const cells<B>& c) {
    { f(y, c) } -> std::same_as<B>;
  }
  HEED_INLINE B operator()(B x, const cells<B>& at) const noexcept { return f_(x, at); }

private:
  F f_;
};

} // namespace heed
