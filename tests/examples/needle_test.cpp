// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// The pictures of heed_needle, and the program as its users call it.
#include "needle/heat_map.hpp"
#include "needle/pictures.hpp"
#include "needle/recall.hpp"

#include "support/example_data.hpp"
#include "support/gguf_writer.hpp"
#include "support/program.hpp"

#include <gtest/gtest.h>

namespace {

using namespace heed::testing_support;

const needle::heat_map example = {
    "window:window=4 & <more>", {"256", "1024"}, {"0", "50", "100"}, {0, 0.5, 1, 0.25, 0.999, 0.004}};

TEST(examples_needle, draws_numbers_where_there_are_no_colours) {
  EXPECT_EQ(needle::draw({example}, needle::paint::numbers_only), "window:window=4 & <more>\n"
                                                                  "           0   50  100\n"
                                                                  "   256    0   50  100 \n"
                                                                  "  1024   25  100    0 \n");
  const std::string colours = needle::draw({example}, needle::paint::colours);
  EXPECT_NE(colours.find("\x1b[48;2;253;231;37m\x1b[38;5;16m 100 \x1b[0m"), std::string::npos) << "the top is yellow";
  EXPECT_NE(colours.find("\x1b[48;2;68;1;84m\x1b[38;5;231m   0 \x1b[0m"), std::string::npos) << "the bottom is violet";
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

TEST(examples_needle, svg_is_well_formed_and_whole) {
  const std::string text = needle::svg("a < b", "rows", "columns", {example, example, example});
  EXPECT_EQ(text.substr(0, 4), "<svg");
  EXPECT_EQ(count(text, "<text"), count(text, "</text>"));
  EXPECT_EQ(count(text, "<g"), count(text, "</g>"));
  EXPECT_EQ(count(text, "class=\"cell\""), 18u);
  EXPECT_NE(text.find("a &lt; b"), std::string::npos);
  EXPECT_NE(text.find("window:window=4 &amp; &lt;more>"), std::string::npos);
  EXPECT_EQ(text.substr(text.size() - 7), "</svg>\n");
}

TEST(examples_needle, curves_and_kept_tokens_are_drawn) {
  const std::string curves =
      needle::svg_of_curves("a & b", "x", "y", {{"one", {0.1, 0.2}, {0, 1}}, {"two", {0.1}, {0.5}}});
  EXPECT_EQ(count(curves, "<circle"), 3u);
  EXPECT_NE(curves.find("a &amp; b"), std::string::npos);
  // Heights: 0 and 100 percent are the ends of the axis of 320 pixels below 60.
  EXPECT_NE(curves.find("cy=\"380\""), std::string::npos);
  EXPECT_NE(curves.find("cy=\"60\""), std::string::npos);
  const std::string kept = needle::svg_of_kept("h", 10, 4, 6, {{"p", {"layer 0", "layer 0"}, {{0, 1, 2, 7}, {}}}});
  EXPECT_EQ(count(kept, "<path"), 2u) << "one for each head";
  EXPECT_NE(kept.find("d=\"M90.0 67.5h270.0M720.0 67.5h90.0\""), std::string::npos) << "90 pixels for a token";
}

/// A random model with the vocabulary of the needle model, and its profile.
struct needle_model_file {
  temporary_folder folder;
  std::filesystem::path path = folder.path / "model.gguf";
  needle_model_file() {
    std::ofstream(path, std::ios::binary) << random_llama({.layers = 1, .extra_pieces = 1200}).bytes();
  }
  [[nodiscard]] std::string option() const { return "--model '" + path.string() + "' "; }
};

TEST(examples_needle, a_profile_is_written_and_every_policy_runs) {
  const needle_model_file model;
  const answer p = call(HEED_PROFILE, model.option() + "--contexts 80 --depths 2 --samples 1 --repeat 20 --threads 2");
  EXPECT_EQ(p.code, 0) << p.out;
  EXPECT_NE(p.out.find("runs answered rightly"), std::string::npos);
  const auto profile = model.folder.path / "profile";
  for (const char* name : {"head_idx.json", "layer_score.jsonl", "echo_heads.tsv", "induction_heads.tsv", "heads.svg",
                           "patterns/position/full_attention_heads.tsv", "patterns/reconstruction/config.json"})
    EXPECT_TRUE(std::filesystem::exists(profile / name)) << name;

  const auto out = model.folder.path / "a" / "b";
  const answer a = call(HEED_NEEDLE, model.option() + "--out '" + out.string() +
                                         "' --contexts 63,80 --budgets 0.5 --depths 3 --samples 2 --threads 2");
  EXPECT_EQ(a.code, 0) << a.out;
  EXPECT_NE(a.out.find("132 questions in"), std::string::npos) << a.out;
  EXPECT_EQ(a.out.find("did not run"), std::string::npos) << a.out;
  EXPECT_NE(a.out.find("wrote needle.svg, recall.svg, kept.svg and needle.csv to " + out.string()), std::string::npos);
  EXPECT_EQ(a.out.find('\x1b'), std::string::npos) << "no colours, no progress without a terminal";
  EXPECT_EQ(count(read_text(out / "needle.svg"), "class=\"cell\""), 11u * 6);
  EXPECT_EQ(count(read_text(out / "needle.csv"), "\n"), 11u * 6 + 1);
  EXPECT_EQ(count(read_text(out / "recall.svg"), "<circle"), 10u);
  EXPECT_EQ(count(read_text(out / "kept.svg"), "class=\"title\""), 11u);
  EXPECT_NE(a.out.find("streaming:budget=0.5"), std::string::npos);
}

TEST(examples_needle, a_policy_that_cannot_run_is_named_and_the_others_do) {
  const needle_model_file model;
  const answer a = call(
      HEED_NEEDLE, model.option() + "--out '" + (model.folder.path / "o").string() +
                       "' --contexts 63 --depths 2 --threads 1 --ask late --policy full --policy snap_kv:budget=4");
  EXPECT_EQ(a.code, 0) << a.out;
  EXPECT_NE(a.out.find("snap_kv:budget=4 did not run: "), std::string::npos) << a.out;
  EXPECT_NE(a.out.find("\nfull "), std::string::npos) << a.out;
}

TEST(examples_needle, shares_have_their_interval) {
  // Wilson 1927: 81 of 263 lie between 0.2553 and 0.3662 (Newcombe 1998, table I).
  const needle::interval i = needle::wilson(81, 263);
  EXPECT_NEAR(i.low, 0.2553, 5e-5);
  EXPECT_NEAR(i.high, 0.3662, 5e-5);
  EXPECT_EQ(needle::wilson(0, 10).low, 0);
  EXPECT_DOUBLE_EQ(needle::wilson(10, 10).high, 1);
}

TEST(examples_needle, refuses_with_a_list_of_what_there_is) {
  const temporary_folder folder;
  const auto model = folder.path / "model.gguf";
  std::ofstream(model, std::ios::binary) << random_llama({.layers = 1}).bytes();
  const needle_model_file words;
  for (const auto& [arguments, code, part] : std::vector<std::tuple<std::string, int, std::string>>{
           {"--frobnicate 1", 2, "there is no option \"--frobnicate\""},
           {"--contexts 62", 2, "--contexts is \"62\", but must be a whole number from 63"},
           {"--contexts 100,", 2, "--contexts is \"\""},
           {"--depths 1", 2, "--depths is \"1\""},
           {"--ask never", 2, "--ask is \"never\", but there are prompt and late"},
           {words.option() + "--policy quest", 2, "but there are full, window"},
           {words.option() + "--budgets 0", 2, "budget is \"0\""},
           {words.option(), 2, "head_idx.json: cannot be opened (heed_profile"},
           {"--model /nonexistent", 1, "/nonexistent: cannot be opened"},
           {"--model '" + model.string() + "'", 1, "is not the needle model"}}) {
    const answer a = call(HEED_NEEDLE, arguments);
    EXPECT_EQ(a.code, code) << arguments << a.out;
    EXPECT_NE(a.out.find(part), std::string::npos) << a.out;
  }
  const answer p = call(HEED_PROFILE, "--model '" + model.string() + "'");
  EXPECT_EQ(p.code, 1);
  EXPECT_NE(p.out.find("is not the needle model"), std::string::npos);
}

} // namespace
