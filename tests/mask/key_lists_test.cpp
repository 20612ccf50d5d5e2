// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/mask/all_of.hpp>
#include <heed/mask/causal.hpp>
#include <heed/mask/key_lists.hpp>

#include <mask/mask_checks.hpp>

#include <algorithm>

namespace heed {
namespace {

using test::picture;
using test::runs_of;
using test::sample_call;

TEST(mask_key_lists, a_row_sees_what_its_list_holds) {
  const std::vector<int> dense{0, 2, 3, -1, 5, -1, -1, -1, -1, -1, -1, -1};
  const key_lists m({.positions = dense, .width = 4});
  EXPECT_EQ(picture(m, {0, 1, 2}, 6), "101100/000001/000000");
  const std::vector<int> flat{0, 2, 3, 5}, offsets{0, 3, 4, 4};
  EXPECT_EQ(picture(key_lists({.positions = flat, .offsets = offsets}), {0, 1, 2}, 6), "101100/000001/000000");
}

TEST(mask_key_lists, one_row_gives_full_runs_and_several_give_their_union) {
  const std::vector<int> lists{1, 2, 3, 7, 2, 3, 4, 9};
  const key_lists m({.positions = lists, .width = 4});
  EXPECT_EQ(runs_of(m, {0}, {0, 10}), "[1,4)full [7,8)full");
  EXPECT_EQ(runs_of(m, {0}, {2, 7}), "[2,4)full");
  EXPECT_EQ(runs_of(m, {0, 1}, {0, 10}), "[1,2)part [2,4)full [4,5)part [7,8)part [9,10)part");
}

/// Random ascending lists with holes behind.
std::vector<index_t> drawn_lists(test::random& gen, index_t rows, index_t width, index_t keys) {
  std::vector<index_t> all;
  for (index_t r = 0; r < rows; ++r) {
    std::vector<index_t> some;
    for (index_t k = 0; k < keys; ++k)
      if (static_cast<index_t>(some.size()) < width && gen.chance(r % 3 == 0 ? 2 : 9)) some.push_back(k);
    some.resize(static_cast<std::size_t>(width), -1);
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

TEST(mask_key_lists, keeps_the_laws_of_masks) {
  test::random gen(test::seed_or(1));
  constexpr index_t width = 40;
  std::vector<index_t> lists;
  for (const auto& [rows, keys] : {std::pair<index_t, index_t>{5, 7}, {66, 131}, {130, 200}}) {
    const auto more = drawn_lists(gen, rows, width, keys);
    lists.insert(lists.end(), more.begin(), more.end());
  }
  const std::vector<int> cut{0, 5, 71, 201};
  const key_lists m({.positions = lists, .width = width, .query_offsets = cut});
  test::expect_laws(m);
  test::expect_laws(all_of(m, causal{}));
}

TEST(mask_key_lists, heads_of_one_row_fill_a_tile_where_few_rows_fit) {
  const std::vector<int> lists(100, -1);
  const key_lists m({.positions = lists, .width = 1});
  EXPECT_EQ(m.query_tiles(0, 100, 24), 100);
  EXPECT_EQ(m.query_tiles(0, 100, 25), 4);
  EXPECT_EQ(m.most_query_tiles(1, 100, 12), 100);
  EXPECT_EQ(m.most_query_tiles(2, 100, 48), 4);
  index_t rows[48];
  EXPECT_EQ(m.query_tile(0, 100, 12, 99, rows), 1);
  EXPECT_EQ(rows[0], 99);
  EXPECT_EQ(m.query_tile(0, 100, 48, 2, rows), 4);
  EXPECT_EQ(rows[0], 96);
}

TEST(mask_key_lists, lists_in_any_order_are_brought_into_form) {
  test::random gen(3);
  for (const index_t width : {1, 2, 7, 64}) {
    std::vector<std::int32_t> x;
    for (index_t i = 0; i < 5 * width; ++i)
      x.push_back(gen.chance(4) ? -1 : static_cast<std::int32_t>(gen.integer(0, 1 << 20)));
    auto want = x;
    order_key_lists(std::span<std::int32_t>(x), width);
    for (auto at = want.begin(); at != want.end(); at += width)
      std::sort(at, at + width, [](std::uint32_t a, std::uint32_t b) { return a < b; });
    EXPECT_EQ(x, want);
  }
}

TEST(mask_key_lists, refuses_lists_that_are_not_in_form) {
  const auto objection = [](const listed_keys& lists, const sample_call& call) {
    return test::objection(key_lists(lists), call);
  };
  const sample_call two{.rows = {2}, .seen = {9}}, batch{.rows = {1, 2}, .seen = {9, 5}};
  const std::vector<int> good{1, 4, 8, -1}, descends{4, 1, 8, -1}, twice{1, 1, 8, -1}, hole{1, 4, -1, 8},
      beyond{1, 4, 9, -1}, negative{1, -2, 8, -1}, three{1, 4, 3, 4, 0, -1}, cut{0, 1, 3};
  EXPECT_EQ(objection({.positions = good, .width = 2}, two), "");
  EXPECT_EQ(objection({.positions = three, .width = 2, .query_offsets = cut}, batch), "");
  EXPECT_EQ(objection({.positions = three, .width = 2}, batch),
            "key_lists: count of query_offsets is 0, one more than sequences is 3");
  EXPECT_EQ(objection({.positions = good, .width = 4}, two), "key_lists: count of lists[0] is 1, the query rows are 2");
  EXPECT_EQ(objection({.positions = descends, .width = 2}, two), "key_lists: positions[1] is 1, it must be above 4");
  EXPECT_EQ(objection({.positions = twice, .width = 2}, two), "key_lists: positions[1] is 1, it must be above 1");
  EXPECT_EQ(objection({.positions = hole, .width = 2}, two),
            "key_lists: positions[3] is 8, behind a hole it must be -1");
  EXPECT_EQ(objection({.positions = beyond, .width = 2}, two),
            "key_lists: positions[2] is 9, but the tokens seen are 9");
  EXPECT_EQ(objection({.positions = negative, .width = 2}, two),
            "key_lists: positions[1] is -2, the least is (a hole) -1");
  EXPECT_EQ(objection({.positions = good}, two), "key_lists: width is 0, the least is 1");
  const std::vector<int> down{0, 3, 2}, far{0, 2, 5};
  EXPECT_EQ(objection({.positions = good, .offsets = down}, two), "key_lists: offsets[2] is 2, the least is 3");
  EXPECT_EQ(objection({.positions = good, .offsets = far}, two), "key_lists: offsets[2] is 5, the positions are 4");
}

} // namespace
} // namespace heed
