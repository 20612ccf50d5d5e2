// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The sizes of one call, as roles and sources see them when they check themselves.
#include <heed/error.hpp>
#include <heed/view/index_list.hpp>

namespace heed {

/// Sizes of a call. A batch is always ragged: sequence s has the query rows [first_row(s), first_row(s) + rows(s)) of
/// the packed queries; rows_each serves where row_offsets is empty.
struct call_extents {
  index_t sequences = 0, tokens = 0, q_heads = 0, kv_heads = 0, key_dim = 0, value_dim = 0;
  index_list row_offsets = {};
  index_t rows_each = 0;
  const void* source = nullptr;
  index_t (*seen_of)(const void* source, index_t seq) noexcept = nullptr;
  index_t (*slots_of)(const void* source, index_t seq, index_t kv_head) noexcept = nullptr;

  [[nodiscard]] HEED_INLINE index_t first_row(index_t seq) const noexcept {
    return !row_offsets.empty() ? row_offsets[seq] : seq * rows_each;
  }
  [[nodiscard]] HEED_INLINE index_t rows(index_t seq) const noexcept {
    return !row_offsets.empty() ? row_offsets[seq + 1] - row_offsets[seq] : rows_each;
  }
  [[nodiscard]] HEED_INLINE index_t seen(index_t seq) const noexcept { return seen_of(source, seq); }
  [[nodiscard]] HEED_INLINE index_t slots(index_t seq, index_t kv_head) const noexcept {
    return slots_of(source, seq, kv_head);
  }
};

/// A role or source that refuses bad parameters: the front door calls check before anything is written. For a source,
/// check runs first and must not rely on extents.source.
template <class R>
concept self_checking = requires(const R r, const call_extents& e) {
  { r.check(e) }
  noexcept->std::same_as<failure>;
};

} // namespace heed
