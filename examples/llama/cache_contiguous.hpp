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
  contiguous_cache(const model_shape& shape, const cache_options& options, heed::thread_pool&)
      : shape_(shape), room_(options.max_tokens), keys_(floats(shape.key_dim)), values_(floats(shape.value_dim)) {}

  [[nodiscard]] index_t seen(index_t) const override { return seen_; }
  void begin_step(const std::vector<index_t>& row_offsets) override { row_offsets_ = row_offsets; }
  void attend(index_t layer, const float* q, const float* k, const float* v, float* o) override {
    const index_t rows = row_offsets_.back(), key_row = shape_.kv_heads * shape_.key_dim,
                  value_row = shape_.kv_heads * shape_.value_dim;
    T* keys = keys_.data() + layer * room_ * key_row;
    T* values = values_.data() + layer * room_ * value_row;
    store(k, rows * key_row, keys + seen_ * key_row);
    store(v, rows * value_row, values + seen_ * value_row);
    const auto kv = heed::contiguous(heed::view<const T>(keys, seen_ + rows, shape_.kv_heads, shape_.key_dim),
                                     heed::view<const T>(values, seen_ + rows, shape_.kv_heads, shape_.value_dim));
    attention(shape_, kv, heed::causal{}, row_offsets_, q, o);
  }
  void end_step() override { seen_ += row_offsets_.back(); }
  void release(index_t) override { seen_ = 0; }
  [[nodiscard]] index_t bytes() const override {
    return static_cast<index_t>((keys_.size() + values_.size()) * sizeof(T));
  }
  [[nodiscard]] std::string kernel() const override { return "reference"; }

private:
  [[nodiscard]] std::size_t floats(index_t dim) const {
    return static_cast<std::size_t>(shape_.layers * room_ * shape_.kv_heads * dim);
  }

  model_shape shape_;
  index_t room_, seen_ = 0;
  std::vector<T> keys_, values_;
  std::vector<index_t> row_offsets_;
};

} // namespace llama
