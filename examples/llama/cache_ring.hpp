// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// One sequence of which only the sinks and the recent window are kept.
#include "attention.hpp"

#include <heed/kv/contiguous.hpp>
#include <heed/kv/joined.hpp>
#include <heed/kv/sink_ring.hpp>

#include <algorithm>

namespace llama {

/// Keys and values of T: [layers][sinks + window][kv_heads][dim]. New tokens attend to the ring and to themselves, then
/// overwrite the oldest.
template <class T> class ring_cache final : public kv_cache {
public:
  ring_cache(const model_shape& shape, const cache_options& options, heed::thread_pool&)
      : shape_(shape), keep_(options.keep), rows_(keep_.sinks + keep_.window),
        keys_(numbers(shape.layers * rows_, shape.key_dim)), values_(numbers(shape.layers * rows_, shape.value_dim)),
        fresh_keys_(numbers(options.max_step, shape.key_dim)),
        fresh_values_(numbers(options.max_step, shape.value_dim)) {}

  [[nodiscard]] index_t seen(index_t) const override { return seen_; }
  void begin_step(const std::vector<index_t>& row_offsets) override { row_offsets_ = row_offsets; }
  void attend(index_t layer, const float* q, const float* k, const float* v, float* o) override {
    const index_t n = row_offsets_.back(), key_row = shape_.kv_heads * shape_.key_dim,
                  value_row = shape_.kv_heads * shape_.value_dim;
    T* keys = keys_.data() + layer * rows_ * key_row;
    T* values = values_.data() + layer * rows_ * value_row;
    store(k, n * key_row, fresh_keys_.data());
    store(v, n * value_row, fresh_values_.data());
    const auto view = [&](const T* p, index_t rows, index_t dim) { return heed::view(p, rows, shape_.kv_heads, dim); };
    const auto kept = heed::sink_ring(view(keys, rows_, shape_.key_dim), view(values, rows_, shape_.value_dim),
                                      {.sinks = keep_.sinks, .seen = seen_});
    const auto fresh =
        heed::contiguous(view(fresh_keys_.data(), n, shape_.key_dim), view(fresh_values_.data(), n, shape_.value_dim));
    attention(shape_, heed::joined(kept, fresh), kept_keys(keep_), row_offsets_, q, o);
    for (index_t i = 0; i < n; ++i) {
      const index_t position = seen_ + i;
      const index_t row = position < keep_.sinks ? position : keep_.sinks + (position - keep_.sinks) % keep_.window;
      std::copy_n(fresh_keys_.data() + i * key_row, key_row, keys + row * key_row);
      std::copy_n(fresh_values_.data() + i * value_row, value_row, values + row * value_row);
    }
  }
  void end_step() override { seen_ += row_offsets_.back(); }
  void release(index_t) override { seen_ = 0; }
  [[nodiscard]] index_t bytes() const override {
    return static_cast<index_t>((keys_.size() + values_.size()) * sizeof(T));
  }
  [[nodiscard]] std::string kernel() const override { return "reference"; }

private:
  [[nodiscard]] std::size_t numbers(index_t rows, index_t dim) const {
    return static_cast<std::size_t>(rows * shape_.kv_heads * dim);
  }

  model_shape shape_;
  policy keep_;
  index_t rows_, seen_ = 0;
  std::vector<T> keys_, values_, fresh_keys_, fresh_values_;
  std::vector<index_t> row_offsets_;
};

} // namespace llama
