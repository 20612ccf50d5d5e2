// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A list of indices, 32 or 64 bits wide, as engines keep their page tables, offsets and lengths.
#include <heed/concepts.hpp>

namespace heed {

/// A view of std::int32_t or std::int64_t numbers that never owns: spans, vectors, arrays. The width is a run-time
/// property, so that it multiplies no kernels. An empty list means "not given" where a list is optional.
///
/// Requires  the numbers outlive the list
/// Cost      one predictable branch per access
class index_list {
public:
  constexpr index_list() noexcept = default;
  template <class R>
  requires(!std::same_as<R, index_list> && std::convertible_to<const R&, std::span<const std::int32_t>>) HEED_INLINE
      constexpr index_list(const R& list) noexcept // NOLINT(google-explicit-constructor): a view, like span
      : index_list(std::span<const std::int32_t>(list), 0) {}
  template <class R>
  requires(!std::same_as<R, index_list> && std::convertible_to<const R&, std::span<const std::int64_t>>) HEED_INLINE
      constexpr index_list(const R& list) noexcept // NOLINT(google-explicit-constructor): a view, like span
      : index_list(std::span<const std::int64_t>(list), 0) {}

  [[nodiscard]] HEED_INLINE constexpr index_t size() const noexcept { return size_; }
  [[nodiscard]] HEED_INLINE constexpr bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] HEED_INLINE constexpr index_t operator[](index_t i) const noexcept {
    return narrow_ != nullptr ? static_cast<index_t>(narrow_[i]) : static_cast<index_t>(wide_[i]);
  }
  /// The bytes it reads, as addresses.
  [[nodiscard]] HEED_INLINE range bytes() const noexcept {
    const auto begin =
        narrow_ != nullptr ? reinterpret_cast<std::uintptr_t>(narrow_) : reinterpret_cast<std::uintptr_t>(wide_);
    const index_t each = narrow_ != nullptr ? index_t{sizeof(std::int32_t)} : index_t{sizeof(std::int64_t)};
    return {static_cast<index_t>(begin), static_cast<index_t>(begin) + size_ * each};
  }

private:
  HEED_INLINE constexpr index_list(std::span<const std::int32_t> list, int) noexcept
      : narrow_(list.data()), size_(static_cast<index_t>(list.size())) {}
  HEED_INLINE constexpr index_list(std::span<const std::int64_t> list, int) noexcept
      : wide_(list.data()), size_(static_cast<index_t>(list.size())) {}

  const std::int32_t* narrow_ = nullptr;
  const std::int64_t* wide_ = nullptr;
  index_t size_ = 0;
};

} // namespace heed
