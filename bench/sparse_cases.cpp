// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Block-sparse attention at several densities, beside dense causal attention of the same size. The target: time at most
// 1.25 x density x the dense time, so a rate per visible pair of at least 0.8 of the dense one.
#include "bound_call.hpp"

#include <heed/sparse/block_lists.hpp>

namespace heed::bench {
namespace {

constexpr call_size size{1, 8192, 8192, 2, 2, 128, 128};

/// 128 x 128 blocks at or below the diagonal, each with the given chance per mille, the diagonal always: another list
/// for each head.
template <class Buffers> const block_lists& drawn_blocks(Buffers& b, std::uint64_t per_mille) {
  const auto lists =
      std::make_shared<block_lists>(block_shape{.rows = b.n.rows, .keys = b.n.keys, .lists = b.n.q_heads});
  b.owned.push_back(lists);
  std::vector<std::int32_t> row;
  std::uint64_t state = per_mille;
  for (index_t h = 0; h < b.n.q_heads; ++h)
    for (index_t r = 0; r < lists->row_blocks(); ++r) {
      row.clear();
      for (std::int32_t c = 0; c <= r; ++c) {
        state = state * 0x5851f42d4c957f2du + 0x14057b7ef767814fu;
        if (c == r || (state >> 33) % 1000 < per_mille) row.push_back(c);
      }
      lists->set_row(0, h, r, row);
    }
  return *lists;
}
bench_case blocks_case(const char* suffix, std::uint64_t per_mille) {
  return make_case<float>(
      "prefill/f32/" + size_name(size) + "/causal+" + suffix, size, limit::arithmetic,
      [=](auto& b, index_t) { return bind(b.rows_of(0), all_of(drawn_blocks(b, per_mille).mask(), causal{})); });
}

} // namespace

std::vector<bench_case> sparse_cases() {
  // The diagonal's share is 1.6 %: these give densities of 0.50, 0.25 and 0.10.
  return {make_case<float>("prefill/f32/" + size_name(size) + "/causal", size, limit::arithmetic,
                           [](auto& b, index_t) { return bind(b.rows_of(0), causal{}); }),
          blocks_case("blocks_050", 492), blocks_case("blocks_025", 238), blocks_case("blocks_010", 86)};
}

} // namespace heed::bench
