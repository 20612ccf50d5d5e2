// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "llama/vocabulary.hpp"

#include "support/example_data.hpp"
#include "support/gguf_writer.hpp"

#include <gtest/gtest.h>

#include <map>

namespace {

using namespace heed::testing_support;
using tokens = std::vector<llama::token_t>;

struct table {
  std::vector<std::string> pieces = {"<unk>", "<s>", "</s>"};
  std::vector<float> scores = {0, 0, 0};
  std::vector<std::int32_t> kinds = {2, 3, 3};
  void add(const std::string& piece, float score, std::int32_t kind = 1) {
    pieces.push_back(piece);
    scores.push_back(score);
    kinds.push_back(kind);
  }
  [[nodiscard]] gguf_writer writer(const char* model = "llama") const {
    gguf_writer w;
    w.add("tokenizer.ggml.model", model);
    w.add("tokenizer.ggml.tokens", pieces);
    w.add("tokenizer.ggml.scores", scores);
    w.add("tokenizer.ggml.token_type", kinds);
    return w;
  }
};

/// A vocabulary that owns its file's bytes.
struct loaded {
  explicit loaded(const gguf_writer& w) : bytes(w.bytes()) {}
  std::string bytes;
  llama::gguf_file file{{reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()}, "x.gguf"};
  llama::vocabulary words{file};
};

const std::string space = "\xe2\x96\x81";

TEST(examples_vocabulary, merges_the_best_score_first) {
  table t;
  for (const char* c : {"a", "b", "c"}) t.add(c, -9);
  t.add("ab", -2); // 6
  t.add("bc", -1); // 7
  const loaded v(t.writer());
  // The space mark is no piece and has no byte tokens: three unknown tokens.
  EXPECT_EQ(v.words.encode("abc"), (tokens{1, 0, 0, 0, 3, 7}));
}

TEST(examples_vocabulary, takes_the_leftmost_of_equals) {
  table t;
  t.add(space, -9);
  t.add("a", -9);
  t.add("aa", -1); // 5
  const loaded v(t.writer());
  EXPECT_EQ(v.words.encode("aaa"), (tokens{1, 3, 5, 4}));
  EXPECT_EQ(v.words.encode("aaaa"), (tokens{1, 3, 5, 5}));
}

TEST(examples_vocabulary, falls_back_to_bytes) {
  table t;
  t.add(space, -9);
  t.add("<0xC3>", 0, 6);
  t.add("<0xA4>", 0, 6);
  t.add("<0xFF>", 0, 6);
  const loaded v(t.writer());
  EXPECT_EQ(v.words.encode("\xc3\xa4"), (tokens{1, 3, 4, 5}));
  EXPECT_EQ(v.words.encode("\xff"), (tokens{1, 3, 6})) << "a stray byte is a character of its own";
  EXPECT_EQ(v.words.encode("z"), (tokens{1, 3, 0})) << "no byte token: unknown";
  EXPECT_EQ(v.words.decode(4) + v.words.decode(5), "\xc3\xa4");
}

TEST(examples_vocabulary, obeys_the_flags_of_the_file) {
  table t;
  t.add(space + "a", -1);
  t.add("a", -2);
  t.add(space, -3);
  EXPECT_EQ(loaded(t.writer()).words.encode("a a"), (tokens{1, 3, 3}));
  EXPECT_EQ(loaded(t.writer()).words.encode(""), (tokens{1}));
  gguf_writer w = t.writer();
  w.add("tokenizer.ggml.add_bos_token", false);
  w.add("tokenizer.ggml.add_space_prefix", false);
  w.add("tokenizer.ggml.add_eos_token", true);
  w.add("tokenizer.ggml.eos_token_id", 1u);
  EXPECT_EQ(loaded(w).words.encode("a a"), (tokens{4, 3, 1}));
  EXPECT_EQ(loaded(w).words.end(), 1);
}

TEST(examples_vocabulary, prints_no_control_tokens) {
  table t;
  t.add(space + "word" + space, -1);
  const loaded v(t.writer());
  EXPECT_EQ(v.words.decode(0), "");
  EXPECT_EQ(v.words.decode(1), "");
  EXPECT_EQ(v.words.decode(3), " word ");
  EXPECT_EQ(v.words.decode(4), "");
  EXPECT_EQ(v.words.decode(-1), "");
}

TEST(examples_vocabulary, refuses_tables_that_do_not_fit) {
  table t;
  EXPECT_THROW(loaded(t.writer("gpt2")), llama::file_error);
  t.scores.push_back(0);
  EXPECT_THROW(loaded(t.writer()), llama::file_error);
  t.scores.pop_back();
  t.kinds[1] = 7;
  EXPECT_THROW(loaded(t.writer()), llama::file_error);
  t.kinds[1] = 3;
  gguf_writer w = t.writer();
  w.add("tokenizer.ggml.bos_token_id", 3u);
  EXPECT_THROW(loaded{w}, llama::file_error);
  t.scores[0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(loaded(t.writer()), llama::file_error);
  EXPECT_THROW(loaded(table{{}, {}, {}}.writer()), llama::file_error);
}

/// The definition, without a queue: look at all pairs, merge the best, begin again.
tokens encode_plainly(const table& t, const std::string& text) {
  std::map<std::string, llama::token_t> ids;
  for (std::size_t i = 0; i < t.pieces.size(); ++i) ids[t.pieces[i]] = static_cast<llama::token_t>(i);
  std::vector<std::string> symbols = {space};
  for (const char c : text) symbols.push_back(c == ' ' ? space : std::string(1, c));
  for (;;) {
    std::size_t best = symbols.size();
    float score = 0;
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
      const auto it = ids.find(symbols[i] + symbols[i + 1]);
      if (it == ids.end()) continue;
      const float s = t.scores[static_cast<std::size_t>(it->second)];
      if (best == symbols.size() || s > score) best = i, score = s;
    }
    if (best == symbols.size()) break;
    symbols[best] += symbols[best + 1];
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
  tokens out = {1};
  for (const std::string& s : symbols) out.push_back(ids.at(s));
  return out;
}

TEST(examples_vocabulary, equals_its_definition_on_random_tables) {
  std::mt19937 random(7);
  const std::string letters = "abc ";
  for (int round = 0; round < 200; ++round) {
    table t;
    for (const char* c : {"a", "b", "c"}) t.add(c, -100);
    t.add(space, -100);
    std::map<std::string, bool> known;
    for (int i = 0; i < 24; ++i) {
      std::string piece;
      for (std::size_t n = 2 + random() % 3; n > 0; --n)
        piece += letters[random() % 4] == ' ' ? space : std::string(1, letters[random() % 3]);
      if (known[piece]) continue;
      known[piece] = true;
      t.add(piece, -static_cast<float>(random() % 6)); // many ties
    }
    const loaded v(t.writer());
    for (int i = 0; i < 10; ++i) {
      std::string text;
      for (std::size_t n = 1 + random() % 30; n > 0; --n) text += letters[random() % 4];
      EXPECT_EQ(v.words.encode(text), encode_plainly(t, text)) << text;
    }
  }
}

TEST(examples_vocabulary, equals_llama_cpp_on_stories260K) {
  const std::string path = data_file("stories260K-f32.gguf");
  if (path.empty()) GTEST_SKIP() << "stories260K-f32.gguf is not there (HEED_TEST_DATA names its folder)";
  const llama::gguf_file file(path);
  const llama::vocabulary words(file);
  for (const std::string& entry : json_objects(read_text(data_file("stories260K-greedy.json")))) {
    tokens wanted, all;
    for (const double t : json_numbers(entry, "prompt_tokens")) wanted.push_back(static_cast<llama::token_t>(t));
    const std::string prompt = json_string(entry, "prompt");
    EXPECT_EQ(words.encode(prompt), wanted) << prompt;
    std::string text;
    for (const llama::token_t t : wanted) text += words.decode(t);
    EXPECT_EQ(text, " " + prompt);
    for (const double t : json_numbers(entry, "greedy_tokens")) text += words.decode(static_cast<llama::token_t>(t));
    std::string expected = " " + json_string(entry, "greedy_text");
    for (std::size_t at; (at = expected.find("<0x0A>")) != std::string::npos;) expected.replace(at, 6, "\n");
    EXPECT_EQ(text, expected);
  }
}

} // namespace
