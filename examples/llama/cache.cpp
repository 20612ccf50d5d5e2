// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "cache.hpp"

#include <heed/view/element.hpp>

#include <unistd.h>

namespace llama {

template <class T>
std::unique_ptr<kv_cache> make_cache_of(const model_shape& shape, const cache_options& options,
                                        heed::thread_pool& pool); // cache_of.hpp; instantiated in cache_*.cpp

std::unique_ptr<kv_cache> make_cache(const model_shape& shape, const cache_options& given, heed::thread_pool& pool) {
  cache_options options = given;
  if (options.prompt_tokens == 0) options.prompt_tokens = options.max_tokens;
  options.keep = given.keep.resolved(options.prompt_tokens);
  if (options.sequences != 1 && options.layout == cache_layout::contiguous)
    throw usage_error("--layout is contiguous, but " + std::to_string(options.sequences) +
                      " sequences at once need paged");
  // Zeroing what does not fit would end in the system killing the program, not in an exception.
  const double number_bytes = options.type == kv_type::f32 ? 4 : 2;
  const double bytes = number_bytes * static_cast<double>(kept_rows(options)) * static_cast<double>(options.sequences) *
                       static_cast<double>(shape.layers * shape.kv_heads) *
                       static_cast<double>(shape.key_dim + shape.value_dim);
  const double memory = static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGESIZE));
  if (bytes > memory)
    throw usage_error("the cache of " + std::to_string(options.sequences) + " x " + std::to_string(kept_rows(options)) +
                      " tokens needs " + std::to_string(static_cast<index_t>(bytes / 1e6)) +
                      " MB, but the machine has " + std::to_string(static_cast<index_t>(memory / 1e6)));
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
