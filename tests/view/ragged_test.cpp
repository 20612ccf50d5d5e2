// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Packed sequences: rows and offsets are kept as given, 32 or 64 bits wide.
#include <heed/view/ragged.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace {
using namespace heed;

TEST(view_ragged, keeps_rows_and_offsets_of_either_width) {
  std::vector<float> x(5 * 2 * 3);
  const std::vector<std::int32_t> narrow{0, 2, 2, 5};
  const std::vector<std::int64_t> wide{0, 2, 2, 5};
  const auto a = ragged(view(x.data(), 5, 2, 3), narrow);
  const auto b = ragged(view(x.data(), 5, 2, 3), wide);
  EXPECT_EQ(&a.rows(4, 1, 2), x.data() + 29);
  ASSERT_EQ(a.offsets.size(), 4);
  for (index_t i = 0; i < 4; ++i) EXPECT_EQ(a.offsets[i], b.offsets[i]);
  EXPECT_TRUE((std::is_same_v<decltype(ragged(tensor_view<const float, 3>(a.rows), wide)), ragged_view<const float>>));
}
} // namespace
