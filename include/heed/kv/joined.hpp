// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A source followed by fresh rows: cached tokens and the chunk under way.
#include <heed/kv/checks.hpp>

namespace heed {

/// The slots of `cached`, then those of `fresh`, whose positions go on from cached.seen(seq). So a chunk can attend to
/// a ring that it will overwrite, before it is appended.
///
/// Requires  equal sequences, heads, dims and row formats; fresh has no explicit positions
/// Laws      kv_source if both are
/// Cost      that of the two sources
template <kv_source A, kv_source B> class joined_source {
  static_assert(A::values_alias_keys == B::values_alias_keys, "heed: joined: only one of the sources is latent");
  static_assert(std::same_as<typename A::key_format, typename B::key_format> &&
                    std::same_as<typename A::value_format, typename B::value_format>,
                "heed: joined: the sources store rows in different formats");

public:
  using key_format = typename A::key_format;
  using value_format = typename A::value_format;
  static constexpr bool values_alias_keys = A::values_alias_keys;
  static constexpr bool equal_heads = equal_heads_source<A> && equal_heads_source<B>;

  HEED_INLINE joined_source(const A& cached, const B& fresh) noexcept : a_(cached), b_(fresh) {}

  [[nodiscard]] HEED_INLINE kv_dims dims() const noexcept { return a_.dims(); }
  [[nodiscard]] HEED_INLINE key_format keys_as() const noexcept { return a_.keys_as(); }
  [[nodiscard]] HEED_INLINE value_format values_as() const noexcept { return a_.values_as(); }
  [[nodiscard]] HEED_INLINE index_t slots(index_t seq, index_t kv_head) const noexcept {
    return a_.slots(seq, kv_head) + b_.slots(seq, kv_head);
  }
  [[nodiscard]] HEED_INLINE index_t seen(index_t seq) const noexcept { return a_.seen(seq) + b_.seen(seq); }
  [[nodiscard]] HEED_INLINE bool ordered(index_t seq, index_t kv_head) const noexcept {
    return a_.ordered(seq, kv_head) && b_.ordered(seq, kv_head);
  }
  [[nodiscard]] HEED_INLINE index_t locate(index_t seq, index_t kv_head, index_t position) const noexcept {
    const index_t before = a_.seen(seq);
    if (position < before) return a_.locate(seq, kv_head, position);
    return a_.slots(seq, kv_head) + b_.locate(seq, kv_head, position - before);
  }
  [[nodiscard]] HEED_INLINE kv_rows rows(index_t seq, index_t kv_head, range slots) const noexcept {
    const index_t n = a_.slots(seq, kv_head);
    if (slots.begin < n) return a_.rows(seq, kv_head, {slots.begin, lesser(slots.end, n)});
    kv_rows r = b_.rows(seq, kv_head, {slots.begin - n, slots.end - n});
    r.first += a_.seen(seq);
    return r;
  }

  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept {
    return detail::touches(a_, f) || detail::touches(b_, f);
  }
  [[nodiscard]] HEED_INLINE failure check(const call_extents& e) const noexcept {
    if (const failure f = detail::check_base(a_, e)) return f;
    if (const failure f = detail::check_base(b_, e)) return f;
    const kv_dims a = a_.dims(), b = b_.dims();
    if (a.sequences != b.sequences)
      return {errc::bad_extent, "joined", "fresh sequences", b.sequences, "but the cached are", a.sequences};
    if (a.kv_heads != b.kv_heads)
      return {errc::bad_extent, "joined", "fresh kv_heads", b.kv_heads, "but the cached are", a.kv_heads};
    if (a.key_dim != b.key_dim)
      return {errc::dim_mismatch, "joined", "fresh key_dim", b.key_dim, "but the cached is", a.key_dim};
    if (a.value_dim != b.value_dim)
      return {errc::dim_mismatch, "joined", "fresh value_dim", b.value_dim, "but the cached is", a.value_dim};
    if (a.value_offset != b.value_offset)
      return {errc::dim_mismatch, "joined", "fresh value_offset", b.value_offset, "but the cached is", a.value_offset};
    for (index_t s = 0; s < b.sequences; ++s)
      for (index_t h = 0; h < b.kv_heads; ++h) {
        const index_t n = b_.slots(s, h);
        for (index_t i = 0; i < n;) {
          const kv_rows r = b_.rows(s, h, {i, n});
          if (r.positions != nullptr)
            return {
                errc::bad_value, "joined", "fresh slot with an explicit position", i, "the most such slots are", 0, s};
          i += r.count;
        }
      }
    return {};
  }
  [[nodiscard]] HEED_INLINE failure check() const noexcept { return check(call_extents{}); }

private:
  A a_;
  B b_;
};

/// Cached rows, then fresh ones.
template <kv_source A, kv_source B>
[[nodiscard]] HEED_INLINE joined_source<A, B> joined(const A& cached, const B& fresh) noexcept {
  return {cached, fresh};
}

} // namespace heed
