// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "recall.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace needle {
namespace {

constexpr index_t answer_tokens = 2, question_tokens = 2, speed_tokens = 64, chunk = 256;

/// Sinks and window of a cache that does not list what it holds.
std::vector<index_t> windowed(const llama::policy& p, index_t tokens) {
  std::vector<index_t> out;
  for (index_t i = 0; i < tokens; ++i)
    if (p.keeps_all() || i < p.sinks || i >= tokens - p.window) out.push_back(i);
  return out;
}

/// The policy over one context.
class examiner {
public:
  examiner(const llama::language_model& model, heed::thread_pool& pool, const recall_options& o,
           const llama::policy& keep, index_t context, index_t said)
      : model_(model), options_(o), said_(said),
        cache_(llama::make_cache(model.weights.shape(), cache_options(o, keep, context, said), pool)),
        engine_(model.weights, *cache_, pool), keep_(keep.resolved(context)) {}

  bool ask(const prompt& p, const llama::generation_events& events = {}) {
    const index_t late = options_.asked == question::after_eviction ? question_tokens : 0;
    speed_ = {};
    const auto text =
        llama::generate(engine_, *cache_, model_.words, {{p.tokens, said_, 0, 0, late}}, {1, chunk}, speed_, events)[0];
    return text.size() >= 2 && text[0] == p.answer[0] && text[1] == p.answer[1];
  }
  /// What the heads hold of sequence 0.
  [[nodiscard]] std::vector<kept_tokens> kept() const {
    const llama::model_shape& s = model_.weights.shape();
    std::vector<kept_tokens> out;
    for (index_t l = 0; l < s.layers; ++l)
      for (index_t h = 0; h < s.kv_heads; ++h) {
        out.push_back({l, h, cache_->held_positions(0, l, h)});
        if (out.back().positions.empty()) out.back().positions = windowed(keep_, cache_->seen(0));
      }
    return out;
  }
  [[nodiscard]] index_t peak_bytes() const { return cache_->bytes(); }
  [[nodiscard]] const llama::generation_speed& speed() const { return speed_; }

private:
  static llama::cache_options cache_options(const recall_options& o, const llama::policy& keep, index_t context,
                                            index_t said) {
    llama::cache_options c;
    c.keep = keep;
    c.type = o.type;
    c.max_tokens = context + said;
    c.prompt_tokens = context;
    c.max_step = std::min(chunk, context);
    c.profile = o.profile;
    return c;
  }
  const llama::language_model& model_;
  const recall_options& options_;
  index_t said_;
  std::unique_ptr<llama::kv_cache> cache_;
  llama::engine engine_;
  llama::policy keep_;
  llama::generation_speed speed_;
};

void measure(const llama::language_model& model, heed::thread_pool& pool, const recall_options& o, recall_row& row,
             const std::function<void(index_t)>& asked) {
  const index_t longest = *std::max_element(o.contexts.begin(), o.contexts.end());
  for (const index_t context : o.contexts) {
    examiner exam(model, pool, o, row.keep, context, answer_tokens);
    for (index_t d = 0; d < o.depths; ++d) {
      row.recalled.push_back(0);
      for (index_t i = 0; i < o.samples; ++i) {
        const auto number = static_cast<std::uint64_t>(d + o.depths * i);
        const prompt p = draw_prompt(
            {.seed = o.seed + number, .length = context, .depth = 100 * d / std::max<index_t>(1, o.depths - 1)});
        llama::generation_events events;
        // The text to look at: the longest context, the fact in the middle.
        if (context == longest && d == o.depths / 2 && i == 0)
          events.ended = [&](std::size_t, index_t) {
            row.kept = exam.kept();
            row.fact_at = p.fact_at;
            row.kept_of = context + answer_tokens - 1;
          };
        row.recalled.back() += exam.ask(p, events) ? 1 : 0;
        asked(context);
      }
    }
    if (context == longest) {
      row.bytes = exam.speed().bytes_at_end;
      row.peak_bytes = exam.peak_bytes();
    }
  }
  examiner speed(model, pool, o, row.keep, longest, speed_tokens);
  static_cast<void>(speed.ask(draw_prompt({.seed = o.seed, .length = longest})));
  row.prefill_per_s = speed.speed().prefill_per_s();
  row.decode_per_s = speed.speed().decode_per_s();
}

} // namespace

void measure_recall(const llama::language_model& model, heed::thread_pool& pool, const recall_options& o,
                    recall_row& row, const std::function<void(index_t)>& asked) {
  try {
    measure(model, pool, o, row, asked);
  } catch (const llama::usage_error& e) {
    row.refused = e.what();
  }
}

double mean_recall(const recall_options& o, const recall_row& row) {
  const index_t right = std::accumulate(row.recalled.begin(), row.recalled.end(), index_t{0});
  return static_cast<double>(right) / static_cast<double>(o.samples * static_cast<index_t>(row.recalled.size()));
}

interval wilson(index_t right, index_t of) {
  constexpr double z = 1.959964;
  const double n = static_cast<double>(of), p = static_cast<double>(right) / n;
  const double middle = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  return {std::max(0., middle - half), std::min(1., middle + half)};
}

} // namespace needle
