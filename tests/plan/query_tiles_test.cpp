// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Tiles partition the rows and heads of a sequence, whatever else is in the batch.
#include <heed/plan/query_tiles.hpp>

#include <plan/bound_call.hpp>

#include <set>

namespace {
using namespace heed;
using namespace heed::test;

/// Even rows first, then odd ones; heads differ.
struct by_parity : causal {
  [[nodiscard]] index_t query_tiles(index_t, index_t rows, index_t capacity) const noexcept {
    return 2 * ((rows + 2 * capacity - 1) / (2 * capacity));
  }
  [[nodiscard]] index_t query_tile(index_t, index_t rows, index_t capacity, index_t i,
                                   std::span<index_t> out) const noexcept {
    index_t n = 0;
    for (index_t r = i / 2 * 2 * capacity + i % 2; r < std::min(rows, (i / 2 + 1) * 2 * capacity); r += 2)
      out[place(n++)] = r;
    return n;
  }
  [[nodiscard]] bool alike(range heads) const noexcept { return heads.size() <= 1; }
};
static_assert(query_tiler<by_parity> && head_aware<by_parity>);

/// The same in tiles of one panel.
struct by_parity_in_panels : by_parity {
  [[nodiscard]] index_t tile_panels(index_t) const noexcept { return 1; }
};
static_assert(panel_query_tiler<by_parity_in_panels> && !panel_query_tiler<by_parity>);

/// Tiles end at multiples of seven.
struct in_sevens : causal {
  [[nodiscard]] index_t tile_end(index_t, index_t first, index_t end) const noexcept {
    const index_t seven = end / 7 * 7;
    return seven > first + (end - first) / 2 ? seven : end;
  }
};
static_assert(row_divider<in_sevens> && !row_divider<causal>);

template <class Mask> void expect_partition(index_t group) {
  const sample<> s(1, {1, 2, 130, 0, 7}, {5, 9, 140, 3, 7}, 2, group, 4, 4);
  const bound_call<Mask> call(s);
  const auto c = call.get();
  const plan_detail::query_tiles<float, typename bound_call<Mask>::call_type> tiles(c);
  std::vector<index_t> row_list(1024), q_list(1024);
  for (index_t seq = 0; seq < 5; ++seq) {
    std::set<std::pair<index_t, index_t>> seen;
    const index_t rows = c.p.extents.rows(seq), keys = c.kv.slots(seq, 0);
    const auto kind = tiles.kind(seq);
    EXPECT_EQ(kind == plan_detail::kernel_kind::decode, rows * group <= c.shape.few_lanes);
    for (index_t g = 0; g < 2; ++g)
      for (index_t h = g * group; h < (g + 1) * group;) {
        const range heads = tiles.heads_from(seq, g, h, kind);
        ASSERT_FALSE(heads.empty());
        for (index_t i = 0, end = tiles.end_index(seq, heads, kind); i < end;
             i = tiles.next_index(seq, heads, kind, i)) {
          const tile t = tiles.list({seq, g, heads, i, kind}, row_list.data(), q_list.data());
          const auto lanes = heads.size() * static_cast<index_t>(t.rows.size());
          EXPECT_LE(lanes, kind == plan_detail::kernel_kind::decode ? c.shape.few_lanes : tiles.lanes_of_tile());
          for (std::size_t n = 0; n < t.rows.size(); ++n) {
            EXPECT_EQ(t.q[n], keys - rows + t.rows[n]);
            EXPECT_TRUE(t.q_hull.begin <= t.q[n] && t.q[n] < t.q_hull.end);
            if (n > 0) {
              EXPECT_LT(t.rows[n - 1], t.rows[n]);
            }
            for (index_t head = heads.begin; head < heads.end; ++head)
              EXPECT_TRUE(seen.insert({t.rows[n], head}).second) << "row " << t.rows[n] << " twice";
          }
          EXPECT_EQ(t.slots, (range{0, keys}));
        }
        h = heads.end;
      }
    EXPECT_EQ(static_cast<index_t>(seen.size()), rows * 2 * group);
  }
}
TEST(plan_query_tiles, partition_rows_and_heads) {
  for (const index_t group : {1, 4, 7, 71}) expect_partition<causal>(group);
}
TEST(plan_query_tiles, partition_with_a_mask_that_cuts_them_and_tells_heads_apart) {
  for (const index_t group : {1, 4, 7}) expect_partition<by_parity>(group);
  for (const index_t group : {1, 4, 7}) expect_partition<by_parity_in_panels>(group);
}
TEST(plan_query_tiles, partition_with_a_mask_that_says_where_they_end) {
  for (const index_t group : {1, 4, 7, 71}) expect_partition<in_sevens>(group);
}
TEST(plan_query_tiles, a_mask_may_keep_its_tiles_to_a_panel) {
  const sample<> s(1, {130}, {140}, 2, 4, 4, 4);
  const bound_call<by_parity> wide(s);
  const bound_call<by_parity_in_panels> narrow(s);
  const auto a = wide.get();
  const auto b = narrow.get();
  constexpr index_t panel = kernel::kernel_shape<float>::panel_lanes;
  EXPECT_EQ((plan_detail::query_tiles<float, bound_call<by_parity>::call_type>(a).capacity(0, {0, 2})),
            a.shape.panels * panel / 2);
  EXPECT_EQ((plan_detail::query_tiles<float, bound_call<by_parity_in_panels>::call_type>(b).capacity(0, {0, 2})),
            panel / 2);
}
/// Heads are alike in the sequences of even number only.
struct alike_in_even : causal {
  [[nodiscard]] bool alike(range heads) const noexcept { return heads.size() <= 1; }
  [[nodiscard]] bool alike_in(index_t seq, index_t, range heads) const noexcept {
    return seq % 2 == 0 || heads.size() <= 1;
  }
};
static_assert(sequence_head_aware<alike_in_even> && !sequence_head_aware<by_parity>);

TEST(plan_query_tiles, heads_share_a_tile_where_the_sequence_lets_them) {
  expect_partition<alike_in_even>(4);
  const sample<> s(1, {130, 130}, {140, 140}, 2, 4, 4, 4);
  const bound_call<alike_in_even> call(s);
  const auto c = call.get();
  const plan_detail::query_tiles<float, typename bound_call<alike_in_even>::call_type> tiles(c);
  for (const auto kind : {plan_detail::kernel_kind::prefill, plan_detail::kernel_kind::decode}) {
    EXPECT_EQ(tiles.heads_from(0, 1, 4, kind), (range{4, 8}));
    EXPECT_EQ(tiles.heads_from(1, 1, 4, kind), (range{4, 5}));
  }
}
} // namespace
