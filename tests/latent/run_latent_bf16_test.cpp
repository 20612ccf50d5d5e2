// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Latent layers all in bf16.
#include <latent/layer_under_test.hpp>

namespace heed {
namespace {

TEST(latent_run_latent_bf16, is_within_its_bound) { test::expect_layer_within_bound<bf16, bf16, bf16, bf16>(); }

} // namespace
} // namespace heed
