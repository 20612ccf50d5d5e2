// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Reads the block masks of PyTorch's FlexAttention.
#include <heed/sparse/block_lists.hpp>
#include <heed/view/tensor_view.hpp>

namespace heed {

/// The tensors of a BlockMask. Partial blocks are those whose mask_mod must be asked: here the mask's cells.
///
/// Shapes    kv_num_blocks, full_kv_num_blocks: [batch][heads][row blocks]; kv_indices, full_kv_indices:
///           [batch][heads][row blocks][key blocks], of each row the first kv_num_blocks count
struct block_mask_tensors {
  tensor_view<const std::int32_t, 3> kv_num_blocks;
  tensor_view<const std::int32_t, 4> kv_indices;
  tensor_view<const std::int32_t, 3> full_kv_num_blocks{}; ///< null: no full blocks
  tensor_view<const std::int32_t, 4> full_kv_indices{};
};

namespace detail {
inline namespace HEED_ISA {

template <class Counts, class Indices>
failure check_block_mask(const Counts& counts, const Indices& indices, const char* count_name, const char* index_name,
                         const block_shape& s, index_t rows, index_t keys) noexcept {
  if (counts.data() == nullptr) return {};
  if (indices.data() == nullptr && keys > 0)
    return {errc::null_pointer, "read_block_mask", index_name, 0, "a null pointer beside counts:", counts.extent(2)};
  const index_t want[] = {s.sequences, s.lists, rows, keys};
  for (int axis = 0; axis < 4; ++axis) {
    if (axis < 3 && counts.extent(axis) != want[axis])
      return {errc::bad_extent,
              "read_block_mask",
              count_name,
              counts.extent(axis),
              "by the shape this extent is",
              want[axis],
              axis};
    if (indices.extent(axis) != want[axis])
      return {errc::bad_extent,
              "read_block_mask",
              index_name,
              indices.extent(axis),
              "by the shape this extent is",
              want[axis],
              axis};
  }
  for (index_t b = 0; b < s.sequences; ++b)
    for (index_t h = 0; h < s.lists; ++h)
      for (index_t r = 0; r < rows; ++r) {
        const index_t n = counts(b, h, r), at = (b * s.lists + h) * rows + r;
        if (n < 0 || n > keys)
          return {errc::length_out_of_range,
                  "read_block_mask",
                  count_name,
                  n,
                  "it must be at least 0 and at most",
                  keys,
                  at};
        for (index_t j = 0; j < n; ++j) {
          const index_t x = indices(b, h, r, j);
          if (x < 0 || x >= keys)
            return {errc::index_out_of_range,
                    "read_block_mask",
                    index_name,
                    x,
                    "it must be at least 0 and below",
                    keys,
                    at * keys + j};
          if (j > 0 && x <= indices(b, h, r, j - 1))
            return {errc::not_monotone,      "read_block_mask", index_name, x, "it must be above the entry before,",
                    indices(b, h, r, j - 1), at * keys + j};
        }
      }
  return {};
}

template <class Counts, class Indices>
void copy_block_mask(const Counts& counts, const Indices& indices, index_t b, index_t h, index_t r,
                     std::vector<std::int32_t>& to) {
  to.clear();
  if (counts.data() == nullptr) return;
  for (index_t j = 0; j < counts(b, h, r); ++j) to.push_back(indices(b, h, r, j));
}

} // namespace HEED_ISA
} // namespace detail

/// Fills lists from a BlockMask; mask_mod becomes the cells of the mask: out.mask(causal{}), or a mask of the user's.
///
/// Requires  batch and heads as shape.sequences and shape.lists say (1 broadcasts); counts inside [0, key blocks];
///           indices of a row ascend, inside the keys; no block full and partial
/// Throws    error with the tensor, the place (counted row-major) and the value, before out is touched
/// Source    PyTorch, torch.nn.attention.flex_attention, BlockMask
HEED_INLINE void read_block_mask(const block_shape& shape, const block_mask_tensors& m, block_lists& out) {
  using namespace detail;
  if (const failure f = check_block_shape(shape)) return report(f);
  const index_t rows = block_lists::parts(shape.rows, shape.block_rows);
  const index_t keys = block_lists::parts(shape.keys, shape.block_keys);
  if (const failure f =
          check_block_mask(m.kv_num_blocks, m.kv_indices, "kv_num_blocks", "kv_indices", shape, rows, keys))
    return report(f);
  if (const failure f = check_block_mask(m.full_kv_num_blocks, m.full_kv_indices, "full_kv_num_blocks",
                                         "full_kv_indices", shape, rows, keys))
    return report(f);
  std::vector<std::int32_t> full, partial;
  const auto each_row = [&](auto&& f) HEED_BODY {
    for (index_t b = 0; b < shape.sequences; ++b)
      for (index_t h = 0; h < shape.lists; ++h)
        for (index_t r = 0; r < rows; ++r) {
          copy_block_mask(m.full_kv_num_blocks, m.full_kv_indices, b, h, r, full);
          copy_block_mask(m.kv_num_blocks, m.kv_indices, b, h, r, partial);
          if (!f(b, h, r)) return;
        }
  };
  failure twice;
  each_row([&](index_t b, index_t h, index_t r) HEED_BODY {
    twice = check_disjoint("read_block_mask", "kv_indices", full, partial, ((b * shape.lists + h) * rows + r) * keys);
    return !twice;
  });
  if (twice) return report(twice);
  out.reset(shape);
  each_row([&](index_t b, index_t h, index_t r) HEED_BODY {
    out.set_row(b, h, r, full, partial);
    return true;
  });
}

} // namespace heed
