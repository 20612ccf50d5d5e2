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
      for (index_t h = 0; h < s.q_heads; ++h) {
        const float* row = at.row(h, 0) + p.fact_at;
        step.at(at.layer, h) = std::accumulate(row, row + fact_tokens, 0.);
      }
    };
    text.begin();
    text.read(tokens.first(tokens.size() - 1), read_chunk, 0, {});
    token_t last = tokens.back();
    bool right = true;
    for (index_t t = 0; t < said_tokens; ++t) {
      last = text.read({&last, 1}, 1, 1, mass_on_fact);
      right = right && (t >= 2 || last == p.answer[t]);
      const auto times = static_cast<double>(std::count(fact.begin(), fact.end(), last));
      for (std::size_t i = 0; i < run.numbers.size(); ++i) run.numbers[i] += times * step.numbers[i];
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

repetition_mass mass_on_copies(const float* row, index_t query, index_t length) {
  repetition_mass m;
  for (index_t j = query - length; j > 0; j -= length) {
    m.echo += static_cast<double>(row[j]);
    m.induction += static_cast<double>(row[j + 1]);
  }
  return m;
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
        for (index_t r = 0; r < at.watched; ++r) {
          float* to = greatest.data() + (at.layer * s.q_heads + h) * length;
          std::transform(to, to + length, at.row(h, r), to, [](float a, float b) { return std::max(a, b); });
        }
    });
    for (index_t i = 0; i < s.layers * s.q_heads; ++i)
      out.numbers[static_cast<std::size_t>(i)] +=
          std::accumulate(greatest.data() + i * length, greatest.data() + (i + 1) * length, 0.) /
          static_cast<double>(length * static_cast<index_t>(prompts.size()));
    if (told) told(++done, static_cast<index_t>(prompts.size()));
  }
  return out;
}

double mean_running_sum(const float* row, index_t n) {
  double running = 0, sum = 0;
  for (index_t t = 0; t < n; ++t) sum += running += static_cast<double>(row[t]);
  return sum / static_cast<double>(n);
}

head_table score_positions(const llama::language_model& model, heed::thread_pool& pool,
                           const std::vector<needle::prompt_options>& prompts, index_t positions,
                           const progress& told) {
  const llama::model_shape& s = model.weights.shape();
  const heed::rope& rope = model.weights.rope();
  reader text(model, pool, longest(prompts));
  head_table out(s.layers, s.q_heads);
  const auto each = [&](index_t n) { return static_cast<std::size_t>(n); };
  std::vector<index_t> places(each(positions));
  std::iota(places.begin(), places.end(), index_t{0});
  // The mean over the rows [rows][heads][dim] once their rotation is undone, as `copies` rows.
  const auto mean_unturned = [&](const float* rows, index_t n, index_t heads, index_t copies) {
    std::vector<float> turned(rows, rows + n * heads * s.key_dim), mean(each(copies * heads * s.key_dim));
    std::vector<index_t> from(each(n)), zeros(each(n));
    std::iota(from.begin(), from.end(), index_t{0});
    heed::rerotate(rope, from, zeros, heed::view(turned.data(), n, heads, s.key_dim));
    for (index_t i = 0; i < heads * s.key_dim; ++i) {
      double sum = 0;
      for (index_t t = 0; t < n; ++t) sum += static_cast<double>(turned[each(t * heads * s.key_dim + i)]);
      for (index_t c = 0; c < copies; ++c)
        mean[each(c * heads * s.key_dim + i)] = static_cast<float>(sum / static_cast<double>(n));
    }
    return mean;
  };
  index_t done = 0;
  for (const needle::prompt_options& o : prompts) {
    const needle::prompt p = needle::draw_prompt(o);
    text.begin();
    text.read(p.tokens, static_cast<index_t>(p.tokens.size()), 1, [&](const layer_view& at) {
      std::vector<float> q = mean_unturned(at.q, at.rows, s.q_heads, 1),
                         k = mean_unturned(at.k, at.slots, s.kv_heads, positions);
      const index_t last = positions - 1;
      heed::rotate(rope, std::span(&last, 1), heed::view(q.data(), 1, s.q_heads, s.key_dim));
      heed::rotate(rope, places, heed::view(k.data(), positions, s.kv_heads, s.key_dim));
      std::vector<float> o_rows(q.size()), rows(each(s.q_heads * positions));
      const auto keys = heed::view(k.data(), positions, s.kv_heads, s.key_dim);
      heed::attend(pool, heed::view(q.data(), 1, s.q_heads, s.key_dim), heed::contiguous(keys, keys),
                   heed::view(o_rows.data(), 1, s.q_heads, s.key_dim),
                   heed::probability_rows(heed::view(rows.data(), 1, s.q_heads, 1, positions)));
      for (index_t h = 0; h < s.q_heads; ++h)
        out.at(at.layer, h) +=
            mean_running_sum(rows.data() + h * positions, positions) / static_cast<double>(prompts.size());
    });
    if (told) told(++done, static_cast<index_t>(prompts.size()));
  }
  return out;
}

} // namespace profile
