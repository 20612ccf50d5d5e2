// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// DuoAttention's cache of a layer: retrieval heads keep all tokens, streaming heads the sinks and a ring of recent
// ones.
#include "attention.hpp"
#include "eviction.hpp"
#include "held_positions.hpp"

#include <heed/kv/append_batch.hpp>
#include <heed/kv/contiguous.hpp>
#include <heed/kv/contiguous_cache.hpp>
#include <heed/kv/head_split_cache.hpp>
#include <heed/kv/joined.hpp>
#include <heed/kv/sink_ring_cache.hpp>

#include <algorithm>
#include <deque>

namespace llama {

/// Keys and values of T, for each layer [sequences][max_tokens][full heads][dim] and [sequences][sinks +
/// recent][streaming heads][dim], allocated at once. New tokens attend to what is held and to themselves, then take
/// their places: in the ring those of the oldest. Which heads stream is decided once, for prompts of prompt_tokens.
template <class T> class two_part_cache final : public kv_cache {
  using full_cache = heed::contiguous_cache<T, T>;
  using ring_cache = heed::sink_ring_cache<T, T>;

public:
  two_part_cache(const model_shape& shape, const cache_options& options, heed::thread_pool& pool)
      : shape_(shape), sequences_(options.sequences),
        plan_(plan_eviction(options.keep, shape, options.profile.get(), options.prompt_tokens)),
        fresh_keys_(number(sequences_ * options.max_step * shape.kv_heads * shape.key_dim)),
        fresh_values_(number(sequences_ * options.max_step * shape.kv_heads * shape.value_dim)),
        parts_(make_parts(options)), offsets_(number(sequences_ + 1)),
        attention_(pool,
                   {sequences_, sequences_ * options.max_step, shape.q_heads, options.max_tokens + options.max_step,
                    options.max_step},
                   source(0), heed::causal{}) {}

  [[nodiscard]] index_t seen(index_t sequence) const override { return parts_.back().both.seen(sequence); }
  void begin_step(const step_rows& rows) override {
    step_ = rows;
    offsets_ = rows.offsets;
  }
  void attend(index_t layer, const float* q, const float* k, const float* v, float* o) override {
    const index_t rows = offsets_.back();
    store(k, rows * shape_.kv_heads * shape_.key_dim, fresh_keys_.data());
    store(v, rows * shape_.kv_heads * shape_.value_dim, fresh_values_.data());
    attention_.run(shape_, step_, q, source(layer), o, heed::causal{});
    check(heed::append_batch(part(layer).both, heed::ragged(fresh(fresh_keys_, shape_.key_dim), offsets_),
                             heed::ragged(fresh(fresh_values_, shape_.value_dim), offsets_)));
  }
  void end_step() override {}
  void release(index_t sequence) override {
    for (layer_parts& p : parts_) check(p.both.release(sequence));
  }
  [[nodiscard]] index_t bytes() const override {
    index_t n = 0;
    for (const layer_parts& p : parts_) n += static_cast<index_t>((p.keys.size() + p.values.size()) * sizeof(T));
    return n;
  }
  [[nodiscard]] index_t bytes_held() const override {
    index_t n = 0;
    for (const layer_parts& p : parts_) n += p.both.bytes_held();
    return n;
  }
  [[nodiscard]] std::vector<index_t> held_positions(index_t sequence, index_t layer, index_t kv_head) const override {
    const auto kv = parts_[number(layer)].both.source();
    return positions_in(kv, sequence, kv_head);
  }
  [[nodiscard]] std::string kernel() const override { return attention_.text(); }

private:
  /// A layer's memory and the cache over it.
  ///
  /// Shapes    keys, values: the full heads', then the ring's; lengths [sequences * full heads]; seen [sequences]
  struct layer_parts {
    layer_parts(const model_shape& s, index_t sequences, index_t room, const heed::duo_attention& policy)
        : full_heads(std::count(policy.kinds.begin(), policy.kinds.end(), heed::head_source::first)),
          rows(std::min(policy.sinks + policy.recent, room)), numbers(sequences * room * full_heads),
          ring_numbers(sequences * rows * (s.kv_heads - full_heads)),
          keys(number((numbers + ring_numbers) * s.key_dim)), values(number((numbers + ring_numbers) * s.value_dim)),
          lengths(number(sequences * full_heads)), full_seen(number(sequences)), ring_seen(number(sequences)),
          full(heed::view(keys.data(), sequences, room, full_heads, s.key_dim),
               heed::view(values.data(), sequences, room, full_heads, s.value_dim),
               {.lengths = lengths, .seen = full_seen}),
          ring(heed::view(keys.data() + numbers * s.key_dim, sequences, rows, s.kv_heads - full_heads, s.key_dim),
               heed::view(values.data() + numbers * s.value_dim, sequences, rows, s.kv_heads - full_heads, s.value_dim),
               {.sinks = std::min(policy.sinks, rows), .seen = ring_seen}),
          both(full, ring, policy.kinds) {
      check(both.check());
    }
    layer_parts(const layer_parts&) = delete;
    layer_parts& operator=(const layer_parts&) = delete;

    index_t full_heads, rows, numbers, ring_numbers;
    std::vector<T> keys, values;
    std::vector<index_t> lengths, full_seen, ring_seen;
    full_cache full;
    ring_cache ring;
    heed::head_split_cache<full_cache, ring_cache> both;
  };

  static void check(const heed::failure& f) {
    if (f) throw heed::error(f);
  }
  static std::size_t number(index_t n) noexcept { return static_cast<std::size_t>(n); }
  std::deque<layer_parts> make_parts(const cache_options& options) {
    std::deque<layer_parts> out;
    for (const chosen_policy& p : plan_.policies)
      out.emplace_back(shape_, sequences_, options.max_tokens, *p.template as<heed::duo_attention>());
    return out;
  }
  [[nodiscard]] layer_parts& part(index_t layer) { return parts_[number(layer)]; }
  [[nodiscard]] auto fresh(const std::vector<T>& rows, index_t dim) const {
    return heed::view(rows.data(), offsets_.back(), shape_.kv_heads, dim);
  }
  /// What a layer holds, then the step's own rows.
  [[nodiscard]] auto source(index_t layer) const {
    return heed::joined(
        parts_[number(layer)].both.source(),
        heed::contiguous(fresh(fresh_keys_, shape_.key_dim), fresh(fresh_values_, shape_.value_dim), offsets_));
  }

  model_shape shape_;
  index_t sequences_;
  eviction_plan plan_;
  std::vector<T> fresh_keys_, fresh_values_;
  std::deque<layer_parts> parts_;
  std::vector<index_t> offsets_;
  step_rows step_;
  attention_plan attention_;
};

} // namespace llama
