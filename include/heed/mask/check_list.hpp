// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Preconditions that the lists of several masks share.
#include <heed/problem/call_extents.hpp>
#include <heed/view/index_list.hpp>

namespace heed::detail {

/// One entry per sequence, each at least `least`.
HEED_INLINE failure check_per_sequence(const char* mask, const char* entries, const char* size, index_list list,
                                       index_t least, const call_extents& e) noexcept {
  if (list.size() != e.sequences) return {errc::bad_extent, mask, size, list.size(), "the sequences are", e.sequences};
  for (index_t s = 0; s < list.size(); ++s)
    if (list[s] < least) return {errc::bad_value, mask, entries, list[s], "the least is", least, s};
  return {};
}

/// Offsets of sequences packed in `total` entries: one more than sequences, ascending, inside [0, total].
HEED_INLINE failure check_offsets(const char* mask, const char* entries, const char* size, index_list offsets,
                                  index_t total, const call_extents& e) noexcept {
  if (offsets.size() != e.sequences + 1)
    return {errc::bad_extent, mask, size, offsets.size(), "one more than sequences is", e.sequences + 1};
  if (offsets[0] < 0) return {errc::index_out_of_range, mask, entries, offsets[0], "the least is", 0, 0};
  for (index_t s = 1; s <= e.sequences; ++s) {
    if (offsets[s] < offsets[s - 1])
      return {errc::not_monotone, mask, entries, offsets[s], "the entry before is", offsets[s - 1], s};
    if (offsets[s] > total) return {errc::index_out_of_range, mask, entries, offsets[s], "the limit is", total, s};
  }
  return {};
}

/// Offsets may be left out where there is one sequence: then it has all entries.
HEED_INLINE failure check_optional_offsets(const char* mask, const char* entries, const char* size, index_list offsets,
                                           index_t total, const call_extents& e) noexcept {
  if (offsets.empty() && e.sequences <= 1) return {};
  return check_offsets(mask, entries, size, offsets, total, e);
}

/// Entries of one sequence.
HEED_INLINE range part_of(index_list offsets, index_t total, index_t seq) noexcept {
  return offsets.empty() ? range{0, total} : range{offsets[seq], offsets[seq + 1]};
}

} // namespace heed::detail
