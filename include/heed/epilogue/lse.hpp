// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Stores the natural log-sum-exp of each row and head.
#include <heed/problem/call_extents.hpp>
#include <heed/view/footprint.hpp>

namespace heed {

/// Writes ln(sum_j exp(score_j)) of each query row; -inf where a row saw no key. A learned sink is not part of it, so
/// that partial results stay mergeable.
///
/// Shapes    out: [tokens][q_heads], tokens packed over the batch
/// Units     natural logarithm
/// Error     (4 + sqrt(n) + sqrt(D) S) 2^-23 for float, n visible keys, S the largest sum of |terms| of a score
template <class A> class lse {
public:
  HEED_INLINE explicit lse(const tensor_view<A, 2>& out) noexcept : out_(out) {}
  HEED_INLINE A scale(query_row, A) const noexcept { return A(1); }
  HEED_INLINE void finish(query_row at, A value) const noexcept { out_(at.token, at.head) = value; }
  static constexpr const char* name = "lse";
  [[nodiscard]] HEED_INLINE footprint stores_in() const noexcept { return footprint_of(out_); }
  [[nodiscard]] HEED_INLINE failure check(const call_extents& e) const noexcept {
    if (const failure f = detail::check_view("lse", out_)) return f;
    if (out_.extent(0) != e.tokens)
      return {errc::bad_extent, "lse", "extent", out_.extent(0), "but the query tokens are", e.tokens, 0};
    if (out_.extent(1) != e.q_heads)
      return {errc::bad_extent, "lse", "extent", out_.extent(1), "but the query heads are", e.q_heads, 1};
    return detail::check_written("lse", out_);
  }

private:
  tensor_view<A, 2> out_;
};
static_assert(epilogue<lse<float>, float> && epilogue<lse<double>, double>);

} // namespace heed
