// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// What the sources of this room share: the order of slots, lower bounds, and the refusals of wrong tables.
#include <heed/problem/call_extents.hpp>
#include <heed/view/footprint.hpp>
#include <heed/view/index_list.hpp>
#include <heed/view/tensor_view.hpp>

namespace heed {

/// Whether explicit positions ascend with slots. `any` makes kernels walk all slots and needs `seen`.
enum class slot_order : unsigned char { ascending, any };

namespace detail {

inline constexpr index_t most_slots = index_t{1} << 62;

/// First i in [0, n) with p[i] >= x, else n.
HEED_INLINE index_t lower_bound(const index_t* p, index_t n, index_t x) noexcept {
  index_t begin = 0, end = n;
  while (begin < end) {
    const index_t middle = begin + (end - begin) / 2;
    if (p[middle] < x)
      begin = middle + 1;
    else
      end = middle;
  }
  return begin;
}
template <class T> HEED_INLINE index_t count_of(std::span<T> list) noexcept {
  return static_cast<index_t>(list.size());
}
HEED_INLINE index_t clamp_to(index_t x, index_t most) noexcept { return x < 0 ? 0 : lesser(x, most); }

/// The same rows as const elements with an axis in front; a stride that no index can use becomes 0, so that it never
/// overflows when it is turned into bytes.
template <class T, int Rank>
HEED_INLINE tensor_view<const std::remove_const_t<T>, 4> as_rank_4(const tensor_view<T, Rank>& v) noexcept {
  static_assert(Rank == 2 || Rank == 3 || Rank == 4);
  index_t extents[4] = {1, 1, 1, 1}, strides[4] = {};
  for (int i = 0; i < Rank; ++i) {
    const int to = i + 4 - Rank;
    extents[to] = v.extent(i);
    strides[to] = v.extent(i) > 1 || (v.extent(i) == 1 && to == 3) ? v.stride(i) : 0;
  }
  return {v.data(), extents, strides};
}
template <class T> HEED_INLINE index_t bytes(index_t elements) noexcept {
  return elements * static_cast<index_t>(sizeof(T));
}
template <class T> HEED_INLINE const std::byte* address(const T* base, index_t elements) noexcept {
  return reinterpret_cast<const std::byte*>(base + elements);
}

/// Hands a call's sizes on to a source that another one wraps.
template <class K> HEED_INLINE failure check_base(const K& kv, const call_extents& e) noexcept {
  if constexpr (self_checking<K>)
    return kv.check(e);
  else
    return e.sequences < 0 ? failure{errc::bad_extent, "kv", "sequences", e.sequences, "the least is", 0} : failure{};
}

inline namespace HEED_ISA {

/// Keys and values that can be walked and fit together. front: axes that as_rank_4 added. The last two axes are heads
/// and elements.
template <class K, class V>
failure check_pair(const tensor_view<K, 4>& k, const tensor_view<V, 4>& v, index_t front) noexcept {
  failure f = check_view("k", k);
  if (!f) f = check_view("v", v);
  if (f) {
    if (f.at >= 0) f.at -= front;
    return f;
  }
  for (int i = 0; i < 3; ++i)
    if (k.extent(i) != v.extent(i))
      return {errc::bad_extent, "v", "extent", v.extent(i), "but k has", k.extent(i), i - front};
  if (k.extent(2) < 1)
    return {errc::bad_extent, "k", "extent", k.extent(2), "the least number of heads is", 1, 2 - front};
  if (k.extent(3) < 1) return {errc::bad_extent, "k", "extent", k.extent(3), "the least dim is", 1, 3 - front};
  if (v.extent(3) < 1) return {errc::bad_extent, "v", "extent", v.extent(3), "the least dim is", 1, 3 - front};
  return {};
}

/// A list of exactly `count` entries.
inline failure check_count(const char* argument, const char* property, index_t size, index_t count) noexcept {
  if (size != count) return {errc::bad_extent, argument, property, size, "it must be", count};
  return {};
}

/// count + 1 offsets that start at 0 or later, never descend and end within limit.
inline failure check_offsets(const char* argument, const index_list& offsets, index_t count, index_t limit) noexcept {
  if (count < 0) return {errc::bad_extent, argument, "number of offsets", count + 1, "the least is", 1};
  if (const failure f = check_count(argument, "number of offsets", offsets.size(), count + 1)) return f;
  index_t least = 0;
  for (index_t i = 0; i <= count; ++i) {
    const index_t x = offsets[i];
    if (x < least) {
      const errc code = i == 0 ? errc::index_out_of_range : errc::not_monotone;
      return {code, argument, "offsets", x, "the least is", least, i};
    }
    if (x > limit) return {errc::length_out_of_range, argument, "offsets", x, "the most is", limit, i};
    least = x;
  }
  return {};
}

/// Slots to keep, strictly ascending inside [0, held).
inline failure check_kept(const char* call, std::span<const index_t> slots, index_t held) noexcept {
  index_t last = -1, i = 0;
  for (const index_t slot : slots) {
    if (slot <= last) return {errc::not_monotone, call, "slots", slot, "it must be above", last, i};
    if (slot >= held) return {errc::index_out_of_range, call, "slots", slot, "but the slots held are", held, i};
    last = slot;
    ++i;
  }
  return {};
}

/// n positions inside [0, seen) that, if ordered, ascend. `last` carries the one before; first_at is for the message.
inline failure check_positions(const char* argument, const index_t* p, index_t n, index_t seen, slot_order order,
                               index_t first_at, index_t& last) noexcept {
  for (index_t i = 0; i < n; ++i) {
    if (p[i] < 0) return {errc::index_out_of_range, argument, "positions", p[i], "the least is", 0, first_at + i};
    if (p[i] >= seen) {
      return {errc::index_out_of_range, argument, "positions", p[i], "but the tokens seen are", seen, first_at + i};
    }
    if (order == slot_order::ascending && p[i] <= last)
      return {errc::not_monotone, argument, "positions", p[i], "it must be above", last, first_at + i};
    last = p[i];
  }
  return {};
}

} // namespace HEED_ISA
} // namespace detail
} // namespace heed
