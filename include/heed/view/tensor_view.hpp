// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Pointer, extents and strides: how heed looks at memory that others own.
#include <heed/error.hpp>
#include <heed/view/element.hpp>

namespace heed {

struct host_space {};
struct device_space {};

/// A view of rank 1 to 4 that never owns. The last axis is contiguous; the other strides are free (0 broadcasts).
///
/// Shapes    outermost first
/// Units     strides in elements
template <class T, int Rank, class Space = host_space> class tensor_view {
  static_assert(Rank >= 1 && Rank <= 4, "heed: views have rank 1 to 4");

public:
  using element_type = T;
  using space = Space;
  static constexpr int rank = Rank;

  constexpr tensor_view() noexcept = default;
  HEED_FN constexpr tensor_view(T* data, const index_t (&extents)[Rank], const index_t (&strides)[Rank]) noexcept
      : data_(data) {
    for (int i = 0; i < Rank; ++i) {
      extents_[i] = extents[i];
      strides_[i] = strides[i];
    }
  }
  /// A view of const elements from one of mutable elements.
  template <class U>
  requires(std::is_same_v<const U, T>) HEED_FN constexpr tensor_view(const tensor_view<U, Rank, Space>& other) noexcept
      : data_(other.data()) {
    for (int i = 0; i < Rank; ++i) {
      extents_[i] = other.extent(i);
      strides_[i] = other.stride(i);
    }
  }

  [[nodiscard]] HEED_FN constexpr T* data() const noexcept { return data_; }
  [[nodiscard]] HEED_FN constexpr index_t extent(int axis) const noexcept { return extents_[axis]; }
  [[nodiscard]] HEED_FN constexpr index_t stride(int axis) const noexcept { return strides_[axis]; }
  [[nodiscard]] HEED_FN constexpr index_t size() const noexcept {
    index_t n = 1;
    for (const index_t e : extents_) n *= e;
    return n;
  }

  template <class... Index>
  requires(sizeof...(Index) == Rank) [[nodiscard]] HEED_FN constexpr T& operator()(Index... index) const noexcept {
    const index_t at[Rank] = {static_cast<index_t>(index)...};
    index_t offset = 0;
    for (int i = 0; i < Rank; ++i) offset += at[i] * strides_[i];
    return data_[offset];
  }

  /// Indices [first, first + count) of one axis.
  [[nodiscard]] HEED_FN constexpr tensor_view slice(int axis, index_t first, index_t count) const noexcept {
    tensor_view v = *this;
    v.data_ += first * strides_[axis];
    v.extents_[axis] = count;
    return v;
  }
  /// Two axes exchanged; the last one must stay (it is contiguous).
  [[nodiscard]] HEED_FN constexpr tensor_view swapped(int a, int b) const noexcept {
    tensor_view v = *this;
    v.extents_[a] = extents_[b];
    v.strides_[a] = strides_[b];
    v.extents_[b] = extents_[a];
    v.strides_[b] = strides_[a];
    return v;
  }

private:
  T* data_ = nullptr;
  index_t extents_[Rank] = {};
  index_t strides_[Rank] = {};
};

/// Row-major view: view(p, a, b, c) has shape [a][b][c].
template <class T, class... Extent>
requires(sizeof...(Extent) >= 1 && sizeof...(Extent) <= 4 && (std::is_convertible_v<Extent, index_t> && ...))
    [[nodiscard]] HEED_FN
    constexpr tensor_view<T, static_cast<int>(sizeof...(Extent))> view(T* data, Extent... extent) noexcept {
  constexpr int rank = static_cast<int>(sizeof...(Extent));
  const index_t extents[rank] = {static_cast<index_t>(extent)...};
  index_t strides[rank] = {};
  index_t step = 1;
  for (int i = rank; i-- > 0;) {
    strides[i] = step;
    step = static_cast<index_t>(static_cast<std::size_t>(step) * static_cast<std::size_t>(extents[i]));
  }
  return {data, extents, strides};
}

/// View with strides of your own, in elements; the last must be 1.
template <class T, int Rank>
[[nodiscard]] HEED_FN constexpr tensor_view<T, Rank> strided(T* data, const index_t (&extents)[Rank],
                                                             const index_t (&strides)[Rank]) noexcept {
  return {data, extents, strides};
}

namespace detail {
/// Elements from the first to one past the last that a view touches; -1 if that overflows 2^62 bytes.
template <class T, int Rank, class Space>
HEED_INLINE index_t extent_in_elements(const tensor_view<T, Rank, Space>& v) noexcept {
  index_t reach = 1;
  for (int i = 0; i < Rank; ++i)
    if (v.extent(i) == 0) return 0;
  for (int i = 0; i < Rank; ++i) {
    index_t step = 0;
    if (__builtin_mul_overflow(v.extent(i) - 1, v.stride(i), &step) || __builtin_add_overflow(reach, step, &reach))
      return -1;
  }
  constexpr index_t most = (index_t{1} << 62) / static_cast<index_t>(sizeof(T));
  return reach > most || reach < 0 ? -1 : reach;
}

/// Refuses a view that can't be walked: negative extents or strides, last stride not 1, overflow, null with rows, or
/// an address between two elements.
template <class T, int Rank, class Space>
HEED_INLINE failure check_view(const char* argument, const tensor_view<T, Rank, Space>& v) noexcept {
  for (int i = 0; i < Rank; ++i)
    if (v.extent(i) < 0) return {errc::bad_extent, argument, "extent", v.extent(i), "the least is", 0, i};
  for (int i = 0; i < Rank; ++i)
    if (v.stride(i) < 0) return {errc::bad_stride, argument, "stride", v.stride(i), "the least is", 0, i};
  if (v.stride(Rank - 1) != 1 && v.extent(Rank - 1) > 1)
    return {errc::bad_stride, argument, "stride", v.stride(Rank - 1), "the last must be", 1, Rank - 1};
  const index_t n = extent_in_elements(v);
  if (n < 0)
    return {errc::size_overflow, argument, "size in bytes", PTRDIFF_MAX, "or more; the limit is", index_t{1} << 62};
  if (n > 0 && v.data() == nullptr) return {errc::null_pointer, argument, "data", 0, "but the elements in view are", n};
  const auto off = static_cast<index_t>(reinterpret_cast<std::uintptr_t>(v.data()) % alignof(T));
  if (n > 0 && off != 0)
    return {errc::misaligned, argument, "address modulo the element's alignment", off, "it must be", 0};
  return {};
}

/// Refuses a view that is written if two of its elements lie at one place: each stride must reach over all that the
/// smaller ones span. (Strides that interleave without nesting are refused too.)
template <class T, int Rank, class Space>
HEED_INLINE failure check_written(const char* argument, const tensor_view<T, Rank, Space>& v) noexcept {
  for (int i = 0; i < Rank; ++i)
    if (v.extent(i) == 0) return {};
  index_t wide = 1;
  bool done[Rank] = {};
  for (;;) {
    int next = -1;
    for (int i = Rank; i-- > 0;)
      if (!done[i] && v.extent(i) > 1 && (next < 0 || v.stride(i) < v.stride(next))) next = i;
    if (next < 0) return {};
    done[next] = true;
    const index_t least = next == Rank - 1 ? wide : greater(wide, v.extent(Rank - 1));
    if (v.stride(next) < least)
      return {errc::bad_stride, argument, "stride", v.stride(next), "rows are written, so the least is", least, next};
    wide += (v.extent(next) - 1) * v.stride(next);
  }
}
} // namespace detail

} // namespace heed
