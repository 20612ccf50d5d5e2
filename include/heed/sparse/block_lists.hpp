// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Owns the lists of kept blocks and single key columns that selectors and readers write and mask/block_sparse.hpp
// reads.
#include <heed/mask/block_sparse.hpp>

#include <new>
#include <span>
#include <vector>

namespace heed {

/// Sizes of block lists.
///
/// Units     rows, keys: query rows and tokens of the longest sequence; lists: per sequence (one for all heads, or one
///           per key-value head, or one per query head); heads_per_list: query heads that read one list (one list
///           serves all heads whatever it says); sequences 1: all sequences share the lists; stripe_rows: query rows
///           that share single key columns, 0: no stripes
struct block_shape {
  index_t rows = 0, keys = 0;
  index_t block_rows = 128, block_keys = 128;
  index_t lists = 1, heads_per_list = 1, sequences = 1;
  index_t stripe_rows = 0;
};

/// Per (sequence, list) and block of query rows the kept blocks of keys: full ones, and partial ones whose cells the
/// mask's predicate decides; per group of rows single key columns (stripes). Rows may be written in any order, each
/// once; rows never written are empty. Reusable: reset keeps the memory.
///
/// Requires  entries ascend, lie in range, and no block is both full and partial
/// Throws    error, with the entry; what was written before stays
/// Cost      4 bytes per entry, 16 per row and kind
class block_lists {
public:
  using entries = std::span<const std::int32_t>;

  HEED_INLINE block_lists() noexcept = default;
  HEED_INLINE block_lists(const block_lists&) = default;
  HEED_INLINE block_lists(block_lists&&) noexcept = default;
  HEED_INLINE block_lists& operator=(const block_lists&) = default;
  HEED_INLINE block_lists& operator=(block_lists&&) noexcept = default;
  HEED_INLINE ~block_lists() = default;
  HEED_INLINE explicit block_lists(const block_shape& shape) { reset(shape); }

  /// Empties the lists and sets their sizes. Allocates only where they grow beyond what they ever held.
  HEED_INLINE void reset(const block_shape& shape);
  /// Writes the blocks of one block of rows.
  HEED_INLINE void set_row(index_t seq, index_t list, index_t row_block, entries full, entries partial = {});
  /// Writes the single key columns of one group of rows, by position.
  HEED_INLINE void set_stripes(index_t seq, index_t list, index_t group, entries keys);
  /// Says how each query head is treated (copied); without it head h reads list h / heads_per_list.
  HEED_INLINE void set_heads(std::span<const block_head> heads) {
    const std::span<block_head> own = make_heads(static_cast<index_t>(heads.size()));
    for (std::size_t i = 0; i < heads.size(); ++i) own[i] = heads[i];
  }
  /// The same to be written in place: n heads, each reading list 0.
  [[nodiscard]] HEED_INLINE std::span<block_head> make_heads(index_t n) {
    heads_.resize(static_cast<std::size_t>(n) * sizeof(block_head));
    auto* const first = reinterpret_cast<block_head*>(heads_.data());
    for (index_t i = 0; i < n; ++i) ::new (static_cast<void*>(first + i)) block_head{};
    return {first, static_cast<std::size_t>(n)};
  }

  /// Parts of `of` entries that n entries make, the last perhaps ragged; 0: none.
  [[nodiscard]] static HEED_INLINE index_t parts(index_t n, index_t of) noexcept {
    return of > 0 ? (n + of - 1) / of : 0;
  }
  [[nodiscard]] HEED_INLINE const block_shape& shape() const noexcept { return shape_; }
  [[nodiscard]] HEED_INLINE index_t row_blocks() const noexcept { return parts(shape_.rows, shape_.block_rows); }
  [[nodiscard]] HEED_INLINE index_t key_blocks() const noexcept { return parts(shape_.keys, shape_.block_keys); }
  [[nodiscard]] HEED_INLINE index_t stripe_groups() const noexcept { return parts(shape_.rows, shape_.stripe_rows); }

