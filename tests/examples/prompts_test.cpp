// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "needle/prompts.hpp"

#include "support/example_data.hpp"
#include "support/llama_session.hpp"

#include <gtest/gtest.h>

namespace {

using namespace heed::testing_support;

std::filesystem::path needle_file(const char* name) { return repository() / "examples" / "needle_model" / name; }

needle::prompt_options options_of(const std::string& entry) {
  const auto number = [&](const char* key) { return static_cast<std::ptrdiff_t>(json_numbers(entry, key).at(0)); };
  return {static_cast<std::uint64_t>(number("seed")), number("length"), number("depth"), number("facts"),
          number("decoys")};
}

TEST(examples_prompts, equal_those_of_the_python_program) {
  const auto entries = json_objects(read_text(needle_file("needle_prompts.json")));
  ASSERT_GE(entries.size(), 3u);
  for (const std::string& entry : entries) {
    const needle::prompt p = needle::draw_prompt(options_of(entry));
    EXPECT_EQ(std::vector<double>(p.tokens.begin(), p.tokens.end()), json_numbers(entry, "tokens"));
    EXPECT_EQ(std::vector<double>(std::begin(p.answer), std::end(p.answer)), json_numbers(entry, "answer"));
    EXPECT_EQ(static_cast<double>(p.fact_at), json_numbers(entry, "fact_at").at(0));
  }
}

TEST(examples_prompts, ids_are_those_of_the_vocabulary) {
  const std::string ids = read_text(needle_file("needle_vocab.json"));
  namespace v = needle::vocabulary;
  const std::pair<const char*, double> wanted[] = {{"bos", v::begin},
                                                   {"fact", v::fact},
                                                   {"ask", v::ask},
                                                   {"stop", v::stop},
                                                   {"first_lead", v::first_lead},
                                                   {"leads", v::leads},
                                                   {"first_key", v::first_key},
                                                   {"keys", v::keys},
                                                   {"first_value", v::first_value},
                                                   {"values", v::values},
                                                   {"first_word", v::first_word},
                                                   {"words", v::words}};
  for (const auto& [name, value] : wanted) EXPECT_EQ(json_numbers(ids, name), std::vector<double>{value}) << name;
}

TEST(examples_prompts, have_the_asked_length_and_depth) {
  for (const std::ptrdiff_t length : {63, 64, 100, 2048})
    for (const std::ptrdiff_t depth : {0, 1, 50, 99, 100}) {
      const needle::prompt p = needle::draw_prompt({.seed = 7, .length = length, .depth = depth});
      ASSERT_EQ(static_cast<std::ptrdiff_t>(p.tokens.size()), length);
      const auto at = static_cast<std::size_t>(p.fact_at);
      EXPECT_EQ(p.tokens[at], needle::vocabulary::fact);
      EXPECT_EQ(p.tokens[at + 1], p.tokens.back()) << "the question names the fact's key";
      EXPECT_EQ(p.tokens[at + 2], p.answer[0]);
      EXPECT_EQ(p.tokens[at + 3], p.answer[1]);
    }
}

TEST(examples_prompts, the_shipped_model_continues_them_as_its_maker_measured) {
  const auto model = needle_file("needle.gguf"), greedy = needle_file("needle_greedy.json");
  if (!std::filesystem::exists(model) || !std::filesystem::exists(greedy))
    FAIL() << "examples/needle_model/needle.gguf is missing";
  const loaded_model m(read_text(model));
  // The list of prompts stands inside one object.
  const std::string all = read_text(greedy);
  const auto entries = json_objects(all.substr(all.find('[', all.find("\"prompts\""))));
  ASSERT_GE(entries.size(), 3u);
  for (const std::string& entry : entries) {
    const needle::prompt p = needle::draw_prompt(options_of(entry));
    EXPECT_EQ(m.lm.words.encode(json_string(entry, "text")), p.tokens);
    const auto wanted = json_numbers(entry, "greedy_tokens"), leads = json_numbers(entry, "greedy_leads");
    ASSERT_EQ(wanted.size(), leads.size());
    const auto text = continue_texts(m, {{p.tokens, static_cast<std::ptrdiff_t>(wanted.size()), 0, 0}}, {})[0];
    // Where the best logit leads by less than both programs' rounding, either token is right, and all after it.
    for (std::size_t i = 0; i < wanted.size() && leads[i] > 1e-3; ++i)
      EXPECT_EQ(text[i], static_cast<int>(wanted[i])) << i;
  }
}

} // namespace
