// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Latent layers in double, also at the dims of DeepSeek-V2.
#include <heed/exec/thread_pool.hpp>

#include <latent/layer_under_test.hpp>

namespace heed {
namespace {

using test::erased_executor;
using test::erased_tiler;

const erased_tiler below{causal{}};

TEST(latent_run_latent_double, is_within_its_bound) {
  test::expect_layer_within_bound<double, double, double, double>();
}

TEST(latent_run_latent_double, naive_equals_absorbed_at_the_dims_of_deepseek) {
  // Rows on both sides of the threshold of 170.67; V2-Lite has no query latent, and the layer sees none.
  thread_pool pool{2};
  for (const index_t rows : {1, 2, 170, 172}) {
    const test::layer_under_test<double, double, double, double> l({.heads = 1}, {{rows}, {180}}, 12);
    const auto kv = l.contiguous();
    const erased_executor on(pool);
    const auto naive = l.run(on, {.form = latent_form::naive, .expand_slots = 128}, kv, below);
    const auto absorbed = l.run(on, {.form = latent_form::absorbed}, kv, below);
    ASSERT_EQ(naive.code, errc::ok);
    ASSERT_EQ(absorbed.code, errc::ok);
    for (std::size_t i = 0; i < naive.o.size(); ++i) ASSERT_NEAR(naive.o[i], absorbed.o[i], 1e-10);
    for (std::size_t i = 0; i < naive.lse.size(); ++i) ASSERT_NEAR(naive.lse[i], absorbed.lse[i], 1e-10);
  }
}

TEST(latent_run_latent_double, a_layer_with_the_dims_of_deepseek_lite_in_both_forms) {
  thread_pool pool{2};
  const erased_executor on(pool);
  const test::layer_under_test<double, double, double, double> l({.heads = 16}, {{1, 3}, {40, 5}}, 13);
  const auto kv = l.contiguous();
  const auto naive = l.run(on, {.form = latent_form::naive, .expand_slots = 32}, kv, below);
  const auto absorbed = l.run(on, {.form = latent_form::absorbed}, kv, below);
  ASSERT_EQ(naive.code, errc::ok);
  ASSERT_EQ(absorbed.code, errc::ok);
  EXPECT_LE(l.worst(naive, kv, below), 1);
  EXPECT_LE(l.worst(absorbed, kv, below), 1);
  for (std::size_t i = 0; i < naive.o.size(); ++i) ASSERT_NEAR(naive.o[i], absorbed.o[i], 1e-10);
  for (std::size_t i = 0; i < naive.lse.size(); ++i) ASSERT_NEAR(naive.lse[i], absorbed.lse[i], 1e-10);
}

} // namespace
} // namespace heed
