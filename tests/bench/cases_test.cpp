// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Every case of the benches at a small size, against the definition: what is measured is right.
#include <bench_case.hpp>

#include <support/tolerance.hpp>

#include <gtest/gtest.h>

#include <regex>
#include <set>

namespace heed::bench {
namespace {

std::vector<bench_case> all_cases() {
  std::vector<bench_case> all{plain_case()};
  for (const auto& list :
       {prefill_cases(), decode_cases(), mask_cases(), score_cases(), source_cases(), storage_cases(), epilogue_cases(),
        sparse_cases(), neighborhood_cases(), select_cases(), latent_cases()})
    all.insert(all.end(), list.begin(), list.end());
  return all;
}

/// The same call with few heads and 208 keys: whole pages of 16, more than two blocks of the prefill kernel.
call_size small(call_size n) {
  const index_t group = n.q_heads / n.kv_heads, keys = 208;
  n.sequences = lesser(n.sequences, 2);
  n.rows = n.rows == n.keys ? keys : lesser(n.rows, 64);
  n.keys = keys;
  n.kv_heads = lesser(n.kv_heads, 2);
  n.q_heads = n.kv_heads * group;
  return n;
}

double bound_of(storage type, test::row_facts facts, double magnitude, double exact) {
  switch (type) {
  case storage::f64:
    return test::output_bound<double, double>(facts, magnitude, exact);
  case storage::f32:
    return test::output_bound<float, float>(facts, magnitude, exact);
  case storage::bf16:
    return test::output_bound<float, bf16>(facts, magnitude, exact);
  case storage::f16:
    break;
  }
  return test::output_bound<float, f16>(facts, magnitude, exact);
}

TEST(bench_cases, outputs_are_within_their_bounds) {
  thread_pool pool{2};
  for (const bench_case& c : all_cases()) {
    SCOPED_TRACE(c.name);
    const call_size n = small(c.size);
    const auto call = c.make(n, pool);
    ASSERT_NO_THROW(call->run());
    call->run();
    const reference::result exact = call->exact();
    const std::vector<double> got = call->output();
    ASSERT_EQ(got.size(), exact.o.size());
    test::margin seen;
    double pairs = 0;
    for (std::size_t row = 0; row < exact.lse.size(); ++row) {
      const test::row_facts facts{static_cast<double>(exact.visible[row]), static_cast<double>(n.key_dim),
                                  exact.score_magnitude[row]};
      pairs += facts.visible;
      for (std::size_t i = row * static_cast<std::size_t>(n.value_dim);
           i < (row + 1) * static_cast<std::size_t>(n.value_dim); ++i)
        seen.add(got[i], exact.o[i], bound_of(call->output_type(), facts, exact.magnitude[i], exact.o[i]));
    }
    EXPECT_LE(seen.worst, 1);
    // The rates are counted in these.
    EXPECT_EQ(call->visible_pairs(), pairs);
    EXPECT_GT(pairs, 0);
    EXPECT_GT(call->bytes(), 0);
    EXPECT_EQ(call->explanation().find(", 1 lanes of "), std::string::npos) << "scalar: " << call->explanation();
  }
}

TEST(bench_cases, names_say_operation_type_shape_and_mask) {
  const std::regex form("(prefill|decode|verify)/[a-z0-9_]+/[a-z0-9_]+/[a-z0-9_+]+");
  std::set<std::string> names;
  for (const bench_case& c : all_cases()) {
    EXPECT_TRUE(std::regex_match(c.name, form)) << c.name;
    // prefill/f32/h8_s2048_d128/full and causal stand in two lists: as targets, and as roles.
    names.insert(c.name);
  }
  for (const char* name : {"prefill/f32/h8_s2048_d128/full", "prefill/f32/h8_s2048_d128/causal",
                           "prefill/bf16/h8_s2048_d128/full", "decode/f32/h32_kv8_s16384_d128/full"})
    EXPECT_EQ(names.count(name), 1u) << name;
  EXPECT_GE(names.size() + 5, all_cases().size()) << "a name is used twice";
}

} // namespace
} // namespace heed::bench
