// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// One sequence of which only the sinks and the recent window are kept.
#include "attention.hpp"

#include <heed/kv/contiguous.hpp>
#include <heed/kv/joined.hpp>
#include <heed/kv/sink_ring_cache.hpp>

#include <algorithm>

namespace llama {

/// Keys and values of T: [layers][sinks + window][kv_heads][dim]. New tokens attend to the ring and to themselves, then
/// overwrite the oldest.
template <class T> class ring_cache final : public kv_cache {
public:
  ring_cache(const model_shape& shape, const cache_options& options, heed::thread_pool& pool)
      : shape_(shape), mask_(kept_keys(options.keep)), rows_(kept_rows(options)), keys_(numbers(shape.key_dim)),
        values_(numbers(shape.value_dim)), seen_(static_cast<std::size_t>(shape.layers)),
        fresh_keys_(static_cast<std::size_t>(options.max_step * shape.kv_heads * shape.key_dim)),
        fresh_values_(static_cast<std::size_t>(options.max_step * shape.kv_heads * shape.value_dim)),
        rings_(make_rings(std::min(options.keep.sinks, rows_))),
        attention_(pool, {1, options.max_step, shape.q_heads, rows_ + options.max_step},
                   heed::joined(rings_[0].source(), fresh(0)), mask_) {}

  [[nodiscard]] index_t seen(index_t) const override { return seen_.back(); }
  void begin_step(const step_rows& rows) override { step_ = rows; }
  void attend(index_t layer, const float* q, const float* k, const float* v, float* o) override {
    const index_t rows = step_.offsets.back();
    store(k, rows * shape_.kv_heads * shape_.key_dim, fresh_keys_.data());
    store(v, rows * shape_.kv_heads * shape_.value_dim, fresh_values_.data());
    auto& ring = rings_[static_cast<std::size_t>(layer)];
    attention_.run(shape_, step_, q, heed::joined(ring.source(), fresh(rows)), o, mask_);
    check(ring.append(0, view(fresh_keys_, rows, shape_.key_dim), view(fresh_values_, rows, shape_.value_dim)));
  }
  void end_step() override {}
  void release(index_t) override { std::fill(seen_.begin(), seen_.end(), 0); }
  [[nodiscard]] index_t bytes() const override {
    return static_cast<index_t>((keys_.size() + values_.size()) * sizeof(T));
  }
  [[nodiscard]] std::string kernel() const override { return attention_.text(); }

private:
  [[nodiscard]] std::size_t numbers(index_t dim) const noexcept {
    return static_cast<std::size_t>(shape_.layers * rows_ * shape_.kv_heads * dim);
  }
  static void check(const heed::failure& f) {
    if (f) throw heed::error(f);
  }
  [[nodiscard]] auto view(const std::vector<T>& fresh, index_t rows, index_t dim) const {
    return heed::view(fresh.data(), rows, shape_.kv_heads, dim);
  }
  [[nodiscard]] auto fresh(index_t rows) const {
    return heed::contiguous(view(fresh_keys_, rows, shape_.key_dim), view(fresh_values_, rows, shape_.value_dim));
  }
  /// One ring per layer. They move together.
  std::vector<heed::sink_ring_cache<T, T>> make_rings(index_t sinks) {
    std::vector<heed::sink_ring_cache<T, T>> out;
    const index_t key_row = shape_.kv_heads * shape_.key_dim, value_row = shape_.kv_heads * shape_.value_dim;
    for (index_t l = 0; l < shape_.layers; ++l) {
      out.emplace_back(heed::view(keys_.data() + l * rows_ * key_row, 1, rows_, shape_.kv_heads, shape_.key_dim),
                       heed::view(values_.data() + l * rows_ * value_row, 1, rows_, shape_.kv_heads, shape_.value_dim),
                       heed::sink_ring_memory{sinks, std::span(seen_).subspan(static_cast<std::size_t>(l), 1)});
      check(out.back().check());
    }
    return out;
  }

  model_shape shape_;
  decltype(kept_keys({})) mask_;
  index_t rows_;
  std::vector<T> keys_, values_;
  std::vector<index_t> seen_; ///< [layers]
  std::vector<T> fresh_keys_, fresh_values_;
  std::vector<heed::sink_ring_cache<T, T>> rings_;
  step_rows step_;
  attention_plan attention_;
};

} // namespace llama
