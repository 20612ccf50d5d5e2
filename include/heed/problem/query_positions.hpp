// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Where the queries stand: a role of a call, for those who don't want the last query at the last position seen.
#include <heed/problem/call_extents.hpp>
#include <heed/view/footprint.hpp>

namespace heed {

/// Positions of query rows. Default: row r of n in a sequence that has seen s tokens stands at s - n + r, so that the
/// last query stands at the last key (bottom-right alignment). `top_left()`: row r stands at r, as in PyTorch's
/// is_causal. `listed(p)`: positions[token] for each token of the packed queries, in any order.
///
/// Shapes    listed: [tokens]
/// Requires  listed positions between -2^62 and 2^62
class query_positions {
public:
  enum class kind : unsigned char { last_at_end, from_zero, list };

  HEED_INLINE constexpr query_positions() noexcept = default;
  [[nodiscard]] static HEED_INLINE constexpr query_positions top_left() noexcept {
    query_positions p;
    p.kind_ = kind::from_zero;
    return p;
  }
  [[nodiscard]] static HEED_INLINE constexpr query_positions listed(std::span<const index_t> positions) noexcept {
    query_positions p;
    p.kind_ = kind::list;
    p.list_ = positions;
    return p;
  }

  /// Position of a row. token: its place among all packed queries; rows: the sequence's query count.
  [[nodiscard]] HEED_INLINE index_t operator()(index_t token, index_t row, index_t rows, index_t seen) const noexcept {
    if (kind_ == kind::last_at_end) return seen - rows + row;
    return kind_ == kind::from_zero ? row : list_[static_cast<std::size_t>(token)];
  }

  [[nodiscard]] HEED_INLINE failure check(const call_extents& e) const noexcept {
    if (kind_ == kind::list && static_cast<index_t>(list_.size()) != e.tokens)
      return {errc::bad_extent,           "query_positions", "size", static_cast<index_t>(list_.size()),
              "but the query tokens are", e.tokens};
    constexpr index_t most = index_t{1} << 62; // distances between positions must fit 64 bits
    for (std::size_t i = 0; i < list_.size(); ++i) {
      const auto at = static_cast<index_t>(i);
      if (list_[i] > most) return {errc::bad_value, "query_positions", "positions", list_[i], "the most is", most, at};
      if (list_[i] < -most)
        return {errc::bad_value, "query_positions", "positions", list_[i], "the least is", -most, at};
    }
    return {};
  }
  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept {
    return may_share(f, footprint_of(list_));
  }

private:
  kind kind_ = kind::last_at_end;
  std::span<const index_t> list_;
};

} // namespace heed
