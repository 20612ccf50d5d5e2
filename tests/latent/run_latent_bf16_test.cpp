// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Latent layers all in bf16.
#include <heed/exec/sequential.hpp>

#include <latent/layer_under_test.hpp>

namespace heed {
namespace {

using test::erased_executor;
using test::erased_tiler;

const erased_tiler below{causal{}};
constexpr latent_form forms[] = {latent_form::naive, latent_form::absorbed};

TEST(latent_run_latent_bf16, is_within_its_bound) {
  sequential one;
  latent_shape s{.heads = 3, .rank = 40, .nope = 20, .rope = 8, .value = 24};
  for (const latent_order order : {latent_order::latent_first, latent_order::rope_first}) {
    s.order = order;
    const test::layer_under_test<bf16, bf16, bf16, bf16> l(s, {{1, 9}, {77, 20}}, 11);
    for (const latent_form form : forms) {
      const auto got = l.run(erased_executor(one), {.form = form, .expand_slots = 32}, l.contiguous(), below);
      ASSERT_EQ(got.code, errc::ok);
      EXPECT_LE(l.worst(got, l.contiguous(), below), 1);
    }
  }
}

} // namespace
} // namespace heed
