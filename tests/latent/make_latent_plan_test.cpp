// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/latent/make_latent_plan.hpp>
#include <heed/mask/causal.hpp>

#include <gtest/gtest.h>

#include <string>

namespace heed {
namespace {

const float* const nowhere = nullptr;
auto cache(index_t dim) { return latent(view(nowhere, 0, dim), {.value_dim = 512}); }

TEST(latent_make_latent_plan, holds_the_forms_that_calls_can_take) {
  const latent_shape s{.heads = 16};
  const auto plan = [&](latent_form form, index_t rows) {
    return make_latent_plan(batch_shape{.tokens = rows, .q_heads = 16, .max_slots = 8192}, s, cache(576),
                            {.form = form, .expand_slots = 256}, causal{});
  };
  EXPECT_TRUE(plan(latent_form::by_cost, 512).numbers().naive.valid());
  EXPECT_EQ(plan(latent_form::by_cost, 512).numbers().expanded_room, 256);
  EXPECT_LT(plan(latent_form::by_cost, 512).numbers().absorbed_tokens, 512);
  EXPECT_FALSE(plan(latent_form::naive, 512).numbers().absorbed.valid());
  EXPECT_FALSE(plan(latent_form::absorbed, 512).numbers().naive.valid());
  EXPECT_EQ(plan(latent_form::absorbed, 512).numbers().absorbed_tokens, 512);
  EXPECT_TRUE(plan(latent_form::by_cost, 1).valid());
  EXPECT_FALSE(latent_plan{}.valid());
}

TEST(latent_make_latent_plan, the_workspace_does_not_grow_with_the_context_that_is_expanded) {
  const auto bytes = [&](index_t slots) {
    return make_latent_plan(batch_shape{.tokens = 512, .q_heads = 16, .max_slots = slots}, {.heads = 16}, cache(576),
                            {.form = latent_form::naive}, causal{})
        .workspace_bytes(2);
  };
  EXPECT_EQ(bytes(4096), bytes(65536));
  // Keys and values of 1024 rows, twice the outputs of 512 tokens, and what attention itself needs.
  const index_t rows = 1024 * 16 * (192 + 128) * 4, outputs = 2 * 512 * 16 * 129 * 4;
  EXPECT_GT(bytes(4096), rows + outputs);
  EXPECT_LT(bytes(4096), rows + outputs + 12 * 1024 * 1024);
}

TEST(latent_make_latent_plan, explains_itself_in_one_line) {
  const auto made = [&](latent_form form, index_t rows) {
    return make_latent_plan(batch_shape{.tokens = rows, .q_heads = 16, .max_slots = 8192}, {.heads = 16}, cache(576),
                            {.form = form, .expand_slots = 256}, causal{});
  };
  const auto text = [](const latent_plan& p) { return std::string(explain(p, 2).c_str()); };
  const latent_plan both = made(latent_form::by_cost, 512), absorbed = made(latent_form::absorbed, 512),
                    naive = made(latent_form::naive, 512), step = made(latent_form::by_cost, 1);
  // Naive from 168 rows on: 1/rows - 1/8192 < 1/170.67.
  const std::string line = text(both);
  const plan::figures& f = both.numbers().naive.numbers();
  for (const std::string& part :
       {std::string("the form with fewer multiply-adds; "),
        std::string("absorbed (up to 167 rows of a sequence of 8192 slots): prefill "),
        std::string("; naive (more rows, 256 slots expanded at a time): prefill "),
        std::to_string(f.shape.panels) + " x " + std::to_string(f.panel_lanes) + " lanes", "isa " + std::string(f.isa),
        "tiles split, so that none keeps one of 2 workers alone; workspace " + std::to_string(both.workspace_bytes(2)) +
            " bytes"})
    EXPECT_NE(line.find(part), std::string::npos) << part << " is missing in: " << line;
  EXPECT_EQ(text(absorbed).find("the form of the options; absorbed (up to 512 rows"), 0u) << text(absorbed);
  EXPECT_EQ(text(absorbed).find("naive"), std::string::npos);
  EXPECT_EQ(text(naive).find("the form of the options; naive (256 slots"), 0u) << text(naive);
  EXPECT_EQ(text(step).find("the form with fewer multiply-adds; absorbed (up to 1 rows"), 0u) << text(step);
  constexpr index_t most = index_t{1} << 40;
  const plan widest(
      {.limits = {most, most, most, most, most}, .shape = {}, .accum_bytes = 8, .isa = "avx512_bf16_vnni"});
  latent_plan::figures large = both.numbers();
  large.limits.max_slots = large.expanded_room = most;
  large.naive = large.absorbed = widest;
  for (const std::string& one : {line, text(absorbed), text(naive), text(step), text(latent_plan(large))}) {
    EXPECT_EQ(one.find('\n'), std::string::npos);
    EXPECT_EQ(one.substr(one.size() - 6), " bytes") << "not cut: " << one;
  }
}

TEST(latent_make_latent_plan, refuses_sizes_that_do_not_fit) {
  const auto refusal = [](const batch_shape& limits, const latent_shape& s, index_t dim,
                          const latent_options& options) {
    try {
      (void)make_latent_plan(limits, s, cache(dim), options);
    } catch (const error& e) {
      return std::string(e.what());
    }
    return std::string("ok");
  };
  const batch_shape limits{.tokens = 1, .q_heads = 16, .max_slots = 9};
  const latent_shape s{.heads = 16};
  EXPECT_EQ(refusal(limits, s, 576, {}), "ok");
  EXPECT_EQ(refusal(limits, {.heads = 8}, 576, {}), "shape: q_heads is 16, but the layer has heads 8");
  EXPECT_EQ(refusal(limits, s, 577, {}), "kv: key_dim is 577, but rank and rope are together 576");
  EXPECT_EQ(refusal(limits, s, 576, {.expand_slots = 0}), "options: expand_slots is 0, the least is 1");
  EXPECT_EQ(refusal({.tokens = -1, .q_heads = 16}, s, 576, {}), "shape: tokens is -1, the least is 0");
  EXPECT_EQ(refusal(limits, {.heads = 0}, 576, {}), "latent_shape: heads is 0, the least is 1");
  const index_t huge = index_t{1} << 40;
  EXPECT_EQ(refusal({.tokens = huge, .q_heads = 1 << 20, .max_slots = huge}, {.heads = 1 << 20}, 576,
                    {.form = latent_form::absorbed}),
            "shape: workspace bytes is 4611686018427387904, or more; they must be less than 4611686018427387904");
}

} // namespace
} // namespace heed