  [[nodiscard]] HEED_INLINE entries full_row(index_t seq, index_t list, index_t row_block) const noexcept {
    return full_.row(row_index(seq, list, row_block));
  }
  [[nodiscard]] HEED_INLINE entries partial_row(index_t seq, index_t list, index_t row_block) const noexcept {
    return partial_.row(row_index(seq, list, row_block));
  }
  [[nodiscard]] HEED_INLINE entries stripes(index_t seq, index_t list, index_t group) const noexcept {
    return stripes_.row(list_index(seq, list) * stripe_groups() + group);
  }
  [[nodiscard]] HEED_INLINE std::span<const block_head> heads() const noexcept {
    return {reinterpret_cast<const block_head*>(heads_.data()), heads_.size() / sizeof(block_head)};
  }

  /// The arguments of the mask; they read this object's memory.
  [[nodiscard]] HEED_INLINE sparse_blocks view() const noexcept {
    return {shape_.block_rows,     shape_.block_keys, row_blocks(),    shape_.lists,
            shape_.heads_per_list, shape_.sequences,  full_.view(),    partial_.view(),
            shape_.stripe_rows,    stripe_groups(),   stripes_.view(), heads()};
  }
  /// The mask over these lists; `cells` decides inside partial blocks. Valid until the lists change.
  template <heed::mask Cells = full>
  [[nodiscard]] HEED_INLINE block_sparse<Cells> mask(Cells cells = {}) const noexcept {
    return block_sparse<Cells>(view(), cells);
  }

private:
  HEED_INLINE index_t list_index(index_t seq, index_t list) const noexcept { return seq * shape_.lists + list; }
  HEED_INLINE index_t row_index(index_t seq, index_t list, index_t row_block) const noexcept {
    return list_index(seq, list) * row_blocks() + row_block;
  }

  struct pool {
    std::vector<std::int32_t> entries;
    std::vector<std::int64_t> begin, end;

    HEED_INLINE pool() noexcept = default;
    HEED_INLINE pool(const pool&) = default;
    HEED_INLINE pool(pool&&) noexcept = default;
    HEED_INLINE pool& operator=(const pool&) = default;
    HEED_INLINE pool& operator=(pool&&) noexcept = default;
    HEED_INLINE ~pool() = default;

    HEED_INLINE void reset(index_t rows) {
      entries.clear();
      begin.assign(static_cast<std::size_t>(rows), 0);
      end.assign(static_cast<std::size_t>(rows), 0);
    }
    HEED_INLINE void set(index_t row, block_lists::entries list) {
      const auto at = static_cast<std::size_t>(row);
      begin[at] = static_cast<std::int64_t>(entries.size());
      entries.insert(entries.end(), list.begin(), list.end());
      end[at] = static_cast<std::int64_t>(entries.size());
    }
    [[nodiscard]] HEED_INLINE block_lists::entries row(index_t row) const noexcept {
      const auto at = static_cast<std::size_t>(row);
      return {entries.data() + begin[at], static_cast<std::size_t>(end[at] - begin[at])};
    }
    [[nodiscard]] HEED_INLINE index_rows view() const noexcept { return {entries, begin, end}; }
  };

