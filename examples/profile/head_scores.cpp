// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "head_scores.hpp"

#include "reader.hpp"

#include <heed/attention.hpp>
#include <heed/kv/contiguous.hpp>
#include <heed/observe/probability_rows.hpp>
#include <heed/rope/rotate.hpp>

#include <algorithm>
#include <numeric>
#include <random>

namespace profile {
head_table mean_over_groups(const head_table& of_query_heads, index_t kv_heads) {
  head_table out(of_query_heads.layers, kv_heads);
  const index_t group = of_query_heads.heads / kv_heads;
  for (index_t l = 0; l < out.layers; ++l)
    for (index_t h = 0; h < of_query_heads.heads; ++h)
      out.at(l, h / group) += of_query_heads.at(l, h) / static_cast<double>(group);
  return out;
}

head_table max_over_groups(const head_table& of_query_heads, index_t kv_heads) {
  head_table out(of_query_heads.layers, kv_heads);
  const index_t group = of_query_heads.heads / kv_heads;
  for (index_t l = 0; l < out.layers; ++l)
    for (index_t h = 0; h < of_query_heads.heads; ++h)
      out.at(l, h / group) = std::max(out.at(l, h / group), of_query_heads.at(l, h));
  return out;
}

std::vector<needle::prompt_options> spread_prompts(const std::vector<index_t>& lengths, index_t depths, index_t samples,
                                                   std::uint64_t seed) {
  std::vector<needle::prompt_options> out;
  for (const index_t length : lengths)
    for (index_t d = 0; d < depths; ++d)
      for (index_t i = 0; i < samples; ++i)
        out.push_back(
            {.seed = seed + out.size(), .length = length, .depth = 100 * d / std::max<index_t>(1, depths - 1)});
  return out;
}

retrieval_scores score_retrieval(const llama::language_model& model, heed::thread_pool& pool,
                                 const std::vector<needle::prompt_options>& prompts, const progress& told) {
  constexpr index_t said_tokens = 3, fact_tokens = 5; // both values and the stop; lead, key, two values, stop
  const llama::model_shape& s = model.weights.shape();
  reader text(model, pool, longest(prompts) + said_tokens);
  retrieval_scores out{head_table(s.layers, s.q_heads)};
  for (const needle::prompt_options& o : prompts) {
    const needle::prompt p = needle::draw_prompt(o);
    const std::span<const token_t> tokens = p.tokens,
                                   fact = tokens.subspan(static_cast<std::size_t>(p.fact_at), fact_tokens);
    head_table run(s.layers, s.q_heads), step(s.layers, s.q_heads);
    const auto mass_on_fact = [&](const layer_view& at) {
      for (index_t h = 0; h < s.q_heads; ++h) step.at(at.layer, h) = mass_on(at.row(h, 0), p.fact_at, fact_tokens);
    };
    text.begin();
    text.read(tokens.first(tokens.size() - 1), read_chunk, 0, {});
    token_t last = tokens.back();
    bool right = true;
    for (index_t t = 0; t < said_tokens; ++t) {
      last = text.read({&last, 1}, 1, 1, mass_on_fact);
      right = right && (t >= 2 || last == p.answer[t]);
      add_retrieval(run.numbers, step.numbers, fact, last);
    }
    ++out.runs;
    if (right) {
      ++out.kept;
      for (std::size_t i = 0; i < run.numbers.size(); ++i) out.score.numbers[i] += run.numbers[i];
    }
    if (told) told(out.runs, static_cast<index_t>(prompts.size()));
  }
  for (double& x : out.score.numbers) x /= static_cast<double>(std::max<index_t>(1, out.kept));
  return out;
}

repetition_scores score_repetition(const llama::language_model& model, heed::thread_pool& pool, index_t length,
                                   index_t repeats, index_t samples, std::uint64_t seed, const progress& told) {
  const llama::model_shape& s = model.weights.shape();
  reader text(model, pool, 1 + length * repeats);
  repetition_scores out{head_table(s.layers, s.q_heads), head_table(s.layers, s.q_heads)};
  std::mt19937_64 random(seed);
  const double rows = static_cast<double>(samples * length * (repeats - 1));
  for (index_t i = 0; i < samples; ++i) {
    std::vector<token_t> tokens = {needle::vocabulary::begin};
    for (index_t t = 0; t < length; ++t)
      tokens.push_back(needle::vocabulary::first_key +
                       static_cast<token_t>(random() % (needle::vocabulary::keys + needle::vocabulary::values +
                                                        needle::vocabulary::words)));
    for (index_t t = length; t < length * repeats; ++t)
      tokens.push_back(tokens[static_cast<std::size_t>(1 + t % length)]);
    text.begin();
    text.read(std::span(tokens).first(static_cast<std::size_t>(1 + length)), read_chunk, 0, {});
    text.read(std::span(tokens).subspan(static_cast<std::size_t>(1 + length)), read_chunk, read_chunk,
              [&](const layer_view& at) {
                for (index_t h = 0; h < s.q_heads; ++h)
                  for (index_t r = 0; r < at.watched; ++r) {
                    const repetition_mass m = mass_on_copies(at.row(h, r), at.slots - at.watched + r, length);
                    out.echo.at(at.layer, h) += m.echo / rows;
                    out.induction.at(at.layer, h) += m.induction / rows;
                  }
              });
    if (told) told(i + 1, samples);
  }
  return out;
}

head_table score_reconstruction(const llama::language_model& model, heed::thread_pool& pool,
                                const std::vector<needle::prompt_options>& prompts, const progress& told) {
  const llama::model_shape& s = model.weights.shape();
  reader text(model, pool, 2 * longest(prompts));
  head_table out(s.layers, s.q_heads);
  index_t done = 0;
  for (const needle::prompt_options& o : prompts) {
    const std::vector<token_t> tokens = needle::draw_prompt(o).tokens;
    const auto length = static_cast<index_t>(tokens.size());
    std::vector<float> greatest(static_cast<std::size_t>(s.layers * s.q_heads * length));
    text.begin();
    text.read(tokens, read_chunk, 0, {});
    text.read(std::span(tokens).subspan(1), read_chunk, read_chunk, [&](const layer_view& at) {
      for (index_t h = 0; h < s.q_heads; ++h)
        for (index_t r = 0; r < at.watched; ++r)
          raise_to(std::span(greatest.data() + (at.layer * s.q_heads + h) * length, static_cast<std::size_t>(length)),
                   at.row(h, r));
    });
    for (index_t i = 0; i < s.layers * s.q_heads; ++i)
      out.numbers[static_cast<std::size_t>(i)] +=
          std::accumulate(greatest.data() + i * length, greatest.data() + (i + 1) * length, 0.) /
          static_cast<double>(length * static_cast<index_t>(prompts.size()));
    if (told) told(++done, static_cast<index_t>(prompts.size()));
  }
  return out;
}

namespace {

std::size_t each(index_t n) { return static_cast<std::size_t>(n); }

/// The mean over the rows [rows][heads][dim] once their rotation is undone, as `copies` rows.
std::vector<float> mean_unturned(const heed::rope& rope, const heed::tensor_view<const float, 3>& rows,
                                 index_t copies) {
  const index_t n = rows.extent(0), heads = rows.extent(1), dim = rows.extent(2), width = heads * dim;
  std::vector<float> turned(rows.data(), rows.data() + n * width), mean(each(copies * width));
  std::vector<index_t> from(each(n)), zeros(each(n));
  std::iota(from.begin(), from.end(), index_t{0});
  heed::rerotate(rope, from, zeros, heed::view(turned.data(), n, heads, dim));
  for (index_t i = 0; i < width; ++i) {
    double sum = 0;
    for (index_t t = 0; t < n; ++t) sum += static_cast<double>(turned[each(t * width + i)]);
    for (index_t c = 0; c < copies; ++c) mean[each(c * width + i)] = static_cast<float>(sum / static_cast<double>(n));
  }
  return mean;
}

} // namespace

std::vector<double> position_scores(heed::thread_pool& pool, const heed::rope& rope,
                                    const heed::tensor_view<const float, 3>& q,
                                    const heed::tensor_view<const float, 3>& k, index_t positions) {
  const index_t q_heads = q.extent(1), kv_heads = k.extent(1), dim = q.extent(2), last = positions - 1;
  std::vector<float> query = mean_unturned(rope, q, 1), keys = mean_unturned(rope, k, positions), o(query.size()),
                     rows(each(q_heads * positions));
  std::vector<index_t> places(each(positions)), zeros(each(positions));
  std::iota(places.begin(), places.end(), index_t{0});
  const auto kv = heed::view(keys.data(), positions, kv_heads, dim);
  // The rows have the magnitude of the rotation already, if it has one.
  heed::rerotate(rope, std::span(zeros).first(1), std::span(&last, 1), heed::view(query.data(), 1, q_heads, dim));
  heed::rerotate(rope, zeros, places, kv);
  heed::attend(pool, heed::view(query.data(), 1, q_heads, dim), heed::contiguous(kv, kv),
               heed::view(o.data(), 1, q_heads, dim),
               heed::probability_rows(heed::view(rows.data(), 1, q_heads, 1, positions)));
  std::vector<double> out;
  for (index_t h = 0; h < q_heads; ++h) out.push_back(mean_running_sum(rows.data() + h * positions, positions));
  return out;
}

head_table score_positions(const llama::language_model& model, heed::thread_pool& pool,
                           const std::vector<needle::prompt_options>& prompts, index_t positions,
                           const progress& told) {
  const llama::model_shape& s = model.weights.shape();
  reader text(model, pool, longest(prompts));
  head_table out(s.layers, s.q_heads);
  index_t done = 0;
  for (const needle::prompt_options& o : prompts) {
    const needle::prompt p = needle::draw_prompt(o);
    text.begin();
    text.read(p.tokens, static_cast<index_t>(p.tokens.size()), 1, [&](const layer_view& at) {
      const std::vector<double> scores =
          position_scores(pool, model.weights.rope(), heed::view(at.q, at.rows, s.q_heads, s.key_dim),
                          heed::view(at.k, at.slots, s.kv_heads, s.key_dim), positions);
      for (index_t h = 0; h < s.q_heads; ++h)
        out.at(at.layer, h) += scores[each(h)] / static_cast<double>(prompts.size());
    });
    if (told) told(++done, static_cast<index_t>(prompts.size()));
  }
  return out;
}

} // namespace profile
