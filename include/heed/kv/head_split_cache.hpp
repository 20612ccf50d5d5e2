// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Two caches that grow together, each with the heads that chose it: whole sequences beside sinks and a ring.
#include <heed/kv/head_split.hpp>
#include <heed/kv/row_writer.hpp>

namespace heed {

/// A token's heads are written to the cache that each of them chose, in their order. The parts are the caller's, for as
/// long as this lives, and are used through it alone. A chunk of a prefill attends to joined(source(), contiguous(k,
/// v)) and is appended after: appended first it would overwrite rows of a ring that its early tokens see.
///
/// Shapes    choice: [kv_heads], copied, at most 256
/// Requires  parts of equal element types and dims, with as many heads as chose them; a part that no head chose is not
///           touched
/// Laws      a refused call changes nothing in either part; source() is head_split of the parts' sources
/// Cost      that of the parts
/// Source    two dense caches per layer: Xiao et al. 2024, DuoAttention, section 2.3; the heads keep their order here
template <class A, class B> class head_split_cache {
  static_assert(std::same_as<typename A::key_element, typename B::key_element> &&
                    std::same_as<typename A::value_element, typename B::value_element>,
                "heed: head_split_cache: the parts store rows of different types");

public:
  using key_element = typename A::key_element;
  using value_element = typename A::value_element;
  static constexpr index_t most_heads = 256;

  HEED_INLINE head_split_cache(A& first, B& second, std::span<const head_source> choice) noexcept
      : a_(&first), b_(&second), heads_(detail::count_of(choice)) {
    for (index_t h = 0; h < lesser(heads_, most_heads); ++h) {
      choice_[h] = choice[static_cast<std::size_t>(h)];
      if (choice_[h] == head_source::second)
        of_second_[seconds_++] = static_cast<std::uint8_t>(h);
      else
        of_first_[h - seconds_] = static_cast<std::uint8_t>(h);
    }
    broken_ = check_parts();
  }

  [[nodiscard]] HEED_INLINE failure check() const noexcept { return broken_; }
  [[nodiscard]] HEED_INLINE index_t sequences() const noexcept {
    return first_used() ? a_->sequences() : b_->sequences();
  }
  [[nodiscard]] HEED_INLINE index_t kv_heads() const noexcept { return heads_; }
  [[nodiscard]] HEED_INLINE index_t seen(index_t seq) const noexcept {
    return first_used() ? a_->seen(seq) : b_->seen(seq);
  }
  [[nodiscard]] HEED_INLINE index_t slots(index_t seq, index_t kv_head) const noexcept {
    return source().slots(seq, kv_head);
  }
  [[nodiscard]] HEED_INLINE index_t bytes_held() const noexcept {
    return (first_used() ? a_->bytes_held() : 0) + (second_used() ? b_->bytes_held() : 0);
  }
  [[nodiscard]] HEED_INLINE index_t bytes_reserved() const noexcept {
    return (first_used() ? a_->bytes_reserved() : 0) + (second_used() ? b_->bytes_reserved() : 0);
  }
  /// The parts, for what only they can do.
  [[nodiscard]] HEED_INLINE A& first() const noexcept { return *a_; }
  [[nodiscard]] HEED_INLINE B& second() const noexcept { return *b_; }
  [[nodiscard]] HEED_INLINE bool first_used() const noexcept { return seconds_ < heads_; }
  [[nodiscard]] HEED_INLINE bool second_used() const noexcept { return seconds_ > 0; }

  /// The cache as attend reads it. It sees later appends.
  [[nodiscard]] HEED_INLINE auto source() const noexcept {
    return head_split(a_->source(), b_->source(),
                      std::span<const head_source>(choice_, static_cast<std::size_t>(lesser(heads_, most_heads))));
  }

  /// Whether append would take so many tokens.
  [[nodiscard]] HEED_INLINE failure check_room(index_t seq, index_t tokens) const noexcept {
    if (broken_) return broken_;
    if (first_used())
      if (const failure f = a_->check_room(seq, tokens)) return f;
    return second_used() ? b_->check_room(seq, tokens) : failure{};
  }
  /// Writes tokens behind the last of a sequence: k, v [tokens][kv_heads][dim].
  template <storable_as<key_element> UK, storable_as<value_element> UV>
  [[nodiscard]] HEED_INLINE failure append(index_t seq, const tensor_view<UK, 3>& k,
                                           const tensor_view<UV, 3>& v) noexcept {
    if (broken_) return broken_;
    const kv_dims d = first_used() ? a_->source().dims() : b_->source().dims();
    if (const failure f = detail::check_fresh(seq, sequences(), k, v, heads_, d.key_dim, d.value_dim)) return f;
    if (const failure f = check_room(seq, k.extent(0))) return f;
    failure f;
    if (first_used()) f = a_->append(seq, k, v, [&](index_t h) HEED_BODY { return index_t{of_first_[h]}; });
    if (second_used() && !f) f = b_->append(seq, k, v, [&](index_t h) HEED_BODY { return index_t{of_second_[h]}; });
    return f;
  }
  /// Whether rollback would refuse, and why.
  [[nodiscard]] HEED_INLINE failure check_rollback(index_t seq, index_t tokens) const noexcept {
    if (broken_) return broken_;
    if (first_used())
      if (const failure f = a_->check_rollback(seq, tokens)) return f;
    return second_used() ? b_->check_rollback(seq, tokens) : failure{};
  }
  /// Forgets the last tokens of a sequence in both parts, as if never appended.
  [[nodiscard]] HEED_INLINE failure rollback(index_t seq, index_t tokens) noexcept {
    if (const failure f = check_rollback(seq, tokens)) return f;
    if (first_used())
      if (const failure f = a_->rollback(seq, tokens)) return f;
    return second_used() ? b_->rollback(seq, tokens) : failure{};
  }
  /// Empties a sequence; it starts again at position 0.
  [[nodiscard]] HEED_INLINE failure release(index_t seq) noexcept {
    if (broken_) return broken_;
    if (first_used())
      if (const failure f = a_->release(seq)) return f;
    return second_used() ? b_->release(seq) : failure{};
  }

private:
  [[nodiscard]] HEED_INLINE failure check_parts() const noexcept {
    if (heads_ > most_heads)
      return {errc::bad_extent, "head_split_cache", "kv_heads", heads_, "the most is", most_heads};
    if (first_used())
      if (const failure f = a_->check()) return f;
    if (second_used())
      if (const failure f = b_->check()) return f;
    return source().check();
  }

  A* a_;
  B* b_;
  index_t heads_, seconds_ = 0;
  head_source choice_[most_heads] = {};
  std::uint8_t of_first_[most_heads] = {}, of_second_[most_heads] = {}; ///< which head a part's head is
  failure broken_ = {};
};

} // namespace heed
