// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Which query rows and heads an observer looks at.
#include <heed/problem/call_extents.hpp>

namespace heed {

/// Rows of every sequence, and a list of query heads (empty: all).
///
/// Shapes    heads: ascending query heads
class row_choice {
public:
  HEED_INLINE constexpr row_choice() noexcept = default;
  [[nodiscard]] static HEED_INLINE constexpr row_choice all() noexcept { return {}; }
  /// The last n rows of each sequence, or as many as it has.
  [[nodiscard]] static HEED_INLINE constexpr row_choice last(index_t n) noexcept {
    row_choice c;
    c.last_ = n;
    c.kind_ = kind::last;
    return c;
  }
  /// Rows [begin, end), cut at the sequence's rows.
  [[nodiscard]] static HEED_INLINE constexpr row_choice between(index_t begin, index_t end) noexcept {
    row_choice c;
    c.between_ = {begin, end};
    return c;
  }
  [[nodiscard]] HEED_INLINE constexpr row_choice of_heads(std::span<const index_t> heads) const noexcept {
    row_choice c = *this;
    c.heads_ = heads;
    return c;
  }

  /// The chosen stretch of n rows.
  [[nodiscard]] HEED_INLINE range stretch(index_t n) const noexcept {
    if (kind_ == kind::last) return {greater(0, n - last_), n};
    return {lesser(between_.begin, n), lesser(between_.end, n)};
  }
  /// The same for one head: empty where the head is not chosen.
  [[nodiscard]] HEED_INLINE range rows(index_t head, index_t n) const noexcept {
    return place(head) < 0 ? range{0, 0} : stretch(n);
  }
  /// The place of a head among the chosen ones; -1 if it is not chosen.
  [[nodiscard]] HEED_INLINE index_t place(index_t head) const noexcept {
    if (heads_.empty()) return head;
    for (std::size_t i = 0; i < heads_.size(); ++i)
      if (heads_[i] == head) return static_cast<index_t>(i);
    return -1;
  }
  [[nodiscard]] HEED_INLINE index_t head_count(index_t q_heads) const noexcept {
    return heads_.empty() ? q_heads : static_cast<index_t>(heads_.size());
  }
  [[nodiscard]] HEED_INLINE failure check(const char* argument, const call_extents& e) const noexcept {
    if (last_ < 0) return {errc::bad_value, argument, "last rows", last_, "the least is", 0};
    if (between_.begin < 0) return {errc::bad_value, argument, "first row", between_.begin, "the least is", 0};
    if (between_.end < between_.begin)
      return {errc::bad_value, argument, "end of the rows", between_.end, "but the first row is", between_.begin};
    for (std::size_t i = 0; i < heads_.size(); ++i) {
      const auto at = static_cast<index_t>(i);
      if (heads_[i] < 0) return {errc::index_out_of_range, argument, "heads", heads_[i], "the least is", 0, at};
      if (heads_[i] >= e.q_heads)
        return {errc::index_out_of_range, argument, "heads", heads_[i], "but the query heads are", e.q_heads, at};
      if (i > 0 && heads_[i] <= heads_[i - 1])
        return {errc::not_monotone, argument, "heads", heads_[i], "entries ascend, and the one before is",
                heads_[i - 1],      at};
    }
    return {};
  }

private:
  enum class kind : unsigned char { between, last };
  kind kind_ = kind::between;
  index_t last_ = 0;
  range between_{0, PTRDIFF_MAX};
  std::span<const index_t> heads_;
};

} // namespace heed
