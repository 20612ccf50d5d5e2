// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// CompressKV's files: read, written, and damaged in every way.
#include <heed/interop/compress_kv_files.hpp>

#include <gtest/gtest.h>

namespace {
using namespace heed;

std::string ranking_fault(std::string_view text, index_t layers = 2, index_t heads = 8) {
  head_ranking out{{{77}}};
  const std::string fault = parse_head_ranking(text, layers, heads, out);
  EXPECT_TRUE(fault.empty() || out == head_ranking{{{77}}}) << "a refused text changes nothing";
  return fault;
}
std::string scores_fault(std::string_view text, index_t layers = 2) {
  layer_scores out{{}, {77}};
  const std::string fault = parse_layer_scores(text, layers, out);
  EXPECT_TRUE(fault.empty() || out == (layer_scores{{}, {77}})) << "a refused text changes nothing";
  return fault;
}

TEST(interop_compress_kv_files, rankings_come_back_as_they_went) {
  const head_ranking ranking{{{7, 0, 3}, {1}}};
  EXPECT_EQ(to_text(ranking), "{\"0\": [7, 0, 3], \"1\": [1]}\n");
  head_ranking read;
  EXPECT_EQ(parse_head_ranking(to_text(ranking), 2, 8, read), "");
  EXPECT_EQ(read, ranking);
  EXPECT_EQ(parse_head_ranking("{\"1\":[1],\"0\":[7,0,3]}", 2, 8, read), "");
  EXPECT_EQ(read, ranking) << "layers in any order";
  const std::string path = testing::TempDir() + "heed_head_idx.json";
  ASSERT_EQ(write_head_ranking(path, ranking), "");
  EXPECT_EQ(read_head_ranking(path, 2, 8, read), "");
  EXPECT_EQ(read_head_ranking(path, 3, 8, read), path + ": line 1, column 27: layer 2 names no head");
}

TEST(interop_compress_kv_files, damaged_rankings_say_what_is_wrong) {
  EXPECT_EQ(ranking_fault("[]"), "line 1, column 1: expected an object, but there is '['");
  EXPECT_EQ(ranking_fault("{\"0\":[1],\"2\":[1]}"), "line 1, column 14: the key \"2\" is no layer from 0 to 1");
  EXPECT_EQ(ranking_fault("{\"0\":[1],\"01\":[1]}"), "line 1, column 15: the key \"01\" is no layer from 0 to 1");
  EXPECT_EQ(ranking_fault("{\"0\":[1],\"0\":[2]}"), "line 1, column 14: layer 0 stands there twice");
  EXPECT_EQ(ranking_fault("{\"0\":[],\"0\":[2],\"1\":[1]}"), "line 1, column 13: layer 0 stands there twice");
  EXPECT_EQ(ranking_fault("{\"0\":[1]}"), "line 1, column 10: layer 1 names no head");
  EXPECT_EQ(ranking_fault("{\"0\":[],\"1\":[1]}"), "line 1, column 17: layer 0 names no head");
  EXPECT_EQ(ranking_fault("{\"0\":[8],\"1\":[1]}"),
            "line 1, column 7: a head is 8, but must be a whole number from 0 to 7");
  EXPECT_EQ(ranking_fault("{\"0\":[3,3],\"1\":[1]}"), "line 1, column 10: layer 0 names head 3 twice");
  EXPECT_EQ(ranking_fault("{\"0\":[1],\"1\":[2]} {"),
            "line 1, column 19: expected the end of the text, but there is '{'");
}

TEST(interop_compress_kv_files, scores_come_back_with_the_same_bits) {
  const layer_scores scores{{{"a \"b\"", {.1, .9}}, {"hotpot", {1. / 3, 2. / 3}}}, {.21666666666666667, .78}};
  layer_scores read;
  EXPECT_EQ(parse_layer_scores(to_text(scores), 2, read), "");
  EXPECT_EQ(read, scores);
  const std::string path = testing::TempDir() + "heed_layer_score.jsonl";
  ASSERT_EQ(write_layer_scores(path, scores), "");
  read = {};
  EXPECT_EQ(read_layer_scores(path, 2, read), "");
  EXPECT_EQ(read, scores);
  EXPECT_EQ(read_layer_scores(path + "x", 2, read), path + "x: cannot be opened");
}

TEST(interop_compress_kv_files, damaged_scores_say_what_is_wrong) {
  EXPECT_EQ(scores_fault("{}"), "line 1, column 3: there is no \"avg_score\"");
  EXPECT_EQ(scores_fault("{\"avg_score\":[0.5]}"),
            "line 1, column 19: \"avg_score\" has 1 scores, but the layers are 2");
  EXPECT_EQ(scores_fault("{\"avg_score\":[0.5,-1]}"), "line 1, column 21: a score of \"avg_score\" is negative");
  EXPECT_EQ(scores_fault("{\"x\":[1,0],\"x\":[0,1],\"avg_score\":[0.5,0.5]}"),
            "line 1, column 21: \"x\" stands there twice");
  EXPECT_EQ(scores_fault("{\"avg_score\":[0.5,0.5],\"avg_score\":[0.5,0.5]}"),
            "line 1, column 45: \"avg_score\" stands there twice");
  EXPECT_EQ(scores_fault("{\"avg_score\":[0.5,\"x\"]}"), "line 1, column 19: expected a number, but there is '\"'");
}

TEST(interop_compress_kv_files, every_cut_is_refused) {
  const std::string ranking = "{\"0\": [7, 0], \"1\": [1]}", scores = "{\"a\": [1, 0], \"avg_score\": [1, 0]}";
  for (std::size_t n = 0; n < ranking.size(); ++n) EXPECT_NE(ranking_fault(ranking.substr(0, n)), "");
  for (std::size_t n = 0; n < scores.size(); ++n) EXPECT_NE(scores_fault(scores.substr(0, n)), "");
}
} // namespace
