// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Memory of benches: whole pages, huge ones where the system gives them.
#include <heed/concepts.hpp>

#include <sys/mman.h>

#include <new>
#include <utility>

namespace heed::bench {

enum class page_kind : unsigned char { huge, small };

/// Numbers in pages of their own. huge: madvise asks for 2 MiB pages; whether they come is the system's business.
template <class T> class pages {
public:
  pages() = default;
  explicit pages(index_t count, page_kind kind = page_kind::huge) : size_(count) {
    if (count == 0) return;
    void* const p = ::mmap(nullptr, bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) throw std::bad_alloc();
    data_ = static_cast<T*>(p);
    ::madvise(p, bytes(), kind == page_kind::huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
  }
  pages(pages&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  pages& operator=(pages&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  pages(const pages&) = delete;
  pages& operator=(const pages&) = delete;
  ~pages() {
    if (data_ != nullptr) ::munmap(data_, bytes());
  }

  [[nodiscard]] T* data() const noexcept { return data_; }
  [[nodiscard]] index_t size() const noexcept { return size_; }
  [[nodiscard]] std::span<T> span() const noexcept { return {data_, static_cast<std::size_t>(size_)}; }

private:
  /// Whole huge pages, so that the last one is huge too.
  [[nodiscard]] std::size_t bytes() const noexcept {
    constexpr std::size_t huge = std::size_t{2} << 20;
    return (static_cast<std::size_t>(size_) * sizeof(T) + huge - 1) / huge * huge;
  }
  T* data_ = nullptr;
  index_t size_ = 0;
};

} // namespace heed::bench
