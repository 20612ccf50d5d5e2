// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A small engine for the tests of whole evictions: random queries, keys and values, a cache per layer, attention by
// heed, and the double softmax beside it.
#include <heed/evict/ada_kv.hpp>
#include <heed/evict/cache_driver.hpp>
#include <heed/evict/compress_kv.hpp>
#include <heed/evict/duo_attention.hpp>
#include <heed/evict/h2o.hpp>
#include <heed/evict/keep_all.hpp>
#include <heed/evict/pyramid_kv.hpp>
#include <heed/evict/razor_attention.hpp>
#include <heed/evict/snap_kv.hpp>
#include <heed/evict/streaming.hpp>
#include <heed/evict/tova.hpp>
#include <heed/exec/thread_pool.hpp>
#include <heed/kv/contiguous_cache.hpp>
#include <heed/mask/causal.hpp>

#include <cmath>
#include <memory>
#include <support/random.hpp>
#include <variant>
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

/// A driver of any policy behind one type, so that its templates are compiled once.
class any_driver {
public:
  any_driver() = default;
  virtual ~any_driver() = default;
  any_driver(const any_driver&) = delete;
  any_driver& operator=(const any_driver&) = delete;
  virtual void prepare(thread_pool& pool, const test_source& kv) = 0;
  virtual failure begin(std::span<const index_t> budgets) = 0;
  virtual failure set_budgets(std::span<const index_t> budgets) = 0;
  virtual failure attended(thread_pool& pool, index_t layer, const tensor_view<const float, 3>& q,
                           const test_source& kv, const tensor_view<const float, 2>& lse) = 0;
  virtual failure evict(thread_pool& pool, index_t layer, test_cache& cache) = 0;
  virtual failure reached(thread_pool& pool, engine_point point, std::span<test_cache* const> caches) = 0;
  virtual failure rollback(index_t tokens, std::span<test_cache* const> caches) = 0;
  [[nodiscard]] virtual score_view scores(index_t layer) const = 0;
  [[nodiscard]] virtual index_t bytes_held() const = 0;
};
using any_policy = std::variant<keep_all, streaming, tova, h2o, snap_kv, pyramid_kv, ada_kv, compress_kv, duo_attention,
                                razor_attention>;
/// policies: of one type; one for all layers, or one for each.
std::unique_ptr<any_driver> driver_of(const std::vector<any_policy>& policies, const driver_shape& shape,
                                      const eviction_schedule& when = {});
inline std::unique_ptr<any_driver> driver_of(const any_policy& policy, const driver_shape& shape,
                                             const eviction_schedule& when = {}) {
  return driver_of(std::vector<any_policy>{policy}, shape, when);
}

class small_engine {
public:
  small_engine(const engine_shape& s, std::uint64_t seed, index_t workers = 1) : shape(s), draw(seed), pool(workers) {
    for (index_t l = 0; l < s.layers; ++l) {
      layers.push_back(std::make_unique<layer_cache>(s));
      caches.push_back(&layers.back()->cache);
    }
  }
  [[nodiscard]] driver_shape driven(index_t max_rows) const {
    return {shape.layers, shape.q_heads, shape.kv_heads, shape.dim, shape.room, max_rows};
  }
  test_cache& cache(index_t l) { return layers[at(l)]->cache; }

  /// New random tokens go through all layers. q ... lse are those of the last layer.
  failure pass(any_driver& driver, index_t rows) {
    for (index_t l = 0; l < shape.layers; ++l) {
      q = draw.numbers<float>(rows * shape.q_heads * shape.dim);
      for (float& x : q) x *= 4;
      k = draw.numbers<float>(rows * shape.kv_heads * shape.dim);
      v = draw.numbers<float>(rows * shape.kv_heads * shape.dim);
      if (const failure f = attend_layer(driver, l, rows)) return f;
    }
    return {};
  }
  /// One layer, one sequence drawn as a whole and passed in pieces.
  failure replay(any_driver& driver, const std::vector<index_t>& pieces, std::uint64_t seed) {
    restart(seed);
    index_t rows = 0;
    for (const index_t n : pieces) rows += n;
    std::vector<float> whole_q = draw.numbers<float>(rows * shape.q_heads * shape.dim);
    const std::vector<float> whole_k = draw.numbers<float>(rows * shape.kv_heads * shape.dim);
    for (index_t n : pieces) {
      const auto cut = [&](const std::vector<float>& x, index_t width) {
        const index_t first = cache(0).seen(0);
        return std::vector<float>(x.begin() + first * width, x.begin() + (first + n) * width);
      };
      q = cut(whole_q, shape.q_heads * shape.dim);
      k = v = cut(whole_k, shape.kv_heads * shape.dim);
      if (const failure f = attend_layer(driver, 0, n)) return f;
    }
    return {};
  }
  failure reached(any_driver& driver, engine_point point) { return driver.reached(pool, point, caches); }
  /// A new sequence of numbers drawn from a seed.
  void restart(std::uint64_t seed) {
    for (auto& l : layers) (void)l->cache.release(0);
    draw = random(seed);
    all_k.clear();
    all_v.clear();
  }
  /// q . k scaled, of a row of the last pass and a position, both of the first layer.
  [[nodiscard]] double score(index_t row, index_t head, index_t position) const {
    const index_t kv_head = head / (shape.q_heads / shape.kv_heads);
    double sum = 0;
    for (index_t d = 0; d < shape.dim; ++d)
      sum += static_cast<double>(first_q[at((row * shape.q_heads + head) * shape.dim + d)]) *
             static_cast<double>(all_k[at((position * shape.kv_heads + kv_head) * shape.dim + d)]);
    return sum / std::sqrt(static_cast<double>(shape.dim));
  }

  failure attend_layer(any_driver& driver, index_t l, index_t rows) {
    o.assign(at(rows * shape.q_heads * shape.dim), 9.f);
    lse.assign(at(rows * shape.q_heads), 9.f);
    if (const failure f = cache(l).append(0, view(std::as_const(k).data(), rows, shape.kv_heads, shape.dim),
                                          view(std::as_const(v).data(), rows, shape.kv_heads, shape.dim)))
      return f;
    const auto queries = view(std::as_const(q).data(), rows, shape.q_heads, shape.dim);
    const auto sums = view(lse.data(), rows, shape.q_heads);
    attend_to(pool, queries, cache(l).source(), view(o.data(), rows, shape.q_heads, shape.dim), sums);
    if (l == 0) {
      all_k.insert(all_k.end(), k.begin(), k.end());
      all_v.insert(all_v.end(), v.begin(), v.end());
      first_q = q;
      first_o = o;
      first_lse = lse;
    }
    return driver.attended(pool, l, queries, cache(l).source(), sums);
  }

  engine_shape shape;
  random draw;
  thread_pool pool;
  std::vector<std::unique_ptr<layer_cache>> layers;
  std::vector<test_cache*> caches;
  std::vector<float> q, k, v, o, lse;
  std::vector<float> all_k, all_v, first_q, first_o, first_lse; ///< of the first layer: the sequence, and the last pass
};

} // namespace heed::test
