// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Several sequences in one pool of pages; pages that no later query can see go back to the pool.
#include "attention.hpp"

#include <heed/kv/paged.hpp>

#include <algorithm>

namespace llama {

/// Keys and values of T: [layers][pages][page][kv_heads][dim]. A sequence has a row of page ids, the same for all
/// layers; a page behind the window (and after the sinks) is given back and leaves a hole, -1.
/// Mask: what a query of the policy sees.
template <class T, class Mask> class paged_cache final : public kv_cache {
public:
  paged_cache(const model_shape& shape, const cache_options& options, heed::thread_pool& pool, const Mask& mask)
      : shape_(shape), keep_(options.keep), mask_(mask), page_(options.page), max_pages_(pages_for(options.max_tokens)),
        lengths_(static_cast<std::size_t>(options.sequences)),
        table_(static_cast<std::size_t>(options.sequences * max_pages_), -1), pages_(options.sequences * live(options)),
        keys_(static_cast<std::size_t>(shape.layers * pages_ * page_ * shape.kv_heads * shape.key_dim)),
        values_(static_cast<std::size_t>(shape.layers * pages_ * page_ * shape.kv_heads * shape.value_dim)),
        attention_(pool,
                   {options.sequences, options.sequences * options.max_step, shape.q_heads, options.max_tokens,
                    options.max_step},
                   source(0), mask) {
    for (index_t id = 0; id < pages_; ++id) free_.push_back(id);
  }

  [[nodiscard]] index_t seen(index_t sequence) const override { return lengths_[static_cast<std::size_t>(sequence)]; }
  void begin_step(const step_rows& rows) override {
    step_ = rows;
    places_.clear();
    for (std::size_t s = 0; s < lengths_.size(); ++s)
      for (index_t i = rows.offsets[s]; i < rows.offsets[s + 1]; ++i) {
        index_t& id = page_id(s, lengths_[s] / page_);
        if (id < 0) {
          id = free_.back();
          free_.pop_back();
          most_used_ = std::max(most_used_, pages_ - static_cast<index_t>(free_.size()));
        }
        places_.push_back(id * page_ + lengths_[s]++ % page_);
      }
  }
  void attend(index_t layer, const float* q, const float* k, const float* v, float* o) override {
    const index_t key_row = shape_.kv_heads * shape_.key_dim, value_row = shape_.kv_heads * shape_.value_dim;
    T* keys = keys_.data() + layer * pages_ * page_ * key_row;
    T* values = values_.data() + layer * pages_ * page_ * value_row;
    for (std::size_t t = 0; t < places_.size(); ++t) {
      const auto row = static_cast<index_t>(t);
      store(k + row * key_row, key_row, keys + places_[t] * key_row);
      store(v + row * value_row, value_row, values + places_[t] * value_row);
    }
    attention_.run(shape_, step_, q, source(layer), o, mask_);
  }
  void end_step() override {
    if (keep_.keeps_all()) return;
    for (std::size_t s = 0; s < lengths_.size(); ++s) {
      // The next query stands at lengths_[s] and sees window - 1 keys before it.
      const index_t first_seen = lengths_[s] - keep_.window + 1;
      for (index_t i = pages_for(keep_.sinks); (i + 1) * page_ <= first_seen; ++i) give_back(page_id(s, i));
    }
  }
  void release(index_t sequence) override {
    const auto s = static_cast<std::size_t>(sequence);
    for (index_t i = 0; i < max_pages_; ++i) give_back(page_id(s, i));
    lengths_[s] = 0;
  }
  [[nodiscard]] index_t bytes() const override { return most_used_ * page_bytes(); }
  [[nodiscard]] index_t bytes_held() const override {
    return (pages_ - static_cast<index_t>(free_.size())) * page_bytes();
  }
  [[nodiscard]] std::string kernel() const override { return attention_.text(); }

private:
  /// Pages that a sequence holds at most: what the policy keeps and the new tokens of a step, cut by pages at both
  /// ends.
  [[nodiscard]] index_t live(const cache_options& o) const noexcept {
    if (keep_.keeps_all()) return max_pages_;
    return std::min(max_pages_, pages_for(keep_.sinks) + pages_for(keep_.window + o.max_step) + 1);
  }
  [[nodiscard]] auto source(index_t layer) const {
    const index_t first = layer * pages_ * page_ * shape_.kv_heads;
    return heed::paged(
        heed::view(keys_.data() + first * shape_.key_dim, pages_, page_, shape_.kv_heads, shape_.key_dim),
        heed::view(values_.data() + first * shape_.value_dim, pages_, page_, shape_.kv_heads, shape_.value_dim),
        heed::block_table{table_, max_pages_, lengths_});
  }
  /// Of a page in all layers.
  [[nodiscard]] index_t page_bytes() const noexcept {
    return page_ * shape_.layers * shape_.kv_heads * (shape_.key_dim + shape_.value_dim) *
           static_cast<index_t>(sizeof(T));
  }
  [[nodiscard]] index_t pages_for(index_t tokens) const noexcept { return (tokens + page_ - 1) / page_; }
  [[nodiscard]] index_t& page_id(std::size_t sequence, index_t i) {
    return table_[sequence * static_cast<std::size_t>(max_pages_) + static_cast<std::size_t>(i)];
  }
  void give_back(index_t& id) {
    if (id >= 0) free_.push_back(id);
    id = -1;
  }

  model_shape shape_;
  policy keep_;
  Mask mask_;
  index_t page_, max_pages_, most_used_ = 0;
  std::vector<index_t> lengths_, table_;
  index_t pages_;
  std::vector<index_t> free_, places_;
  step_rows step_;
  std::vector<T> keys_, values_;
  attention_plan attention_;
};

} // namespace llama
