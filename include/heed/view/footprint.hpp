// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Which bytes a view touches, closely enough to tell slices of one fused buffer from views that share memory.
#include <heed/view/index_list.hpp>
#include <heed/view/tensor_view.hpp>

namespace heed {

/// Stretches of `width` bytes, each a multiple of `step` bytes behind hull.begin, all inside `hull` (byte addresses).
/// step 0: one stretch, all of the hull.
struct footprint {
  range hull;
  index_t step, width;
};

namespace detail {
HEED_INLINE index_t greatest_common_divisor(index_t a, index_t b) noexcept {
  while (b != 0) {
    const index_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}
} // namespace detail

/// Of a view: a stretch is one index of all axes but the last two (a token: its heads and their numbers), of two axes
/// one index of the first (a token: a number of each head).
///
/// Requires  detail::check_view passed
template <class T, int Rank, class Space>
[[nodiscard]] HEED_INLINE footprint footprint_of(const tensor_view<T, Rank, Space>& v) noexcept {
  constexpr auto element_bytes = static_cast<index_t>(sizeof(T));
  const index_t all = detail::extent_in_elements(v) * element_bytes;
  if (all == 0) return {{0, 0}, 0, 0};
  const auto begin = static_cast<index_t>(reinterpret_cast<std::uintptr_t>(v.data()));
  footprint f{{begin, begin + all}, 0, element_bytes};
  for (int i = 0; i < Rank; ++i) {
    const index_t stride = v.stride(i) * element_bytes;
    if (v.extent(i) == 1 || stride == 0) continue;
    if (i >= (Rank == 2 ? 1 : Rank - 2))
      f.width += (v.extent(i) - 1) * stride;
    else
      f.step = detail::greatest_common_divisor(stride, f.step);
  }
  return f;
}

/// Of a list: one stretch.
[[nodiscard]] HEED_INLINE footprint footprint_of(const index_list& list) noexcept {
  const range bytes = list.bytes();
  return {bytes, 0, bytes.size()};
}
template <class T> [[nodiscard]] HEED_INLINE footprint footprint_of(std::span<const T> list) noexcept {
  const auto begin = static_cast<index_t>(reinterpret_cast<std::uintptr_t>(list.data()));
  const auto bytes = static_cast<index_t>(list.size_bytes());
  return {{begin, begin + bytes}, 0, bytes};
}

namespace detail {
/// Stretches of widths a and b at a common step; the first of b is `behind` the first of a. Step 0: they may meet.
HEED_INLINE bool stretches_meet(index_t step, index_t behind, index_t a, index_t b) noexcept {
  if (step <= 0) return true;
  const index_t apart = (behind % step + step) % step; // b starts so far behind a stretch of a
  return apart < a || b > step - apart;
}
} // namespace detail

/// Whether two footprints may share a byte; false is certain. Slices of one fused buffer lie at equal steps, and then
/// it is enough that their stretches keep apart; or all of one lies between two stretches of the other.
[[nodiscard]] HEED_INLINE bool may_share(const footprint& a, const footprint& b) noexcept {
  if (meet(a.hull, b.hull).empty()) return false;
  const index_t behind = b.hull.begin - a.hull.begin;
  return detail::stretches_meet(detail::greatest_common_divisor(a.step, b.step), behind, a.width, b.width) &&
         detail::stretches_meet(a.step, behind, a.width, b.hull.size()) &&
         detail::stretches_meet(b.step, behind, a.hull.size(), b.width);
}

/// A source, mask, score modifier or other role that says whether it reads memory in a footprint; the front door then
/// refuses to write there. Asked after its check passed. Without it nothing is refused.
template <class K>
concept touching_source = requires(const K kv, const footprint& f) {
  { kv.touches(f) }
  noexcept->std::same_as<bool>;
};

namespace detail {
/// For what wraps others. False where a part does not say.
template <class K> HEED_INLINE bool touches(const K& kv, const footprint& f) noexcept {
  if constexpr (touching_source<K>)
    return kv.touches(f);
  else
    return f.step < 0;
}
/// Whether any of the lists may share memory with a footprint.
template <class... Lists> HEED_INLINE bool any_shares(const footprint& f, const Lists&... lists) noexcept {
  return (false || ... || may_share(f, footprint_of(lists)));
}
} // namespace detail

} // namespace heed
