// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Decode from a paged cache: plan once, run every step, and nothing allocates inside the loop.
#include <heed/heed.hpp>

#include "plain_loop.hpp"

int main() {
  constexpr heed::index_t sequences = 3, steps = 40, page = 16, max_pages = 4, q_heads = 32, kv_heads = 8, dim = 128;
  // A pool of pages that the sequences share, and the lists in which the cache keeps their order.
  const heed::index_t pool_pages = sequences * max_pages;
  std::vector<float> k_pool(static_cast<std::size_t>(pool_pages * page * kv_heads * dim)), v_pool(k_pool);
  std::vector<heed::index_t> pages(static_cast<std::size_t>(sequences * max_pages)), lengths(sequences),
      free_pages(static_cast<std::size_t>(pool_pages));
  // [readme]
  heed::paged_cache cache(heed::view(k_pool.data(), pool_pages, page, kv_heads, dim),
                          heed::view(v_pool.data(), pool_pages, page, kv_heads, dim),
                          {.pages = pages, .max_pages = max_pages, .lengths = lengths, .free_pages = free_pages});
  heed::thread_pool pool{2};
  const auto kv = cache.source(); // sees later appends
  const heed::decode_shape limits{.sequences = sequences, .q_heads = q_heads, .max_slots = max_pages * page};
  const heed::plan plan = heed::make_plan(limits, kv, heed::causal{});
  std::vector<std::byte> workspace(static_cast<std::size_t>(plan.workspace_bytes(pool.workers())));
  // [readme]

  // Fresh rows, [steps][sequences][heads][dim]; an engine computes them from the last token.
  const auto q_data = plain::numbers(steps * sequences * q_heads * dim, 1),
             k_data = plain::numbers(steps * sequences * kv_heads * dim, 2),
             v_data = plain::numbers(steps * sequences * kv_heads * dim, 3);
  std::vector<float> o_data(static_cast<std::size_t>(sequences * q_heads * dim));
  double worst = 0;
  for (heed::index_t step = 0; step < steps; ++step) {
    const float* const q_rows = q_data.data() + step * sequences * q_heads * dim;
    const float* const k_rows = k_data.data() + step * sequences * kv_heads * dim;
    const float* const v_rows = v_data.data() + step * sequences * kv_heads * dim;
    // [readme]
    // Every step: append one token to each sequence, then attend.
    for (heed::index_t s = 0; s < sequences; ++s)
      if (cache.append(s, heed::view(k_rows, sequences, kv_heads, dim).slice(0, s, 1),
                       heed::view(v_rows, sequences, kv_heads, dim).slice(0, s, 1)))
        return 1; // out of pages
    heed::expect(heed::run(pool, plan, heed::view(q_rows, sequences, q_heads, dim), kv,
                           heed::view(o_data.data(), sequences, q_heads, dim), workspace, heed::causal{}));
    // [readme]
    for (heed::index_t s = 0; s < sequences; ++s)
      for (heed::index_t h = 0; h < q_heads; ++h) {
        const auto at = [&](const std::vector<float>& rows, heed::index_t j) {
          return rows.data() + ((j * sequences + s) * kv_heads + h / (q_heads / kv_heads)) * dim;
        };
        const auto row = plain::attend(
            q_rows + (s * q_heads + h) * dim, dim, dim, step + 1, [&](heed::index_t j) { return at(k_data, j); },
            [&](heed::index_t j) { return at(v_data, j); });
        worst = plain::furthest(worst, row, o_data.data() + (s * q_heads + h) * dim);
      }
  }
  return plain::verdict("paged_decode", worst);
}
