// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "cache.hpp"

#include <heed/view/element.hpp>

namespace llama {

template <class T>
std::unique_ptr<kv_cache> make_cache_of(const model_shape& shape, const cache_options& options,
                                        heed::thread_pool& pool); // cache_of.hpp; instantiated in cache_*.cpp

std::unique_ptr<kv_cache> make_cache(const model_shape& shape, const cache_options& options, heed::thread_pool& pool) {
  if (options.sequences != 1 && options.layout == cache_layout::contiguous)
    throw usage_error("--layout is contiguous, but " + std::to_string(options.sequences) +
                      " sequences at once need paged");
  switch (options.type) {
  case kv_type::f16:
    return make_cache_of<heed::f16>(shape, options, pool);
  case kv_type::bf16:
    return make_cache_of<heed::bf16>(shape, options, pool);
  case kv_type::f32:
    break;
  }
  return make_cache_of<float>(shape, options, pool);
}

} // namespace llama
