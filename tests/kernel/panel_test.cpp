// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Which cells of a panel are live: groups, spread bits, and the mask's answer by either way of asking.
#include <heed/kernel/panel.hpp>

#include <kernel/micro.hpp>

#include <heed/mask/sliding_window.hpp>

namespace {
using namespace heed;
using namespace heed::test;
template <class A> class kernel_panel : public testing::Test {};
TYPED_TEST_SUITE(kernel_panel, accumulators);

TYPED_TEST(kernel_panel, segments_list_the_groups_with_a_live_cell) {
  constexpr index_t group = kernel::kernel_shape<TypeParam>::live_keys;
  test::random gen(1);
  kernel::live_groups live;
  for (int i = 0; i < 300; ++i) {
    const index_t keys = gen.integer(1, key_block::capacity);
    const std::uint64_t every = first_bits(gen.integer(1, 48));
    const auto lanes = drawn_lanes(gen, keys, every);
    set_live<TypeParam>(live, lanes, every);
    std::vector<int> kind(place(keys), 0); // 0: no group lists it, 1: full, 2: partial
    for (index_t s = 0; s < live.count; ++s) {
      EXPECT_EQ(live.segment[s].begin % group, 0);
      EXPECT_LE(live.segment[s].end, keys);
      for (index_t j = live.segment[s].begin; j < live.segment[s].end; ++j)
        kind[place(j)] = live.segment[s].partial ? 2 : 1;
    }
    for (index_t g = 0; g < keys; g += group) {
      std::uint64_t some = 0, each = every;
      for (index_t j = g; j < std::min(g + group, keys); ++j) {
        some |= lanes[place(j)];
        each &= lanes[place(j)];
      }
      for (index_t j = g; j < std::min(g + group, keys); ++j)
        ASSERT_EQ(kind[place(j)], some == 0 ? 0 : each == every ? 1 : 2);
    }
    constexpr index_t vector = simd::batch<TypeParam>::lanes;
    for (index_t s = 0; s < live.count; ++s) {
      const kernel::key_segment& part = live.segment[s];
      if (!part.partial) continue;
      for (index_t g = part.begin; g < part.end; g += group) {
        std::uint64_t some = 0;
        for (index_t j = g; j < std::min(g + group, keys); ++j) some |= lanes[place(j)];
        for (index_t v = 0; v < 64 / vector; ++v) {
          const bool first = v == part.first_vector, last = v == part.first_vector + part.vectors - 1;
          const bool sees = (some & (first_bits(vector) << (v * vector))) != 0;
          const bool outside = v < part.first_vector || v >= part.first_vector + part.vectors;
          ASSERT_FALSE((first || last) && !sees) << "vectors at the ends have live lanes";
          ASSERT_FALSE(outside && sees);
        }
      }
    }
  }
  live.all(7);
  EXPECT_EQ(live.count, 1);
  EXPECT_EQ(live.segment[0].end, 7);
  EXPECT_FALSE(live.segment[0].partial);
}

TYPED_TEST(kernel_panel, spread_repeats_a_row_for_each_of_its_lanes) {
  const std::uint8_t rows[7] = {0, 0, 0, 1, 1, 1, 2};
  EXPECT_EQ(kernel::spread(0b101, rows, 7), 0b1000111u);
  EXPECT_EQ(kernel::spread(0b010, rows, 7), 0b0111000u);
  EXPECT_EQ(kernel::spread(0b010, rows, 4), 0b0001000u) << "lanes that are used";
}

/// The same window, cell by cell.
struct by_cell {
  sliding_window w;
  bool allows(cell at) const noexcept { return w.allows(at); }
  index_t runs(const tile& t, std::span<key_run> out) const noexcept { return w.runs(t, out); }
};
static_assert(!bit_mask<by_cell> && bit_mask<sliding_window>);

TYPED_TEST(kernel_panel, the_mask_is_asked_about_partial_keys_only) {
  using A = TypeParam;
  test::random gen(2);
  const auto block = std::make_unique<key_block>();
  kernel::live_groups bits, cells;
  for (int i = 0; i < 200; ++i) {
    const index_t heads = gen.integer(1, 3), rows = gen.integer(1, 64 / 3), used = rows * heads;
    std::vector<index_t> head_of, q_of, row_of, row_list, q_list;
    std::vector<std::uint8_t> row_bit;
    for (index_t r = 0; r < rows; ++r) {
      row_list.push_back(100 + r);
      q_list.push_back(40 + 2 * r);
    }
    for (index_t lane = 0; lane < used; ++lane) {
      head_of.push_back(lane % heads);
      row_of.push_back(row_list[place(lane / heads)]);
      q_of.push_back(q_list[place(lane / heads)]);
      row_bit.push_back(static_cast<std::uint8_t>(lane / heads));
    }
    const tile t{0, 0, {0, heads}, row_list, q_list, {40, 41 + 2 * (rows - 1)}, {0, 200}, {0, 200}};
    const kernel::panel<A> p{nullptr,
                             1,
                             64,
                             1,
                             used,
                             first_bits(used),
                             0,
                             40,
                             head_of.data(),
                             q_of.data(),
                             row_of.data(),
                             nullptr,
                             row_bit.data(),
                             t,
                             heads == 1};
    key_block& b = *block;
    b.count = gen.integer(1, key_block::capacity);
    b.any_partial = true;
    for (index_t j = 0; j < b.count; ++j) {
      b.k[j] = gen.integer(0, 120);
      b.slot[j] = j;
      b.partial[j] = !gen.chance(3);
    }
    b.partial[gen.integer(0, b.count - 1)] = true;
    const sliding_window w{gen.integer(0, 30), gen.integer(0, 5)};
    kernel::find_live(w, p, b, bits);
    kernel::find_live(by_cell{w}, p, b, cells);
    for (index_t j = 0; j < b.count; ++j) {
      std::uint64_t want = 0;
      for (index_t lane = 0; lane < used; ++lane)
        want |= static_cast<std::uint64_t>(!b.partial[j] || w.allows({0, 0, q_of[place(lane)], b.k[j], 0, j})) << lane;
      ASSERT_EQ(bits.lanes[j], want) << "key " << j;
      ASSERT_EQ(cells.lanes[j], want) << "key " << j;
    }
    ASSERT_EQ(bits.count, cells.count);
  }
}
} // namespace
