// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A factor on all scores of a query row, read from a list.
#include <heed/detail/scalar_ops.hpp>
#include <heed/problem/call_extents.hpp>
#include <heed/view/footprint.hpp>

namespace heed {

/// x * factor, one factor per query row.
///
/// Shapes    factors: [tokens] of the packed queries, or [positions]; the caller's memory, read during the call
/// Requires  factors for all rows of the call, or for all positions below seen; else errc::bad_extent
/// Laws      score_mod, batched_score_mod
/// Cost      one product, and a load per lane
class row_scale {
public:
  /// factors[row_offsets[seq] + row]: the offsets of the packed queries, [sequences + 1].
  HEED_INLINE static row_scale by_token(std::span<const float> factors, std::span<const index_t> row_offsets) noexcept {
    return {factors, rule::offsets, row_offsets, 0};
  }
  /// factors[seq * rows_each + row]: sequences of the same length; one sequence: any rows_each.
  HEED_INLINE static row_scale by_token(std::span<const float> factors, index_t rows_each = 0) noexcept {
    return {factors, rule::rows_each, {}, rows_each};
  }
  /// factors[q], q the query's position: one list serves prefill, chunks and decode. Positions beyond the list take
  /// the nearest entry.
  HEED_INLINE static row_scale by_position(std::span<const float> factors) noexcept {
    return {factors, rule::position, {}, 0};
  }

  [[nodiscard]] HEED_INLINE float factor(index_t seq, index_t row, index_t q) const noexcept {
    switch (rule_) {
    case rule::offsets:
      return factors_[offsets_[seq] + row];
    case rule::rows_each:
      return factors_[seq * rows_each_ + row];
    case rule::position:
      break;
    }
    return factors_[greater(0, lesser(q, count_ - 1))];
  }

  HEED_INLINE float operator()(float x, const cell& at) const noexcept {
    return detail::product(x, factor(at.seq, at.row, at.q));
  }
  HEED_INLINE double operator()(double x, const cell& at) const noexcept {
    return detail::product(x, static_cast<double>(factor(at.seq, at.row, at.q)));
  }
  template <class B> HEED_INLINE B operator()(B x, const cells<B>& at) const noexcept {
    using number = typename B::value_type;
    if (at.row.step == 0 && at.q.step == 0) return mul(x, B(static_cast<number>(factor(at.seq, at.row[0], at.q[0]))));
    return mul(x, B::generate([&](index_t i) __attribute__((always_inline)) {
                 return static_cast<number>(factor(at.seq, at.row[i], at.q[i]));
               }));
  }

  HEED_INLINE failure check(const call_extents& e) const noexcept {
    if (rule_ == rule::offsets && offset_count_ != e.sequences + 1)
      return {errc::bad_extent, "row_scale", "number of row_offsets", offset_count_, "must be", e.sequences + 1};
    if (rule_ == rule::rows_each && (rows_each_ < 0 || rows_each_ > (index_t{1} << 40)))
      return {errc::bad_value, "row_scale", "rows_each", rows_each_, "must be from 0 to", index_t{1} << 40};
    if (e.tokens > 0 && rule_ == rule::position && count_ == 0)
      return {errc::bad_extent, "row_scale", "number of factors", 0, "the least is", 1};
    for (index_t seq = 0; seq < e.sequences; ++seq) {
      const index_t rows = e.rows(seq);
      if (rows <= 0) continue;
      index_t first = 0, needed = 0;
      if (rule_ == rule::position) {
        needed = e.source != nullptr ? e.seen(seq) : 0;
      } else if (rule_ == rule::offsets) {
        first = offsets_[seq];
        if (first < 0) return {errc::index_out_of_range, "row_scale", "row_offsets", first, "the least is", 0, seq};
        if (__builtin_add_overflow(first, rows, &needed))
          return {errc::size_overflow, "row_scale", "row_offsets", first, "plus the rows must stay below",
                  PTRDIFF_MAX,         seq};
      } else if (__builtin_mul_overflow(seq, rows_each_, &first) || __builtin_add_overflow(first, rows, &needed)) {
        return {errc::size_overflow, "row_scale", "rows_each", rows_each_, "times the sequences must stay below",
                PTRDIFF_MAX};
      } else if (e.sequences > 1 && rows > rows_each_) {
        return {errc::bad_value, "row_scale", "rows_each", rows_each_, "but a sequence has rows", rows};
      }
      if (count_ < needed)
        return {errc::bad_extent, "row_scale", "number of factors", count_, "but the call needs", needed};
    }
    return {};
  }
  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept {
    return detail::any_shares(f, std::span<const float>(factors_, static_cast<std::size_t>(count_)),
                              std::span<const index_t>(offsets_, static_cast<std::size_t>(offset_count_)));
  }

private:
  enum class rule : unsigned char { offsets, rows_each, position };
  HEED_INLINE row_scale(std::span<const float> factors, rule r, std::span<const index_t> offsets,
                        index_t rows_each) noexcept
      : factors_(factors.data()), count_(static_cast<index_t>(factors.size())), offsets_(offsets.data()),
        offset_count_(static_cast<index_t>(offsets.size())), rows_each_(rows_each), rule_(r) {}

  const float* factors_;
  index_t count_;
  const index_t* offsets_;
  index_t offset_count_, rows_each_;
  rule rule_;
};

static_assert(score_mod<row_scale> && score_mod<row_scale, double> && self_checking<row_scale>);

} // namespace heed
