// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/latent/as_heads.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace heed {
namespace {

TEST(latent_as_heads, has_the_layers_dims_and_the_caches_lengths) {
  float x[20 * 12] = {};
  const std::vector<int> offsets{0, 5, 20};
  const auto kv = latent(view(x, 20, 12), {.value_dim = 8}, index_list(offsets));
  const detail::as_heads seen(kv, {.heads = 3, .rank = 8, .nope = 5, .rope = 4, .value = 6});
  static_assert(kv_source<decltype(detail::as_heads(kv, latent_shape{}))>);
  EXPECT_EQ(seen.dims().sequences, 2);
  EXPECT_EQ(seen.dims().kv_heads, 3);
  EXPECT_EQ(seen.dims().key_dim, 9);
  EXPECT_EQ(seen.dims().value_dim, 6);
  EXPECT_EQ(seen.slots(1, 2), 15);
  EXPECT_EQ(seen.seen(0), 5);
  EXPECT_TRUE(seen.ordered(0, 2));
  EXPECT_EQ(seen.locate(1, 2, 7), 7);
  EXPECT_FALSE(seen.check(call_extents{}));
  EXPECT_TRUE(seen.touches(footprint_of(view(x, 1))));
  float other[1];
  EXPECT_FALSE(seen.touches(footprint_of(view(other, 1))));
}

} // namespace
} // namespace heed
