// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Reads boolean block grids, the form in which selectors of other libraries hand over what they keep.
#include <heed/sparse/block_lists.hpp>
#include <heed/view/tensor_view.hpp>

namespace heed {

/// Fills lists from a grid: a block whose entry is not zero is kept, whole or as cells tell (cover).
///
/// Shapes    kept: [sequences][lists][row blocks][key blocks] as shape says; strides are free, so that a grid of the
///           first kept rows and columns of a larger one can be read
/// Requires  extents as shape says, cover full or partial
/// Throws    error, before out is touched
/// Source    Block-Sparse-Attention, base_blockmask; SpargeAttn, mask_id
template <class T>
HEED_INLINE void read_block_grid(const block_shape& shape, const tensor_view<const T, 4>& kept, block_lists& out,
                                 coverage cover = coverage::full) {
  const auto extent = [&](const char* what, int axis, index_t want) HEED_BODY {
    const index_t n = kept.extent(axis);
    return n != want ? failure{errc::bad_extent, "read_block_grid", what, n, "the shape has", want} : failure{};
  };
  if (const failure f = detail::check_block_shape(shape)) return detail::report(f);
  const index_t rows = block_lists::parts(shape.rows, shape.block_rows);
  const index_t keys = block_lists::parts(shape.keys, shape.block_keys);
  for (const failure& f : {extent("sequences", 0, shape.sequences), extent("lists", 1, shape.lists),
                           extent("row blocks", 2, rows), extent("key blocks", 3, keys)})
    if (f) return detail::report(f);
  if (kept.data() == nullptr && kept.size() > 0)
    return detail::report({errc::null_pointer, "read_block_grid", "kept", 0, "a null pointer to blocks:", kept.size()});
  if (cover == coverage::none)
    return detail::report({errc::bad_value, "read_block_grid", "cover", 0, "it must be partial (1) or full,", 2});
  out.reset(shape);
  std::vector<std::int32_t> row;
  for (index_t s = 0; s < shape.sequences; ++s)
    for (index_t l = 0; l < shape.lists; ++l)
      for (index_t r = 0; r < rows; ++r) {
        row.clear();
        for (index_t b = 0; b < keys; ++b)
          if (kept(s, l, r, b) != T(0)) row.push_back(static_cast<std::int32_t>(b));
        if (cover == coverage::full)
          out.set_row(s, l, r, row);
        else
          out.set_row(s, l, r, {}, row);
      }
}

} // namespace heed
