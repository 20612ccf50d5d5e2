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

/// Of a view: a stretch is one index of all axes but the last two (a token: its heads and their numbers).
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
    if (i >= Rank - 2) {
      f.width += (v.extent(i) - 1) * stride;
      continue;
    }
    index_t a = stride; // greatest common divisor of the strides
    for (index_t b = f.step; b != 0;) {
      const index_t rest = a % b;
      a = b;
      b = rest;
    }
    f.step = a;
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

/// Whether two footprints may share a byte; false is certain. Slices of one fused buffer lie at equal steps, and then
/// it is enough that their stretches keep apart.
[[nodiscard]] HEED_INLINE bool may_share(const footprint& a, const footprint& b) noexcept {
  if (meet(a.hull, b.hull).empty()) return false;
  const index_t step = a.step > 0 ? a.step : b.step;
  if (step <= 0 || (b.step > 0 && b.step != step)) return true;
  const index_t apart = ((b.hull.begin - a.hull.begin) % step + step) % step; // b starts so far behind a stretch of a
  return apart < a.width || b.width > step - apart;
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
