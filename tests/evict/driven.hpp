// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A small engine for the tests of whole evictions: random queries, keys and values, a cache per layer, attention by
// heed, and the double softmax beside it.
#include <heed/evict/cache_driver.hpp>
#include <heed/exec/thread_pool.hpp>
#include <heed/kv/contiguous_cache.hpp>
#include <heed/mask/causal.hpp>

#include <cmath>
#include <memory>
#include <support/random.hpp>
#include <vector>

namespace heed::test {

inline std::size_t at(index_t i) noexcept { return static_cast<std::size_t>(i); }

using test_cache = contiguous_cache<float, float>;
using test_source = contiguous_heads_source<float, float>;

/// Compiled once, in driven_test.cpp: attention with its log-sum-exp.
void attend_to(thread_pool& pool, const tensor_view<const float, 3>& q, const test_source& kv,
               const tensor_view<float, 3>& o, const tensor_view<float, 2>& lse);

struct engine_shape {
  index_t layers = 2, q_heads = 4, kv_heads = 2, dim = 8, room = 64;
  friend bool operator==(const engine_shape&, const engine_shape&) = default;
};

/// One layer's cache with its memory.
struct layer_cache {
  explicit layer_cache(const engine_shape& s)
      : k(at(s.room * s.kv_heads * s.dim), 9.f), v(k), mean_k(at(s.kv_heads * s.dim)), mean_v(mean_k),
        bias(at(s.kv_heads * s.room)), lengths(at(s.kv_heads)), positions(at(s.kv_heads * s.room)), seen(1),
        counts(at(s.kv_heads)), slots(at(s.kv_heads)),
        cache(view(k.data(), 1, s.room, s.kv_heads, s.dim), view(v.data(), 1, s.room, s.kv_heads, s.dim),
              {lengths, positions, seen, bias, {mean_k, mean_v, counts, slots}}) {}
  std::vector<float> k, v, mean_k, mean_v, bias;
  std::vector<index_t> lengths, positions, seen, counts, slots;
  test_cache cache;
};

/// What a head holds: positions, in order.
inline std::vector<index_t> held_positions(const test_cache& c, index_t head) {
  std::vector<index_t> out;
  const auto kv = c.source();
  for (index_t i = 0; i < c.slots(0, head);) {
    const kv_rows r = kv.rows(0, head, {i, c.slots(0, head)});
    for (index_t j = 0; j < r.count; ++j) out.push_back(r.positions != nullptr ? r.positions[j] : r.first + j);
    i += r.count;
  }
  return out;
}

class small_engine {
public:
  small_engine(const engine_shape& s, std::uint64_t seed, index_t workers = 1) : shape(s), draw(seed), pool(workers) {
    for (index_t l = 0; l < s.layers; ++l) layers.push_back(std::make_unique<layer_cache>(s));
  }
  [[nodiscard]] driver_shape driven(index_t max_rows) const {
    return {shape.layers, shape.q_heads, shape.kv_heads, shape.dim, shape.room, max_rows};
  }
  test_cache& cache(index_t l) { return layers[at(l)]->cache; }

  /// New random tokens go through all layers. What was drawn stays in q, k, v, o, lse of the last layer.
  template <class Driver> failure pass(Driver& driver, index_t rows) {
    for (index_t l = 0; l < shape.layers; ++l) {
      q = draw.numbers<float>(rows * shape.q_heads * shape.dim);
      for (float& x : q) x *= 4;
      k = draw.numbers<float>(rows * shape.kv_heads * shape.dim);
      v = draw.numbers<float>(rows * shape.kv_heads * shape.dim);
      o.assign(at(rows * shape.q_heads * shape.dim), 9.f);
      lse.assign(at(rows * shape.q_heads), 9.f);
      if (const failure f = cache(l).append(0, view(std::as_const(k).data(), rows, shape.kv_heads, shape.dim),
                                            view(std::as_const(v).data(), rows, shape.kv_heads, shape.dim)))
        return f;
      const auto queries = view(std::as_const(q).data(), rows, shape.q_heads, shape.dim);
      const auto sums = view(lse.data(), rows, shape.q_heads);
      attend_to(pool, queries, cache(l).source(), view(o.data(), rows, shape.q_heads, shape.dim), sums);
      if (const failure f = driver.attended(pool, l, queries, cache(l).source(), sums, causal{})) return f;
    }
    return {};
  }
  template <class Driver> failure reached(Driver& driver, engine_point point) {
    return driver.reached(
        pool, point, [&](index_t l) -> test_cache& { return cache(l); }, causal{});
  }
  void release() {
    for (auto& l : layers) (void)l->cache.release(0);
  }

  engine_shape shape;
  random draw;
  thread_pool pool;
  std::vector<std::unique_ptr<layer_cache>> layers;
  std::vector<float> q, k, v, o, lse;
};

} // namespace heed::test
