// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Scores that grow with the logarithm of the context beyond the trained length.
#include <heed/detail/scalar_ops.hpp>
#include <heed/problem/call_extents.hpp>

namespace heed {

/// x * max(1, log(q + 1) / log(trained_length)).
///
/// Units     trained_length in tokens; q is the query's position, so prefill, chunks and decode agree
/// Requires  trained_length >= 2, else errc::bad_value
/// Laws      score_mod, batched_score_mod
/// Cost      one logarithm per vector of lanes
/// Source    Su 2021, "log n" scaling of attention; Qwen (Bai et al. 2023), section 2.3
struct log_n {
  index_t trained_length;

  HEED_INLINE float operator()(float x, const cell& at) const noexcept {
    return detail::product(x, static_cast<float>(factor(at.q)));
  }
  HEED_INLINE double operator()(double x, const cell& at) const noexcept { return detail::product(x, factor(at.q)); }
  template <class B> HEED_INLINE B operator()(B x, const cells<B>& at) const noexcept {
    using number = typename B::value_type;
    if (at.q.step == 0) return mul(x, B(static_cast<number>(factor(at.q[0]))));
    const B tokens = B::generate([&](index_t i) __attribute__((always_inline)) {
      return static_cast<number>(greater(at.q[i] + 1, trained_length));
    });
    const number each = static_cast<number>(1 / __builtin_log2(static_cast<double>(trained_length)));
    return mul(x, max(mul(log2(tokens), B(each)), B(number(1))));
  }

  HEED_INLINE failure check(const call_extents&) const noexcept {
    if (trained_length < 2) return {errc::bad_value, "log_n", "trained_length", trained_length, "the least is", 2};
    return {};
  }

private:
  HEED_INLINE double factor(index_t q) const noexcept {
    if (q < trained_length) return 1;
    return __builtin_log(static_cast<double>(q + 1)) / __builtin_log(static_cast<double>(trained_length));
  }
};

static_assert(score_mod<log_n> && score_mod<log_n, double> && self_checking<log_n>);

} // namespace heed
