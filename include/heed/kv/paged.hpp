// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Keys and values in pages of a shared pool, found through page lists per sequence or per key-value head.
#include <heed/kv/page_table.hpp>

namespace heed {

/// Pages of a pool read in place. Alias: a value is a part of its key row, from value_offset on. A page of -1 is a
/// hole. Pages that follow one another in memory are read as one stretch.
///
/// Laws      kv_source; check() ok: rows() stays inside the pools
/// Cost      O(pages merged); locate O(log slots) with explicit positions
template <class K, class V, bool Alias = false> class paged_source {
public:
  using key_format = elements<K>;
  using value_format = elements<V>;
  static constexpr bool values_alias_keys = Alias;

  /// Pools: [pages][page][heads][dim]; heads is 1 where a page belongs to one key-value head.
  HEED_INLINE paged_source(const tensor_view<const K, 4>& k, const tensor_view<const V, 4>& v,
                           const detail::page_lists& lists, const paged_slots& slots, index_t value_offset = 0) noexcept
      : k_(k), v_(v), lists_(lists), at_(slots), value_offset_(value_offset), page_(k.extent(1)),
        touching_(touch(k) && touch(v)) {
    while (shift_ < 62 && (index_t{1} << shift_) < page_) ++shift_;
    if ((index_t{1} << shift_) != page_) shift_ = -1;
  }

  [[nodiscard]] HEED_INLINE kv_dims dims() const noexcept {
    const index_t heads = lists_.heads > 0 ? lists_.heads : k_.extent(2);
    return {lists_.sequences(), heads, k_.extent(3), v_.extent(3), value_offset_};
  }
  [[nodiscard]] HEED_INLINE key_format keys_as() const noexcept { return {}; }
  [[nodiscard]] HEED_INLINE value_format values_as() const noexcept { return {}; }
  [[nodiscard]] HEED_INLINE index_t slots(index_t seq, index_t kv_head) const noexcept {
    return lists_.length(lists_.list(seq, kv_head), page_);
  }
  [[nodiscard]] HEED_INLINE index_t seen(index_t seq) const noexcept {
    if (!at_.seen.empty()) return at_.seen[seq];
    index_t most = slots(seq, 0);
    if (placed()) most = most > 0 ? position(lists_.list(seq, 0), most - 1) + 1 : 0;
    for (index_t h = 1; h < lists_.heads; ++h) {
      const index_t n = slots(seq, h);
      most = greater(most, placed() && n > 0 ? position(lists_.list(seq, h), n - 1) + 1 : n);
    }
    return most;
  }
  [[nodiscard]] HEED_INLINE bool ordered(index_t, index_t) const noexcept {
    return !placed() || at_.order == slot_order::ascending;
  }
  [[nodiscard]] HEED_INLINE index_t locate(index_t seq, index_t kv_head, index_t position_wanted) const noexcept {
    const index_t n = slots(seq, kv_head);
    if (!placed()) return detail::clamp_to(position_wanted, n);
    const index_t list = lists_.list(seq, kv_head);
    index_t begin = 0, end = n;
    while (begin < end) {
      const index_t middle = begin + (end - begin) / 2;
      if (position(list, middle) < position_wanted)
        begin = middle + 1;
      else
        end = middle;
    }
    return begin;
  }
  [[nodiscard]] HEED_INLINE kv_rows rows(index_t seq, index_t kv_head, range slots) const noexcept {
    const index_t i = page_of(slots.begin), in = slots.begin - i * page_;
    index_t entry = lists_.first(lists_.list(seq, kv_head)) + i, id = lists_.pages[entry], n = page_ - in;
    kv_rows r;
    r.first = slots.begin;
    if (id >= 0) {
      const index_t head = k_.extent(2) > 1 ? kv_head : 0;
      r.key = detail::address(k_.data(), id * k_.stride(0) + in * k_.stride(1) + head * k_.stride(2));
      r.value = detail::address(v_.data(), id * v_.stride(0) + in * v_.stride(1) + head * v_.stride(2));
      r.key_stride = detail::bytes<K>(page_ > 1 ? k_.stride(1) : k_.stride(0));
      r.value_stride = detail::bytes<V>(page_ > 1 ? v_.stride(1) : v_.stride(0));
      if (placed()) r.positions = at_.positions.data() + id * page_ + in;
      if (!at_.bias.empty()) r.bias = at_.bias.data() + id * page_ + in;
    }
    while (n < slots.size()) {
      const index_t next = lists_.pages[++entry];
      if (id < 0 ? next >= 0 : !touching_ || next != id + 1) break;
      id = next;
      n += page_;
    }
    r.count = lesser(n, slots.size());
    return r;
  }

  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept {
    return may_share(f, footprint_of(k_)) || may_share(f, footprint_of(v_)) ||
           detail::any_shares(f, lists_.offsets, lists_.pages, lists_.lengths, at_.positions, at_.bias, at_.seen);
  }
  [[nodiscard]] HEED_INLINE failure check() const noexcept { return check_all(*this); }
  [[nodiscard]] HEED_INLINE failure check(const call_extents&) const noexcept { return check_all(*this); }

private:
  /// Rows of consecutive pages lie at one stride.
  template <class T> static HEED_INLINE bool touch(const tensor_view<const T, 4>& pool) noexcept {
    index_t length = 0;
    if (pool.extent(1) == 1) return true;
    return !__builtin_mul_overflow(pool.extent(1), pool.stride(1), &length) && length == pool.stride(0);
  }
  [[nodiscard]] HEED_INLINE bool placed() const noexcept { return !at_.positions.empty(); }
  [[nodiscard]] HEED_INLINE index_t page_of(index_t slot) const noexcept {
    return shift_ >= 0 ? slot >> shift_ : slot / page_;
  }
  [[nodiscard]] HEED_INLINE index_t position(index_t list, index_t slot) const noexcept {
    const index_t i = page_of(slot), id = lists_.pages[lists_.first(list) + i];
    return at_.positions[static_cast<std::size_t>(id * page_ + slot - i * page_)];
  }
  static HEED_INLINE failure check_all(const paged_source& s) noexcept {
    if (const failure f = detail::check_pair(s.k_, s.v_, 0)) return f;
    if (s.page_ < 1) return {errc::bad_extent, "k", "extent", s.page_, "the least page is", 1, 1};
    if (const failure f = detail::check_page_lists(s.lists_, s.k_.extent(0), s.page_, s.k_.extent(2))) return f;
    return detail::check_paged_slots(s.lists_, s.at_, s.k_.extent(0), s.page_, s.dims().kv_heads);
  }

  tensor_view<const K, 4> k_;
  tensor_view<const V, 4> v_;
  detail::page_lists lists_;
  paged_slots at_;
  index_t value_offset_, page_;
  int shift_ = 0; ///< log2 of page_, or -1
  bool touching_;
};

/// Pages of 1 or more tokens, from a pool that sequences share.
///
/// Shapes    k_pool, v_pool: [pages][page][kv_heads][dim]; a pool laid out [pages][kv_heads][page][dim] comes as
///           view(...).swapped(1, 2)
/// Requires  what the tables say
template <class TK, class TV>
[[nodiscard]] HEED_INLINE auto paged(const tensor_view<TK, 4>& k_pool, const tensor_view<TV, 4>& v_pool,
                                     const page_table& table, const paged_slots& slots = {}) noexcept {
  return paged_source<std::remove_const_t<TK>, std::remove_const_t<TV>>(
      detail::as_rank_4(k_pool), detail::as_rank_4(v_pool), detail::page_lists(table), slots);
}
template <class TK, class TV>
[[nodiscard]] HEED_INLINE auto paged(const tensor_view<TK, 4>& k_pool, const tensor_view<TV, 4>& v_pool,
                                     const block_table& table, const paged_slots& slots = {}) noexcept {
  return paged_source<std::remove_const_t<TK>, std::remove_const_t<TV>>(
      detail::as_rank_4(k_pool), detail::as_rank_4(v_pool), detail::page_lists(table), slots);
}
/// Each key-value head has its own pages and length. [pages][page][kv_heads][dim]: a head reads its part of the listed
/// pages. [pages][page][1][dim]: a page belongs to one head, so evicted pages serve any other.
template <class TK, class TV>
[[nodiscard]] HEED_INLINE auto paged(const tensor_view<TK, 4>& k_pool, const tensor_view<TV, 4>& v_pool,
                                     const head_page_table& table, const paged_slots& slots = {}) noexcept {
  return paged_source<std::remove_const_t<TK>, std::remove_const_t<TV>>(
      detail::as_rank_4(k_pool), detail::as_rank_4(v_pool), detail::page_lists(table), slots);
}

static_assert(kv_source<paged_source<float, float>> && kv_source<paged_source<bf16, bf16, true>>);

} // namespace heed
