// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Buffers that catch a kernel which reads or writes beside its rows: protected pages, and bases off the vector's grid.
#include <heed/concepts.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <new>
#include <vector>

namespace heed::test {

/// Which end of the buffer touches the protected page.
enum class guard : unsigned char { after, before };

/// count elements between two protected pages; the last element ends (or the first begins) exactly at one of them, so
/// a read beyond it ends the program.
template <class T> class guarded_buffer {
public:
  explicit guarded_buffer(index_t count, guard side = guard::after) : count_(count) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const auto bytes = static_cast<std::size_t>(count) * sizeof(T);
    const std::size_t body = (bytes + page - 1) / page * page;
    mapped_bytes_ = body + 2 * page;
    mapped_ = mmap(nullptr, mapped_bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped_ == MAP_FAILED) throw std::bad_alloc();
    std::byte* first = static_cast<std::byte*>(mapped_) + page;
    if (body != 0 && mprotect(first, body, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
    data_ = reinterpret_cast<T*>(side == guard::after ? first + (body - bytes) : first);
  }
  explicit guarded_buffer(const std::vector<T>& values, guard side = guard::after)
      : guarded_buffer(static_cast<index_t>(values.size()), side) {
    if (!values.empty()) std::memcpy(data_, values.data(), values.size() * sizeof(T));
  }
  guarded_buffer(const guarded_buffer&) = delete;
  guarded_buffer& operator=(const guarded_buffer&) = delete;
  ~guarded_buffer() { munmap(mapped_, mapped_bytes_); }

  [[nodiscard]] T* data() const noexcept { return data_; }
  [[nodiscard]] index_t size() const noexcept { return count_; }
  [[nodiscard]] T* begin() const noexcept { return data_; }
  [[nodiscard]] T* end() const noexcept { return data_ + count_; }

private:
  index_t count_;
  void* mapped_ = nullptr;
  std::size_t mapped_bytes_ = 0;
  T* data_ = nullptr;
};

/// count elements whose first stands `offset` elements after a 64-byte border.
template <class T> class misaligned_buffer {
public:
  misaligned_buffer(index_t count, index_t offset)
      : storage_(static_cast<std::size_t>(count + offset) + 64 / sizeof(T)), offset_(offset) {}
  [[nodiscard]] T* data() noexcept {
    const auto address = reinterpret_cast<std::uintptr_t>(storage_.data());
    return storage_.data() + ((64 - address % 64) % 64) / sizeof(T) + static_cast<std::size_t>(offset_);
  }

private:
  std::vector<T> storage_;
  index_t offset_;
};

} // namespace heed::test
