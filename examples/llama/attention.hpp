// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The one place where this program computes attention: heed does.
#include "cache.hpp"

#include <heed/mask/all_of.hpp>
#include <heed/mask/any_of.hpp>
#include <heed/mask/causal.hpp>
#include <heed/mask/first_keys.hpp>
#include <heed/mask/sliding_window.hpp>
#include <heed/reference/attention.hpp>

#include <cmath>

namespace llama {

/// o = attention of the packed queries over the keys that `kv` holds by now.
///
/// Shapes    q [tokens][q_heads][key_dim], o [tokens][q_heads][value_dim], row_offsets [sequences + 1]
template <class Source, class Mask>
void attention(const model_shape& s, const Source& kv, const Mask& mask, const std::vector<index_t>& row_offsets,
               const float* q, float* o) {
  const index_t tokens = row_offsets.back();
  heed::reference::call call;
  call.scale = 1 / std::sqrt(static_cast<double>(s.key_dim));
  call.row_offsets = row_offsets.data();
  const auto r = heed::reference::attend(heed::view(q, tokens, s.q_heads, s.key_dim), kv, mask,
                                         heed::reference::unchanged{}, call);
  for (std::size_t i = 0; i < r.o.size(); ++i) o[i] = static_cast<float>(r.o[i]);
}

/// What a query of a policy other than full sees: of the past only the sinks and the window.
inline auto kept_keys(const policy& p) noexcept {
  return heed::all_of(heed::causal{}, heed::any_of(heed::first_keys{p.sinks}, heed::sliding_window{p.window - 1, 0}));
}

/// Stores `count` numbers as T, rounded to nearest.
template <class T> void store(const float* from, index_t count, T* to) noexcept {
  for (index_t i = 0; i < count; ++i) to[i] = heed::narrow<T>(from[i]);
}

} // namespace llama
