// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// A score modifier of one's own, from a function: it works on single cells and on vectors of them.
#include <heed/heed.hpp>

#include "plain_loop.hpp"

int main() {
  const heed::index_t tokens = 130, heads = 4, dim = 64;
  const auto q_data = plain::numbers(tokens * heads * dim, 1), k_data = plain::numbers(tokens * heads * dim, 2),
             v_data = plain::numbers(tokens * heads * dim, 3);
  std::vector<float> o_data(q_data.size());
  heed::thread_pool pool{2};
  const auto q = heed::view(q_data.data(), tokens, heads, dim);
  const auto o = heed::view(o_data.data(), tokens, heads, dim);
  const auto kv =
      heed::contiguous(heed::view(k_data.data(), tokens, heads, dim), heed::view(v_data.data(), tokens, heads, dim));
  // [readme]
  // A penalty of 0.01 per token of distance. Generic in x: it also gets whole vectors of scores.
  const auto penalty = heed::score([](auto x, auto at) { return x + decltype(x)(-0.01f) * distance(x, at); });
  heed::attend(pool, q, kv, o, heed::causal{}, heed::chain(heed::soft_cap{20.f}, penalty));
  // [readme]
  double worst = 0;
  for (heed::index_t t = 0; t < tokens; ++t)
    for (heed::index_t h = 0; h < heads; ++h) {
      const auto row = plain::attend(
          q_data.data() + (t * heads + h) * dim, dim, dim, t + 1,
          [&](heed::index_t j) { return k_data.data() + (j * heads + h) * dim; },
          [&](heed::index_t j) { return v_data.data() + (j * heads + h) * dim; },
          [&](double x, heed::index_t j) { return 20 * std::tanh(x / 20) - 0.01 * static_cast<double>(t - j); });
      worst = plain::furthest(worst, row, o_data.data() + (t * heads + h) * dim);
    }
  return plain::verdict("custom_score", worst);
}
