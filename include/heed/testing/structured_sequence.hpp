// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Long queries, keys and values whose attention has the structure of real models: sinks, verticals, slashes, topics.
#include <heed/testing/random_bits.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

namespace heed::testing {
inline namespace HEED_ISA {

/// What to draw. Strengths are added to the scores of the keys in question, in natural units, at scale 1/sqrt(dim);
/// everything else of a score is noise of about this standard deviation.
///
/// Requires  dim >= 16; kv_heads divides q_heads
struct structure {
  index_t tokens = 4096, q_heads = 1, kv_heads = 1, dim = 128;
  std::uint64_t seed = 1;
  index_t sinks = 4;      ///< first keys that every query attends to
  index_t verticals = 16; ///< other keys that every query attends to, per key-value head
  index_t slashes = 4;    ///< distances at which every query attends to a key, per key-value head; 0 is the first
  index_t segment = 256;  ///< tokens of one topic in a row
  index_t topics = 8;     ///< queries attend to the keys of their own topic
  float sink = 6, vertical = 5, slash = 6, topic = 3, noise = 1;
};

/// One sequence. Each query head has a sharpness of its own; heads of a group share verticals and slashes.
///
/// Shapes    q: [tokens][q_heads][dim]; k, v: [tokens][kv_heads][dim]; verticals, slashes: [kv_heads], ascending;
///           topic_of: [segments]
struct structured_sequence {
  structure drawn;
  std::vector<float> q, k, v;
  std::vector<std::vector<index_t>> verticals, slashes;
  std::vector<index_t> topic_of;

  explicit structured_sequence(const structure& s) : drawn(s), random_{s.seed} {
    topics_ = std::min(s.topics, s.dim / 8);
    waves_ = std::min<index_t>(16, (s.dim - 1 - topics_) / 2);
    draw_places();
    draw_keys();
    draw_queries();
  }

private:
  double unit() { return static_cast<double>(random_() >> 11) * 0x1p-53; }
  /// The sum of twelve: variance 1.
  float normal() {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += unit();
    return static_cast<float>(sum);
  }
  static std::size_t at(index_t i) noexcept { return static_cast<std::size_t>(i); }
  index_t topic(index_t token) const noexcept { return topic_of[at(token / drawn.segment)]; }

  void draw_places() {
    const auto sorted = [&](index_t count, index_t first, index_t limit) {
      std::vector<index_t> list;
      for (index_t i = 0; i < count; ++i) list.push_back(random_.in(first, limit));
      std::sort(list.begin(), list.end());
      list.erase(std::unique(list.begin(), list.end()), list.end());
      return list;
    };
    for (index_t h = 0; h < drawn.kv_heads; ++h) {
      verticals.push_back(sorted(drawn.verticals, drawn.sinks, drawn.tokens));
      slashes.push_back(sorted(drawn.slashes - 1, 1, std::max<index_t>(2, drawn.tokens / 2)));
      if (drawn.slashes > 0) slashes.back().insert(slashes.back().begin(), 0);
    }
    for (index_t i = 0; i < drawn.tokens; i += drawn.segment) topic_of.push_back(random_.in(0, topics_));
    for (index_t w = 0; w < waves_; ++w) frequency_.push_back(unit() * 3.14159265358979323846);
  }

  // Coordinates of a row: one for sinks and verticals, a pair per wave for slashes (the waves of a query and of a key
  // that many tokens before it agree), one per topic; noise on all.
  void draw_keys() {
    const structure& s = drawn;
    const double root = std::sqrt(static_cast<double>(s.dim)), half = std::sqrt(root);
    k.resize(at(s.tokens * s.kv_heads * s.dim));
    v.resize(k.size());
    for (float& x : k) x = s.noise * normal();
    for (float& x : v) x = normal();
    for (index_t t = 0; t < s.tokens; ++t)
      for (index_t h = 0; h < s.kv_heads; ++h) {
        float* row = k.data() + (t * s.kv_heads + h) * s.dim;
        const auto& own = verticals[at(h)];
        const bool vertical = std::binary_search(own.begin(), own.end(), t);
        row[0] += static_cast<float>(half) * (t < s.sinks ? s.sink : vertical ? s.vertical : 0.f);
        for (index_t w = 0; w < waves_; ++w)
          for (const index_t distance : slashes[at(h)]) {
            const double angle = frequency_[at(w)] * static_cast<double>(t + distance);
            const double strength = half * static_cast<double>(s.slash) / static_cast<double>(waves_);
            row[1 + 2 * w] += static_cast<float>(strength * std::cos(angle));
            row[2 + 2 * w] += static_cast<float>(strength * std::sin(angle));
          }
        row[1 + 2 * waves_ + topic(t)] += static_cast<float>(half) * s.topic;
        float* value = v.data() + (t * s.kv_heads + h) * s.dim;
        value[topic(t)] += 2;
      }
  }
  void draw_queries() {
    const structure& s = drawn;
    const double half = std::sqrt(std::sqrt(static_cast<double>(s.dim)));
    q.resize(at(s.tokens * s.q_heads * s.dim));
    for (float& x : q) x = normal();
    std::vector<float> sharpness;
    for (index_t h = 0; h < s.q_heads; ++h) sharpness.push_back(static_cast<float>(0.75 + 0.5 * unit()));
    for (index_t t = 0; t < s.tokens; ++t)
      for (index_t h = 0; h < s.q_heads; ++h) {
        float* row = q.data() + (t * s.q_heads + h) * s.dim;
        row[0] += static_cast<float>(half);
        for (index_t w = 0; w < waves_; ++w) {
          const double angle = frequency_[at(w)] * static_cast<double>(t);
          row[1 + 2 * w] += static_cast<float>(half * std::cos(angle));
          row[2 + 2 * w] += static_cast<float>(half * std::sin(angle));
        }
        row[1 + 2 * waves_ + topic(t)] += static_cast<float>(half);
        for (index_t d = 0; d < s.dim; ++d) row[d] *= sharpness[at(h)];
      }
  }

  random_bits random_;
  index_t topics_ = 0, waves_ = 0;
  std::vector<double> frequency_;
};

} // namespace HEED_ISA
} // namespace heed::testing
