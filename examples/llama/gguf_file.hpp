// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A GGUF file, mapped into memory and checked from end to end before anything in it is believed.
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace llama {

using index_t = std::ptrdiff_t;

/// What is wrong with a file, for people: names the thing, its value and the limit.
struct file_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Tensor types that this program reads, with ggml's numbers.
enum class tensor_type : std::uint32_t { f32 = 0, f16 = 1, q8_0 = 8, bf16 = 30 };
[[nodiscard]] const char* name_of(tensor_type type) noexcept;

/// One tensor. rows x cols numbers, cols contiguous; a vector has one row. The bytes belong to the file.
struct tensor_info {
  std::string name;
  tensor_type type = tensor_type::f32;
  index_t rows = 0, cols = 0;
  std::span<const std::byte> bytes;
};

/// Writes rows [first, first + count) as float, row-major, to out[count * cols].
void dequantise(const tensor_info& tensor, index_t first, index_t count, float* out) noexcept;

/// Metadata and tensors of a file. Everything is checked in the constructor: counts against the bytes that are left,
/// products against overflow, offsets against the file's end, names against each other.
///
/// Throws    file_error
class gguf_file {
public:
  /// Maps the file read-only.
  explicit gguf_file(const std::string& path);
  /// Reads bytes that the caller keeps alive.
  gguf_file(std::span<const std::byte> bytes, std::string name);
  ~gguf_file();
  gguf_file(const gguf_file&) = delete;
  gguf_file& operator=(const gguf_file&) = delete;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::vector<tensor_info>& tensors() const noexcept { return tensors_; }
  /// Null if there is none of that name.
  [[nodiscard]] const tensor_info* find(std::string_view tensor) const noexcept;

  [[nodiscard]] bool has(std::string_view key) const noexcept { return values_.find(key) != values_.end(); }
  /// The value under a key; throws if it is absent or of another type.
  [[nodiscard]] std::string text(std::string_view key) const;
  [[nodiscard]] std::int64_t integer(std::string_view key) const;
  [[nodiscard]] double number(std::string_view key) const;
  [[nodiscard]] bool flag(std::string_view key) const;
  [[nodiscard]] std::vector<std::string> texts(std::string_view key) const;
  [[nodiscard]] std::vector<double> numbers(std::string_view key) const;

private:
  enum class value_type : std::uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, string, array, u64, i64, f64 };
  struct value {
    value_type type{}, item{}; // item: of an array
    std::uint64_t count = 1;
    const std::byte* data = nullptr;
  };
  struct placement {
    std::uint64_t offset, bytes;
  };
  class reader;

  void parse(std::span<const std::byte> bytes);
  [[nodiscard]] static value read_value(reader& in, const std::string& what);
  [[nodiscard]] placement read_tensor(reader& in, std::uint64_t number);
  [[noreturn]] void fail(const std::string& what) const;
  [[nodiscard]] const value& at(std::string_view key) const;
  [[noreturn]] void wrong_type(std::string_view key, const value& found, const char* wanted) const;

  std::string name_;
  std::span<const std::byte> mapped_; // empty where the caller owns the bytes
  std::map<std::string, value, std::less<>> values_;
  std::vector<tensor_info> tensors_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
};

} // namespace llama
