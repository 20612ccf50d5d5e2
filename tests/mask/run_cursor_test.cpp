// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/mask/run_cursor.hpp>

#include "mask_checks.hpp"

namespace heed::test {
namespace {

std::string text(const run_writer& w) {
  std::string s;
  for (index_t i = 0; i < w.n; ++i) {
    const key_run& r = w.out[static_cast<std::size_t>(i)];
    s += '[' + std::to_string(r.k.begin) + ',' + std::to_string(r.k.end) +
         (r.cover == coverage::full ? ")full" : ")part");
  }
  return s;
}

TEST(mask_run_cursor, writer_clips_joins_and_drops_what_covers_nothing) {
  key_run out[8];
  run_writer w{out, {10, 20}};
  EXPECT_TRUE(w.put({0, 5}, coverage::full));
  EXPECT_TRUE(w.put({8, 12}, coverage::full));
  EXPECT_TRUE(w.put({12, 13}, coverage::full));
  EXPECT_TRUE(w.put({13, 14}, coverage::none));
  EXPECT_TRUE(w.put({14, 16}, coverage::full));
  EXPECT_TRUE(w.put({16, 17}, coverage::partial));
  EXPECT_TRUE(w.put({17, 17}, coverage::full));
  EXPECT_TRUE(w.put({17, 99}, coverage::partial));
  EXPECT_EQ(text(w), "[10,13)full[14,16)full[16,20)part");
}
TEST(mask_run_cursor, writer_says_when_it_is_full_and_still_joins) {
  key_run out[1];
  run_writer w{out, {0, 20}};
  EXPECT_TRUE(w.put({0, 5}, coverage::full));
  EXPECT_TRUE(w.put({5, 6}, coverage::full));
  EXPECT_FALSE(w.put({6, 7}, coverage::partial));
  EXPECT_TRUE(w.put({30, 40}, coverage::partial));
  EXPECT_EQ(text(w), "[0,6)full");
}
TEST(mask_run_cursor, writer_splits_a_stretch_by_what_all_see) {
  key_run out[8];
  run_writer a{out, {0, 20}};
  EXPECT_TRUE(a.put(range{2, 9}, range{4, 6}));
  EXPECT_EQ(text(a), "[2,4)part[4,6)full[6,9)part");
  run_writer b{out, {0, 20}};
  EXPECT_TRUE(b.put(range{2, 9}, range{0, 30}));
  EXPECT_EQ(text(b), "[2,9)full");
  run_writer c{out, {0, 20}};
  EXPECT_TRUE(c.put(range{2, 9}, range{12, 11}));
  EXPECT_EQ(text(c), "[2,9)part");
}

/// Every third key is full, the one behind it partial.
struct comb {
  bool allows(cell at) const noexcept { return at.k % 3 == 0 || (at.k % 3 == 1 && at.row == 0); }
  index_t runs(const tile& t, std::span<key_run> out) const noexcept {
    run_writer w{out, t.k};
    for (index_t k = t.k.begin; k < t.k.end; ++k)
      if (!w.put({k, k + 1}, k % 3 == 0 ? coverage::full : k % 3 == 1 ? coverage::partial : coverage::none)) break;
    return w.n;
  }
};

TEST(mask_run_cursor, reads_any_number_of_runs_and_may_skip) {
  for (index_t keys = 0; keys < 60; ++keys)
    for (index_t step = 1; step < 40; ++step) {
      const index_t rows[] = {0, 1};
      const comb m;
      run_cursor<comb> cursor(m, {0, 0, {0, 1}, rows, rows, {0, 2}, {0, keys}, {0, keys}});
      for (index_t p = 0; p < keys; p += step) {
        index_t end = keys;
        const coverage c = cursor.at(p, end);
        ASSERT_EQ(c, p % 3 == 0 ? coverage::full : p % 3 == 1 ? coverage::partial : coverage::none) << keys << ' ' << p;
        ASSERT_EQ(end, p + 1) << keys << ' ' << p;
      }
    }
}
TEST(mask_run_cursor, leaves_the_end_where_no_run_follows) {
  const index_t rows[] = {0};
  const comb m;
  run_cursor<comb> cursor(m, {0, 0, {0, 1}, rows, rows, {0, 1}, {0, 5}, {0, 5}});
  index_t end = 100;
  EXPECT_EQ(cursor.at(7, end), coverage::none);
  EXPECT_EQ(end, 100);
}
} // namespace
} // namespace heed::test
