// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "engine.hpp"

#include <algorithm>
#include <cmath>

namespace llama {

/// RMSNorm; the sum in double and in one order, so that bits do not depend on where a row lies.
void engine::normalise(const std::vector<float>& weight, const float* x, index_t rows, float* out) {
  const auto n = static_cast<index_t>(weight.size());
  for_each_item(pool_, rows, static_cast<double>(rows * n), [&](index_t r) {
    const float* from = x + r * n;
    double sum = 0;
    for (index_t i = 0; i < n; ++i) sum += static_cast<double>(from[i]) * static_cast<double>(from[i]);
    const double mean = sum / static_cast<double>(n) + static_cast<double>(model_.shape().norm_epsilon);
    const auto scale = static_cast<float>(1 / std::sqrt(mean));
    for (index_t i = 0; i < n; ++i) out[r * n + i] = from[i] * scale * weight[static_cast<std::size_t>(i)];
  });
}

void engine::turn(const heed::rope_table<float>& table, float* rows, index_t heads) {
  const index_t dim = model_.shape().key_dim, most = 32, groups = (tokens_ + most - 1) / most;
  for_each_item(pool_, groups, static_cast<double>(tokens_ * heads * dim), [&](index_t g) {
    const index_t first = g * most, count = std::min(most, tokens_ - first);
    heed::rotate(table.slice(first, count), heed::view(rows + first * heads * dim, count, heads, dim));
  });
}

/// gate = silu(gate) * up
void engine::gate() {
  const index_t n = model_.shape().feed_forward;
  constexpr double work_of_exp = 20;
  for_each_item(pool_, tokens_, work_of_exp * static_cast<double>(tokens_ * n), [&](index_t t) {
    float* g = gate_.data() + t * n;
    const float* u = up_.data() + t * n;
    for (index_t i = 0; i < n; ++i) g[i] = g[i] / (1 + std::exp(-g[i])) * u[i];
  });
}

std::span<const float> engine::step(const batch& b) {
  const model_shape& s = model_.shape();
  tokens_ = static_cast<index_t>(b.tokens.size());
  const auto room = [&](std::vector<float>& v, index_t rows, index_t cols) {
    v.resize(std::max(v.size(), static_cast<std::size_t>(rows * cols)));
  };
  room(x_, tokens_, s.width);
  room(normed_, tokens_, s.width);
  room(q_, tokens_, s.q_heads * s.key_dim);
  room(k_, tokens_, s.kv_heads * s.key_dim);
  room(v_, tokens_, s.kv_heads * s.value_dim);
  room(attended_, tokens_, s.q_heads * s.value_dim);
  room(gate_, tokens_, s.feed_forward);
  room(up_, tokens_, s.feed_forward);

  positions_.clear();
  for (std::size_t seq = 0; seq + 1 < b.row_offsets.size(); ++seq)
    for (index_t i = b.row_offsets[seq]; i < b.row_offsets[seq + 1]; ++i)
      positions_.push_back(cache_.seen(static_cast<index_t>(seq)) + i - b.row_offsets[seq]);
  room(turns_, heed::rope_table<float>::size(model_.rope(), tokens_), 1);
  const heed::rope_table<float> table(model_.rope(), positions_, turns_);
  cache_.begin_step({b.row_offsets, b.of_prompt});
  for (index_t t = 0; t < tokens_; ++t)
    model_.embedding().copy_row(b.tokens[static_cast<std::size_t>(t)], x_.data() + t * s.width);

  for (index_t l = 0; l < s.layers; ++l) {
    const model_layer& layer = model_.layers()[static_cast<std::size_t>(l)];
    normalise(layer.attention_norm, x_.data(), tokens_, normed_.data());
    layer.query.apply(pool_, normed_.data(), tokens_, q_.data());
    layer.key.apply(pool_, normed_.data(), tokens_, k_.data());
    layer.value.apply(pool_, normed_.data(), tokens_, v_.data());
    turn(table, q_.data(), s.q_heads);
    turn(table, k_.data(), s.kv_heads);
    cache_.attend(l, q_.data(), k_.data(), v_.data(), attended_.data());
    layer.output.add(pool_, attended_.data(), tokens_, x_.data());
    normalise(layer.feed_forward_norm, x_.data(), tokens_, normed_.data());
    layer.gate.apply(pool_, normed_.data(), tokens_, gate_.data());
    layer.up.apply(pool_, normed_.data(), tokens_, up_.data());
    gate();
    layer.down.add(pool_, gate_.data(), tokens_, x_.data());
  }
  cache_.end_step();

  const auto wanted = static_cast<index_t>(b.logits_of.size());
  room(last_, 2 * wanted, s.width);
  room(logits_, wanted, s.vocabulary);
  float* chosen = last_.data() + wanted * s.width;
  for (index_t i = 0; i < wanted; ++i)
    std::copy_n(x_.data() + b.logits_of[static_cast<std::size_t>(i)] * s.width, s.width, chosen + i * s.width);
  normalise(model_.output_norm(), chosen, wanted, last_.data());
  model_.output().apply(pool_, last_.data(), wanted, logits_.data());
  return {logits_.data(), static_cast<std::size_t>(wanted * s.vocabulary)};
}

} // namespace llama
