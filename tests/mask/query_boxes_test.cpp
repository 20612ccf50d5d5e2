// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/mask/query_boxes.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace heed {
namespace {

std::vector<index_t> listed(const auto& boxes, index_t i, index_t first = 0) {
  std::vector<index_t> rows(64);
  rows.resize(static_cast<std::size_t>(boxes.list(i, first, rows)));
  return rows;
}

TEST(mask_query_boxes, boxes_come_in_row_major_order_and_end_with_the_grid) {
  token_grid<2> g;
  g.axis[0] = {4, 3};
  g.axis[1] = {5, 3};
  const query_boxes<2> boxes(g, {2, 3}, 8);
  EXPECT_EQ(boxes.count(), 4);
  EXPECT_EQ(listed(boxes, 0), (std::vector<index_t>{0, 1, 2, 5, 6, 7}));
  EXPECT_EQ(listed(boxes, 1), (std::vector<index_t>{3, 4, 8, 9}));
  EXPECT_EQ(listed(boxes, 3, 100), (std::vector<index_t>{113, 114, 118, 119}));
}
TEST(mask_query_boxes, dilation_groups_are_outermost) {
  token_grid<2> g;
  g.axis[0] = {3, 2, 1, 1};
  g.axis[1] = {5, 2, 1, 2};
  const query_boxes<2> boxes(g, {3, 2}, 6);
  EXPECT_EQ(boxes.count(), 4);
  EXPECT_EQ(listed(boxes, 0), (std::vector<index_t>{0, 2, 5, 7, 10, 12}));
  EXPECT_EQ(listed(boxes, 1), (std::vector<index_t>{4, 9, 14}));
  EXPECT_EQ(listed(boxes, 2), (std::vector<index_t>{1, 3, 6, 8, 11, 13}));
  EXPECT_EQ(listed(boxes, 3), (std::vector<index_t>{})) << "the second group is shorter";
}
TEST(mask_query_boxes, a_box_that_does_not_fit_is_chosen_anew) {
  token_grid<2> g;
  g.axis[0] = {56, 7};
  g.axis[1] = {56, 7};
  EXPECT_EQ(query_boxes<2>(g, {8, 8}, 48).box(), (per_axis<2>{6, 8}));
  EXPECT_EQ(query_boxes<2>(g, {4, 8}, 48).box(), (per_axis<2>{4, 8}));
  EXPECT_EQ(query_boxes<2>(g, 0, 12).box(), (per_axis<2>{3, 4}));
  EXPECT_EQ(query_boxes<2>(g, 0, 1).box(), (per_axis<2>{1, 1}));
}
TEST(mask_query_boxes, strides_make_boxes_of_whole_groups) {
  token_grid<2> g;
  g.axis[0] = {60, 20, 5};
  g.axis[1] = {60, 20, 20};
  const per_axis<2> box = query_boxes<2>::chosen(g, 48);
  EXPECT_TRUE(box[0] % 5 == 0 || 5 % box[0] == 0) << box[0];
  EXPECT_TRUE(box[1] % 20 == 0 || 20 % box[1] == 0) << box[1];
}
TEST(mask_query_boxes, visited_numbers_are_the_mean_over_the_axis) {
  for (const bool causal : {false, true})
    for (const index_t s : {1, 4, 6})
      for (const index_t b : {1, 2, 3, 4, 6, 12}) {
        const grid_axis a{1200, 20, s, 1, causal};
        double sum = 0;
        index_t n = 0;
        for (index_t q = 120; q < 1080; q += b, ++n)
          sum += static_cast<double>(a.seen(q + b - 1).end - a.seen(q).begin);
        EXPECT_NEAR(static_cast<double>(query_boxes<1>::visited(a, b)), sum / static_cast<double>(n), 0.51)
            << s << ' ' << b << ' ' << causal;
      }
}
} // namespace
} // namespace heed
