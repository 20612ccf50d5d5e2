// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Sequences whose heads keep different tokens: one pool of pages for all layers, heads and texts, and heed's driver
// that runs a policy over it.
#include "attention.hpp"
#include "eviction.hpp"
#include "held_positions.hpp"

#include <heed/epilogue/lse.hpp>
#include <heed/kv/paged_cache.hpp>

#include <algorithm>
#include <cstdlib>
#include <optional>

namespace llama {

/// Memory that is zero and costs nothing until it is written.
template <class T> class zeroed {
public:
  explicit zeroed(index_t n) : size_(n) {
    if (n == 0) return;
    data_ = static_cast<T*>(std::calloc(static_cast<std::size_t>(n), sizeof(T)));
    if (data_ == nullptr) throw std::bad_alloc();
  }
  zeroed(const zeroed&) = delete;
  zeroed& operator=(const zeroed&) = delete;
  ~zeroed() { std::free(data_); }
  [[nodiscard]] T* data() const noexcept { return data_; }
  [[nodiscard]] std::span<T> span() const noexcept { return {data_, static_cast<std::size_t>(size_)}; }

private:
  index_t size_;
  T* data_ = nullptr;
};

/// Keys and values of T: [pages][page][dim], a page for one head of one layer of one sequence. The pool's sequence
/// layer * sequences + s is layer `layer` of sequence s.
template <class T> class evicting_cache final : public kv_cache {
  using pool_type = heed::paged_cache<T, T>;

public:
  evicting_cache(const model_shape& shape, const cache_options& options, heed::thread_pool& pool)
      : shape_(shape), options_(options), pool_(pool), page_(options.page),
        max_pages_((options.max_tokens + page_ - 1) / page_), lists_(options.sequences * shape.layers * shape.kv_heads),
        keys_(lists_ * max_pages_ * page_ * shape.key_dim), values_(lists_ * max_pages_ * page_ * shape.value_dim),
        pages_(number(lists_ * max_pages_)), lengths_(number(lists_)), free_(number(lists_ * max_pages_)),
        seen_(number(options.sequences * shape.layers)), positions_(lists_ * max_pages_ * page_),
        bias_(folds() ? lists_ * max_pages_ * page_ : 0), mean_keys_(number(folds() ? lists_ * shape.key_dim : 0)),
        mean_values_(number(folds() ? lists_ * shape.value_dim : 0)), mean_counts_(number(folds() ? lists_ : 0)),
        mean_slots_(number(folds() ? lists_ : 0)), cache_(key_pool(), value_pool(), memory()),
        texts_(number(options.sequences)), attention_(pool,
                                                      {options.sequences, options.sequences * options.max_step,
                                                       shape.q_heads, options.max_tokens, options.max_step},
                                                      source(0, 0, options.sequences), heed::causal{}) {
    check(cache_.check());
  }

  [[nodiscard]] index_t seen(index_t sequence) const override { return cache_.seen(sequence); }
  void expect(index_t sequence, index_t prompt_tokens) override {
    text& t = texts_[number(sequence)];
    t.prompt = prompt_tokens;
    t.plan = plan_eviction(options_.keep, shape_, options_.profile.get(), prompt_tokens);
    t.driver.emplace(heed::driver_shape{shape_.layers, shape_.q_heads, shape_.kv_heads, shape_.key_dim,
                                        options_.max_tokens, options_.max_step},
                     std::span<const chosen_policy>(t.plan.policies), t.plan.when);
    t.driver->prepare(pool_, source(0, sequence, 1), heed::causal{});
    check(t.driver->begin(t.plan.budgets));
  }
  void begin_step(const step_rows& rows) override {
    step_ = rows;
    for (index_t s = 0; s < options_.sequences; ++s)
      if (rows_of(s) > 0 && !texts_[number(s)].driver) expect(s, options_.prompt_tokens);
    lse_.resize(number(rows.offsets.back() * shape_.q_heads));
  }
  void attend(index_t layer, const float* q, const float* k, const float* v, float* o) override {
    const index_t tokens = step_.offsets.back();
    const auto keys = heed::view(k, tokens, shape_.kv_heads, shape_.key_dim);
    const auto values = heed::view(v, tokens, shape_.kv_heads, shape_.value_dim);
    for (index_t s = 0; s < options_.sequences; ++s)
      if (rows_of(s) > 0)
        check(cache_.append(layer * options_.sequences + s, keys.slice(0, first_row(s), rows_of(s)),
                            values.slice(0, first_row(s), rows_of(s))));
    most_bytes_ = std::max(most_bytes_, cache_.bytes_held());
    const auto lse = heed::view(lse_.data(), tokens, shape_.q_heads);
    attention_.run(shape_, step_, q, source(layer, 0, options_.sequences), o, heed::causal{}, heed::lse(lse));
    const heed::tensor_view<const float, 2> sums = lse;
    for (index_t s = 0; s < options_.sequences; ++s)
      if (rows_of(s) > 0)
        check(texts_[number(s)].driver->attended(
            pool_, layer, heed::view(q, tokens, shape_.q_heads, shape_.key_dim).slice(0, first_row(s), rows_of(s)),
            source(layer, s, 1), sums.slice(0, first_row(s), rows_of(s)), heed::causal{}));
  }
  void end_step() override {
    for (index_t s = 0; s < options_.sequences; ++s) {
      if (rows_of(s) == 0) continue;
      const index_t prompt = texts_[number(s)].prompt, before = seen(s) - rows_of(s);
      const heed::engine_point point = seen(s) < prompt  ? heed::engine_point::chunk
                                       : before < prompt ? heed::engine_point::prefill
                                                         : heed::engine_point::step;
      std::vector<layer_of_text> layers;
      for (index_t l = 0; l < shape_.layers; ++l) layers.push_back({*this, l, s});
      check(texts_[number(s)].driver->reached(
          pool_, point, [&](index_t l) -> layer_of_text& { return layers[number(l)]; }, heed::causal{}));
    }
  }
  void release(index_t sequence) override {
    for (index_t l = 0; l < shape_.layers; ++l) check(cache_.release(l * options_.sequences + sequence));
    texts_[number(sequence)].driver.reset();
  }
  [[nodiscard]] index_t bytes() const override { return most_bytes_; }
  [[nodiscard]] index_t bytes_held() const override { return cache_.bytes_held(); }
  [[nodiscard]] std::string kernel() const override { return attention_.text(); }
  [[nodiscard]] std::vector<index_t> held_positions(index_t sequence, index_t layer, index_t kv_head) const override {
    return positions_in(source(layer, sequence, 1), 0, kv_head);
  }

private:
  struct text {
    index_t prompt = 0;
    eviction_plan plan;
    std::optional<heed::cache_driver<chosen_policy>> driver;
  };
  /// One layer of one sequence as a cache of its own.
  struct layer_of_text {
    evicting_cache& all;
    index_t layer, text;
    [[nodiscard]] index_t id() const noexcept { return layer * all.options_.sequences + text; }
    [[nodiscard]] bool per_head() const noexcept { return true; }
    [[nodiscard]] index_t kv_heads() const noexcept { return all.shape_.kv_heads; }
    [[nodiscard]] index_t slots(index_t, index_t kv_head) const noexcept { return all.cache_.slots(id(), kv_head); }
    [[nodiscard]] index_t seen(index_t) const noexcept { return all.cache_.seen(id()); }
    [[nodiscard]] index_t bytes_held() const noexcept { return all.cache_.bytes_held(); }
    [[nodiscard]] auto source() const noexcept { return all.source(layer, text, 1); }
    [[nodiscard]] heed::failure check_keep(index_t, index_t kv_head, std::span<const index_t> slots,
                                           heed::dropped_rows dropped = heed::dropped_rows::forgotten) const noexcept {
      return all.cache_.check_keep(id(), kv_head, slots, dropped);
    }
    [[nodiscard]] heed::failure keep(index_t, index_t kv_head, std::span<const index_t> slots,
                                     heed::dropped_rows dropped = heed::dropped_rows::forgotten) noexcept {
      return all.cache_.keep(id(), kv_head, slots, dropped);
    }
  };

  static void check(const heed::failure& f) {
    if (f) throw heed::error(f);
  }
  static std::size_t number(index_t n) noexcept { return static_cast<std::size_t>(n); }
  [[nodiscard]] bool folds() const noexcept { return options_.keep.rule == policy::kind::razor_attention; }
  [[nodiscard]] index_t first_row(index_t s) const noexcept { return step_.offsets[number(s)]; }
  [[nodiscard]] index_t rows_of(index_t s) const noexcept { return step_.offsets[number(s + 1)] - first_row(s); }
  [[nodiscard]] heed::tensor_view<T, 4> key_pool() const {
    return heed::view(keys_.data(), lists_ * max_pages_, page_, 1, shape_.key_dim);
  }
  [[nodiscard]] heed::tensor_view<T, 4> value_pool() const {
    return heed::view(values_.data(), lists_ * max_pages_, page_, 1, shape_.value_dim);
  }
  [[nodiscard]] heed::paged_cache_memory memory() {
    return {shape_.kv_heads,   pages_,       max_pages_,
            lengths_,          free_,        seen_,
            positions_.span(), bias_.span(), {mean_keys_, mean_values_, mean_counts_, mean_slots_}};
  }
  /// Some sequences of a layer.
  [[nodiscard]] auto source(index_t layer, index_t first, index_t count) const {
    const index_t sequence = layer * options_.sequences + first, list = sequence * shape_.kv_heads,
                  lists = count * shape_.kv_heads;
    const auto part = [](const std::vector<index_t>& all, index_t from, index_t n) {
      return std::span<const index_t>(all).subspan(number(from), number(n));
    };
    return heed::paged(key_pool(), value_pool(),
                       heed::head_page_table{shape_.kv_heads,
                                             {},
                                             part(pages_, list * max_pages_, lists * max_pages_),
                                             max_pages_,
                                             part(lengths_, list, lists)},
                       heed::paged_slots{positions_.span(), bias_.span(), part(seen_, sequence, count)});
  }

  model_shape shape_;
  cache_options options_;
  heed::thread_pool& pool_;
  index_t page_, max_pages_, lists_;
  zeroed<T> keys_, values_;
  std::vector<index_t> pages_, lengths_, free_, seen_;
  zeroed<index_t> positions_;
  zeroed<float> bias_;
  std::vector<float> mean_keys_, mean_values_;
  std::vector<index_t> mean_counts_, mean_slots_;
  pool_type cache_;
  std::vector<text> texts_;
  step_rows step_;
  std::vector<float> lse_;
  index_t most_bytes_ = 0;
  attention_plan attention_;
};

} // namespace llama
