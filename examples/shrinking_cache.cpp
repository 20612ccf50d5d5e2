// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// A prompt's cache shrinks by CompressKV: chosen heads vote, layers keep what they need, and the bytes fall.
#include <heed/heed.hpp>
#include <heed/interop/compress_kv_files.hpp>

#include "plain_loop.hpp"

#include <memory>
#include <string>

namespace {

constexpr heed::index_t layers = 4, q_heads = 8, kv_heads = 2, dim = 64, tokens = 512;

/// A layer's cache with its memory.
struct layer_cache {
  std::vector<float> keys = std::vector<float>(tokens * kv_heads * dim), values = keys;
  std::vector<heed::index_t> lengths = std::vector<heed::index_t>(kv_heads),
                             positions = std::vector<heed::index_t>(kv_heads * tokens), seen{0};
  heed::contiguous_cache<float, float> cache{heed::view(keys.data(), 1, tokens, kv_heads, dim),
                                             heed::view(values.data(), 1, tokens, kv_heads, dim),
                                             {lengths, positions, seen}};
};

/// Rows of a layer: [tokens][heads][dim].
std::vector<float> numbers_of(heed::index_t seed, heed::index_t heads) {
  return plain::numbers(tokens * heads * dim, static_cast<std::uint64_t>(seed + 1));
}
int failed(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  return 1;
}

} // namespace

int main() {
  // What CompressKV's calibration writes about a model: read_head_ranking and read_layer_scores take the files.
  heed::head_ranking ranking;
  heed::layer_scores scores;
  std::string fault = heed::parse_head_ranking(
      R"({"0": [3, 1, 6, 0, 2], "1": [7, 2, 5, 4], "2": [0, 4, 1, 2], "3": [6, 5, 7, 3]})", layers, q_heads, ranking);
  if (fault.empty()) fault = heed::parse_layer_scores(R"({"avg_score": [0.4, 0.1, 0.3, 0.2]})", layers, scores);
  if (!fault.empty()) return failed(fault);

  heed::thread_pool pool{2};
  std::vector<std::unique_ptr<layer_cache>> cache;
  for (heed::index_t l = 0; l < layers; ++l) cache.push_back(std::make_unique<layer_cache>());
  // [readme]
  // Once: the heads that vote in each layer, the tokens that each layer may keep, and a driver for all layers.
  std::vector<heed::index_t> votes(layers * heed::compress_kv::voters), budgets(layers);
  std::vector<heed::compress_kv> policies;
  for (std::size_t l = 0; l < layers; ++l) {
    const auto mine = std::span(votes).subspan(l * heed::compress_kv::voters, heed::compress_kv::voters);
    const auto found = heed::retrieval_votes(ranking.layers[l], mine);
    policies.push_back({.heads = mine.first(static_cast<std::size_t>(found))});
  }
  const auto total = heed::cache_budget::fraction(0.125).layer_tokens({.layers = layers, .tokens = tokens});
  if (heed::layer_budget(scores.average, total, {.min = 32, .max = 3 * total / layers}, budgets)) return 1;
  const heed::driver_shape limits{.layers = layers,
                                  .q_heads = q_heads,
                                  .kv_heads = kv_heads,
                                  .key_dim = dim,
                                  .max_slots = tokens,
                                  .max_rows = tokens};
  heed::cache_driver<heed::compress_kv> driver(limits, policies);
  driver.prepare(pool, cache[0]->cache.source(), heed::causal{});
  if (driver.begin(budgets)) return 1; // each sequence
  // [readme]
  heed::index_t before = 0, after = 0;
  for (heed::index_t l = 0; l < layers; ++l) {
    auto& own = cache[static_cast<std::size_t>(l)]->cache;
    const auto q_data = numbers_of(l, q_heads), k_data = numbers_of(l + layers, kv_heads),
               v_data = numbers_of(l + 2 * layers, kv_heads);
    std::vector<float> o_data(q_data.size()), lse_data(tokens * q_heads);
    const auto q = heed::view(q_data.data(), tokens, q_heads, dim);
    const auto o = heed::view(o_data.data(), tokens, q_heads, dim);
    const auto lse = heed::view(lse_data.data(), tokens, q_heads);
    if (own.append(0, heed::view(k_data.data(), tokens, kv_heads, dim),
                   heed::view(v_data.data(), tokens, kv_heads, dim)))
      return 1;
    // [readme]
    // Every layer of every chunk and step: attention as ever, and the driver sees what it needs.
    heed::attend(pool, q, own.source(), o, heed::causal{}, heed::lse(lse));
    if (driver.attended(pool, l, q, own.source(), lse, heed::causal{})) return 1;
    // [readme]
    before += own.bytes_held();
  }
  // [readme]
  // At the end of the prompt all layers shrink; positions stay true, and decoding goes on as before.
  const auto cache_of = [&](heed::index_t l) -> auto& { return cache[static_cast<std::size_t>(l)]->cache; };
  if (driver.reached(pool, heed::engine_point::prefill, cache_of, heed::causal{})) return 1;
  // [readme]
  double worst = 0;
  for (heed::index_t l = 0; l < layers; ++l) {
    const auto& own = cache[static_cast<std::size_t>(l)]->cache;
    after += own.bytes_held();
    std::printf("layer %td keeps %td of %td tokens\n", l, own.slots(0, 0), own.seen(0));
    if (own.slots(0, 0) != budgets[static_cast<std::size_t>(l)] || own.seen(0) != tokens) worst = 1;
    // The last query again, over what is left.
    const auto q_data = numbers_of(l, q_heads), k_data = numbers_of(l + layers, kv_heads),
               v_data = numbers_of(l + 2 * layers, kv_heads);
    std::vector<float> o_data(q_heads * dim), lse_data(q_heads);
    const float* const q = q_data.data() + (tokens - 1) * q_heads * dim;
    heed::attend(pool, heed::view(q, 1, q_heads, dim), own.source(), heed::view(o_data.data(), 1, q_heads, dim),
                 heed::causal{}, heed::lse(heed::view(lse_data.data(), 1, q_heads)));
    for (heed::index_t h = 0; h < q_heads; ++h) {
      const heed::index_t kv_head = h / (q_heads / kv_heads);
      const heed::index_t* held = cache[static_cast<std::size_t>(l)]->positions.data() + kv_head * tokens;
      const auto row_of = [&](const std::vector<float>& x) {
        return [&x, held, kv_head](heed::index_t i) { return x.data() + (held[i] * kv_heads + kv_head) * dim; };
      };
      const auto row = plain::attend(q + h * dim, dim, dim, own.slots(0, kv_head), row_of(k_data), row_of(v_data));
      worst = plain::furthest(worst, row, o_data.data() + h * dim);
    }
  }
  std::printf("%td bytes of keys, values and positions, of %td\n", after, before);
  if (after * 8 != before) worst = 1;
  return plain::verdict("shrinking_cache", worst);
}
