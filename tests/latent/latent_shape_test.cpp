// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/latent/latent_shape.hpp>
#include <heed/rope/rope_scaling.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace heed {
namespace {

std::string text(const failure& f) { return f ? error(f).what() : "ok"; }
constexpr index_t many = index_t{1} << 40;

TEST(latent_shape, dims_follow_from_the_order) {
  const latent_shape s;
  EXPECT_EQ(s.head_dim(), 192);
  EXPECT_EQ(s.key_dim(), 576);
  EXPECT_EQ(s.row().value_dim, 512);
  EXPECT_EQ(s.row().value_offset, 0);
  EXPECT_EQ(s.rope_begin(), 512);
  const latent_shape swapped{.order = latent_order::rope_first};
  EXPECT_EQ(swapped.row().value_offset, 64);
  EXPECT_EQ(swapped.rope_begin(), 0);
  EXPECT_FALSE(s == swapped);
}

TEST(latent_shape, scales_are_those_of_the_published_models) {
  // V3 and R1: YaRN's factor is 40, and its magnitude goes, squared, into the scale of heads of 192.
  const double magnitude = yarn_magnitude(40);
  EXPECT_NEAR(magnitude, 1.3688879, 5e-8);
  EXPECT_NEAR(magnitude * magnitude, 1.8738542, 5e-8);
  EXPECT_NEAR(magnitude * magnitude / std::sqrt(static_cast<double>(latent_shape{}.head_dim())), 0.13523378, 5e-9);
  // V2-Lite takes 0.707 of the logarithm.
  const double lite = 1 + 0.707 * (magnitude - 1);
  EXPECT_NEAR(lite * lite, 1.5896262, 5e-8);
}

TEST(latent_shape, a_token_takes_1152_bytes_in_16_bits_and_81920_expanded) {
  const latent_shape s{.heads = 128};
  std::vector<bf16> one(static_cast<std::size_t>(s.key_dim()));
  const auto cached = latent(view(static_cast<const bf16*>(one.data()), 1, s.key_dim()), s.row());
  const kv_dims d = cached.dims();
  EXPECT_EQ(d.kv_heads * d.key_dim * static_cast<index_t>(sizeof(bf16)), 1152) << "values are stored inside the keys";
  EXPECT_EQ(s.heads * (s.head_dim() + s.value) * static_cast<index_t>(sizeof(bf16)), 81920);
}

TEST(latent_shape, naive_wins_from_171_rows_on_at_the_dims_of_deepseek) {
  for (const index_t heads : {1, 16, 128}) {
    const latent_shape s{.heads = heads};
    for (const index_t rows : {1, 2, 16, 170}) EXPECT_EQ(cheaper_form(s, rows, many), latent_form::absorbed) << rows;
    for (const index_t rows : {171, 172, 4096}) EXPECT_EQ(cheaper_form(s, rows, many), latent_form::naive) << rows;
  }
}

TEST(latent_shape, naive_wins_where_rows_equal_slots) {
  for (const index_t n : {1, 2, 170, 5000}) EXPECT_EQ(cheaper_form({}, n, n), latent_form::naive) << n;
}

TEST(latent_shape, the_rule_compares_the_multiply_adds_of_both_forms) {
  const latent_shape s{.heads = 3, .rank = 40, .nope = 20, .rope = 8, .value = 24};
  const index_t expand = 40 * (20 + 24);
  for (index_t rows = 1; rows < 90; rows += 7)
    for (index_t slots = 1; slots < 400; slots += 13) {
      const index_t naive = rows * slots * (28 + 24) + slots * expand,
                    absorbed = rows * slots * (48 + 40) + rows * expand;
      EXPECT_EQ(cheaper_form(s, rows, slots), naive < absorbed ? latent_form::naive : latent_form::absorbed);
    }
}

TEST(latent_shape, refuses_sizes_out_of_range) {
  EXPECT_EQ(text(latent_shape{}.check()), "ok");
  EXPECT_EQ(text(latent_shape{.heads = 0}.check()), "latent_shape: heads is 0, the least is 1");
  EXPECT_EQ(text(latent_shape{.rank = 0}.check()), "latent_shape: rank is 0, the least is 1");
  EXPECT_EQ(text(latent_shape{.nope = -1}.check()), "latent_shape: nope is -1, the least is 1");
  EXPECT_EQ(text(latent_shape{.rope = -1}.check()), "latent_shape: rope is -1, the least is 0");
  EXPECT_EQ(text(latent_shape{.value = 0}.check()), "latent_shape: value is 0, the least is 1");
  EXPECT_EQ(text(latent_shape{.rank = 1048577}.check()), "latent_shape: rank is 1048577, the most is 1048576");
}

TEST(latent_shape, refuses_caches_of_other_dims) {
  const latent_shape s{.order = latent_order::rope_first};
  EXPECT_EQ(text(detail::check_cache({1, 1, 576, 512, 64}, s)), "ok");
  EXPECT_EQ(text(detail::check_cache({1, 2, 576, 512, 64}, s)),
            "kv: kv_heads is 2, a latent serves all heads, so it is 1");
  EXPECT_EQ(text(detail::check_cache({1, 1, 575, 512, 64}, s)),
            "kv: key_dim is 575, but rank and rope are together 576");
  EXPECT_EQ(text(detail::check_cache({1, 1, 576, 448, 64}, s)), "kv: value_dim is 448, but the rank is 512");
  EXPECT_EQ(text(detail::check_cache({1, 1, 576, 512, 0}, s)),
            "kv: value_offset is 0, but the layer's latent starts at 64");
}

} // namespace
} // namespace heed
