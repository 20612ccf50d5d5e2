// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "observing_cache.hpp"

#include <heed/attention.hpp>
#include <heed/kv/contiguous.hpp>
#include <heed/mask/causal.hpp>
#include <heed/observe/probability_rows.hpp>

#include <algorithm>

namespace profile {

observing_cache::observing_cache(const llama::model_shape& shape, index_t max_tokens, heed::thread_pool& pool)
    : shape_(shape), pool_(pool), room_(max_tokens),
      keys_(static_cast<std::size_t>(shape.layers * max_tokens * shape.kv_heads * shape.key_dim)),
      values_(static_cast<std::size_t>(shape.layers * max_tokens * shape.kv_heads * shape.value_dim)) {}

void observing_cache::attend(index_t layer, const float* q, const float* k, const float* v, float* o) {
  const index_t key_row = shape_.kv_heads * shape_.key_dim, value_row = shape_.kv_heads * shape_.value_dim;
  float* keys = keys_.data() + layer * room_ * key_row;
  float* values = values_.data() + layer * room_ * value_row;
  std::copy_n(k, rows_ * key_row, keys + seen_ * key_row);
  std::copy_n(v, rows_ * value_row, values + seen_ * value_row);

  const index_t slots = seen_ + rows_, watched = std::min(watched_, rows_);
  probabilities_.resize(static_cast<std::size_t>(shape_.q_heads * watched * slots));
  const auto kv = heed::contiguous(heed::view(keys, slots, shape_.kv_heads, shape_.key_dim),
                                   heed::view(values, slots, shape_.kv_heads, shape_.value_dim));
  heed::attend(pool_, heed::view(q, rows_, shape_.q_heads, shape_.key_dim), kv,
               heed::view(o, rows_, shape_.q_heads, shape_.value_dim), heed::causal{},
               heed::probability_rows(heed::view(probabilities_.data(), 1, shape_.q_heads, watched, slots),
                                      heed::row_choice::last(watched)));
  if (watched > 0) show_({layer, rows_, slots, watched, q, keys, values, o, probabilities_.data()});
}

} // namespace profile
