// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Work items on heed's thread pool: the same threads that run the attention.
#include <heed/exec/thread_pool.hpp>

namespace llama {

using heed::index_t;

/// Calls f(i) once for each i in [0, n). Small work stays in the calling thread: waking another costs some
/// microseconds.
///
/// Units    work: multiply-adds of all items together
template <class F> void for_each_item(heed::thread_pool& pool, index_t n, double work, F&& f) {
  constexpr double worth_waking = 100e3; // a few microseconds of one core
  if (n <= 1 || pool.workers() == 1 || work < worth_waking) {
    for (index_t i = 0; i < n; ++i) f(i);
    return;
  }
  pool.bulk(
      n, [](void* context, index_t i, index_t) { (*static_cast<std::remove_reference_t<F>*>(context))(i); }, &f);
}

} // namespace llama
