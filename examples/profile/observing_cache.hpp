// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A full cache of one sequence that shows what passes through each layer, with the probabilities of chosen rows.
#include "llama/cache.hpp"

#include <functional>

namespace profile {

using llama::index_t;

/// What a layer computed in a step. k and v are those of all tokens so far.
///
/// Shapes    q [rows][q_heads][key_dim], o [rows][q_heads][value_dim], k [slots][kv_heads][key_dim],
///           v [slots][kv_heads][value_dim]; probabilities [q_heads][watched][slots], of the last `watched` rows
struct layer_view {
  index_t layer, rows, slots, watched;
  const float *q, *k, *v, *o, *probabilities;
  [[nodiscard]] const float* row(index_t head, index_t i) const noexcept {
    return probabilities + (head * watched + i) * slots;
  }
};

/// Keys and values of [layers][max_tokens][kv_heads][dim]; every query sees every key up to its own.
class observing_cache final : public llama::kv_cache {
public:
  observing_cache(const llama::model_shape& shape, index_t max_tokens, heed::thread_pool& pool);

  /// From now on the probabilities of each step's last `rows` rows are computed and shown.
  void watch(index_t rows, std::function<void(const layer_view&)> show) {
    watched_ = rows;
    show_ = std::move(show);
  }

  [[nodiscard]] index_t seen(index_t) const override { return seen_; }
  void begin_step(const llama::step_rows& rows) override { rows_ = rows.offsets.back(); }
  void attend(index_t layer, const float* q, const float* k, const float* v, float* o) override;
  void end_step() override { seen_ += rows_; }
  void release(index_t) override { seen_ = 0; }
  [[nodiscard]] index_t bytes() const override {
    return static_cast<index_t>((keys_.size() + values_.size()) * sizeof(float));
  }
  [[nodiscard]] std::string kernel() const override { return "heed::attend"; }

private:
  llama::model_shape shape_;
  heed::thread_pool& pool_;
  index_t room_, seen_ = 0, rows_ = 0, watched_ = 0;
  std::function<void(const layer_view&)> show_;
  std::vector<float> keys_, values_, probabilities_;
};

} // namespace profile
