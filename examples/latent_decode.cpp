// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// One attention layer shaped like DeepSeek-V2-Lite's decodes from a paged cache of latents: what a token costs in the
// cache, how long a step takes in either form, and how far the forms are apart. latent_decode [CONTEXT [STEPS]]
#include <heed/heed.hpp>
#include <heed/kv/latent_cache.hpp>
#include <heed/latent/make_latent_plan.hpp>
#include <heed/latent/run_latent.hpp>

#include "plain_loop.hpp"

#include <chrono>
#include <cstdlib>

namespace {

constexpr heed::index_t heads = 16, rank = 512, nope = 128, rope = 64, value = 128, page = 64;
constexpr heed::latent_shape shape{.heads = heads, .rank = rank, .nope = nope, .rope = rope, .value = value};

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }
std::vector<float> scaled(heed::index_t n, std::uint64_t seed, float size) {
  auto x = plain::numbers(n, seed);
  for (float& e : x) e *= size;
  return x;
}

/// Output of one head at the last step by its definition: the head's own keys and values, then attention, in double.
std::vector<double> by_definition(heed::index_t head, const float* q, const std::vector<float>& rows, heed::index_t n,
                                  const std::vector<float>& w_uk, const std::vector<float>& w_uv, double scale) {
  const auto key_dim = static_cast<std::size_t>(nope + rope);
  std::vector<std::vector<float>> keys, values;
  for (heed::index_t j = 0; j < n; ++j) {
    const float* const row = rows.data() + j * (rank + rope);
    const auto project = [&](const std::vector<float>& w, heed::index_t out) {
      double sum = 0;
      for (heed::index_t r = 0; r < rank; ++r)
        sum += static_cast<double>(w[static_cast<std::size_t>(out * rank + r)]) * static_cast<double>(row[r]);
      return static_cast<float>(sum);
    };
    auto& key = keys.emplace_back();
    for (heed::index_t e = 0; e < nope; ++e) key.push_back(project(w_uk, head * nope + e));
    for (heed::index_t e = 0; e < rope; ++e) key.push_back(row[rank + e]);
    auto& v = values.emplace_back();
    for (heed::index_t e = 0; e < value; ++e) v.push_back(project(w_uv, head * value + e));
  }
  const double own = scale * std::sqrt(static_cast<double>(key_dim)); // the plain loop scales by 1/sqrt(key_dim)
  return plain::attend(
      q, nope + rope, value, n, [&](heed::index_t j) { return keys[static_cast<std::size_t>(j)].data(); },
      [&](heed::index_t j) { return values[static_cast<std::size_t>(j)].data(); },
      [&](double x, heed::index_t) { return x * own; });
}

} // namespace

