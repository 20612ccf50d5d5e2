// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Block-sparse prefill from block lists that others made: FlexAttention's BlockMask, and compressed rows (CSR). Prints
// the error against dense attention with the same mask, and the time against dense causal attention.
//   example_block_sparse [TOKENS [PER_MILLE]]: per mille of the blocks below the diagonal that are kept
#include <heed/heed.hpp>

#include "plain_loop.hpp"

#include <chrono>
#include <cstdlib>

namespace {

using heed::index_t;
constexpr index_t heads = 2, dim = 128, block = 128;

/// What a BlockMask of PyTorch's FlexAttention holds, [1][heads][row blocks] and [1][heads][row blocks][key blocks]:
/// the diagonal is partial (its mask_mod is causal), the first block and some others are full.
struct block_mask_data {
  index_t rows;
  std::vector<std::int32_t> kv_num_blocks, kv_indices, full_kv_num_blocks, full_kv_indices;

  block_mask_data(index_t row_blocks, std::uint64_t per_mille) : rows(row_blocks) {
    std::uint64_t state = 7;
    for (index_t h = 0; h < heads; ++h)
      for (index_t r = 0; r < rows; ++r) {
        std::vector<std::int32_t> full;
        for (std::int32_t b = 0; b < r; ++b) {
          state = state * 6364136223846793005u + 1442695040888963407u;
          if (b == 0 || (state >> 33) % 1000 < per_mille) full.push_back(b);
        }
        put({static_cast<std::int32_t>(r)}, kv_num_blocks, kv_indices);
        put(full, full_kv_num_blocks, full_kv_indices);
      }
  }
  void put(const std::vector<std::int32_t>& row, std::vector<std::int32_t>& counts,
           std::vector<std::int32_t>& all) const {
    counts.push_back(static_cast<std::int32_t>(row.size()));
    all.insert(all.end(), row.begin(), row.end());
    all.resize(all.size() + static_cast<std::size_t>(rows) - row.size());
  }
};

template <class F> double best_seconds(const F& call) {
  double best = HUGE_VAL;
  for (int i = 0; i < 5; ++i) {
    const auto start = std::chrono::steady_clock::now();
    call();
    best = std::fmin(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

} // namespace

int main(int argc, char** argv) {
  const index_t tokens = argc > 1 ? std::atoll(argv[1]) : 1000;
  const auto per_mille = static_cast<std::uint64_t>(argc > 2 ? std::atoll(argv[2]) : 250);
  const index_t blocks = (tokens + block - 1) / block;
  const auto q_data = plain::numbers(tokens * heads * dim, 1), k_data = plain::numbers(tokens * heads * dim, 2),
             v_data = plain::numbers(tokens * heads * dim, 3);
  std::vector<float> o_data(q_data.size()), o_csr(q_data.size()), o_dense(q_data.size());
  const auto q = heed::view(q_data.data(), tokens, heads, dim);
  const auto kv =
      heed::contiguous(heed::view(k_data.data(), tokens, heads, dim), heed::view(v_data.data(), tokens, heads, dim));
  const auto o = heed::view(o_data.data(), tokens, heads, dim);
  heed::thread_pool pool{2};
  const block_mask_data theirs(blocks, per_mille);

  // [readme]
  // The four tensors of a BlockMask, [batch][heads][row blocks] and [batch][heads][row blocks][key blocks].
  heed::block_lists lists;
  heed::read_block_mask({.rows = tokens, .keys = tokens, .block_rows = block, .block_keys = block, .lists = heads},
                        {heed::view(theirs.kv_num_blocks.data(), 1, heads, blocks),
                         heed::view(theirs.kv_indices.data(), 1, heads, blocks, blocks),
                         heed::view(theirs.full_kv_num_blocks.data(), 1, heads, blocks),
                         heed::view(theirs.full_kv_indices.data(), 1, heads, blocks, blocks)},
                        lists);
  heed::attend(pool, q, kv, o, lists.mask(heed::causal{})); // mask_mod, asked in partial blocks only
  // [readme]

  // The same blocks as compressed rows, and causal over all of them.
  std::vector<std::int32_t> offsets{0}, columns;
  for (index_t h = 0; h < heads; ++h)
    for (index_t r = 0; r < blocks; ++r) {
      for (const std::int32_t b : lists.full_row(0, h, r)) columns.push_back(b);
      for (const std::int32_t b : lists.partial_row(0, h, r)) columns.push_back(b);
      offsets.push_back(static_cast<std::int32_t>(columns.size()));
    }
  heed::block_lists from_csr;
  heed::read_csr(lists.shape(), {offsets, columns}, {}, from_csr);
  const auto mask = heed::all_of(from_csr.mask(), heed::causal{});
  const auto csr_view = heed::view(o_csr.data(), tokens, heads, dim);
  heed::attend(pool, q, kv, csr_view, mask);

  double worst = 0;
  const std::vector<index_t> rows = heed::evenly_spaced_rows(tokens, 50);
  for (const index_t t : rows)
    for (index_t h = 0; h < heads; ++h) {
      const std::int32_t* kept = theirs.full_kv_indices.data() + (h * blocks + t / block) * blocks;
      const std::int32_t count = theirs.full_kv_num_blocks[static_cast<std::size_t>(h * blocks + t / block)];
      std::vector<char> seen(static_cast<std::size_t>(blocks));
      for (std::int32_t i = 0; i < count; ++i) seen[static_cast<std::size_t>(kept[i])] = 1;
      seen[static_cast<std::size_t>(t / block)] = 1;
      const auto row = plain::attend(
          q_data.data() + (t * heads + h) * dim, dim, dim, tokens,
          [&](index_t j) { return k_data.data() + (j * heads + h) * dim; },
          [&](index_t j) { return v_data.data() + (j * heads + h) * dim; },
          [&](double x, index_t j) { return j <= t && seen[static_cast<std::size_t>(j / block)] ? x : -HUGE_VAL; });
      worst = plain::furthest(worst, row, o_data.data() + (t * heads + h) * dim);
      worst = plain::furthest(worst, row, o_csr.data() + (t * heads + h) * dim);
    }

  const auto dense_view = heed::view(o_dense.data(), tokens, heads, dim);
  const double dense = best_seconds([&] { heed::attend(pool, q, kv, dense_view, heed::causal{}); });
  const double sparse = best_seconds([&] { heed::attend(pool, q, kv, csr_view, mask); });
  const heed::selection_quality kept = heed::measure_selection(pool, q, kv, mask, rows);
  std::printf("%td tokens, %td heads: %.1f %% of the pairs kept, %.1f %% of the attention mass\n", tokens, heads,
              100 * kept.density, 100 * kept.mean_recall);
  std::printf("time %.2f ms, dense %.2f ms: %.2f x density x dense\n", 1e3 * sparse, 1e3 * dense,
              sparse / dense / kept.density);
  return plain::verdict("block_sparse", worst);
}
