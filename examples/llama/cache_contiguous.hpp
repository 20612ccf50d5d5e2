// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// One sequence, all its tokens, one row after the other.
#include "attention.hpp"

#include <heed/kv/contiguous.hpp>

namespace llama {

/// Keys and values of T: [layers][max_tokens][kv_heads][dim], allocated at once.
template <class T> class contiguous_cache final : public kv_cache {
public:
  contiguous_cache(const model_shape& shape, const cache_options& options, heed::thread_pool& pool)
      : shape_(shape), room_(options.max_tokens), keys_(numbers(shape.key_dim)), values_(numbers(shape.value_dim)),
        attention_(pool, {1, options.max_step, shape.q_heads, room_}, source(0, 0), heed::causal{}) {}

  [[nodiscard]] index_t seen(index_t) const override { return seen_; }
  void begin_step(const step_rows& rows) override { step_ = rows; }
  void attend(index_t layer, const float* q, const float* k, const float* v, float* o) override {
    const index_t rows = step_.offsets.back(), key_row = shape_.kv_heads * shape_.key_dim,
                  value_row = shape_.kv_heads * shape_.value_dim;
    store(k, rows * key_row, keys_.data() + (layer * room_ + seen_) * key_row);
    store(v, rows * value_row, values_.data() + (layer * room_ + seen_) * value_row);
    attention_.run(shape_, step_, q, source(layer, seen_ + rows), o, heed::causal{});
  }
  void end_step() override { seen_ += step_.offsets.back(); }
  void release(index_t) override { seen_ = 0; }
  [[nodiscard]] index_t bytes() const override {
    return static_cast<index_t>((keys_.size() + values_.size()) * sizeof(T));
  }
  [[nodiscard]] std::string kernel() const override { return attention_.text(); }

private:
  [[nodiscard]] std::size_t numbers(index_t dim) const {
    return static_cast<std::size_t>(shape_.layers * room_ * shape_.kv_heads * dim);
  }
  /// The first rows of a layer.
  [[nodiscard]] auto source(index_t layer, index_t rows) const {
    const index_t first = layer * room_ * shape_.kv_heads;
    return heed::contiguous(
        heed::view(keys_.data() + first * shape_.key_dim, rows, shape_.kv_heads, shape_.key_dim),
        heed::view(values_.data() + first * shape_.value_dim, rows, shape_.kv_heads, shape_.value_dim));
  }

  model_shape shape_;
  index_t room_, seen_ = 0;
  std::vector<T> keys_, values_;
  step_rows step_;
  attention_plan attention_;
};

} // namespace llama
