// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "cache.hpp"

#include "cache_contiguous.hpp"
#include "cache_paged.hpp"
#include "cache_ring.hpp"

namespace llama {
namespace {

template <class T>
std::unique_ptr<kv_cache> make(const model_shape& shape, const cache_options& options, heed::thread_pool& pool) {
  const auto paged = [&](const auto& mask) -> std::unique_ptr<kv_cache> {
    return std::make_unique<paged_cache<T, std::remove_cvref_t<decltype(mask)>>>(shape, options, pool, mask);
  };
  if (options.layout == cache_layout::paged)
    return options.keep.keeps_all() ? paged(heed::causal{}) : paged(kept_keys(options.keep));
  if (options.sequences != 1)
    throw usage_error("--layout is contiguous, but " + std::to_string(options.sequences) +
                      " sequences at once need paged");
  if (!options.keep.keeps_all()) return std::make_unique<ring_cache<T>>(shape, options, pool);
  return std::make_unique<contiguous_cache<T>>(shape, options, pool);
}

} // namespace

std::unique_ptr<kv_cache> make_cache(const model_shape& shape, const cache_options& options, heed::thread_pool& pool) {
  switch (options.type) {
  case kv_type::f16:
    return make<heed::f16>(shape, options, pool);
  case kv_type::bf16:
    return make<heed::bf16>(shape, options, pool);
  case kv_type::f32:
    break;
  }
  return make<float>(shape, options, pool);
}

} // namespace llama
