// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Cuts a caller's bytes into arrays, or only counts how many would be needed.
#include <heed/concepts.hpp>

namespace heed::detail {

/// Hands out arrays that start at cache lines. With a null base it counts and returns null pointers.
class arena {
public:
  static constexpr index_t line = 64;

  constexpr arena() noexcept = default;
  HEED_INLINE arena(std::byte* base, index_t bytes) noexcept : base_(base), room_(bytes) {
    const auto skew = static_cast<index_t>(reinterpret_cast<std::uintptr_t>(base) % line);
    used_ = base != nullptr && skew != 0 ? line - skew : 0;
  }

  template <class T> HEED_INLINE T* take(index_t count) noexcept {
    const index_t bytes = (count * static_cast<index_t>(sizeof(T)) + line - 1) / line * line;
    T* p = base_ != nullptr ? reinterpret_cast<T*>(base_ + used_) : nullptr;
    used_ += bytes;
    return p;
  }
  [[nodiscard]] HEED_INLINE index_t used() const noexcept { return used_; }
  [[nodiscard]] HEED_INLINE bool fits() const noexcept { return used_ <= room_; }

private:
  std::byte* base_ = nullptr;
  index_t room_ = 0, used_ = 0;
};

} // namespace heed::detail
