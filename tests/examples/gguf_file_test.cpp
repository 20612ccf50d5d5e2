// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "llama/gguf_file.hpp"

#include "support/gguf_writer.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace {

using heed::testing_support::gguf_writer;

std::span<const std::byte> as_bytes(const std::string& s) {
  return {reinterpret_cast<const std::byte*>(s.data()), s.size()};
}

/// What the reader says about these bytes; empty if it takes them.
std::string complaint(const std::string& bytes) {
  try {
    const llama::gguf_file file(as_bytes(bytes), "x.gguf");
  } catch (const llama::file_error& e) {
    return e.what();
  }
  return {};
}
#define EXPECT_SAYS(bytes, part) EXPECT_NE(complaint(bytes).find(part), std::string::npos) << complaint(bytes)

gguf_writer one_tensor() {
  gguf_writer w;
  w.add("general.architecture", "llama");
  w.tensor("a", {3, 2}, gguf_writer::f32, {1, 2, 3, 4, 5, 6});
  return w;
}

TEST(examples_gguf_file, reads_what_was_written) {
  gguf_writer w = one_tensor();
  w.add("number", 7u);
  w.add("real", 0.5f);
  w.add("yes", true);
  w.add("names", std::vector<std::string>{"x", "", "long name"});
  w.add("reals", std::vector<float>{1.5f, -2.f});
  w.add("ints", std::vector<std::int32_t>{-3, 4});
  const std::string bytes = w.bytes();
  const llama::gguf_file file(as_bytes(bytes), "x");
  EXPECT_EQ(file.text("general.architecture"), "llama");
  EXPECT_EQ(file.integer("number"), 7);
  EXPECT_EQ(file.number("real"), 0.5);
  EXPECT_EQ(file.number("number"), 7.);
  EXPECT_TRUE(file.flag("yes"));
  EXPECT_EQ(file.texts("names"), (std::vector<std::string>{"x", "", "long name"}));
  EXPECT_EQ(file.numbers("reals"), (std::vector<double>{1.5, -2}));
  EXPECT_EQ(file.numbers("ints"), (std::vector<double>{-3, 4}));
  ASSERT_NE(file.find("a"), nullptr);
  EXPECT_EQ(file.find("a")->rows, 2);
  EXPECT_EQ(file.find("a")->cols, 3);
  EXPECT_EQ(file.find("b"), nullptr);
  std::vector<float> second(3);
  llama::dequantise(*file.find("a"), 1, 1, second.data());
  EXPECT_EQ(second, (std::vector<float>{4, 5, 6}));
}

TEST(examples_gguf_file, widens_every_type) {
  std::vector<float> x(64);
  for (std::size_t i = 0; i < 64; ++i) x[i] = (static_cast<float>(i) - 31.5f) / 8;
  gguf_writer w;
  w.tensor("f32", {32, 2}, gguf_writer::f32, x);
  w.tensor("f16", {32, 2}, gguf_writer::f16, x);
  w.tensor("bf16", {32, 2}, gguf_writer::bf16, x);
  w.tensor("q8_0", {32, 2}, gguf_writer::q8_0, x);
  const std::string bytes = w.bytes();
  const llama::gguf_file file(as_bytes(bytes), "x");
  // These numbers need 7 bits after the leading one: exact but in Q8_0, whose step here is 3.9375 / 127.
  for (const auto& [name, error] : {std::pair("f32", 0.f), {"f16", 0.f}, {"bf16", 0.f}, {"q8_0", 0.0156f}})
    for (const llama::index_t row : {0, 1}) {
      std::vector<float> out(32);
      llama::dequantise(*file.find(name), row, 1, out.data());
      for (std::size_t i = 0; i < 32; ++i)
        EXPECT_NEAR(out[i], x[static_cast<std::size_t>(row) * 32 + i], error) << name;
    }
}

TEST(examples_gguf_file, says_which_key_is_wrong) {
  const std::string bytes = one_tensor().bytes();
  const llama::gguf_file file(as_bytes(bytes), "x.gguf");
  for (const auto& ask :
       std::vector<std::function<void()>>{[&] { static_cast<void>(file.integer("general.architecture")); },
                                          [&] { static_cast<void>(file.number("general.architecture")); },
                                          [&] { static_cast<void>(file.flag("general.architecture")); },
                                          [&] { static_cast<void>(file.texts("general.architecture")); },
                                          [&] { static_cast<void>(file.numbers("general.architecture")); },
                                          [&] { static_cast<void>(file.text("absent")); }})
    EXPECT_THROW(ask(), llama::file_error);
  try {
    static_cast<void>(file.integer("absent"));
  } catch (const llama::file_error& e) {
    EXPECT_STREQ(e.what(), "x.gguf: key \"absent\" is missing");
  }
}

TEST(examples_gguf_file, refuses_files_that_cannot_be_read) {
  EXPECT_THROW(llama::gguf_file("/nonexistent/x.gguf"), llama::file_error);
  EXPECT_THROW(llama::gguf_file("/"), llama::file_error);
  EXPECT_THROW(llama::gguf_file("/dev/null"), llama::file_error);
}

