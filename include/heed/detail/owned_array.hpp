// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Memory for a list of plain numbers, taken once. What the standard containers do, without a symbol that objects for
// different instruction sets would share.
#include <heed/concepts.hpp>

#include <new>

namespace heed::detail {

/// n zeros that it owns; moves, does not copy. n < 1: nothing. Throws std::bad_alloc where there is no memory.
template <class T>
requires(std::is_trivially_copyable_v<T>) class owned_array {
public:
  constexpr owned_array() noexcept = default;
  HEED_INLINE explicit owned_array(index_t n) : size_(n > 0 ? n : 0) {
    if (size_ == 0) return;
    data_ = static_cast<T*>(::operator new(static_cast<std::size_t>(size_) * sizeof(T)));
    for (index_t i = 0; i < size_; ++i) ::new (static_cast<void*>(data_ + i)) T{};
  }
  HEED_INLINE owned_array(owned_array&& other) noexcept : data_(other.data_), size_(other.size_) {
    other.data_ = nullptr;
    other.size_ = 0;
  }
  HEED_INLINE owned_array& operator=(owned_array&& other) noexcept {
    T* const data = data_;
    const index_t size = size_;
    data_ = other.data_;
    size_ = other.size_;
    other.data_ = data;
    other.size_ = size;
    return *this;
  }
  owned_array(const owned_array&) = delete;
  owned_array& operator=(const owned_array&) = delete;
  HEED_INLINE ~owned_array() { ::operator delete(data_); }

  [[nodiscard]] HEED_INLINE T* data() const noexcept { return data_; }
  [[nodiscard]] HEED_INLINE index_t size() const noexcept { return size_; }
  [[nodiscard]] HEED_INLINE index_t bytes() const noexcept { return size_ * static_cast<index_t>(sizeof(T)); }
  [[nodiscard]] HEED_INLINE std::span<T> span() const noexcept { return {data_, static_cast<std::size_t>(size_)}; }

private:
  T* data_ = nullptr;
  index_t size_ = 0;
};

} // namespace heed::detail
