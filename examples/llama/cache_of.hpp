// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The caches of one element type. One file per type instantiates this, so that they compile side by side.
#include "cache_contiguous.hpp"
#include "cache_evicting.hpp"
#include "cache_paged.hpp"
#include "cache_ring.hpp"
#include "cache_two_part.hpp"

namespace llama {

template <class T>
std::unique_ptr<kv_cache> make_cache_of(const model_shape& shape, const cache_options& options,
                                        heed::thread_pool& pool) {
  if (options.keep.rule == policy::kind::duo_attention)
    return std::make_unique<two_part_cache<T>>(shape, options, pool);
  if (!options.keep.keeps_all() && !options.keep.is_windowed())
    return std::make_unique<evicting_cache<T>>(shape, options, pool);
  const auto paged = [&](const auto& mask) -> std::unique_ptr<kv_cache> {
    return std::make_unique<paged_cache<T, std::remove_cvref_t<decltype(mask)>>>(shape, options, pool, mask);
  };
  if (options.layout == cache_layout::paged)
    return options.keep.keeps_all() ? paged(heed::causal{}) : paged(kept_keys(options.keep));
  if (!options.keep.keeps_all()) return std::make_unique<ring_cache<T>>(shape, options, pool);
  return std::make_unique<contiguous_cache<T>>(shape, options, pool);
}

} // namespace llama
