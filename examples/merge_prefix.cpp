// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// A prompt that several requests share is attended to once for all of them, and merged with each one's own tokens.
#include <heed/heed.hpp>

#include "plain_loop.hpp"

int main() {
  const heed::index_t requests = 4, prefix = 200, suffix = 30, heads = 8, kv_heads = 2, dim = 64;
  const auto q_data = plain::numbers(requests * heads * dim, 1);
  const auto prefix_k = plain::numbers(prefix * kv_heads * dim, 2),
             prefix_v = plain::numbers(prefix * kv_heads * dim, 3);
  const auto own_k = plain::numbers(requests * suffix * kv_heads * dim, 4),
             own_v = plain::numbers(requests * suffix * kv_heads * dim, 5);
  std::vector<float> o_data(q_data.size()), own_o_data(q_data.size());
  std::vector<float> lse_data(static_cast<std::size_t>(requests * heads)), own_lse_data(lse_data.size());
  heed::thread_pool pool{2};
  // [readme]
  // One query token per request, [requests][heads][dim]. The prefix: all requests are query rows of one sequence.
  const auto q = heed::view(q_data.data(), requests, heads, dim);
  const auto o = heed::view(o_data.data(), requests, heads, dim);
  const auto lse = heed::view(lse_data.data(), requests, heads);
  heed::attend(pool, q,
               heed::contiguous(heed::view(prefix_k.data(), prefix, kv_heads, dim),
                                heed::view(prefix_v.data(), prefix, kv_heads, dim)),
               o, heed::full{}, heed::lse(lse));
  // Their own tokens: a batch of sequences. Then both become one.
  const auto own_o = heed::view(own_o_data.data(), requests, heads, dim);
  const auto own_lse = heed::view(own_lse_data.data(), requests, heads);
  heed::attend(pool, q,
               heed::contiguous(heed::view(own_k.data(), requests, suffix, kv_heads, dim),
                                heed::view(own_v.data(), requests, suffix, kv_heads, dim)),
               own_o, heed::lse(own_lse));
  heed::merge(o, lse, own_o, own_lse);
  // [readme]
  double worst = 0;
  for (heed::index_t r = 0; r < requests; ++r)
    for (heed::index_t h = 0; h < heads; ++h) {
      const auto at = [&](const std::vector<float>& shared, const std::vector<float>& own, heed::index_t j) {
        const heed::index_t g = h / (heads / kv_heads);
        return j < prefix ? shared.data() + (j * kv_heads + g) * dim
                          : own.data() + ((r * suffix + j - prefix) * kv_heads + g) * dim;
      };
      const auto row = plain::attend(
          q_data.data() + (r * heads + h) * dim, dim, dim, prefix + suffix,
          [&](heed::index_t j) { return at(prefix_k, own_k, j); },
          [&](heed::index_t j) { return at(prefix_v, own_v, j); });
      worst = plain::furthest(worst, row, o_data.data() + (r * heads + h) * dim);
    }
  return plain::verdict("merge_prefix", worst);
}
