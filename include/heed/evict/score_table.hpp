// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// How much each stored slot of one sequence matters: a float per key-value head and slot, in owned or borrowed memory.
#include <heed/detail/owned_array.hpp>
#include <heed/detail/slot_table.hpp>
#include <heed/kv/checks.hpp>

namespace heed {

/// Scores to read. A stride of 0 lets all heads share one row.
///
/// Shapes    scores: [kv_heads][slots], of which head h uses lengths[h]
class score_view {
public:
  constexpr score_view() noexcept = default;
  HEED_INLINE score_view(const float* scores, index_t kv_heads, index_t stride, const index_t* lengths) noexcept
      : scores_(scores), lengths_(lengths), heads_(kv_heads), stride_(stride) {}

  [[nodiscard]] HEED_INLINE index_t kv_heads() const noexcept { return heads_; }
  [[nodiscard]] HEED_INLINE index_t slots(index_t kv_head) const noexcept { return lengths_[kv_head]; }
  [[nodiscard]] HEED_INLINE std::span<const float> row(index_t kv_head) const noexcept {
    return {scores_ + kv_head * stride_, static_cast<std::size_t>(lengths_[kv_head])};
  }
  [[nodiscard]] HEED_INLINE float operator()(index_t kv_head, index_t slot) const noexcept {
    return scores_[kv_head * stride_ + slot];
  }

private:
  const float* scores_ = nullptr;
  const index_t* lengths_ = nullptr;
  index_t heads_ = 0, stride_ = 0;
};

/// Scores to write: they grow with the cache and move with the kept slots. Allocates when it is made, never later.
///
/// Shapes    [kv_heads][max_slots], a length per head
/// Laws      keep(h, list) then entry i is the former entry list[i]; slots that resize adds hold `fresh`
class score_table {
public:
  constexpr score_table() noexcept = default;
  HEED_INLINE score_table(score_table&&) noexcept = default;
  HEED_INLINE score_table& operator=(score_table&&) noexcept = default;
  HEED_INLINE ~score_table() = default; // written out, so that none is emitted
  /// Memory of its own; all lengths are 0.
  HEED_INLINE score_table(index_t kv_heads, index_t max_slots)
      : own_(detail::checked_table("score_table", kv_heads, max_slots, sizeof(float))), own_lengths_(kv_heads),
        scores_(own_.data()), lengths_(own_lengths_.data()), heads_(own_lengths_.size()),
        room_(heads_ > 0 ? own_.size() / heads_ : 0), stride_(room_) {}
  /// As long as a source's first sequence, with 0 everywhere.
  template <class K>
  requires(!std::same_as<K, score_table> && kv_source<K>) HEED_INLINE explicit score_table(const K& kv)
      : score_table(kv.dims().kv_heads, detail::longest_head(kv)) {
    for (index_t h = 0; h < heads_; ++h) lengths_[h] = kv.slots(0, h);
  }
  /// The caller's memory: scores [kv_heads][max_slots] and lengths [kv_heads], which may already say something.
  HEED_INLINE score_table(const tensor_view<float, 2>& scores, std::span<index_t> lengths) noexcept
      : scores_(scores.data()), lengths_(lengths.data()),
        heads_(lesser(scores.extent(0), static_cast<index_t>(lengths.size()))), room_(scores.extent(1)),
        stride_(scores.stride(0)) {}

  [[nodiscard]] HEED_INLINE index_t kv_heads() const noexcept { return heads_; }
  [[nodiscard]] HEED_INLINE index_t max_slots() const noexcept { return room_; }
  [[nodiscard]] HEED_INLINE index_t slots(index_t kv_head) const noexcept { return lengths_[kv_head]; }
  [[nodiscard]] HEED_INLINE std::span<float> row(index_t kv_head) const noexcept {
    return {scores_ + kv_head * stride_, static_cast<std::size_t>(lengths_[kv_head])};
  }
  [[nodiscard]] HEED_INLINE score_view view() const noexcept { return {scores_, heads_, stride_, lengths_}; }
  HEED_INLINE operator score_view() const noexcept { return view(); } // NOLINT(google-explicit-constructor): a view
  /// Bytes that it owns.
  [[nodiscard]] HEED_INLINE index_t bytes_held() const noexcept { return own_.bytes() + own_lengths_.bytes(); }

  /// Gives a head `slots` entries: new ones hold `fresh`, of more than it had the last are dropped.
  [[nodiscard]] HEED_INLINE failure resize(index_t kv_head, index_t slots, float fresh = 0.f) const noexcept {
    if (const failure f = check_head("resize", kv_head)) return f;
    if (slots < 0) return {errc::length_out_of_range, "resize", "slots", slots, "the least is", 0};
    if (slots > room_) return {errc::limit_exceeded, "resize", "slots", slots, "the score table has room for", room_};
    for (index_t i = lengths_[kv_head]; i < slots; ++i) scores_[kv_head * stride_ + i] = fresh;
    lengths_[kv_head] = slots;
    return {};
  }
  /// Keeps the listed entries of a head, ascending, as a cache keeps its slots.
  [[nodiscard]] HEED_INLINE failure keep(index_t kv_head, std::span<const index_t> slots) const noexcept {
    if (const failure f = check_head("keep", kv_head)) return f;
    if (const failure f = detail::check_kept("keep", slots, lengths_[kv_head])) return f;
    float* const s = scores_ + kv_head * stride_;
    index_t n = 0;
    for (const index_t slot : slots) s[n++] = s[slot];
    lengths_[kv_head] = n;
    return {};
  }
  /// Forgets everything: the state between two sequences.
  HEED_INLINE void clear() const noexcept {
    for (index_t h = 0; h < heads_; ++h) lengths_[h] = 0;
  }

private:
  [[nodiscard]] HEED_INLINE failure check_head(const char* call, index_t kv_head) const noexcept {
    if (kv_head < 0) return {errc::index_out_of_range, call, "kv_head", kv_head, "the least is", 0};
    if (kv_head >= heads_) return {errc::index_out_of_range, call, "kv_head", kv_head, "but the heads are", heads_};
    return {};
  }

  detail::owned_array<float> own_ = {};
  detail::owned_array<index_t> own_lengths_ = {};
  float* scores_ = nullptr;
  index_t* lengths_ = nullptr;
  index_t heads_ = 0, room_ = 0, stride_ = 0;
};

} // namespace heed
