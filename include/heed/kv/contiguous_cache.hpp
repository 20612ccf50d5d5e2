// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A contiguous buffer that grows by appending and shrinks in place: each key-value head keeps its own slots.
#include <heed/kv/contiguous_heads.hpp>
#include <heed/kv/list_cache.hpp>

namespace heed {

/// What a contiguous cache keeps its order in; the caller owns it.
///
/// Shapes    lengths: [sequences * kv_heads]; positions: [sequences][kv_heads][rows], or empty where nothing
///           is ever evicted; seen: [sequences]; bias: as positions, or empty; means: optional, with lists of one head
struct contiguous_cache_memory {
  std::span<index_t> lengths = {}, positions = {}, seen = {};
  std::span<float> bias = {};
  slot_means means = {};
};

/// Sequences in one buffer. What heads evict makes room for later tokens; positions stay true. Never allocates. Changes
/// nothing if it refuses.
///
/// Shapes    k, v: [sequences][rows][kv_heads][dim]
/// Laws      evicting_cache; source() is lawful after any calls
/// Cost      append, keep, copy_sequence O(rows moved)
template <class K, class V> class contiguous_cache : public list_cache<contiguous_cache<K, V>> {
  friend class list_cache<contiguous_cache>;

public:
  using key_element = K;
  using value_element = V;

  HEED_INLINE contiguous_cache(const tensor_view<K, 4>& k, const tensor_view<V, 4>& v,
                               const contiguous_cache_memory& memory) noexcept
      : k_(k), v_(v), at_(memory) {
    static_assert(!std::is_const_v<K> && !std::is_const_v<V>, "heed: contiguous_cache: the views are written");
    for (index_t& n : at_.lengths) n = 0;
    for (index_t& n : at_.seen) n = 0;
    broken_ = check_memory();
    if (!broken_) detail::forget_all_folded(at_.means);
  }

  [[nodiscard]] HEED_INLINE failure check() const noexcept { return broken_; }
  [[nodiscard]] HEED_INLINE index_t sequences() const noexcept { return k_.extent(0); }
  [[nodiscard]] HEED_INLINE index_t kv_heads() const noexcept { return k_.extent(2); }
  [[nodiscard]] HEED_INLINE bool per_head() const noexcept { return k_.extent(2) > 0; }
  [[nodiscard]] HEED_INLINE index_t slots(index_t seq, index_t kv_head) const noexcept {
    return at(at_.lengths, list(seq, kv_head));
  }
  [[nodiscard]] HEED_INLINE index_t seen(index_t seq) const noexcept { return at(at_.seen, seq); }
  /// Bytes of the rows held, with what each carries, and of the means.
  [[nodiscard]] HEED_INLINE index_t bytes_held() const noexcept {
    index_t n = 0;
    for (const index_t length : at_.lengths) n += length;
    return n * slot_bytes() + detail::bytes_of(at_.means);
  }
  /// Bytes of the memory that it was given.
  [[nodiscard]] HEED_INLINE index_t bytes_reserved() const noexcept {
    return k_.size() * detail::bytes<K>(1) + v_.size() * detail::bytes<V>(1) + detail::bytes_of(at_.lengths) +
           detail::bytes_of(at_.positions) + detail::bytes_of(at_.seen) + detail::bytes_of(at_.bias) +
           detail::bytes_of(at_.means);
  }
  /// The cache as attend reads it. It sees later appends.
  [[nodiscard]] HEED_INLINE contiguous_heads_source<K, V> source() const noexcept {
    return {detail::as_rank_4(k_), detail::as_rank_4(v_),
            contiguous_heads_layout{at_.lengths, at_.positions, at_.bias, at_.seen}};
  }

  /// Whether append would take so many tokens.
  [[nodiscard]] HEED_INLINE failure check_room(index_t seq, index_t tokens) const noexcept {
    if (const failure f = check_index("append", seq, 0)) return f;
    for (index_t h = 0; h < kv_heads(); ++h)
      if (const index_t room = k_.extent(1) - slots(seq, h); tokens > room)
        return {errc::limit_exceeded, "append", "tokens", tokens, "the rows left in head are", room, h};
    return {};
  }
  /// Writes tokens behind the last of every head of a sequence: k, v [tokens][kv_heads][dim].
  template <storable_as<K> UK, storable_as<V> UV>
  [[nodiscard]] HEED_INLINE failure append(index_t seq, const tensor_view<UK, 3>& k,
                                           const tensor_view<UV, 3>& v) noexcept {
    if (broken_) return broken_;
    if (const failure f = detail::check_fresh(seq, sequences(), k, v, kv_heads(), k_.extent(3), v_.extent(3))) return f;
    return append(seq, k, v, detail::every_head{});
  }
  /// Head h takes the fresh head `from(h)`; the caller has checked the views.
  template <class UK, class UV, class Heads>
  [[nodiscard]] HEED_INLINE failure append(index_t seq, const tensor_view<UK, 3>& k, const tensor_view<UV, 3>& v,
                                           const Heads& from) noexcept {
    if (const failure f = check_room(seq, k.extent(0))) return f;
    const auto r = rows();
    // Token by token: the rows of its heads lie together (4096 tokens, 8 heads of 128: 16 ms head by head, 2.5 ms so;
    // AMD EPYC).
    for (index_t t = 0; t < k.extent(0); ++t)
      for (index_t h = 0; h < kv_heads(); ++h)
        detail::write_slot(r, list(seq, h), at(at_.lengths, list(seq, h))++, 0, &k(t, from(h), 0), &v(t, from(h), 0),
                           seen(seq) + t);
    at(at_.seen, seq) += k.extent(0);
    return {};
  }

private:
  struct row_access {
    const contiguous_cache& c;
    index_t heads, key_dim, value_dim;
    const slot_means& means;
    HEED_INLINE K* key(index_t list, index_t slot, index_t) const noexcept {
      return &c.k_(list / c.kv_heads(), slot, list % c.kv_heads(), 0);
    }
    HEED_INLINE V* value(index_t list, index_t slot, index_t) const noexcept {
      return &c.v_(list / c.kv_heads(), slot, list % c.kv_heads(), 0);
    }
    HEED_INLINE index_t* position(index_t list, index_t slot) const noexcept {
      return c.at_.positions.empty() ? nullptr : &at(c.at_.positions, list * c.k_.extent(1) + slot);
    }
    HEED_INLINE float* bias(index_t list, index_t slot) const noexcept {
      return c.at_.bias.empty() ? nullptr : &at(c.at_.bias, list * c.k_.extent(1) + slot);
    }
  };
  template <class T> static HEED_INLINE T& at(std::span<T> list, index_t i) noexcept {
    return list[static_cast<std::size_t>(i)];
  }
  [[nodiscard]] HEED_INLINE row_access rows() const noexcept {
    return {*this, 1, k_.extent(3), v_.extent(3), at_.means};
  }
  [[nodiscard]] HEED_INLINE index_t list(index_t seq, index_t kv_head) const noexcept {
    return seq * k_.extent(2) + kv_head;
  }
  [[nodiscard]] HEED_INLINE index_t lists_each() const noexcept { return k_.extent(2); }
  [[nodiscard]] HEED_INLINE index_t length(index_t list) const noexcept { return at(at_.lengths, list); }
  HEED_INLINE void set_length(index_t list, index_t n) noexcept { at(at_.lengths, list) = n; }
  HEED_INLINE void set_seen(index_t seq, index_t n) noexcept { at(at_.seen, seq) = n; }
  [[nodiscard]] HEED_INLINE const slot_means& memory_of_means() const noexcept { return at_.means; }
  [[nodiscard]] HEED_INLINE detail::carried carries() const noexcept {
    return {!at_.positions.empty(), !at_.bias.empty()};
  }
  template <class Lengths>
  [[nodiscard]] HEED_INLINE failure check_fit(const char* call, index_t, const Lengths& wanted) const noexcept {
    for (index_t h = 0; h < kv_heads(); ++h)
      if (wanted(h) > k_.extent(1))
        return {errc::limit_exceeded, call, "slots", wanted(h), "the rows of a head are", k_.extent(1), h};
    return {};
  }
  [[nodiscard]] HEED_INLINE index_t slot_bytes() const noexcept {
    return detail::bytes<K>(k_.extent(3)) + detail::bytes<V>(v_.extent(3)) +
           (at_.positions.empty() ? 0 : detail::bytes<index_t>(1)) + (at_.bias.empty() ? 0 : detail::bytes<float>(1));
  }
  [[nodiscard]] HEED_INLINE failure check_index(const char* call, index_t seq, index_t kv_head) const noexcept {
    if (broken_) return broken_;
    return detail::check_list_index(call, seq, sequences(), kv_head, kv_heads());
  }
  [[nodiscard]] HEED_INLINE failure check_memory() const noexcept {
    if (const failure f = detail::check_pair(detail::as_rank_4(k_), detail::as_rank_4(v_), 0)) return f;
    if (const failure f = detail::check_writable("k", detail::as_rank_4(k_), 0)) return f;
    if (const failure f = detail::check_writable("v", detail::as_rank_4(v_), 0)) return f;
    if (const failure f = detail::check_count("seen", "number of entries", detail::count_of(at_.seen), sequences()))
      return f;
    if (const failure f = source().check()) return f;
    return detail::check_means(at_.means, sequences() * kv_heads(), 1, k_.extent(3), v_.extent(3),
                               detail::count_of(at_.bias));
  }

  tensor_view<K, 4> k_;
  tensor_view<V, 4> v_;
  contiguous_cache_memory at_;
  failure broken_ = {};
};

} // namespace heed
