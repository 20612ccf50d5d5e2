// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// DuoAttention's pattern folders: read, written, and damaged in every way.
#include <heed/interop/duo_attention_files.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <limits>

namespace {
using namespace heed;

std::string gates_fault(std::string_view text) {
  duo_pattern out{1, 1, {.5f}, 1, 1};
  const std::string fault = parse_duo_gates(text, out);
  EXPECT_TRUE(fault.empty() || out == (duo_pattern{1, 1, {.5f}, 1, 1})) << "a refused text changes nothing";
  return fault;
}
std::string config_fault(std::string_view text) {
  duo_pattern out{1, 1, {.5f}, 1, 1};
  const std::string fault = parse_duo_config(text, out);
  EXPECT_TRUE(fault.empty() || out == (duo_pattern{1, 1, {.5f}, 1, 1})) << "a refused text changes nothing";
  return fault;
}

TEST(interop_duo_attention_files, reads_scientific_numbers_and_clips_them) {
  duo_pattern p;
  ASSERT_EQ(parse_duo_gates("9.882812500000000000e-01\t-1.144409179687500000e-04\r\n1.000e+00\t1.5", p), "");
  EXPECT_EQ(p.layers, 2);
  EXPECT_EQ(p.kv_heads, 2);
  EXPECT_EQ(p.gates, (std::vector<float>{.98828125f, 0.f, 1.f, 1.f}));
  ASSERT_EQ(parse_duo_config("{\"sink_size\": 128, \"lr\": 0.02, \"x\": {\"y\": [null]}, \"recent_size\": 256}", p),
            "");
  EXPECT_EQ(p.sinks, 128);
  EXPECT_EQ(p.recent, 256);
  EXPECT_EQ(duo_pattern{}.sinks, 64) << "as deployed";
}

TEST(interop_duo_attention_files, patterns_come_back_with_the_same_bits) {
  const duo_pattern p{2, 3, {.1f, 1.f / 3, 1.f, 0.f, .5f, 1e-7f}, 4, 64};
  const std::string folder = testing::TempDir() + "heed_duo_pattern";
  std::filesystem::create_directories(folder);
  ASSERT_EQ(write_duo_pattern(folder, p), "");
  duo_pattern read;
  EXPECT_EQ(read_duo_pattern(folder, read), "");
  EXPECT_EQ(read, p);
  std::filesystem::remove(folder + "/config.json");
  EXPECT_EQ(read_duo_pattern(folder, read), folder + "/config.json: cannot be opened");
  EXPECT_EQ(read, p);
  EXPECT_EQ(write_duo_pattern(folder + "/none", p),
            folder + "/none/full_attention_heads.tsv: cannot be opened for writing");
}

TEST(interop_duo_attention_files, refuses_to_write_what_it_could_not_read) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::string folder = testing::TempDir() + "heed_duo_refused";
  std::filesystem::create_directories(folder);
  const auto fault = [&](const duo_pattern& p) {
    const std::string said = write_duo_pattern(folder, p), path = folder + "/full_attention_heads.tsv: ";
    EXPECT_FALSE(std::filesystem::exists(folder + "/full_attention_heads.tsv")) << "nothing is written";
    return said.substr(0, path.size()) == path ? said.substr(path.size()) : said;
  };
  EXPECT_EQ(fault({2, 2, {.5f, .5f, .5f}, 1, 1}), "3 gates, but there are 2 layers of 2 heads");
  EXPECT_EQ(fault({0, 0, {}, 1, 1}), "0 gates, but there are 0 layers of 0 heads");
  EXPECT_EQ(fault({1, 2, {.5f, nan}, 1, 1}), "gate 1 lies outside 0 to 1");
  EXPECT_EQ(fault({1, 1, {std::numeric_limits<float>::infinity()}, 1, 1}), "gate 0 lies outside 0 to 1");
  EXPECT_EQ(fault({1, 1, {-.5f}, 1, 1}), "gate 0 lies outside 0 to 1");
  EXPECT_EQ(fault({1, 1, {.5f}, -1, 1}), "sinks is -1, the least is 0");
  EXPECT_EQ(fault({1, 1, {.5f}, 1, 0}), "recent is 0, the least is 1");
  EXPECT_EQ(duo_gates_text({2, 2, {.5f, .5f, .5f}, 1, 1}), "") << "never reads behind the gates";
}

TEST(interop_duo_attention_files, damaged_gates_say_what_is_wrong) {
  EXPECT_EQ(gates_fault(""), "there are no gates");
  EXPECT_EQ(gates_fault("1\t2\n\n1\t2"), "line 2: is empty");
  EXPECT_EQ(gates_fault("1\t2\n1\n"), "line 2: has 1 gates, but the first has 2");
  EXPECT_EQ(gates_fault("1\t2\n1\tx\n"), "line 2: \"x\" is no number");
  EXPECT_EQ(gates_fault("1\t\n"), "line 1: \"\" is no number");
  EXPECT_EQ(gates_fault("nan\n"), "line 1: \"nan\" is no number");
  EXPECT_EQ(gates_fault("1 2\n"), "line 1: \"1 2\" is no number");
}

TEST(interop_duo_attention_files, damaged_configs_say_what_is_wrong) {
  EXPECT_EQ(config_fault("{}"), "line 1, column 3: there is no \"sink_size\"");
  EXPECT_EQ(config_fault("{\"sink_size\": 4}"), "line 1, column 17: there is no \"recent_size\"");
  EXPECT_EQ(config_fault("{\"sink_size\": -4}"),
            "line 1, column 15: sink_size is -4, but must be a whole number from 0 to 1073741824");
  EXPECT_EQ(config_fault("{\"recent_size\": 0}"),
            "line 1, column 17: recent_size is 0, but must be a whole number from 1 to 1073741824");
  EXPECT_EQ(config_fault("{\"sink_size\": 4, \"sink_size\": 4}"),
            "line 1, column 30: \"sink_size\" stands there twice");
  EXPECT_EQ(config_fault("{\"sink_size\": 4, \"recent_size\": 4"),
            "line 1, column 34: expected a comma or }, but the text ends");
}
} // namespace
