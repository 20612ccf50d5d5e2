// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// How large the calls of one plan may get.
#include <heed/error.hpp>

namespace heed {

/// Upper limits of the calls that a plan serves.
///
/// Units     sequences: of the batch; tokens: query tokens of all sequences together; max_rows: query tokens of one
///           sequence (0: as many as tokens); max_slots: stored rows of one sequence
struct batch_shape {
  index_t sequences = 1, tokens = 1, q_heads = 1, max_slots = 0, max_rows = 0;
  [[nodiscard]] HEED_INLINE constexpr index_t rows() const noexcept { return max_rows > 0 ? max_rows : tokens; }
};

/// One query token per sequence.
struct decode_shape {
  index_t sequences = 1, q_heads = 1, max_slots = 0;
  HEED_INLINE constexpr operator batch_shape() const noexcept { return {sequences, sequences, q_heads, max_slots, 1}; }
};

namespace detail {
HEED_INLINE failure check_limits(const batch_shape& s) noexcept {
  if (s.sequences < 0) return {errc::bad_extent, "shape", "sequences", s.sequences, "the least is", 0};
  if (s.tokens < 0) return {errc::bad_extent, "shape", "tokens", s.tokens, "the least is", 0};
  if (s.q_heads < 1) return {errc::bad_extent, "shape", "q_heads", s.q_heads, "the least is", 1};
  if (s.max_slots < 0) return {errc::bad_extent, "shape", "max_slots", s.max_slots, "the least is", 0};
  if (s.max_rows < 0) return {errc::bad_extent, "shape", "max_rows", s.max_rows, "the least is", 0};
  constexpr index_t most = index_t{1} << 40;
  if (s.tokens > most) return {errc::limit_exceeded, "shape", "tokens", s.tokens, "the limit is", most};
  if (s.sequences > most) return {errc::limit_exceeded, "shape", "sequences", s.sequences, "the limit is", most};
  if (s.q_heads > most) return {errc::limit_exceeded, "shape", "q_heads", s.q_heads, "the limit is", most};
  if (s.max_rows > most) return {errc::limit_exceeded, "shape", "max_rows", s.max_rows, "the limit is", most};
  if (s.max_slots > most) return {errc::limit_exceeded, "shape", "max_slots", s.max_slots, "the limit is", most};
  return {};
}

/// Products and sums of counts that stay at 2^62 where they would go beyond.
inline constexpr index_t too_many = index_t{1} << 62;
HEED_INLINE constexpr index_t capped_product(index_t a, index_t b) noexcept {
  index_t n = 0;
  return __builtin_mul_overflow(a, b, &n) || n > too_many ? too_many : n;
}
HEED_INLINE constexpr index_t capped_sum(index_t a, index_t b) noexcept {
  index_t n = 0;
  return __builtin_add_overflow(a, b, &n) || n > too_many ? too_many : n;
}
template <class... More> HEED_INLINE constexpr index_t capped_sum(index_t a, index_t b, More... more) noexcept {
  return capped_sum(capped_sum(a, b), more...);
}
} // namespace detail

} // namespace heed
