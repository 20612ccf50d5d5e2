// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Latent layers of f32 on a cache of f16.
#include <latent/layer_under_test.hpp>

namespace heed {
namespace {

TEST(latent_run_latent_f16, f32_on_a_cache_of_f16_is_within_its_bound) {
  test::expect_layer_within_bound<float, f16, float, float>();
}

} // namespace
} // namespace heed
