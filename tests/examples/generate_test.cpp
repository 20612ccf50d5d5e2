// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// The program heed_generate as its users call it.
#include "support/example_data.hpp"
#include "support/gguf_writer.hpp"
#include "support/program.hpp"

#include <gtest/gtest.h>

namespace {

using namespace heed::testing_support;

answer call(const std::string& arguments) { return heed::testing_support::call(HEED_GENERATE, arguments); }

/// A random model as a file.
struct model_file {
  temporary_folder folder;
  std::filesystem::path path = folder.path / "model.gguf";
  model_file() { std::ofstream(path, std::ios::binary) << random_llama({}).bytes(); }
  [[nodiscard]] std::string option() const { return "--model '" + path.string() + "' "; }
};

TEST(examples_generate, prints_one_json_object) {
  const model_file model;
  const answer a = call(model.option() +
                        "--prompt 'the end' --tokens 5 --threads 2 --policy streaming:window=16 --kv-type bf16 --json");
  EXPECT_EQ(a.code, 0) << a.out;
  const auto objects = json_objects(a.out);
  ASSERT_EQ(objects.size(), 1u) << a.out;
  for (const char* key :
       {"prompt_tokens", "tokens", "prefill_tokens_per_s", "decode_tokens_per_s", "kv_bytes", "kv_peak_bytes"})
    EXPECT_FALSE(json_numbers(objects[0], key).empty()) << key;
  EXPECT_EQ(json_numbers(objects[0], "tokens").size(), 5u);
  EXPECT_EQ(json_string(objects[0], "policy"), "streaming:sinks=4,window=16");
  EXPECT_NE(json_string(objects[0], "kernel"), "");
  EXPECT_NE(json_value(objects[0], "text"), std::string::npos);
}

TEST(examples_generate, streams_text_without_progress_where_there_is_no_terminal) {
  const model_file model;
  const answer a = call(model.option() + "--prompt 'the end' --tokens 5 --chunk 1 --seed 3 --temperature 0.8");
  EXPECT_EQ(a.code, 0);
  EXPECT_EQ(a.out.substr(0, 7), "the end");
  EXPECT_EQ(a.out.find('\r'), std::string::npos);
  EXPECT_NE(a.out.find("tokens/s"), std::string::npos);
}

TEST(examples_generate, several_texts_equal_the_single_ones) {
  const model_file model;
  const std::string rest = " --tokens 8 --chunk 2 --layout paged --json";
  std::string all = model.option() + "--parallel 3" + rest;
  std::vector<std::vector<double>> single;
  for (const char* prompt : {"the end", "a", "another and another", "in her hand"}) {
    const std::string option = " --prompt '" + std::string(prompt) + "'";
    all += option;
    single.push_back(json_numbers(call(model.option() + option + rest).out, "tokens"));
    EXPECT_EQ(single.back().size(), 8u);
  }
  const answer a = call(all);
  const std::string& text = a.out;
  std::size_t at = 0;
  for (const auto& wanted : single) {
    at = text.find("\"tokens\"", at + 1);
    ASSERT_NE(at, std::string::npos) << text;
    EXPECT_EQ(json_numbers(text.substr(at), "tokens"), wanted);
  }
  EXPECT_EQ(json_objects(text).size(), 1u);
}

TEST(examples_generate, refuses_with_a_list_of_what_there_is) {
  const model_file model;
  const std::string good = model.option() + "--prompt a --tokens 1 ";
  for (const auto& [arguments, part] : std::vector<std::pair<std::string, std::string>>{
           {"", "--model is missing"},
           {model.option(), "--prompt is missing"},
           {good + "--frobnicate", "there is no option \"--frobnicate\""},
           {good + "--policy quest", "but there are full, window:window=256, streaming:sinks=4,window=252, h2o"},
           {good + "--policy window:sinks=1", "window has no key \"sinks\"; it has window and budget"},
           {good + "--policy compress_kv", "head_idx.json: cannot be opened (heed_profile"},
           {good + "--policy snap_kv:budget=8", "snap_kv: budget is 8, but the window alone holds 8"},
           {good + "--policy window:window=none", "must be a whole number from 1"},
           {good + "--prefill dense", "--prefill is \"dense\", but there are proxy_attn:block=32"},
           {good + "--prefill xattention:gamma=1",
            "xattention has no key \"gamma\"; it has block, stride and threshold"},
           {good + "--prefill xattention:stride=5", "block is 32, which is no multiple of the stride 5"},
           {good + "--prefill xattention --policy window", "--prefill works on one text with --policy full"},
           {good + "--prefill xattention --parallel 2", "--prefill works on one text with --policy full"},
           {good + "--prefill anchor_attn --chunk 96 --prompt " + std::string(200, 'a'), "it must be a multiple of 64"},
           {good + "--kv-type q4", "there are f32, f16 and bf16"},
           {good + "--layout ring", "there are contiguous and paged"},
           {good + "--threads 0", "--threads is \"0\", but must be a whole number from 1"},
           {good + "--tokens x", "--tokens is \"x\""},
           {good + "--temperature -1", "--temperature is \"-1\""},
           {good + "--temperature nan", "--temperature is \"nan\""},
           {good + "--seed", "--seed needs a value"},
           {good + "--parallel 2 --layout contiguous", "need paged"},
           {good + "--tokens 16777216 --parallel 4096", "MB, but the machine has"},
           {good + "--prompt-file /nonexistent", "cannot be opened"}}) {
    const answer a = call(arguments);
    EXPECT_EQ(a.code, 2) << arguments;
    EXPECT_NE(a.out.find(part), std::string::npos) << arguments << "\n" << a.out;
    EXPECT_NE(a.out[0], 'a') << "no prompt stands before a refusal: " << a.out;
  }
  EXPECT_EQ(call("--help").code, 0);
}

TEST(examples_generate, refuses_files_that_are_no_model) {
  const answer a = call("--model /nonexistent --prompt a");
  EXPECT_EQ(a.code, 1);
  EXPECT_EQ(a.out, "heed_generate: /nonexistent: cannot be opened: No such file or directory\n");
}

} // namespace
