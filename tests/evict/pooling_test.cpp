// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Pooling against a padded copy, window by window.
#include <heed/evict/pooling.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <support/random.hpp>
#include <support/refusal.hpp>

namespace {
using namespace heed;
using heed::test::refusal;

/// The layer as it is described: a padded copy, then one window after the other.
std::vector<float> pooled(const pooling& p, const std::vector<float>& x) {
  const auto half = static_cast<std::size_t>(p.width / 2);
  const bool average = p.how == pooling::kind::average;
  std::vector<float> padded(x.size() + 2 * half, average ? 0.f : -std::numeric_limits<float>::infinity());
  for (std::size_t i = 0; i < x.size(); ++i) padded[half + i] = x[i];
  std::vector<float> out(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    float sum = 0, most = padded[i];
    for (std::size_t j = i; j < i + 2 * half + 1; ++j) {
      sum += padded[j];
      most = padded[j] > most ? padded[j] : most;
    }
    out[i] = average ? sum / static_cast<float>(p.width) : most;
  }
  return out;
}

TEST(evict_pooling, equals_a_padded_copy_for_any_length_and_width) {
  test::random draw(3);
  for (const pooling::kind how : {pooling::kind::average, pooling::kind::maximum})
    for (const index_t width : {1, 3, 5, 7, 31, 63})
      for (const index_t n : {0, 1, 2, 3, 4, 5, 7, 31, 32, 63, 64, 65, 200}) {
        std::vector<float> x = draw.numbers<float>(n);
        const std::vector<float> expected = pooled({how, width}, x);
        pool({how, width}, x);
        EXPECT_EQ(x, expected) << "width " << width << ", slots " << n;
      }
}

TEST(evict_pooling, counts_the_zeros_beyond_the_ends_and_spreads_a_spike) {
  std::vector<float> ones(4, 1.f), spike{0, 0, 0, 5, 0, 0, 0};
  pool({pooling::kind::average, 5}, ones);
  EXPECT_EQ(ones, (std::vector<float>{.6f, .8f, .8f, .6f}));
  std::vector<float> most = spike;
  pool({pooling::kind::average, 5}, spike);
  EXPECT_EQ(spike, (std::vector<float>{0, 1, 1, 1, 1, 1, 0}));
  pool({pooling::kind::maximum, 3}, most);
  EXPECT_EQ(most, (std::vector<float>{0, 0, 5, 5, 5, 0, 0}));
}

TEST(evict_pooling, refuses_widths_without_a_middle) {
  EXPECT_EQ(refusal((pooling{pooling::kind::average, 0}.check("snap_kv"))),
            (refusal{errc::bad_value, "snap_kv: pooling width is 0, the least is 1"}));
  EXPECT_EQ(refusal((pooling{pooling::kind::average, 65}.check("snap_kv"))),
            (refusal{errc::bad_value, "snap_kv: pooling width is 65, the most is 63"}));
  EXPECT_EQ(refusal((pooling{pooling::kind::maximum, 4}.check("snap_kv"))),
            (refusal{errc::bad_value, "snap_kv: pooling width is 4, which is even; the rest is 0"}));
  EXPECT_FALSE((pooling{pooling::kind::average, 63}.check("snap_kv")));
}
} // namespace