TEST(examples_gguf_file, refuses_other_formats) {
  EXPECT_SAYS("", "no GGUF file");
  EXPECT_SAYS("GGU", "no GGUF file");
  EXPECT_SAYS("GGUF", "needs 4 bytes");
  gguf_writer w = one_tensor();
  w.version = 1;
  EXPECT_SAYS(w.bytes(), "version is 1, but 2 and 3");
}

TEST(examples_gguf_file, refuses_lies_about_counts) {
  gguf_writer w = one_tensor();
  w.extra_keys = std::uint64_t{1} << 60;
  EXPECT_SAYS(w.bytes(), "key count is 1152921504606846977");
  w.extra_keys = 1;
  EXPECT_FALSE(complaint(w.bytes()).empty());
  w = one_tensor();
  w.extra_tensors = ~std::uint64_t{0} - 1;
  EXPECT_SAYS(w.bytes(), "tensor count is 18446744073709551615");
  w.extra_tensors = 1;
  EXPECT_FALSE(complaint(w.bytes()).empty());
}

TEST(examples_gguf_file, refuses_lies_about_tensors) {
  const auto with = [](const std::vector<std::uint64_t>& extents, std::uint32_t type, std::uint64_t offset) {
    gguf_writer w = one_tensor();
    w.put_tensor("b", extents, type, offset);
    return w.bytes();
  };
  EXPECT_SAYS(with({3, 2}, 2, 0), "tensor \"b\": ggml type is 2, but only F32");
  EXPECT_SAYS(with({3, 2}, 0, 8), "offset is 8, no multiple of 32");
  EXPECT_SAYS(with({3, 2}, 0, 32), "is it truncated?");
  EXPECT_SAYS(with({3, 2}, 0, ~std::uint64_t{31}), "is it truncated?");
  EXPECT_SAYS(with({3, 3}, 0, 0), "has 36 bytes at offset 0, but the file holds 32");
  EXPECT_SAYS(with({0, 3}, 0, 0), "extent 0 is 0");
  EXPECT_SAYS(with({1, std::uint64_t{1} << 63, 2}, 0, 0), "extent 2 is 2");
  EXPECT_SAYS(with({std::uint64_t{1} << 62, 3}, 0, 0), "more than 2^48 bytes");
  EXPECT_SAYS(with({}, 0, 0), "rank is 0");
  EXPECT_SAYS(with({1, 1, 1, 1, 1}, 0, 0), "rank is 5");
  EXPECT_SAYS(with({33, 2}, 8, 0), "no multiple of 32");
  gguf_writer w = one_tensor();
  w.put_tensor("a", {3, 2}, 0, 0);
  EXPECT_SAYS(w.bytes(), "tensor \"a\" occurs twice");
}

TEST(examples_gguf_file, refuses_lies_about_values) {
  gguf_writer w = one_tensor();
  w.add("general.architecture", "again");
  EXPECT_SAYS(w.bytes(), "key \"general.architecture\" occurs twice");
  w = one_tensor();
  w.add("general.alignment", 24u);
  EXPECT_SAYS(w.bytes(), "general.alignment is 24");
  w = one_tensor();
  w.add("general.alignment", 0u);
  EXPECT_SAYS(w.bytes(), "general.alignment is 0");
  // A list's length, and a type: found in the bytes and overwritten.
  w = one_tensor();
  w.add("list", std::vector<float>{1, 2, 3});
  std::string bytes = w.bytes();
  const std::size_t at = bytes.find("list") + 4;
  std::string changed = bytes;
  changed[at + 8 + 7] = 127;
  EXPECT_SAYS(changed, "items, the most is");
  changed = bytes;
  changed[at + 8 + 2] = 1;
  EXPECT_SAYS(changed, "the value of key \"list\" needs 262156 bytes");
  changed = bytes;
  changed[at] = 13;
  EXPECT_SAYS(changed, "the type of the value of key \"list\" is 13");
  changed = bytes;
  changed[at + 4] = 9;
  EXPECT_SAYS(changed, "the item type of the value of key \"list\" is 9");
}

TEST(examples_gguf_file, keeps_control_characters_of_a_file_off_the_terminal) {
  gguf_writer w = one_tensor();
  w.put_tensor("bad\x1b[2J", {3, 2}, 2, 0);
  EXPECT_SAYS(w.bytes(), "tensor \"bad?[2J\"");
}

TEST(examples_gguf_file, takes_no_truncated_file) {
  const std::string bytes = one_tensor().bytes();
  ASSERT_EQ(complaint(bytes), "");
  // The last tensor ends 8 bytes before the file's end, which is padded.
  for (std::size_t n = 0; n + 8 < bytes.size(); ++n) EXPECT_NE(complaint(bytes.substr(0, n)), "") << n;
}

} // namespace
