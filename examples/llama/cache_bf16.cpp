// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "cache_of.hpp"

template std::unique_ptr<llama::kv_cache> llama::make_cache_of<heed::bf16>(const model_shape&, const cache_options&,
                                                                           heed::thread_pool&);
