// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// The metadata of a GGUF file: values under keys.
#include "gguf_reader.hpp"

namespace llama {
namespace {

/// Bytes of a value of fixed size, by GGUF's type numbers; 0 for strings (8) and arrays (9).
constexpr std::uint64_t bytes_of[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
constexpr const char* type_names[] = {"u8",   "i8",     "u16",   "i16", "u32", "i32", "f32",
                                      "bool", "string", "array", "u64", "i64", "f64"};
constexpr std::uint64_t most_items = std::uint64_t{1} << 28;

} // namespace

gguf_file::value gguf_file::read_value(reader& in, const std::string& what) {
  const auto type = in.read<std::uint32_t>("the type of " + what);
  value v;
  if (type >= std::size(bytes_of))
    in.fail("the type of " + what + " is " + std::to_string(type) + ", the last known is 12");
  v.type = v.item = static_cast<value_type>(type);
  if (v.type == value_type::array) {
    const auto item = in.read<std::uint32_t>("the item type of " + what);
    v.count = in.read<std::uint64_t>("the length of " + what);
    v.item = static_cast<value_type>(item);
    if (item >= std::size(bytes_of) || v.item == value_type::array)
      in.fail("the item type of " + what + " is " + std::to_string(item) + ", but must be below 13 and no array");
    if (v.count > most_items)
      in.fail(what + " has " + std::to_string(v.count) + " items, the most is " + std::to_string(most_items));
  }
  if (v.item != value_type::string) {
    v.data = in.take(v.count * bytes_of[static_cast<std::size_t>(v.item)], what);
    return v;
  }
  v.data = in.take(0, what);
  for (std::uint64_t i = 0; i < v.count; ++i) static_cast<void>(in.text(what));
  return v;
}

const gguf_file::value& gguf_file::at(std::string_view key) const {
  const auto it = values_.find(key);
  if (it == values_.end()) fail("key " + quoted(key) + " is missing");
  return it->second;
}

void gguf_file::wrong_type(std::string_view key, const value& found, const char* wanted) const {
  fail("key " + quoted(key) + " is of type " + type_names[static_cast<std::size_t>(found.type)] + ", but " + wanted +
       " is wanted");
}

std::string gguf_file::text(std::string_view key) const {
  const value& v = at(key);
  if (v.type != value_type::string) wrong_type(key, v, "string");
  return {reinterpret_cast<const char*>(v.data) + 8, static_cast<std::size_t>(load<std::uint64_t>(v.data))};
}

std::int64_t gguf_file::integer(std::string_view key) const {
  const value& v = at(key);
  switch (v.type) {
  case value_type::u8:
    return load<std::uint8_t>(v.data);
  case value_type::i8:
    return load<std::int8_t>(v.data);
  case value_type::u16:
    return load<std::uint16_t>(v.data);
  case value_type::i16:
    return load<std::int16_t>(v.data);
  case value_type::u32:
    return load<std::uint32_t>(v.data);
  case value_type::i32:
    return load<std::int32_t>(v.data);
  case value_type::u64:
  case value_type::i64:
    return load<std::int64_t>(v.data);
  default:
    wrong_type(key, v, "an integer");
  }
}

double gguf_file::number(std::string_view key) const {
  const value& v = at(key);
  if (v.type == value_type::f32) return load<float>(v.data);
  if (v.type == value_type::f64) return load<double>(v.data);
  return static_cast<double>(integer(key));
}

bool gguf_file::flag(std::string_view key) const {
  const value& v = at(key);
  if (v.type != value_type::boolean) wrong_type(key, v, "bool");
  return load<std::uint8_t>(v.data) != 0;
}

std::vector<std::string> gguf_file::texts(std::string_view key) const {
  const value& v = at(key);
  if (v.type != value_type::array || v.item != value_type::string) wrong_type(key, v, "an array of strings");
  std::vector<std::string> out;
  const std::byte* p = v.data;
  for (std::uint64_t i = 0; i < v.count; ++i) {
    const auto n = static_cast<std::size_t>(load<std::uint64_t>(p));
    out.emplace_back(reinterpret_cast<const char*>(p) + 8, n);
    p += 8 + n;
  }
  return out;
}

std::vector<double> gguf_file::numbers(std::string_view key) const {
  const value& v = at(key);
  const bool floats = v.item == value_type::f32, ints = v.item == value_type::i32 || v.item == value_type::u32;
  if (v.type != value_type::array || !(floats || ints)) wrong_type(key, v, "an array of f32, i32 or u32");
  std::vector<double> out(static_cast<std::size_t>(v.count));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::byte* p = v.data + 4 * i;
    out[i] = floats                      ? static_cast<double>(load<float>(p))
             : v.item == value_type::i32 ? static_cast<double>(load<std::int32_t>(p))
                                         : static_cast<double>(load<std::uint32_t>(p));
  }
  return out;
}

} // namespace llama
