// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// What an engine calls to run a policy over the caches of all layers: it keeps what the policy looks at
// (layer_scores.hpp), says when an eviction is due, and does it.
#include <heed/evict/cache_policy.hpp>
#include <heed/evict/compact.hpp>
#include <heed/evict/layer_scores.hpp>

namespace heed {

/// Where in its work an engine is.
enum class engine_point : unsigned char { chunk, prefill, step, pressure };

/// At which points a driver evicts. Under memory pressure it always does.
struct eviction_schedule {
  bool after_chunk = false, after_prefill = true;
  index_t every_steps = 0; ///< decoding steps from one eviction to the next; 0: none
};

inline namespace HEED_ISA {

/// One sequence. For each layer the engine calls attended() after the attention of a chunk or step, then reached() once
/// for all layers.
///
/// Units     budgets are tokens per key-value head, one per layer, the policy's window and sinks included
/// Laws      budgets at or above what is held change no bit, unless the policy uses but a part of them;
///           begin() forgets the sequence before; the same bits for any worker count
/// Cost      memory: the last queries of each layer where the policy scores by them, running sums where it adds them,
///           and one layer's sums and lists. Nothing is allocated after prepare()
template <cache_policy P, class Query = float> class cache_driver {
  static constexpr bool scores_slots = scoring_policy<P>;

public:
  /// policies: one for all layers, or one for each.
  HEED_INLINE cache_driver(const driver_shape& shape, std::span<const P> policies, const eviction_schedule& when = {})
      : shape_(shape), when_(when) {
    if (broken_ = check_sizes(policies); broken_) {
      detail::report(broken_);
      return;
    }
    policies_ = detail::owned_array<P>(shape.layers);
    for (index_t l = 0; l < shape.layers; ++l)
      policies_.data()[l] = policies[policies.size() > 1 ? static_cast<std::size_t>(l) : 0];
    lengths_ = detail::owned_array<index_t>(shape.kv_heads);
    head_budgets_ = detail::owned_array<index_t>(shape.kv_heads);
    layer_budgets_ = detail::owned_array<index_t>(shape.layers);
    kept_ = kept_lists(shape.kv_heads, shape.max_slots);
    if constexpr (scores_slots)
      scores_ = detail::layer_scores<P, Query>(shape, std::span<const P>(policies_.data(), policies_.span().size()));
  }

  /// Makes the plan and the workspace of the observers' pass, for sources like kv and the roles (mask, score, scale
  /// ...) of the engine's attention. Policies that score need it, once.
  template <class Executor, kv_source K, class... Role>
  void prepare(const Executor& executor, const K& kv, const Role&... roles) {
    if constexpr (scores_slots) scores_.prepare(executor, kv, roles...);
  }

  /// A new sequence: what was seen is forgotten. layer_budgets: [layers], or one for all.
  [[nodiscard]] HEED_INLINE failure begin(std::span<const index_t> layer_budgets) noexcept {
    if (const failure f = set_budgets(layer_budgets)) return f;
    if constexpr (scores_slots) scores_.clear();
    steps_ = 0;
    return {};
  }
  /// Other budgets for the sequence under way, as memory gets scarce.
  [[nodiscard]] HEED_INLINE failure set_budgets(std::span<const index_t> layer_budgets) noexcept {
    if (broken_) return broken_;
    const auto given = static_cast<index_t>(layer_budgets.size());
    if (given != 1 && given != shape_.layers)
      return {errc::bad_extent, "cache_driver", "number of budgets", given, "the layers are", shape_.layers};
    for (index_t l = 0; l < shape_.layers; ++l)
      if (const failure f = policies_.data()[l].check(shape_.q_heads, shape_.kv_heads, budget_in(layer_budgets, l)))
        return f;
    for (index_t l = 0; l < shape_.layers; ++l) layer_budgets_.data()[l] = budget_in(layer_budgets, l);
    return {};
  }

  /// After the attention of a layer: its queries, the source that they read and the log-sum-exp that they got.
  ///
  /// Shapes    q: [rows][q_heads][key_dim]; lse: [rows][q_heads]; kv: one sequence, the new tokens included
  /// Cost      policies that score by every row: one product of q and the keys; by the last rows: a copy of these
  template <class Executor, kv_source K, class... Role>
  [[nodiscard]] failure attended(Executor&& executor, index_t layer, const tensor_view<const Query, 3>& q, const K& kv,
                                 const tensor_view<const float, 2>& lse, const Role&... roles) noexcept {
    if (const failure f = check_layer(layer)) return f;
    if constexpr (scores_slots) {
      if (const failure f = scores_.check_rows(q, lse)) return f;
      if (const failure f = check_heads(kv.dims().kv_heads)) return f;
      return scores_.take(executor, layer, policies_.data()[layer], q, kv, lse, roles...);
    }
    return {};
  }

  /// Whether reached() would evict.
  [[nodiscard]] HEED_INLINE bool due(engine_point at) const noexcept {
    if (at == engine_point::chunk) return when_.after_chunk;
    if (at == engine_point::prefill) return when_.after_prefill;
    if (at == engine_point::step) return when_.every_steps > 0 && (steps_ + 1) % when_.every_steps == 0;
    return true;
  }
  /// The engine is at a point: all layers evict if that is due. cache_of(layer): the layer's cache, by reference.
  template <class Executor, class Caches, class... Role>
  [[nodiscard]] failure reached(Executor&& executor, engine_point at, Caches&& cache_of,
                                const Role&... roles) noexcept {
    const bool now = due(at);
    if (at == engine_point::step) ++steps_;
    if (!now) return {};
    for (index_t l = 0; l < shape_.layers; ++l)
      if (const failure f = evict(executor, l, cache_of(l), roles...)) return f;
    return {};
  }
  /// One layer evicts, whatever is due: score, allocate, select, compact. A refused call changes nothing.
  ///
  /// Requires  cache: an evicting_cache of one sequence, whose source() attend reads
  template <class Executor, evicting_cache C, class... Role>
  [[nodiscard]] failure evict(Executor&& executor, index_t layer, C& cache, const Role&... roles) noexcept {
    if (const failure f = check_layer(layer)) return f;
    if (const failure f = check_heads(cache.kv_heads())) return f;
    const index_t budget = layer_budgets_.data()[layer];
    for (index_t h = 0; h < shape_.kv_heads; ++h) {
      const index_t n = lengths_.data()[h] = cache.slots(0, h);
      if (n > shape_.max_slots)
        return {errc::limit_exceeded, "cache_driver", "slots", n, "max_slots is", shape_.max_slots, h};
    }
    const P& p = policies_.data()[layer];
    if (const failure f = p.check(shape_.q_heads, shape_.kv_heads, budget)) return f; // before begin() it is 0
    score_view scores(nullptr, shape_.kv_heads, 0, lengths_.data());
    if constexpr (!scores_slots)
      if (const failure f = p.allocate(scores, budget, head_budgets_.span())) return f;
    bool fits = true; // then no scores are needed
    for (index_t h = 0; h < shape_.kv_heads; ++h)
      fits = fits && lengths_.data()[h] <= (scores_slots ? budget : head_budgets_.data()[h]);
    if (fits) return {};
    if constexpr (scores_slots) {
      if (const failure f = scores_.make(executor, layer, p, lengths_.span(), cache.source(), roles...)) return f;
      scores = scores_.table(layer).view();
    }
    if (const failure f = p.allocate(scores, budget, head_budgets_.span())) return f;
    if (const failure f = p.keep(scores, head_budgets_.span(), kept_)) return f;
    return drop(p, layer, cache);
  }

  /// The last tokens were drafts that the caches have rolled back: their queries are forgotten, and their running sums.
  /// What they gave to the sums of others stays.
  template <class Caches> [[nodiscard]] failure rollback(index_t tokens, Caches&& cache_of) noexcept {
    if (broken_) return broken_;
    if (tokens < 0) return {errc::bad_value, "cache_driver", "tokens to forget", tokens, "the least is", 0};
    if constexpr (scores_slots)
      for (index_t l = 0; l < shape_.layers; ++l)
        if (const failure f = scores_.forget(l, policies_.data()[l], tokens, cache_of(l))) return f;
    return {};
  }

  /// What the last eviction kept, and the budgets of its heads.
  [[nodiscard]] HEED_INLINE const kept_lists& kept() const noexcept { return kept_; }
  [[nodiscard]] HEED_INLINE std::span<const index_t> head_budgets() const noexcept { return head_budgets_.span(); }
  /// The scores of a layer: running sums, or those of the last eviction; of no head where the policy does not score.
  [[nodiscard]] HEED_INLINE score_view scores([[maybe_unused]] index_t layer) const noexcept {
    if constexpr (scores_slots)
      return scores_.table(layer).view();
    else
      return {};
  }
  [[nodiscard]] HEED_INLINE const P& policy(index_t layer) const noexcept { return policies_.data()[layer]; }
  [[nodiscard]] HEED_INLINE const driver_shape& shape() const noexcept { return shape_; }
  /// Bytes that it owns, the workspace included.
  [[nodiscard]] HEED_INLINE index_t bytes_held() const noexcept {
    return policies_.bytes() + lengths_.bytes() + head_budgets_.bytes() + layer_budgets_.bytes() + kept_.bytes_held() +
           scores_.bytes_held();
  }

private:
  [[nodiscard]] HEED_INLINE failure check_sizes(std::span<const P> policies) const noexcept {
    const driver_shape& s = shape_;
    const index_t sizes[] = {s.layers, s.q_heads, s.kv_heads, s.key_dim, s.max_rows};
    const char* const names[] = {"layers", "q_heads", "kv_heads", "key_dim", "max_rows"};
    for (int i = 0; i < 5; ++i)
      if (sizes[i] < 1) return {errc::bad_extent, "cache_driver", names[i], sizes[i], "the least is", 1};
    if (s.max_slots < 0) return {errc::bad_extent, "cache_driver", "max_slots", s.max_slots, "the least is", 0};
    if (s.q_heads % s.kv_heads != 0)
      return {errc::heads_not_divisible,          "cache_driver", "q_heads", s.q_heads,
              "which is no multiple of kv_heads", s.kv_heads};
    const auto given = static_cast<index_t>(policies.size());
    if (given != 1 && given != s.layers)
      return {errc::bad_extent, "cache_driver", "number of policies", given, "the layers are", s.layers};
    if (when_.every_steps < 0)
      return {errc::bad_value, "cache_driver", "every_steps", when_.every_steps, "the least is", 0};
    return {};
  }
  [[nodiscard]] HEED_INLINE failure check_layer(index_t layer) const noexcept {
    if (broken_) return broken_;
    if (layer < 0) return {errc::index_out_of_range, "cache_driver", "layer", layer, "the least is", 0};
    if (layer >= shape_.layers)
      return {errc::index_out_of_range, "cache_driver", "layer", layer, "but the layers are", shape_.layers};
    return {};
  }
  [[nodiscard]] HEED_INLINE failure check_heads(index_t held) const noexcept {
    if (held == shape_.kv_heads) return {};
    return {errc::bad_extent, "cache_driver", "kv_heads", shape_.kv_heads, "but the cache has", held};
  }
  static HEED_INLINE index_t budget_in(std::span<const index_t> list, index_t layer) noexcept {
    return list[list.size() > 1 ? static_cast<std::size_t>(layer) : 0];
  }
  template <class C>
  [[nodiscard]] failure drop([[maybe_unused]] const P& p, [[maybe_unused]] index_t layer, C& cache) noexcept {
    if constexpr (folding_policy<P>) {
      if (const failure f = detail::check_compact(cache, 0, kept_)) return f;
      const index_t lists = cache.per_head() ? shape_.kv_heads : 1;
      for (index_t h = 0; h < lists; ++h)
        if (const failure f = cache.check_keep(0, h, kept_.list(h), p.dropped(h))) return f;
      for (index_t h = 0; h < lists; ++h)
        if (const failure f = cache.keep(0, h, kept_.list(h), p.dropped(h))) return f;
      if constexpr (scores_slots)
        for (index_t h = 0; h < shape_.kv_heads; ++h)
          if (const failure f = scores_.table(layer).keep(h, kept_.list(h))) return f;
      return {};
    } else if constexpr (scores_slots) {
      const score_table table = scores_.table(layer);
      return compact(cache, 0, kept_, table);
    } else {
      return compact(cache, 0, kept_);
    }
  }

  driver_shape shape_;
  eviction_schedule when_;
  index_t steps_ = 0;
  detail::owned_array<P> policies_ = {};
  detail::owned_array<index_t> lengths_ = {}, head_budgets_ = {}, layer_budgets_ = {};
  typename detail::scores_of<P, Query>::type scores_ = {};
  kept_lists kept_ = {};
  failure broken_ = {};
};

} // namespace HEED_ISA
} // namespace heed
