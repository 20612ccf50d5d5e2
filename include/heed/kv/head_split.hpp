// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Two sources, chosen per key-value head: retrieval heads that keep everything beside heads that stream.
#include <heed/kv/checks.hpp>

namespace heed {

/// Which of the two sources holds a head.
enum class head_source : unsigned char { first, second };

/// Head h of the split is the head of its source that counts the heads of the same source before it: the order of the
/// heads is kept, and each source stores only its own.
///
/// Shapes    choice: [kv_heads], copied
/// Requires  at most 256 heads; each source has as many heads as choose it; equal sequences, dims, row formats and
///           tokens seen
/// Laws      kv_source if both are
/// Cost      that of the sources
template <kv_source A, kv_source B> class head_split_source {
  static_assert(A::values_alias_keys == B::values_alias_keys, "heed: head_split: only one of the sources is latent");
  static_assert(std::same_as<typename A::key_format, typename B::key_format> &&
                    std::same_as<typename A::value_format, typename B::value_format>,
                "heed: head_split: the sources store rows in different formats");

public:
  using key_format = typename A::key_format;
  using value_format = typename A::value_format;
  static constexpr bool values_alias_keys = A::values_alias_keys;
  static constexpr index_t most_heads = 256;

  HEED_INLINE head_split_source(const A& first, const B& second, std::span<const head_source> choice) noexcept
      : a_(first), b_(second), heads_(static_cast<index_t>(choice.size())) {
    for (index_t h = 0; h < lesser(heads_, most_heads); ++h) {
      const bool in_second = choice[static_cast<std::size_t>(h)] == head_source::second;
      place_[h] = static_cast<std::uint8_t>(in_second ? seconds_ : h - seconds_);
      in_second_[h] = in_second;
      if (in_second) ++seconds_;
    }
  }

  [[nodiscard]] HEED_INLINE kv_dims dims() const noexcept {
    kv_dims d = a_.dims();
    d.kv_heads = heads_;
    return d;
  }
  [[nodiscard]] HEED_INLINE key_format keys_as() const noexcept { return a_.keys_as(); }
  [[nodiscard]] HEED_INLINE value_format values_as() const noexcept { return a_.values_as(); }
  [[nodiscard]] HEED_INLINE index_t slots(index_t seq, index_t kv_head) const noexcept {
    return in_second_[kv_head] ? b_.slots(seq, place_[kv_head]) : a_.slots(seq, place_[kv_head]);
  }
  [[nodiscard]] HEED_INLINE index_t seen(index_t seq) const noexcept {
    return seconds_ < heads_ ? a_.seen(seq) : b_.seen(seq);
  }
  [[nodiscard]] HEED_INLINE bool ordered(index_t seq, index_t kv_head) const noexcept {
    return in_second_[kv_head] ? b_.ordered(seq, place_[kv_head]) : a_.ordered(seq, place_[kv_head]);
  }
  [[nodiscard]] HEED_INLINE index_t locate(index_t seq, index_t kv_head, index_t position) const noexcept {
    return in_second_[kv_head] ? b_.locate(seq, place_[kv_head], position) : a_.locate(seq, place_[kv_head], position);
  }
  [[nodiscard]] HEED_INLINE kv_rows rows(index_t seq, index_t kv_head, range slots) const noexcept {
    return in_second_[kv_head] ? b_.rows(seq, place_[kv_head], slots) : a_.rows(seq, place_[kv_head], slots);
  }

  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept {
    return detail::touches(a_, f) || detail::touches(b_, f);
  }
  [[nodiscard]] HEED_INLINE failure check(const call_extents& e) const noexcept {
    if (heads_ > most_heads) return {errc::bad_extent, "head_split", "kv_heads", heads_, "the most is", most_heads};
    if (heads_ < 1) return {errc::bad_extent, "head_split", "kv_heads", heads_, "the least is", 1};
    // A source that no head chooses may be empty, and is not read.
    const kv_dims a = a_.dims(), b = b_.dims();
    const index_t firsts = heads_ - seconds_;
    if (firsts > 0) {
      if (const failure f = detail::check_base(a_, e)) return f;
      if (a.kv_heads != firsts)
        return {errc::bad_extent, "head_split",           "kv_heads of the first source",
                a.kv_heads,       "but heads choose it:", firsts};
    }
    if (seconds_ > 0) {
      if (const failure f = detail::check_base(b_, e)) return f;
      if (b.kv_heads != seconds_)
        return {errc::bad_extent, "head_split",           "kv_heads of the second source",
                b.kv_heads,       "but heads choose it:", seconds_};
    }
    if (a.key_dim != b.key_dim)
      return {errc::dim_mismatch, "head_split", "second key_dim", b.key_dim, "but the first is", a.key_dim};
    if (a.value_dim != b.value_dim)
      return {errc::dim_mismatch, "head_split", "second value_dim", b.value_dim, "but the first is", a.value_dim};
    if (a.value_offset != b.value_offset)
      return {errc::dim_mismatch, "head_split",       "second value_offset",
              b.value_offset,     "but the first is", a.value_offset};
    if (a.sequences != b.sequences)
      return {errc::bad_extent, "head_split", "second sequences", b.sequences, "but the first are", a.sequences};
    for (index_t s = 0; firsts > 0 && seconds_ > 0 && s < a.sequences; ++s)
      if (a_.seen(s) != b_.seen(s))
        return {errc::length_out_of_range,
                "head_split",
                "tokens seen by the second source",
                b_.seen(s),
                "but by the first",
                a_.seen(s),
                s};
    return {};
  }
  [[nodiscard]] HEED_INLINE failure check() const noexcept { return check(call_extents{}); }

private:
  A a_;
  B b_;
  index_t heads_, seconds_ = 0;
  std::uint8_t place_[most_heads] = {}; ///< index among the heads of the chosen source
  bool in_second_[most_heads] = {};
};

/// head_split(full, stream, choice): heads marked first read `full`, the others `stream`.
template <kv_source A, kv_source B>
[[nodiscard]] HEED_INLINE head_split_source<A, B> head_split(const A& first, const B& second,
                                                             std::span<const head_source> choice) noexcept {
  return {first, second, choice};
}

} // namespace heed
