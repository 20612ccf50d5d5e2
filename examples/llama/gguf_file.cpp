// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "gguf_reader.hpp"

#include <heed/view/element.hpp>

#include <bit>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static_assert(std::endian::native == std::endian::little, "GGUF numbers are read in place");

namespace llama {
namespace {

constexpr std::uint64_t default_alignment = 32, q8_0_block = 32, q8_0_bytes = 34;

} // namespace

const char* name_of(tensor_type type) noexcept {
  switch (type) {
  case tensor_type::f32:
    return "F32";
  case tensor_type::f16:
    return "F16";
  case tensor_type::q8_0:
    return "Q8_0";
  case tensor_type::bf16:
    return "BF16";
  }
  return "?";
}

void dequantise(const tensor_info& t, index_t first, index_t count, float* out) noexcept {
  const index_t n = count * t.cols;
  const std::byte* from = t.bytes.data() + first * (static_cast<index_t>(t.bytes.size()) / t.rows);
  switch (t.type) {
  case tensor_type::f32:
    std::memcpy(out, from, static_cast<std::size_t>(n) * sizeof(float));
    break;
  case tensor_type::f16:
    for (index_t i = 0; i < n; ++i) out[i] = heed::widen(heed::f16{load<std::uint16_t>(from + 2 * i)});
    break;
  case tensor_type::bf16:
    for (index_t i = 0; i < n; ++i) out[i] = heed::widen(heed::bf16{load<std::uint16_t>(from + 2 * i)});
    break;
  case tensor_type::q8_0:
    for (index_t i = 0; i < n; i += q8_0_block, from += q8_0_bytes) {
      const float step = heed::widen(heed::f16{load<std::uint16_t>(from)});
      for (index_t j = 0; j < static_cast<index_t>(q8_0_block); ++j)
        out[i + j] = step * static_cast<float>(load<std::int8_t>(from + 2 + j));
    }
    break;
  }
}

gguf_file::gguf_file(const std::string& path) : name_(path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail(std::string("cannot be opened: ") + std::strerror(errno));
  struct stat status {};
  const bool regular = ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
  const auto size = regular ? static_cast<std::size_t>(status.st_size) : 0;
  void* p = size > 0 ? ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0) : nullptr;
  ::close(fd);
  if (!regular) fail("is not a regular file");
  if (p == MAP_FAILED) fail(std::string("cannot be mapped: ") + std::strerror(errno));
  mapped_ = {static_cast<const std::byte*>(p), size};
  try {
    parse(mapped_);
  } catch (...) {
    if (size > 0) ::munmap(p, size);
    throw;
  }
}

gguf_file::gguf_file(std::span<const std::byte> bytes, std::string name) : name_(std::move(name)) { parse(bytes); }

gguf_file::~gguf_file() {
  if (!mapped_.empty()) ::munmap(const_cast<std::byte*>(mapped_.data()), mapped_.size());
}

void gguf_file::fail(const std::string& what) const { throw file_error(name_ + ": " + what); }

