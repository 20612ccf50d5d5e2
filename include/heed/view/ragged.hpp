// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Sequences of any lengths packed in one buffer.
#include <heed/view/index_list.hpp>
#include <heed/view/tensor_view.hpp>

namespace heed {

/// Packed rows with the places where sequences start: sequence s has the rows [offsets[s], offsets[s + 1]).
///
/// Shapes    rows: [tokens][heads][dim]; offsets: [sequences + 1], 32 or 64 bits wide
/// Requires  offsets start at 0, never descend, and end at tokens; a sequence may be empty
template <class T> struct ragged_view {
  tensor_view<T, 3> rows;
  index_list offsets;
};

template <class T>
[[nodiscard]] HEED_INLINE ragged_view<T> ragged(const tensor_view<T, 3>& rows, const index_list& offsets) noexcept {
  return {rows, offsets};
}

} // namespace heed