  block_shape shape_{};
  pool full_, partial_, stripes_;
  std::vector<std::byte> heads_; ///< block_heads: a vector of these would be code that objects of all ISAs share
};

namespace detail {

HEED_INLINE failure check_block_shape(const block_shape& s) noexcept {
  const auto least = [](const char* what, index_t value, index_t limit) HEED_BODY {
    return value < limit ? failure{errc::bad_value, "block_lists", what, value, "the least is", limit} : failure{};
  };
  const auto most = [](const char* what, index_t value) HEED_BODY {
    constexpr index_t limit = 0x7fffffff; // entries are 32 bits wide
    return value > limit ? failure{errc::limit_exceeded, "block_lists", what, value, "the limit is", limit} : failure{};
  };
  for (const failure& f :
       {least("rows", s.rows, 0), least("keys", s.keys, 0), least("block_rows", s.block_rows, 1),
        least("block_keys", s.block_keys, 1), least("lists", s.lists, 1), least("heads_per_list", s.heads_per_list, 1),
        least("sequences", s.sequences, 1), least("stripe_rows", s.stripe_rows, 0), most("rows", s.rows),
        most("keys", s.keys), most("block_rows", s.block_rows), most("block_keys", s.block_keys),
        most("lists", s.lists), most("heads_per_list", s.heads_per_list), most("sequences", s.sequences),
        most("stripe_rows", s.stripe_rows)})
    if (f) return f;
  constexpr index_t limit = index_t{1} << 40;
  const index_t each = greater(block_lists::parts(s.rows, s.block_rows), block_lists::parts(s.rows, s.stripe_rows));
  if (each > 0 && s.sequences * s.lists > limit / each)
    return {errc::size_overflow,          "block_lists", "sequences times lists", s.sequences * s.lists,
            "rows of each allow at most", limit / each};
  return {};
}

/// Ascending entries in [0, limit). first: how many stand before in their array, for the message.
HEED_INLINE failure check_entries(const char* argument, const char* what, std::span<const std::int32_t> list,
                                  index_t limit, index_t first = 0) noexcept {
  for (std::size_t i = 0; i < list.size(); ++i) {
    const index_t at = first + static_cast<index_t>(i);
    if (list[i] < 0 || list[i] >= limit)
      return {errc::index_out_of_range, argument, what, list[i], "it must be at least 0 and below", limit, at};
    if (i > 0 && list[i] <= list[i - 1])
      return {errc::not_monotone, argument, what, list[i], "it must be above the entry before,", list[i - 1], at};
  }
  return {};
}

/// No entry in both lists.
HEED_INLINE failure check_disjoint(const char* argument, const char* what, std::span<const std::int32_t> full,
                                   std::span<const std::int32_t> partial, index_t first = 0) noexcept {
  for (std::size_t i = 0, j = 0; i < full.size() && j < partial.size();) {
    if (full[i] == partial[j])
      return {errc::overlap,
              argument,
              what,
              partial[j],
              "it is among the full ones too:",
              full[i],
              first + static_cast<index_t>(j)};
    full[i] < partial[j] ? ++i : ++j;
  }
  return {};
}

HEED_INLINE failure check_inside(const char* what, index_t value, index_t end) noexcept {
  if (value < 0 || value >= end)
    return {errc::index_out_of_range, "block_lists", what, value, "it must be at least 0 and below", end};
  return {};
}

} // namespace detail

HEED_INLINE void block_lists::reset(const block_shape& s) {
  if (const failure f = detail::check_block_shape(s)) return detail::report(f);
  shape_ = s;
  full_.reset(s.sequences * s.lists * row_blocks());
  partial_.reset(s.sequences * s.lists * row_blocks());
  stripes_.reset(s.sequences * s.lists * stripe_groups());
  heads_.clear();
}

HEED_INLINE void block_lists::set_row(index_t seq, index_t list, index_t row_block, entries full, entries partial) {
  using namespace detail;
  for (const failure& f : {check_inside("sequence", seq, shape_.sequences), check_inside("list", list, shape_.lists),
                           check_inside("row block", row_block, row_blocks()),
                           check_entries("block_lists", "full blocks", full, key_blocks()),
                           check_entries("block_lists", "partial blocks", partial, key_blocks()),
                           check_disjoint("block_lists", "a partial block", full, partial)})
    if (f) return report(f);
  full_.set(row_index(seq, list, row_block), full);
  partial_.set(row_index(seq, list, row_block), partial);
}

HEED_INLINE void block_lists::set_stripes(index_t seq, index_t list, index_t group, entries keys) {
  using namespace detail;
  for (const failure& f : {check_inside("sequence", seq, shape_.sequences), check_inside("list", list, shape_.lists),
                           check_inside("stripe group", group, stripe_groups()),
                           check_entries("block_lists", "stripes", keys, shape_.keys)})
    if (f) return report(f);
  stripes_.set(list_index(seq, list) * stripe_groups() + group, keys);
}

} // namespace heed
