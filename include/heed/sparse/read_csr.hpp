// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Reads block lists in compressed rows with offsets (CSR, block-sparse rows).
#include <heed/sparse/block_lists.hpp>

namespace heed {

/// Row i has the columns [offsets[i], offsets[i + 1]).
///
/// Shapes    offsets: [rows + 1]; columns: [entries]
struct csr_rows {
  index_list offsets{}, columns{};
};

namespace detail {
inline namespace HEED_ISA {

/// rows and entries: the names of the two arrays.
template <class Rows>
failure check_csr(const Rows& rows, const char* offsets, const char* columns, index_t count, index_t blocks) noexcept {
  const index_t held = rows.columns.size();
  if (rows.offsets.empty() && held == 0) return {};
  if (rows.offsets.size() != count + 1)
    return {errc::bad_extent, "read_csr", offsets, rows.offsets.size(), "their count must be", count + 1};
  if (rows.offsets[0] != 0) return {errc::bad_value, "read_csr", offsets, rows.offsets[0], "it must be", 0, 0};
  for (index_t i = 0; i < count; ++i) {
    const index_t begin = rows.offsets[i], end = rows.offsets[i + 1];
    if (end < begin) return {errc::not_monotone, "read_csr", offsets, end, "the offset before is", begin, i + 1};
    if (end > held) return {errc::index_out_of_range, "read_csr", offsets, end, "the columns are", held, i + 1};
    for (index_t j = begin; j < end; ++j) {
      const index_t x = rows.columns[j];
      if (x < 0 || x >= blocks)
        return {errc::index_out_of_range, "read_csr", columns, x, "it must be at least 0 and below", blocks, j};
      if (j > begin && x <= rows.columns[j - 1])
        return {errc::not_monotone,  "read_csr", columns, x, "it must be above the entry before,",
                rows.columns[j - 1], j};
    }
  }
  if (rows.offsets[count] != held)
    return {errc::bad_extent, "read_csr", columns, held, "the last offset is", rows.offsets[count]};
  return {};
}

template <class Rows> void copy_csr(const Rows& rows, index_t i, std::vector<std::int32_t>& to) {
  to.clear();
  if (rows.offsets.empty()) return;
  for (index_t j = rows.offsets[i]; j < rows.offsets[i + 1]; ++j)
    to.push_back(static_cast<std::int32_t>(rows.columns[j]));
}

} // namespace HEED_ISA
} // namespace detail

/// Fills lists from compressed rows of full blocks, and of partial ones.
///
/// Shapes    rows of full and of partial, each optional: [sequences][lists][row blocks] as shape says, 32 or 64 bits
/// Requires  offsets from 0, not descending, ending at the columns' count; columns of a row ascend, inside the keys; no
///           block full and partial
/// Throws    error with the array, the entry and its value, before out is touched
/// Source    FlashInfer, BlockSparseAttentionWrapper: indptr, indices
HEED_INLINE void read_csr(const block_shape& shape, const csr_rows& full, const csr_rows& partial, block_lists& out) {
  if (const failure f = detail::check_block_shape(shape)) return detail::report(f);
  const index_t row_blocks = block_lists::parts(shape.rows, shape.block_rows);
  const index_t key_blocks = block_lists::parts(shape.keys, shape.block_keys);
  const index_t rows = shape.sequences * shape.lists * row_blocks;
  if (const failure f = detail::check_csr(full, "offsets", "columns", rows, key_blocks)) return detail::report(f);
  if (const failure f = detail::check_csr(partial, "partial offsets", "partial columns", rows, key_blocks))
    return detail::report(f);
  std::vector<std::int32_t> whole, some;
  for (index_t i = 0; i < rows; ++i) {
    detail::copy_csr(full, i, whole);
    detail::copy_csr(partial, i, some);
    if (const failure f = detail::check_disjoint("read_csr", "partial columns", whole, some,
                                                 partial.offsets.empty() ? 0 : partial.offsets[i]))
      return detail::report(f);
  }
  out.reset(shape);
  for (index_t i = 0; i < rows; ++i) {
    detail::copy_csr(full, i, whole);
    detail::copy_csr(partial, i, some);
    out.set_row(i / row_blocks / shape.lists, i / row_blocks % shape.lists, i % row_blocks, whole, some);
  }
}

} // namespace heed
