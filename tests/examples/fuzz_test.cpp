// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Damaged files: the answer is an error or a text, never a crash.
#include "support/example_data.hpp"
#include "support/gguf_writer.hpp"
#include "support/llama_session.hpp"

#include <gtest/gtest.h>

namespace {

using namespace heed::testing_support;

/// Loads bytes from a buffer of exactly their size, and if they are a model, continues a text. Returns whether it was.
bool survive(const char* bytes, std::size_t n) {
  try {
    const loaded_model m(std::string(bytes, n));
    const auto texts = continue_texts(m, {{m.lm.words.encode("the man in here"), 3, 0, 0}}, {});
    EXPECT_LE(texts[0].size(), 3u);
    return true;
  } catch (const llama::file_error& e) {
    EXPECT_EQ(std::string(e.what()).substr(0, 8), "x.gguf: ");
    return false;
  }
}

/// Every step-th truncation, and n files with one to eight damaged bytes, most of them in the header.
void damage(const std::string& honest, std::size_t step, int n, std::size_t header) {
  ASSERT_TRUE(survive(honest.data(), honest.size()));
  for (std::size_t cut = 0; cut < honest.size(); cut += step) EXPECT_FALSE(survive(honest.data(), cut)) << cut;
  std::mt19937_64 random(11);
  int taken = 0;
  for (int i = 0; i < n; ++i) {
    std::string damaged = honest;
    const std::size_t reach = i % 4 == 0 ? honest.size() : header;
    for (std::uint64_t k = 1 + random() % 8; k > 0; --k) {
      const std::uint64_t r = random();
      damaged[r % reach] =
          i % 2 == 0 ? static_cast<char>(r >> 56) : static_cast<char>(damaged[r % reach] ^ (1 << (r >> 61)));
    }
    taken += survive(damaged.data(), damaged.size()) ? 1 : 0;
  }
  EXPECT_GT(taken, 0);
  EXPECT_LT(taken, n);
}

TEST(examples_fuzz, a_random_model) {
  const random_shape shape = {.width = 32,
                              .layers = 1,
                              .q_heads = 2,
                              .kv_heads = 1,
                              .key_dim = 8,
                              .value_dim = 8,
                              .feed_forward = 32,
                              .rope_dims = 8,
                              .type = gguf_writer::q8_0};
  const std::string bytes = random_llama(shape).bytes();
  // attn_output has 16 columns here, which Q8_0 does not hold.
  EXPECT_FALSE(survive(bytes.data(), bytes.size()));
  random_shape fitting = shape;
  fitting.value_dim = 16;
  damage(random_llama(fitting).bytes(), 97, 3000, 12000);
}

TEST(examples_fuzz, stories260K) {
  const std::string path = data_file("stories260K-q8_0.gguf");
  if (path.empty()) GTEST_SKIP() << "stories260K-q8_0.gguf is not there (HEED_TEST_DATA names its folder)";
  damage(read_text(path), 97, 600, 14144);
}

} // namespace
