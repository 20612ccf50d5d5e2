// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// The pictures of heed_needle, and the program as its users call it.
#include "needle/heat_map.hpp"

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

TEST(examples_needle, sweeps_and_writes_its_files) {
  const temporary_folder folder;
  const auto model = folder.path / "model.gguf";
  std::ofstream(model, std::ios::binary) << random_llama({.layers = 1, .extra_pieces = 1200}).bytes();
  const auto out = folder.path / "a" / "b";
  const answer a = call(HEED_NEEDLE, "--model '" + model.string() + "' --out '" + out.string() +
                                         "' --contexts 63,80 --budgets 16 --depths 3 --samples 2 --threads 2");
  EXPECT_EQ(a.code, 0) << a.out;
  EXPECT_NE(a.out.find("36 questions in"), std::string::npos) << a.out;
  EXPECT_NE(a.out.find("wrote " + (out / "needle.svg").string() + " and " + (out / "needle.csv").string()),
            std::string::npos);
  EXPECT_EQ(a.out.find('\x1b'), std::string::npos) << "no colours, no progress without a terminal";
  EXPECT_EQ(count(read_text(out / "needle.svg"), "class=\"cell\""), 18u);
  EXPECT_EQ(count(read_text(out / "needle.csv"), "\n"), 19u);
  EXPECT_NE(a.out.find("streaming:sinks=4,window=12"), std::string::npos);
}

TEST(examples_needle, refuses_with_a_list_of_what_there_is) {
  const temporary_folder folder;
  const auto model = folder.path / "model.gguf";
  std::ofstream(model, std::ios::binary) << random_llama({.layers = 1}).bytes();
  for (const auto& [arguments, code, part] : std::vector<std::tuple<std::string, int, std::string>>{
           {"--frobnicate 1", 2, "there is no option \"--frobnicate\""},
           {"--contexts 62", 2, "--contexts is \"62\", but must be a whole number from 63"},
           {"--contexts 100,", 2, "--contexts is \"\""},
           {"--depths 1", 2, "--depths is \"1\""},
           {"--model /nonexistent", 1, "/nonexistent: cannot be opened"},
           {"--model '" + model.string() + "'", 1, "is not the needle model"}}) {
    const answer a = call(HEED_NEEDLE, arguments);
    EXPECT_EQ(a.code, code) << arguments << a.out;
    EXPECT_NE(a.out.find(part), std::string::npos) << a.out;
  }
}

} // namespace