void gguf_file::parse(std::span<const std::byte> bytes) {
  reader in(*this, bytes);
  if (bytes.size() < 4 || std::memcmp(bytes.data(), "GGUF", 4) != 0)
    fail("is no GGUF file: it does not begin with GGUF");
  in.take(4, "the magic");
  const auto version = in.read<std::uint32_t>("the version");
  if (version != 2 && version != 3)
    fail("GGUF version is " + std::to_string(version) + ", but 2 and 3 are read, little-endian");
  const auto tensors = in.read<std::uint64_t>("the tensor count");
  const auto keys = in.read<std::uint64_t>("the key count");
  // The least that a key (length, type, one byte) or a tensor (length, rank, extent, type, offset) can take.
  if (keys > in.left() / 13)
    fail("key count is " + std::to_string(keys) + ", but only " + std::to_string(in.left()) + " bytes follow");
  if (tensors > in.left() / 32)
    fail("tensor count is " + std::to_string(tensors) + ", but only " + std::to_string(in.left()) + " bytes follow");

  for (std::uint64_t i = 0; i < keys; ++i) {
    const std::string key{in.text("key " + std::to_string(i))};
    const value v = read_value(in, "the value of key " + quoted(key));
    if (!values_.emplace(key, v).second) fail("key " + quoted(key) + " occurs twice");
  }
  std::uint64_t alignment = default_alignment;
  if (has("general.alignment")) {
    const std::int64_t a = integer("general.alignment");
    if (a < 8 || a > (1 << 20) || !std::has_single_bit(static_cast<std::uint64_t>(a)))
      fail("general.alignment is " + std::to_string(a) + ", but must be a power of two from 8 to 2^20");
    alignment = static_cast<std::uint64_t>(a);
  }

  std::vector<placement> places;
  for (std::uint64_t i = 0; i < tensors; ++i) places.push_back(read_tensor(in, i));
  const std::uint64_t begin = (in.at() + alignment - 1) / alignment * alignment;
  const std::uint64_t room = begin <= bytes.size() ? bytes.size() - begin : 0;
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    const auto [offset, size] = places[i];
    const std::string what = "tensor " + quoted(tensors_[i].name);
    if (offset % alignment != 0)
      fail(what + ": offset is " + std::to_string(offset) + ", no multiple of " + std::to_string(alignment));
    if (offset > room || size > room - offset)
      fail(what + " has " + std::to_string(size) + " bytes at offset " + std::to_string(offset) +
           ", but the file holds " + std::to_string(room) + " bytes of tensors (is it truncated?)");
    tensors_[i].bytes = bytes.subspan(static_cast<std::size_t>(begin + offset), static_cast<std::size_t>(size));
  }
}

const tensor_info* gguf_file::find(std::string_view tensor) const noexcept {
  const auto it = by_name_.find(tensor);
  return it == by_name_.end() ? nullptr : &tensors_[it->second];
}

gguf_file::placement gguf_file::read_tensor(reader& in, std::uint64_t number) {
  tensor_info t;
  t.name = in.text("the name of tensor " + std::to_string(number));
  const std::string what = "tensor " + quoted(t.name);
  if (!by_name_.emplace(t.name, tensors_.size()).second) fail(what + " occurs twice");
  const auto rank = in.read<std::uint32_t>("the rank of " + what);
  if (rank < 1 || rank > 4) fail(what + ": rank is " + std::to_string(rank) + ", but 1 to 4 are possible");
  std::uint64_t rows = 1, cols = 1;
  for (std::uint32_t axis = 0; axis < rank; ++axis) {
    const auto extent = in.read<std::uint64_t>("the shape of " + what);
    std::uint64_t& product = axis == 0 ? cols : rows;
    if (extent == 0 || __builtin_mul_overflow(product, extent, &product))
      fail(what + ": extent " + std::to_string(axis) + " is " + std::to_string(extent));
  }
  const auto type = in.read<std::uint32_t>("the type of " + what);
  const auto offset = in.read<std::uint64_t>("the offset of " + what);
  std::uint64_t row_bytes = 0, size = 0;
  bool fits = true;
  switch (t.type = static_cast<tensor_type>(type); t.type) {
  case tensor_type::f32:
    fits = !__builtin_mul_overflow(cols, 4u, &row_bytes);
    break;
  case tensor_type::f16:
  case tensor_type::bf16:
    fits = !__builtin_mul_overflow(cols, 2u, &row_bytes);
    break;
  case tensor_type::q8_0:
    if (cols % q8_0_block != 0) fail(what + ": a Q8_0 row has " + std::to_string(cols) + " numbers, no multiple of 32");
    fits = !__builtin_mul_overflow(cols / q8_0_block, q8_0_bytes, &row_bytes);
    break;
  default:
    fail(what + ": ggml type is " + std::to_string(type) +
         ", but only F32 (0), F16 (1), Q8_0 (8) and BF16 (30) are read");
  }
  if (!fits || __builtin_mul_overflow(rows, row_bytes, &size) || size > (std::uint64_t{1} << 48))
    fail(what + ": " + std::to_string(rows) + " rows of " + std::to_string(cols) + " are more than 2^48 bytes");
  t.rows = static_cast<index_t>(rows);
  t.cols = static_cast<index_t>(cols);
  tensors_.push_back(std::move(t)); // the bytes follow in parse, which knows where the tensors begin
  return {offset, size};
}

} // namespace llama
