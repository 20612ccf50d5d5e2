// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/mask/all_of.hpp>
#include <heed/mask/any_of.hpp>
#include <heed/mask/causal.hpp>
#include <heed/mask/first_keys.hpp>
#include <heed/mask/neighborhood.hpp>
#include <heed/mask/none_of.hpp>

#include "mask_checks.hpp"

namespace heed::test {
namespace {

/// The window of each query of one axis, as "0-3 0-3 1-4".
template <class Neighborhood> std::string windows(const Neighborhood& m) {
  std::string s;
  const index_t n = m.grid.product();
  for (index_t q = 0; q < n; ++q) {
    index_t begin = -1, end = 0;
    for (index_t k = 0; k < n; ++k)
      if (m.allows({0, 0, q, k, q, k})) {
        if (begin < 0) begin = k;
        end = k + 1;
      }
    s += (q > 0 ? " " : "") + std::to_string(begin) + '-' + std::to_string(end);
  }
  return s;
}

TEST(mask_neighborhood, windows_are_those_of_the_published_rule) {
  using line = neighborhood<1>;
  EXPECT_EQ(windows(line{.grid = 8, .window = 3}), "0-3 0-3 1-4 2-5 3-6 4-7 5-8 5-8");
  EXPECT_EQ(windows(line{.grid = 8, .window = 4}), "0-4 0-4 0-4 1-5 2-6 3-7 4-8 4-8");
  EXPECT_EQ(windows(line{.grid = 8, .window = 4, .stride = 2}), "0-4 0-4 1-5 1-5 3-7 3-7 4-8 4-8");
  EXPECT_EQ(windows(line{.grid = 10, .window = 4, .stride = 4}), "0-4 0-4 0-4 0-4 4-8 4-8 4-8 4-8 6-10 6-10");
  EXPECT_EQ(windows(line{.grid = 9, .window = 5, .stride = 3}), "0-5 0-5 0-5 2-7 2-7 2-7 4-9 4-9 4-9");
  EXPECT_EQ(windows(line{.grid = 8, .window = 4, .causal = true}), "0-1 0-2 0-3 0-4 1-5 2-6 3-7 4-8");
  EXPECT_EQ(windows(line{.grid = 8, .window = 4, .stride = 2, .causal = true}), "0-1 0-2 0-3 0-4 2-5 2-6 4-7 4-8");
  EXPECT_EQ(windows(line{.grid = 8, .window = 4, .stride = 4, .causal = true}), "0-1 0-2 0-3 0-4 4-5 4-6 4-7 4-8");
}
TEST(mask_neighborhood, dilation_makes_separate_grids) {
  const neighborhood<1> m{.grid = 10, .window = 3, .dilation = 3};
  EXPECT_EQ(picture(m, {0, 1, 8, 9}, 10), "1001001000/0100100100/0010010010/0001001001");
}
TEST(mask_neighborhood, axes_meet_in_a_box) {
  const neighborhood<2> m{.grid = {3, 4}, .window = {2, 3}, .causal = {true, false}};
  EXPECT_EQ(picture(m, {0, 6, 11}, 12), "111000000000/011101110000/000001110111");
  const neighborhood<3> cube{.grid = {2, 2, 3}, .window = {2, 2, 2}};
  EXPECT_EQ(picture(cube, {0, 5}, 12), "110110110110/011011011011");
}
TEST(mask_neighborhood, tokens_before_the_grid_are_seen_by_all_and_see_all) {
  const neighborhood<1> m{.grid = 5, .window = 2, .first = 2};
  EXPECT_EQ(picture(m, {0, 1, 2, 4, 6}, 7), "1111111/1111111/1111000/1101100/1100011");
  EXPECT_EQ(runs_of(m, {4, 5}, {0, 7}), "[0,2)full [3,4)part [4,5)full [5,6)part");
  EXPECT_EQ(runs_of(m, {0, 1}, {0, 7}), "[0,7)full");
}
TEST(mask_neighborhood, runs_are_lines_of_the_box_that_the_rows_see) {
  const neighborhood<2> m{.grid = {8, 8}, .window = {3, 3}};
  EXPECT_EQ(runs_of(m, {27}, {0, 64}), "[18,21)full [26,29)full [34,37)full");
  EXPECT_EQ(runs_of(m, {27, 28, 35, 36}, {0, 64}),
            "[18,22)part [26,27)part [27,29)full [29,30)part [34,35)part [35,37)full [37,38)part [42,46)part");
  EXPECT_EQ(runs_of(m, {27, 28, 35, 36}, {28, 43}),
            "[28,29)full [29,30)part [34,35)part [35,37)full [37,38)part [42,43)part");
  // No box: row 36 is missing.
  EXPECT_EQ(runs_of(m, {27, 28, 35}, {0, 64}),
            "[18,22)part [26,27)part [27,29)full [29,30)part [34,35)part [35,37)full [37,38)part [42,45)part");
}

// NATTEN's rule for "this problem needs no mask" takes five keys, windows of four, one query and two keys at a time for
// whole; they are not (its tiles of keys start at even places).
TEST(mask_neighborhood, a_single_query_is_told_apart_from_its_tiles_of_keys) {
  const neighborhood<1> m{.grid = 5, .window = 4};
  EXPECT_EQ(windows(m), "0-4 0-4 0-4 1-5 1-5");
  EXPECT_EQ(runs_of(m, {3}, {0, 2}), "[1,2)full");
  EXPECT_EQ(runs_of(m, {3}, {2, 4}), "[2,4)full");
  EXPECT_EQ(runs_of(m, {3}, {4, 5}), "[4,5)full");
  EXPECT_EQ(runs_of(m, {2}, {4, 5}), "");
  expect_laws(m, {.rows = {5, 1}, .seen = {5, 5}, .places = testing::query_places::last_at_end, .tiles = 40});
}

TEST(mask_neighborhood, samples_have_grids_of_their_own) {
  const std::vector<int> sizes{3, 4, 2, 9};
  const neighborhood<2> m{.window = 2, .grids = sizes};
  EXPECT_EQ(picture(m, {5}, 12, 0), "110011000000");
  EXPECT_EQ(picture(m, {5, 17}, 18, 1), "000011000000011000/000000011000000011");
  expect_laws(m, {.rows = {12, 18}, .seen = {12, 18}, .places = testing::query_places::last_at_end, .tiles = 30});
}
TEST(mask_neighborhood, boxes_of_one_row_in_unequal_dilation_groups_are_within_the_planned_tiles) {
  const std::vector<int> planes{5, 5, 4, 7}, lines{3, 1};
  const testing::mask_cases two{
      .rows = {25, 28}, .seen = {25, 28}, .places = testing::query_places::last_at_end, .tiles = 10};
  expect_laws(neighborhood<2>{.window = 2, .dilation = 2, .grids = planes, .box = 1}, two);
  const neighborhood<1> far{.window = 2, .dilation = 2, .fit = window_fit::clamp, .grids = lines, .box = 1};
  EXPECT_EQ(far.query_tiles(0, 3, 48), 4) << "of them one is empty";
  expect_laws(far, {.rows = {3, 1}, .seen = {3, 1}, .places = testing::query_places::last_at_end, .tiles = 10});
}
TEST(mask_neighborhood, small_grids_clamp_windows_and_strides) {
  EXPECT_EQ(windows(neighborhood<1>{.grid = 3, .window = 7, .stride = 5, .fit = window_fit::clamp}), "0-3 0-3 0-3");
  const neighborhood<1> m{.grid = 7, .window = 9, .dilation = 3, .fit = window_fit::clamp};
  EXPECT_EQ(picture(m, {0, 4, 6}, 7), "1001000/0100100/0001001");
  EXPECT_EQ(windows(neighborhood<1>{.grid = 2, .window = 3, .dilation = 4, .fit = window_fit::clamp}), "0-1 1-2");
  const neighborhood<1> far{.grid = 2, .window = 3, .dilation = PTRDIFF_MAX, .fit = window_fit::clamp};
  EXPECT_EQ(windows(far), "0-1 1-2");
  EXPECT_LE(far.query_tiles(0, 2, 48), 2);
  EXPECT_LE(far.most_query_tiles(1, 2, 48), 8);
}
TEST(mask_neighborhood, tiles_are_boxes_of_the_grid_and_rows_in_order_where_that_is_all) {
  const neighborhood<2> m{.grid = 56, .window = 7}, whole{.grid = {6, 10}, .window = {6, 10}};
  EXPECT_EQ(m.query_tiles(0, 56 * 56, 48), 70);
  EXPECT_EQ(m.query_tiles(0, 100, 48), 3) << "a part of the grid";
  EXPECT_EQ(whole.query_tiles(0, 60, 48), 2);
  EXPECT_EQ(m.tile_panels(0), 1);
  EXPECT_GT(whole.tile_panels(0), 4);
  EXPECT_GT((neighborhood<1>{.grid = 32768, .window = 4096}.tile_panels(0)), 4);
}
TEST(mask_neighborhood, combinations_keep_its_tiles) {
  const neighborhood<2> m{.grid = 56, .window = 7};
  auto both = all_of(causal{}, m);
  auto either = any_of(m, first_keys{4});
  static_assert(tight_mask<decltype(both)> && bounded_query_tiler<decltype(either)> &&
                panel_query_tiler<decltype(both)> && panel_query_tiler<none_of<neighborhood<2>>>);
  EXPECT_EQ(both.query_tiles(0, 3136, 48), 70);
  EXPECT_EQ(both.tile_panels(0), 1);
  EXPECT_EQ(either.tile_panels(0), 1);
  EXPECT_EQ(either.most_query_tiles(1, 3136, 48), m.most_query_tiles(1, 3136, 48));
}
TEST(mask_neighborhood, refuses_what_the_rules_exclude) {
  const sample_call call{.rows = {48}, .seen = {48}};
  using plane = neighborhood<2>;
  const auto said = [&](const auto& m) { return objection(m, call); };
  EXPECT_EQ(said(plane{.grid = {6, 8}, .window = {3, 8}}), "");
  EXPECT_EQ(said(plane{.grid = {6, 8}, .window = {3, 1}}), "neighborhood: window[1] is 1, the least is 2");
  EXPECT_EQ(said(plane{.grid = {6, 8}, .window = {3, 9}}),
            "neighborhood: window[1] is 9, the grid over the dilation is 8");
  EXPECT_EQ(said(plane{.grid = {6, 8}, .window = {3, 3}, .dilation = {3, 1}}),
            "neighborhood: window[0] is 3, the grid over the dilation is 2");
  EXPECT_EQ(said(plane{.grid = {6, 8}, .window = {3, 3}, .dilation = {1, 0}}),
            "neighborhood: dilation[1] is 0, the least is 1");
  EXPECT_EQ(said(plane{.grid = {6, 8}, .window = {3, 3}, .stride = {0, 1}}),
            "neighborhood: stride[0] is 0, the least is 1");
  EXPECT_EQ(said(plane{.grid = {6, 8}, .window = {3, 3}, .stride = {1, 4}}),
            "neighborhood: stride[1] is 4, the window is 3");
  EXPECT_EQ(said(plane{.grid = {48, 1}, .window = 2}), "neighborhood: grid[1] is 1, the least is 2");
  EXPECT_EQ(said(plane{.grid = {48, 1}, .window = 2, .fit = window_fit::clamp}), "");
  EXPECT_EQ(said(plane{.grid = {0, 1}, .window = 2, .fit = window_fit::clamp}),
            "neighborhood: grid[0] is 0, the least is 1");
  EXPECT_EQ(said(plane{.grid = {6, 8}, .window = 3, .box = {-1, 0}}), "neighborhood: box[0] is -1, the least is 0");
  EXPECT_EQ(said(plane{.grid = {6, 8}, .window = 3, .first = -1}), "neighborhood: first is -1, the least is 0");
  EXPECT_EQ(said(plane{.grid = {6, 8}, .window = 3, .first = PTRDIFF_MAX}),
            "neighborhood: first is 9223372036854775807, the limit is 1099511627776");
  EXPECT_EQ(said(plane{.grid = {6, 8}, .window = index_t{1} << 32, .fit = window_fit::clamp}),
            "neighborhood: window[1] is 4294967296, the keys of a window may be at most 1099511627776");
  EXPECT_EQ((neighborhood<1>{.grid = 12, .window = 2, .dilation = PTRDIFF_MAX}.most_query_tiles(1, 12, 48)), 2)
      << "a plan may be made before the call is refused";
  EXPECT_EQ(said(plane{.grid = {6, 9}, .window = 3}), "neighborhood: count of tokens[0] is 48, the grid needs 54");
  EXPECT_EQ(said(plane{.grid = {6, 9}, .window = 3, .causal = {true, false}}), "");
  EXPECT_EQ(said(plane{.grid = {5, 9}, .window = 3, .causal = {true, false}}),
            "neighborhood: count of tokens[0] is 48, the grid ends at 45");
  EXPECT_EQ(said(plane{.grid = {5, 9}, .window = 3, .first = 3}), "");
  EXPECT_EQ(said(plane{.grid = {5, 9}, .window = 3, .first = 1}),
            "neighborhood: count of tokens[0] is 48, the grid ends at 46");
  EXPECT_EQ(said(plane{.grid = {index_t{1} << 30, index_t{1} << 30}, .window = 3}),
            "neighborhood: grid[1] is 1073741824, the tokens of a grid may be at most 1099511627776");
  const std::vector<int> sizes{6, 8, 2}, narrow{24, 2};
  EXPECT_EQ(said(plane{.window = 3, .grids = sizes}), "neighborhood: count of grids is 3, sequences times axes are 2");
  EXPECT_EQ(said(plane{.window = 3, .grids = narrow}),
            "neighborhood: window[1] is 3, the smallest grid over the dilation is 2");
  EXPECT_EQ(objection_code(plane{.grid = {6, 8}, .window = {3, 9}}, call), errc::bad_value);
  EXPECT_EQ(objection_code(plane{.grid = {6, 9}, .window = 3}, call), errc::length_out_of_range);
  EXPECT_EQ(objection_code(plane{.window = 3, .grids = sizes}, call), errc::bad_extent);
}

/// Grids with odd and even windows, strides, dilations and causality in every combination that fits.
template <int Rank> void laws_of(const per_axis<Rank>& grid, index_t first, std::uint64_t choices) {
  index_t drawn = 0;
  for (std::uint64_t seed = 1; drawn < static_cast<index_t>(choices); ++seed) {
    testing::random_bits random{seed};
    neighborhood<Rank> m{.grid = grid, .first = first};
    for (int a = 0; a < Rank; ++a) {
      m.dilation[a] = random.in(0, 3) == 0 ? random.in(1, grid[a] / 2 + 1) : 1;
      const index_t most = grid[a] / m.dilation[a];
      m.window[a] = random.in(0, 6) == 0 ? most : random.in(2, lesser(most, 9) + 1);
      m.stride[a] = random.in(0, 2) == 0 ? 1 : random.in(1, m.window[a] + 1);
      m.causal[a] = random.in(0, 3) == 0;
      m.box[a] = random.in(0, 4) == 0 ? random.in(1, 9) : 0;
    }
    ++drawn;
    const index_t n = first + grid.product();
    SCOPED_TRACE(seed);
    const auto report = testing::check_mask(m, {.rows = {n, grid.product(), 33, 1},
                                                .seen = {n, n, n, n},
                                                .places = testing::query_places::last_at_end,
                                                .tiles = 20,
                                                .seed = seed});
    ASSERT_FALSE(report) << report.broken;
  }
}
TEST(mask_neighborhood, keeps_the_laws_on_one_axis) {
  laws_of<1>(67, 0, 8);
  laws_of<1>(200, 5, 6);
}
TEST(mask_neighborhood, keeps_the_laws_on_two_axes) {
  laws_of<2>({11, 13}, 0, 10);
  laws_of<2>({5, 33}, 3, 4);
  laws_of<2>({2, 70}, 0, 2);
}
TEST(mask_neighborhood, keeps_the_laws_on_three_axes) {
  laws_of<3>({4, 5, 9}, 0, 10);
  laws_of<3>({3, 6, 8}, 70, 1);
}
} // namespace
} // namespace heed::test
