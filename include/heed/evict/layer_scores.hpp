// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The observing half of a cache driver: what it keeps of the queries that it is shown, and the scores made of it.
#include <heed/evict/cache_policy.hpp>
#include <heed/evict/query_window.hpp>
#include <heed/observe.hpp>
#include <heed/observe/key_sums.hpp>

namespace heed {

/// The largest sequence that a driver serves. max_rows: new tokens of one call; max_slots: slots of one head.
struct driver_shape {
  index_t layers = 1, q_heads = 1, kv_heads = 1, key_dim = 1, max_slots = 0, max_rows = 1;
};

namespace detail {
inline namespace HEED_ISA {

/// Scores of one sequence in all layers. Rows observed `every` are summed as they come, a table for each layer; rows
/// observed `last` are kept until they are asked for, and all layers share a table.
///
/// Shapes    of a layer: [kv_heads][slots]
/// Cost      memory: the last queries of each layer, or running sums, and one layer's sums per query head. Nothing is
///           allocated after prepare()
template <scoring_policy P, class Query> class layer_scores {
public:
  constexpr layer_scores() noexcept = default;
  /// policies: [layers].
  HEED_INLINE layer_scores(const driver_shape& shape, std::span<const P> policies) : shape_(shape) {
    index_t window = 0;
    for (const P& p : policies) {
      const observed_rows o = p.observes();
      running_ = running_ || o.which == observed_rows::kind::every;
      if (o.which == observed_rows::kind::last) window = greater(window, o.count);
    }
    const index_t tables = running_ ? shape.layers : 1;
    sums_ = owned_array<float>(shape.q_heads * shape.max_slots);
    scores_ = owned_array<float>(tables * shape.kv_heads * shape.max_slots);
    scored_ = owned_array<index_t>(tables * shape.kv_heads);
    window_ = query_window<Query>(shape.layers, window, shape.q_heads, shape.key_dim);
  }

  /// Plans the observers' pass over sources like kv, with the roles of the engine's attention.
  template <class Executor, kv_source K, class... Role>
  void prepare(const Executor& executor, const K& kv, const Role&... roles) {
    const index_t rows = greater(window_.window(), shape_.max_rows);
    plan_ = make_plan(batch_shape{1, rows, shape_.q_heads, shape_.max_slots, rows}, kv, roles...);
    workspace_ = owned_array<std::byte>(plan_.workspace_bytes(executor.workers()));
  }
  /// Another sequence begins.
  HEED_INLINE void clear() noexcept {
    for (index_t& n : scored_.span()) n = 0;
    window_.clear();
  }

  /// What attended() of the driver refuses.
  [[nodiscard]] HEED_INLINE failure check_rows(const tensor_view<const Query, 3>& q,
                                               const tensor_view<const float, 2>& lse) const noexcept {
    if (q.extent(0) > shape_.max_rows)
      return {errc::limit_exceeded, "cache_driver", "rows", q.extent(0), "max_rows is", shape_.max_rows};
    if (q.extent(1) != shape_.q_heads)
      return {errc::bad_extent, "cache_driver", "q_heads of q", q.extent(1), "it must be", shape_.q_heads};
    if (q.extent(2) != shape_.key_dim)
      return {errc::dim_mismatch, "cache_driver", "key_dim of q", q.extent(2), "it must be", shape_.key_dim};
    return check_lse(lse, {1, q.extent(0), shape_.q_heads});
  }
  /// Rows that were checked: kept, or added to the scores of the slots that kv holds.
  template <class Executor, kv_source K, class... Role>
  [[nodiscard]] failure take(Executor& executor, index_t layer, const P& p, const tensor_view<const Query, 3>& q,
                             const K& kv, const tensor_view<const float, 2>& lse, const Role&... roles) noexcept {
    const observed_rows o = p.observes();
    if (o.which == observed_rows::kind::last) window_.push(layer, q, lse);
    if (o.which != observed_rows::kind::every) return {};
    const score_table scores = table(layer);
    for (index_t h = 0; h < shape_.kv_heads; ++h)
      if (const failure f = scores.resize(h, kv.slots(0, h))) return f;
    return rescore(executor, p, o, q, kv, lse, scores, roles...);
  }
  /// The scores of a layer for an eviction, as long as `lengths` [kv_heads].
  template <class Executor, kv_source K, class... Role>
  [[nodiscard]] failure make(Executor& executor, index_t layer, const P& p, std::span<const index_t> lengths,
                             const K& kv, const Role&... roles) noexcept {
    const score_table scores = table(layer);
    for (index_t h = 0; h < shape_.kv_heads; ++h)
      if (const failure f = scores.resize(h, lengths[static_cast<std::size_t>(h)])) return f;
    const observed_rows o = p.observes();
    if (o.which != observed_rows::kind::last) return {};
    const index_t n = lesser(o.count, window_.rows(layer));
    if (n < 1) return {errc::bad_value, "cache_driver", "queries seen", n, "the least is", 1};
    return rescore(executor, p, o, window_.queries(layer, n), kv, window_.lses(layer, n), scores, roles...);
  }
  /// A layer's last rows never came, and its cache now holds `cache`'s slots.
  template <class C> [[nodiscard]] failure forget(index_t layer, const P& p, index_t rows, const C& cache) noexcept {
    if (p.observes().which == observed_rows::kind::last) window_.pop(layer, rows);
    for (index_t h = 0; running_ && h < shape_.kv_heads; ++h)
      if (const index_t held = cache.slots(0, h); held < table(layer).slots(h))
        if (const failure f = table(layer).resize(h, held)) return f;
    return {};
  }

  /// Running sums of a layer, or the scores of the last eviction.
  [[nodiscard]] HEED_INLINE score_table table(index_t layer) const noexcept {
    const index_t first = (running_ ? layer : 0) * shape_.kv_heads;
    return score_table(heed::view(scores_.data() + first * shape_.max_slots, shape_.kv_heads, shape_.max_slots),
                       {scored_.data() + first, static_cast<std::size_t>(shape_.kv_heads)});
  }
  [[nodiscard]] HEED_INLINE index_t bytes_held() const noexcept {
    return sums_.bytes() + scores_.bytes() + scored_.bytes() + window_.bytes_held() + workspace_.bytes();
  }

private:
  /// Sums of what the observed rows see, handed to the policy.
  template <class Executor, class K, class... Role>
  [[nodiscard]] HEED_NOINLINE failure rescore(Executor& executor, const P& p, const observed_rows& o,
                                              const tensor_view<const Query, 3>& q, const K& kv,
                                              const tensor_view<const float, 2>& lse, const score_table& scores,
                                              const Role&... roles) noexcept {
    index_t slots = 0;
    for (index_t h = 0; h < shape_.kv_heads; ++h) slots = greater(slots, kv.slots(0, h));
    const index_t heads = o.heads.empty() ? shape_.q_heads : static_cast<index_t>(o.heads.size());
    const errc code = run_observers(
        executor, plan_, q, kv, lse, workspace_.span(),
        key_sums<float>(view(sums_.data(), 1, heads, slots), row_choice::all().of_heads(o.heads)), roles...);
    if (code != errc::ok)
      return {code, "cache_driver", "errc of the observers' pass", static_cast<index_t>(code), "it must be", 0};
    p.rescore(view(sums_.data(), heads, slots), shape_.q_heads, scores);
    return {};
  }

  driver_shape shape_ = {};
  bool running_ = false; ///< some layer adds up what it sees
  owned_array<float> sums_ = {}, scores_ = {};
  owned_array<index_t> scored_ = {};
  query_window<Query> window_ = {};
  owned_array<std::byte> workspace_ = {};
  plan plan_ = {};
};

/// Of a policy that looks at nothing.
struct no_scores {
  [[nodiscard]] HEED_INLINE index_t bytes_held() const noexcept { return 0; }
};
template <class P, class Query> struct scores_of { using type = no_scores; };
template <scoring_policy P, class Query> struct scores_of<P, Query> { using type = layer_scores<P, Query>; };

} // namespace HEED_ISA
} // namespace detail
} // namespace heed
