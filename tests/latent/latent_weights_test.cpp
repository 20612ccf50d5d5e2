// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/latent/latent_weights.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace heed {
namespace {

std::string text(const failure& f) { return f ? error(f).what() : "ok"; }
constexpr latent_shape shape{.heads = 2, .rank = 5, .nope = 3, .rope = 2, .value = 34};

/// wkv_b as checkpoints hold it: [heads][nope + value][rank].
std::vector<float> numbered() {
  std::vector<float> w(static_cast<std::size_t>(2 * 37 * 5));
  for (std::size_t i = 0; i < w.size(); ++i) w[i] = static_cast<float>(i + 1);
  return w;
}

TEST(latent_weights, both_projections_come_out_of_one_matrix_in_both_directions) {
  const auto w = numbered();
  const auto wkv_b = view(static_cast<const float*>(w.data()), 2, 37, 5);
  std::vector<float> memory(static_cast<std::size_t>(latent_weights<float>::numbers(shape)) + 1, -7.f);
  latent_weights<float> weights;
  EXPECT_FALSE(weights.folded());
  ASSERT_EQ(text(weights.fold(shape, wkv_b.slice(1, 0, 3), wkv_b.slice(1, 3, 34),
                              std::span<float>(memory).first(memory.size() - 1))),
            "ok");
  EXPECT_TRUE(weights.folded());
  EXPECT_EQ(memory.back(), -7.f);
  for (index_t h = 0; h < 2; ++h) {
    const auto absorb = weights.absorb(h), key = weights.expand_key(h), value = weights.expand_value(h);
    EXPECT_EQ(absorb.in, 3);
    EXPECT_EQ(absorb.out, 5);
    EXPECT_EQ(key.in, 5);
    EXPECT_EQ(value.out, 34);
    for (index_t r = 0; r < 5; ++r) {
      for (index_t n = 0; n < 3; ++n) {
        EXPECT_EQ(absorb.column(r)[n * 32], wkv_b(h, n, r));
        EXPECT_EQ(key.column(n)[r * 32], wkv_b(h, n, r));
      }
      for (index_t v = 0; v < 34; ++v) EXPECT_EQ(value.column(v)[r * 32], wkv_b(h, 3 + v, r));
    }
  }
}

TEST(latent_weights, refuses_what_does_not_fit_and_stays_unfolded) {
  const auto w = numbered();
  const auto wkv_b = view(static_cast<const float*>(w.data()), 2, 37, 5);
  const auto uk = wkv_b.slice(1, 0, 3), uv = wkv_b.slice(1, 3, 34);
  std::vector<float> memory(static_cast<std::size_t>(latent_weights<float>::numbers(shape)));
  latent_weights<float> weights;
  EXPECT_EQ(text(weights.fold(shape, uk, uv.slice(1, 0, 33), memory)), "w_uv: extent[1] is 33, the shape says 34");
  EXPECT_EQ(text(weights.fold(shape, uk.slice(0, 0, 1), uv, memory)), "w_uk: extent[0] is 1, the shape says 2");
  EXPECT_EQ(text(weights.fold({.heads = 2, .rank = 0}, uk, uv, memory)), "latent_shape: rank is 0, the least is 1");
  EXPECT_EQ(text(weights.fold(shape, uk, uv, std::span<float>(memory).first(10))),
            "memory: numbers is 10, but the weights take " + std::to_string(memory.size()));
  EXPECT_EQ(text(weights.fold(shape, tensor_view<const float, 3>(nullptr, {2, 3, 5}, {15, 5, 1}), uv, memory)),
            "w_uk: data is 0, but the elements in view are 30");
  const float* const inside = memory.data();
  EXPECT_EQ(text(weights.fold(shape, view(inside, 2, 3, 5), uv, memory)),
            "memory: buffers shared with w_uk is 1, the limit is 0");
  EXPECT_EQ(text(weights.fold(shape, uk, view(inside + 100, 2, 34, 5), memory)),
            "memory: buffers shared with w_uv is 1, the limit is 0");
  EXPECT_FALSE(weights.folded());
  EXPECT_EQ(weights.lies_in().hull, (range{0, 0}));
}

} // namespace
} // namespace heed
