// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "llama/policy.hpp"

#include <gtest/gtest.h>

namespace {

using llama::parse_policy;

TEST(examples_policy, reads_what_it_writes) {
  for (const char* text : {"full", "streaming:sinks=4,window=252", "streaming:sinks=0,window=1", "window:window=256"})
    EXPECT_EQ(parse_policy(text).text(), text);
  EXPECT_EQ(parse_policy("streaming").text(), "streaming:sinks=4,window=252");
  EXPECT_EQ(parse_policy("streaming:window=60").text(), "streaming:sinks=4,window=60");
  EXPECT_EQ(parse_policy("window").text(), "window:window=256");
}

TEST(examples_policy, names_what_there_is) {
  for (const char* text :
       {"", "h2o", "full:window=1", "window:sinks=4", "streaming:", "streaming:window",
        "streaming:window=", "streaming:window=0", "streaming:window=-1", "streaming:window=1x",
        "streaming:sinks=4,,window=8", "streaming:window=99999999999999999999", "window:window=4,", "Full", "full "}) {
    try {
      static_cast<void>(parse_policy(text));
      ADD_FAILURE() << text << " was taken";
    } catch (const llama::usage_error& e) {
      EXPECT_TRUE(std::string(e.what()).find("streaming:sinks=4,window=252") != std::string::npos ||
                  std::string(e.what()).find("must be a whole number from") != std::string::npos)
          << e.what();
    }
  }
}

TEST(examples_policy, layouts_and_types) {
  EXPECT_EQ(llama::parse_layout("paged"), llama::cache_layout::paged);
  EXPECT_EQ(llama::parse_layout("contiguous"), llama::cache_layout::contiguous);
  EXPECT_THROW(static_cast<void>(llama::parse_layout("ring")), llama::usage_error);
  EXPECT_EQ(llama::parse_kv_type("f32"), llama::kv_type::f32);
  EXPECT_EQ(llama::parse_kv_type("f16"), llama::kv_type::f16);
  EXPECT_EQ(llama::parse_kv_type("bf16"), llama::kv_type::bf16);
  EXPECT_THROW(static_cast<void>(llama::parse_kv_type("q8_0")), llama::usage_error);
}

} // namespace
