// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Causal prefill with grouped heads: 32 query heads read 8 key-value heads.
// [readme]
#include <heed/heed.hpp>

#include <vector>

// q: [tokens][32][128], k and v: [tokens][8][128], all row-major.
std::vector<float> prefill(const std::vector<float>& q_data, const std::vector<float>& k_data,
                           const std::vector<float>& v_data, heed::index_t tokens) {
  std::vector<float> o_data(q_data.size());
  heed::thread_pool pool{2};

  auto q = heed::view(q_data.data(), tokens, 32, 128);
  auto o = heed::view(o_data.data(), tokens, 32, 128);
  auto kv = heed::contiguous(heed::view(k_data.data(), tokens, 8, 128), heed::view(v_data.data(), tokens, 8, 128));

  heed::attend(pool, q, kv, o, heed::causal{});
  return o_data;
}
// [readme]

#include "plain_loop.hpp"

int main() {
  const heed::index_t tokens = 100;
  const auto q = plain::numbers(tokens * 32 * 128, 1), k = plain::numbers(tokens * 8 * 128, 2),
             v = plain::numbers(tokens * 8 * 128, 3);
  const auto o = prefill(q, k, v, tokens);
  double worst = 0;
  for (heed::index_t t = 0; t < tokens; ++t)
    for (heed::index_t h = 0; h < 32; ++h) {
      const auto row = plain::attend(
          &q[static_cast<std::size_t>((t * 32 + h) * 128)], 128, 128, t + 1,
          [&](heed::index_t j) { return &k[static_cast<std::size_t>((j * 8 + h / 4) * 128)]; },
          [&](heed::index_t j) { return &v[static_cast<std::size_t>((j * 8 + h / 4) * 128)]; });
      worst = plain::furthest(worst, row, &o[static_cast<std::size_t>((t * 32 + h) * 128)]);
    }
  return plain::verdict("dense_prefill", worst);
}