int main(int argc, char** argv) {
  const heed::index_t context = argc > 1 ? std::atol(argv[1]) : 512, steps = argc > 2 ? std::atol(argv[2]) : 4;
  const heed::index_t slots = context + steps, pages = (slots + page - 1) / page;
  if (context < 0 || steps < 1) {
    std::fprintf(stderr, "latent_decode: CONTEXT must be at least 0, STEPS at least 1\n");
    return 2;
  }
  // What an engine computes: latents and rotated key parts of all tokens, queries, and the layer's two up-projections.
  const auto rows = plain::numbers(slots * (rank + rope), 1);
  const auto queries = plain::numbers(steps * heads * (nope + rope), 2);
  const auto w_uk = scaled(heads * nope * rank, 3, 0.05f), w_uv = scaled(heads * value * rank, 4, 0.05f);
  std::vector<float> pool_data(static_cast<std::size_t>(pages * page * (rank + rope)));
  std::vector<heed::index_t> page_ids(static_cast<std::size_t>(pages)), lengths(1), free_pages(page_ids.size());
  std::vector<float> packed(static_cast<std::size_t>(heed::latent_weights<float>::numbers(shape)));
  std::vector<float> o_data(static_cast<std::size_t>(heads * value)), o_naive(o_data);
  double naive_seconds = 0, absorbed_seconds = 0, apart = 0;
  // [readme]
  // Once: the layer's up-projections, a paged cache of rows [512 latent | 64 rope], and a plan for its steps.
  heed::latent_weights<float> weights;
  if (weights.fold(shape, heed::view(w_uk.data(), heads, nope, rank), heed::view(w_uv.data(), heads, value, rank),
                   packed))
    return 1;
  auto cache =
      heed::latent_cache(heed::view(pool_data.data(), pages, page, rank + rope), shape.row(),
                         {.pages = page_ids, .max_pages = pages, .lengths = lengths, .free_pages = free_pages});
  heed::thread_pool pool{2};
  const auto kv = cache.source(); // sees later appends
  const heed::decode_shape limits{.sequences = 1, .q_heads = heads, .max_slots = slots};
  const auto plan = heed::make_latent_plan(limits, shape, kv, {.form = heed::latent_form::absorbed}, heed::causal{});
  std::vector<std::byte> workspace(static_cast<std::size_t>(plan.workspace_bytes(pool.workers())));
  const heed::scale scale{1.5896262 / std::sqrt(192.)}; // of the head before absorption, times YaRN's factor
  // [readme]
  const auto naive_plan = heed::make_latent_plan(limits, shape, kv, {.form = heed::latent_form::naive}, heed::causal{});
  std::vector<std::byte> naive_workspace(static_cast<std::size_t>(naive_plan.workspace_bytes(pool.workers())));
  if (cache.append(0, heed::view(rows.data(), context, 1, rank + rope))) return 1;

  for (heed::index_t step = 0; step < steps; ++step) {
    const float* const row = rows.data() + (context + step) * (rank + rope);
    const float* const q_row = queries.data() + step * heads * (nope + rope);
    const double start = seconds();
    // [readme]
    // Every step: append the token's row, then attend. q: [1][16][128 | 64], o: [1][16][128].
    if (cache.append(0, heed::view(row, 1, 1, rank + rope))) return 1; // out of pages
    const auto q = heed::view(q_row, 1, heads, nope + rope);
    const auto o = heed::view(o_data.data(), 1, heads, value);
    heed::expect(heed::run_latent(pool, plan, weights, q, kv, o, workspace, heed::causal{}, scale));
    // [readme]
    const double middle = seconds();
    heed::expect(heed::run_latent(pool, naive_plan, weights, q, kv, heed::view(o_naive.data(), 1, heads, value),
                                  naive_workspace, heed::causal{}, scale));
    absorbed_seconds += middle - start;
    naive_seconds += seconds() - middle;
    for (std::size_t i = 0; i < o_data.size(); ++i)
      apart = std::fmax(apart, std::fabs(static_cast<double>(o_data[i]) - static_cast<double>(o_naive[i])));
  }

  const auto bytes = [](heed::index_t numbers) { return static_cast<long>(numbers) * 4; };
  std::printf("16 heads, latent of 512 + 64, f32, %ld tokens in pages of 64\n", static_cast<long>(slots));
  std::printf("cache bytes per token   latent %ld   GQA of 4 x 128 %ld   MHA of 16 x (192 + 128) %ld\n",
              bytes(rank + rope), bytes(4 * 2 * 128), bytes(heads * (nope + rope + value)));
  std::printf("one step                absorbed %.3f ms   naive %.3f ms\n",
              1e3 * absorbed_seconds / static_cast<double>(steps), 1e3 * naive_seconds / static_cast<double>(steps));
  std::printf("outputs                 absorbed and naive differ by at most %.1e\n", apart);
  double worst = apart;
  for (const heed::index_t head : {0, 11})
    worst = plain::furthest(worst,
                            by_definition(head, queries.data() + ((steps - 1) * heads + head) * (nope + rope), rows,
                                          slots, w_uk, w_uv, scale.value),
                            o_data.data() + head * value);
  return plain::verdict("latent_decode", worst);
}
