// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "llama/policy.hpp"

#include <gtest/gtest.h>

#include <tuple>
#include <vector>

namespace {

using llama::parse_policy;

TEST(examples_policy, reads_what_it_writes) {
  for (const char* text :
       {"full", "streaming:sinks=4,window=252", "streaming:sinks=0,window=1", "window:window=256",
        "streaming:sinks=4,budget=0.1", "window:budget=100", "h2o:budget=256,recent=0.5", "tova:budget=0.25",
        "snap_kv:budget=0.1,window=8,pool=5", "pyramid_kv:budget=256,window=8,pool=7,beta=20",
        "ada_kv:budget=256,window=8,pool=7,alpha=0.2", "compress_kv:budget=256,window=8,pool=5,heads=4",
        "duo_attention:full=0.5,sinks=4,recent=64,gates=position",
        "duo_attention:budget=0.4,sinks=4,recent=64,gates=reconstruction",
        "razor_attention:local=0.2,sinks=4,echo=0.01,induction=0.14",
        "razor_attention:budget=0.4,sinks=4,echo=0.01,induction=0.14"})
    EXPECT_EQ(parse_policy(text).text(), text);
  EXPECT_EQ(parse_policy("streaming").text(), "streaming:sinks=4,window=252");
  EXPECT_EQ(parse_policy("streaming:window=60").text(), "streaming:sinks=4,window=60");
  EXPECT_EQ(parse_policy("window").text(), "window:window=256");
  EXPECT_EQ(parse_policy("compress_kv:budget=0.1").short_text(), "compress_kv:budget=0.1");
  EXPECT_EQ(parse_policy("compress_kv").short_text(), "compress_kv");
}

TEST(examples_policy, knows_every_name) {
  const std::vector<std::string> names = llama::policy_names();
  EXPECT_EQ(names, (std::vector<std::string>{"full", "window", "streaming", "h2o", "tova", "snap_kv", "pyramid_kv",
                                             "ada_kv", "compress_kv", "duo_attention", "razor_attention"}));
  for (const std::string& name : names) EXPECT_EQ(parse_policy(name).name(), name);
}

TEST(examples_policy, a_budget_becomes_sinks_and_a_window) {
  for (const auto& [text, tokens, sinks, window] :
       std::vector<std::tuple<std::string, std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t>>{
           {"streaming:budget=100", 1024, 4, 96},
           {"streaming:budget=0.1", 1024, 4, 98},
           {"streaming:sinks=10,budget=3", 1024, 2, 1},
           {"window:budget=0.5", 63, 0, 32},
           {"window:window=7", 63, 0, 7}}) {
    const llama::policy p = parse_policy(text).resolved(tokens);
    EXPECT_EQ(p.sinks, sinks) << text;
    EXPECT_EQ(p.window, window) << text;
  }
}

TEST(examples_policy, names_what_there_is) {
  const std::string names = "but there are full, window:window=256, streaming:sinks=4,window=252, h2o:budget=256";
  for (const auto& [text, part] : std::vector<std::pair<std::string, std::string>>{
           {"", names},
           {"Full", names},
           {"full ", names},
           {"snapkv:budget=3", names},
           {"full:window=1", "--policy: full has no key \"window\"; it has none"},
           {"window:sinks=4", "--policy: window has no key \"sinks\"; it has window and budget"},
           {"h2o:heavy=4", "--policy: h2o has no key \"heavy\"; it has budget and recent"},
           {"streaming:", "streaming has no key \"\"; it has sinks, window and budget"},
           {"streaming:window", "window is \"\", but must be a whole number from 1"},
           {"streaming:window=", "window is \"\", but must be a whole number from 1"},
           {"streaming:window=0", "window is \"0\", but must be a whole number from 1"},
           {"streaming:window=-1", "must be a whole number from 1 to 16777216"},
           {"streaming:window=1x", "must be a whole number from"},
           {"streaming:sinks=4,,window=8", "has no key \"\""},
           {"streaming:window=99999999999999999999", "must be a whole number from"},
           {"window:window=4,", "has no key \"\""},
           {"snap_kv:budget=0", "budget is \"0\", but must be a whole number from 1"},
           {"snap_kv:budget=1.5", "budget is \"1.5\", but must be a number from 1e-06 to 1"},
           {"snap_kv:budget=0.x", "budget is \"0.x\", but must be a number"},
           {"ada_kv:alpha=2", "alpha is \"2\", but must be a number from 0 to 1"},
           {"duo_attention:gates=trained", "gates is \"trained\", but there are reconstruction and position"}}) {
    try {
      static_cast<void>(parse_policy(text));
      ADD_FAILURE() << text << " was taken";
    } catch (const llama::usage_error& e) {
      EXPECT_NE(std::string(e.what()).find(part), std::string::npos) << text << "\n" << e.what();
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
