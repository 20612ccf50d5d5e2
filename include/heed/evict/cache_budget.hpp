// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// How much a cache may hold: tokens, a fraction of what it would hold, or bytes.
#include <heed/error.hpp>

namespace heed {

/// What a budget is counted against. tokens: of the sequence, as if nothing were evicted. row_bytes: of a key row and
/// its value row together.
struct cache_size {
  index_t layers = 1, kv_heads = 1, tokens = 0, row_bytes = 0;
};

/// A budget for one sequence over all layers and key-value heads.
///
/// Units     tokens(n): n slots for a key-value head on average. fraction(x): x of the tokens, rounded to the nearest.
///           bytes(b): as many rows as b bytes hold, so never more than b
class cache_budget {
public:
  enum class unit : unsigned char { tokens, fraction, bytes };
  constexpr cache_budget() noexcept = default;
  [[nodiscard]] static HEED_INLINE constexpr cache_budget tokens(index_t n) noexcept { return {unit::tokens, n, 0}; }
  [[nodiscard]] static HEED_INLINE constexpr cache_budget fraction(double x) noexcept { return {unit::fraction, 0, x}; }
  [[nodiscard]] static HEED_INLINE constexpr cache_budget bytes(index_t b) noexcept { return {unit::bytes, b, 0}; }

  [[nodiscard]] HEED_INLINE constexpr unit counted_in() const noexcept { return unit_; }
  /// Tokens over all layers: what the budgets of the layers add up to. At most layers * tokens but for tokens(n), which
  /// is a wish and may be more than there are.
  [[nodiscard]] HEED_INLINE index_t layer_tokens(const cache_size& c) const noexcept {
    const index_t all = c.layers * c.tokens;
    if (unit_ == unit::tokens) return count_ * c.layers;
    if (unit_ == unit::bytes) return lesser(all, count_ / greater(1, c.row_bytes * c.kv_heads));
    return lesser(all, static_cast<index_t>(share_ * static_cast<double>(all) + .5));
  }
  /// The same with the rows of the key-value heads told apart: what head budgets add up to.
  [[nodiscard]] HEED_INLINE index_t rows(const cache_size& c) const noexcept {
    if (unit_ != unit::bytes) return layer_tokens(c) * c.kv_heads;
    return lesser(c.layers * c.tokens * c.kv_heads, count_ / greater(1, c.row_bytes));
  }

  [[nodiscard]] HEED_INLINE failure check() const noexcept {
    if (unit_ == unit::fraction && !(share_ >= 0. && share_ <= 1.))
      return {errc::bad_value, "cache_budget", "fraction", share_, "must be from 0 to", 1};
    if (count_ < 0)
      return {errc::bad_value, "cache_budget", unit_ == unit::bytes ? "bytes" : "tokens", count_, "the least is", 0};
    return {};
  }

private:
  HEED_INLINE constexpr cache_budget(unit u, index_t count, double share) noexcept
      : unit_(u), count_(count), share_(share) {}

  unit unit_ = unit::fraction;
  index_t count_ = 0;
  double share_ = 1;
};

} // namespace heed
