// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A cache that holds what Core-Context-Aware attention sees: pooled groups and recent tokens.
#include <heed/select/core_context.hpp>

namespace heed {

/// Pooled rows of the groups that the newest token sees, and the tokens behind them. A group is pooled when its last
/// token is appended and its tokens leave once `local` more have come.
///
/// Shapes    k, v: [tokens][kv_heads][dim]; q: [tokens][q_heads][key_dim], the queries of the same tokens
/// Laws      after append of token i, attention over kv() is that of query i in attend_core_context
/// Cost      memory for max_tokens / group pooled rows and local + 3 group tokens, taken once; append allocates once
///           and moves a held token at most once in 2 group appends
template <class T> class core_context_cache {
public:
  using accum = accum_t<T>;

  HEED_INLINE core_context_cache(const core_context& how, index_t kv_heads, index_t key_dim, index_t value_dim,
                                 index_t max_tokens)
      : how_(how), kv_heads_(kv_heads), key_dim_(key_dim), value_dim_(value_dim), most_(max_tokens) {
    failure f = how.check();
    const auto least = [&](const char* what, index_t value, index_t limit) HEED_BODY {
      if (!f && value < limit) f = {errc::bad_value, "core_context_cache", what, value, "the least is", limit};
    };
    least("kv_heads", kv_heads, 1);
    least("key_dim", key_dim, 1);
    least("value_dim", value_dim, 1);
    least("max_tokens", max_tokens, 0);
    if (f) {
      detail::report(f);
      return;
    }
    const auto rows = static_cast<std::size_t>(pooled_rows() + window_rows());
    keys_.resize(rows * static_cast<std::size_t>(kv_heads_ * key_dim_));
    values_.resize(rows * static_cast<std::size_t>(kv_heads_ * value_dim_));
    mean_.resize(static_cast<std::size_t>(kv_heads_ * key_dim_));
  }

  /// Takes tokens with their queries; pools each group that they complete.
  ///
  /// Units     factor: of the scores that pool, as of those of the attention over kv(); 1/sqrt(key_dim) if left out
  /// Throws    error where shapes differ or max_tokens is exceeded; nothing is taken then
  template <class Executor, class TQ, class TK, class TV>
  HEED_INLINE void append(Executor& executor, const tensor_view<TQ, 3>& q, const tensor_view<TK, 3>& k,
                          const tensor_view<TV, 3>& v, const scale& factor);
  template <class Executor, class TQ, class TK, class TV>
  HEED_INLINE void append(Executor& executor, const tensor_view<TQ, 3>& q, const tensor_view<TK, 3>& k,
                          const tensor_view<TV, 3>& v) {
    append(executor, q, k, v, detail::natural_scale(key_dim_));
  }
  HEED_INLINE void clear() noexcept { tokens_ = first_ = 0; }

  /// Pooled rows, then tokens: all of it is what the newest token sees.
  [[nodiscard]] HEED_INLINE auto kv() const noexcept {
    const index_t pooled = tokens_ > 0 ? how_.pooled(tokens_ - 1) : 0, held = tokens_ - pooled * how_.group;
    return joined(
        contiguous(keys().slice(0, 0, pooled), values().slice(0, 0, pooled)),
        contiguous(keys().slice(0, pooled_rows() + first_, held), values().slice(0, pooled_rows() + first_, held)));
  }
  [[nodiscard]] HEED_INLINE index_t tokens() const noexcept { return tokens_; }
  /// Rows that kv() shows.
  [[nodiscard]] HEED_INLINE index_t rows() const noexcept {
    const index_t pooled = tokens_ > 0 ? how_.pooled(tokens_ - 1) : 0;
    return pooled + tokens_ - pooled * how_.group;
  }
  [[nodiscard]] HEED_INLINE index_t bytes() const noexcept {
    return static_cast<index_t>((keys_.size() + values_.size()) * sizeof(T));
  }

private:
  [[nodiscard]] HEED_INLINE index_t pooled_rows() const noexcept { return most_ / how_.group; }
  [[nodiscard]] HEED_INLINE index_t window_rows() const noexcept { return lesser(most_, how_.local + 3 * how_.group); }
  [[nodiscard]] HEED_INLINE auto keys() const noexcept {
    return view(keys_.data(), pooled_rows() + window_rows(), kv_heads_, key_dim_);
  }
  [[nodiscard]] HEED_INLINE auto values() const noexcept {
    return view(values_.data(), pooled_rows() + window_rows(), kv_heads_, value_dim_);
  }
  template <class From> static HEED_INLINE void store(const tensor_view<From, 3>& x, index_t i, T* to) noexcept {
    for (index_t h = 0; h < x.extent(1); ++h)
      for (index_t d = 0; d < x.extent(2); ++d) *to++ = narrow<T>(static_cast<accum>(widen(x(i, h, d))));
  }
  HEED_INLINE void move_to_front(index_t held) noexcept;
  template <class Executor, class TQ>
  HEED_INLINE void pool(Executor& executor, const tensor_view<TQ, 3>& q, index_t i, const scale& factor);

  core_context how_;
  index_t kv_heads_, key_dim_, value_dim_, most_;
  index_t tokens_ = 0, first_ = 0; ///< first_: place of the oldest token held
  std::vector<T> keys_, values_;   ///< [pooled rows + window rows][kv_heads][dim]
  std::vector<accum> mean_;
  std::vector<std::byte> workspace_;
};

template <class T> HEED_INLINE void core_context_cache<T>::move_to_front(index_t held) noexcept {
  const auto move = [&](std::vector<T>& x, index_t width) HEED_BODY {
    T* const window = x.data() + pooled_rows() * width;
    __builtin_memmove(window, window + first_ * width, static_cast<std::size_t>(held * width) * sizeof(T));
  };
  move(keys_, kv_heads_ * key_dim_);
  move(values_, kv_heads_ * value_dim_);
  first_ = 0;
}

/// Pools the group that the newest token, row i of q, completes.
template <class T>
template <class Executor, class TQ>
HEED_INLINE void core_context_cache<T>::pool(Executor& executor, const tensor_view<TQ, 3>& q, index_t i,
                                             const scale& factor) {
  const index_t m = tokens_ / how_.group - 1, held = tokens_ - how_.pooled(tokens_ - 1) * how_.group;
  const index_t from = pooled_rows() + first_ + held - how_.group;
  detail::mean_queries(q, i, 1, 1, kv_heads_, mean_.data());
  const auto mean_q = view(static_cast<const accum*>(mean_.data()), 1, kv_heads_, key_dim_);
  const auto group_k = keys().slice(0, from, how_.group), group_v = values().slice(0, from, how_.group);
  const auto pooled = [&](const auto& source, T* to, index_t width, index_t dim) HEED_BODY {
    const plan made = make_plan({1, 1, kv_heads_, how_.group, 1}, source);
    const index_t bytes = made.workspace_bytes(executor.workers());
    std::byte* const memory = detail::room(workspace_, bytes);
    expect(run(executor, made, mean_q, source, view(to + m * width, 1, kv_heads_, dim),
               {memory, static_cast<std::size_t>(bytes)}, factor));
  };
  pooled(contiguous(group_k, group_k), keys_.data(), kv_heads_ * key_dim_, key_dim_);
  pooled(contiguous(group_k, group_v), values_.data(), kv_heads_ * value_dim_, value_dim_);
}

template <class T>
template <class Executor, class TQ, class TK, class TV>
HEED_INLINE void core_context_cache<T>::append(Executor& executor, const tensor_view<TQ, 3>& q,
                                               const tensor_view<TK, 3>& k, const tensor_view<TV, 3>& v,
                                               const scale& factor) {
  failure f = detail::check_core_context(how_, q, k, v);
  if (!f) f = factor.check({});
  const auto equal = [&](const char* what, index_t got, index_t want) HEED_BODY {
    if (!f && got != want) f = {errc::bad_extent, "core_context_cache", what, got, "but it holds", want};
  };
  equal("kv_heads", k.extent(1), kv_heads_);
  equal("key_dim", k.extent(2), key_dim_);
  equal("value_dim", v.extent(2), value_dim_);
  if (!f && k.extent(0) > most_ - tokens_)
    f = {errc::limit_exceeded, "core_context_cache", "tokens", tokens_ + k.extent(0), "the limit is", most_};
  if (f) return detail::report(f);
  for (index_t i = 0; i < k.extent(0); ++i) {
    index_t held = tokens_ - (tokens_ > 0 ? how_.pooled(tokens_ - 1) * how_.group : 0);
    if (first_ + held == window_rows()) move_to_front(held);
    store(k, i, keys_.data() + (pooled_rows() + first_ + held) * kv_heads_ * key_dim_);
    store(v, i, values_.data() + (pooled_rows() + first_ + held) * kv_heads_ * value_dim_);
    ++held;
    // The tokens that the newest one sees pooled leave.
    first_ += held - (tokens_ + 1 - how_.pooled(tokens_) * how_.group);
    ++tokens_;
    if (tokens_ % how_.group == 0) pool(executor, q, i, factor);
  }
}

} // namespace heed
