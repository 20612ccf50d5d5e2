// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// One call in its normal form: packed rows, whatever views it came as.
#include <heed/problem/heads.hpp>
#include <heed/problem/prompt_rows.hpp>
#include <heed/problem/query_positions.hpp>
#include <heed/view/footprint.hpp>

namespace heed {

/// Rows [token][head][dim] at any strides, packed over the batch. A dense batch [sequence][row][head][dim] has
/// rows_each > 0 and a stride from sequence to sequence of its own.
template <class T> struct packed_rows {
  T* data = nullptr;
  index_t token_stride = 0, head_stride = 0, rows_each = 0, sequence_stride = 0;
  [[nodiscard]] HEED_INLINE T* row(index_t token, index_t head) const noexcept {
    const index_t at =
        rows_each > 0 ? token / rows_each * sequence_stride + token % rows_each * token_stride : token * token_stride;
    return data + at + head * head_stride;
  }
};

/// What a kernel needs to know of a call besides its roles.
template <class TQ, class TO> struct problem {
  call_extents extents;
  head_map heads;
  query_positions positions;
  packed_rows<const TQ> q; ///< [tokens][q_heads][key_dim]
  packed_rows<TO> o;       ///< [tokens][q_heads][value_dim]
  double scale;
  footprint read, written; ///< where q and o lie
  prompt_rows prompt = prompt_rows::none();
};

} // namespace heed
