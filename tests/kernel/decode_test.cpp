// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Few queries of several key-value heads: states against a double loop, and chunk by chunk the same bits.
#include <heed/kernel/decode.hpp>

#include <kernel/scratch.hpp>

namespace {
using namespace heed;
using namespace heed::test;

TEST(kernel_decode, states_equal_the_double_loop_and_do_not_depend_on_who_shares_the_task) {
  constexpr index_t most = kernel::decode_scratch<float>::max_lanes, parts = kernel::decode_scratch<float>::max_parts;
  for (const index_t group : {1, 2, 3, 4, 7, 8})
    for (const index_t rows : {1, 2, 3}) {
      if (group * rows > most) continue;
      const sample<> s(1, {rows}, {group % 2 == 0 ? 300 : 61}, parts, group, 21, 18);
      bound_call<> b(s);
      b.shape.decode_chunk_slots = 64;
      const auto c = b.get();
      scratch_of<bound_call<>::call_type> scratch(c), alone(c);
      std::vector<tile> tiles;
      std::vector<kernel::decode_target<float>> into;
      for (index_t g = 0; g < parts; ++g) {
        tiles.push_back(scratch.over(c, 0, {g * group, (g + 1) * group}, 0, rows));
        into.push_back({scratch.s.decode.state(0, g)});
      }
      kernel::decode_tiles(c, scratch.s.decode, tiles.data(), parts, into.data());
      const index_t stride = scratch.s.decode.value_stride, lanes = rows * group;
      for (index_t g = 0; g < parts; ++g) {
        const auto& x = into[place(g)].first;
        for (index_t lane = 0; lane < lanes; ++lane)
          exact_row(s, causal{}, 0, lane / group, g * group + lane % group)
              .expect(x.m[lane], x.l[lane], x.o + lane * stride, 1);
        const auto one = alone.s.decode.state(0, 0);
        const kernel::decode_target<float> to{one};
        kernel::decode_tiles(c, alone.s.decode, &tiles[place(g)], 1, &to);
        EXPECT_EQ(std::memcmp(one.m, x.m, place(lanes) * 4), 0);
        EXPECT_EQ(std::memcmp(one.l, x.l, place(lanes) * 4), 0);
        EXPECT_EQ(std::memcmp(one.o, x.o, place(lanes * stride) * 4), 0);
      }
    }
}

TEST(kernel_decode, chunks_one_by_one_and_merged_are_the_whole) {
  const sample<> s(2, {1}, {200}, 1, 1, 16, 8);
  bound_call<> b(s);
  b.shape.decode_chunk_slots = 64;
  const auto c = b.get();
  scratch_of<bound_call<>::call_type> scratch(c);
  const tile t = scratch.over(c, 0, {0, 1}, 0, 1);
  const index_t stride = scratch.s.decode.value_stride, vector = simd::batch<float>::lanes;
  const auto make = [&] { return std::vector<float>(place(2 * vector + stride)); };
  const auto at = [&](std::vector<float>& x) {
    return kernel::softmax_state<float>{x.data(), x.data() + vector, x.data() + 2 * vector};
  };
  auto whole = make(), sum = make(), part = make();
  const auto into_whole = at(whole), into_sum = at(sum), into_part = at(part);
  const auto run = [&](const tile& over, const kernel::softmax_state<float>& into, index_t chunks) {
    const kernel::decode_target<float> to{into, chunks};
    kernel::decode_tiles(c, scratch.s.decode, &over, 1, &to);
  };
  run(t, into_whole, 0);
  run(t, into_sum, 1);
  for (index_t begin = 64; begin < 200; begin += 64) {
    const tile rest = clip(t, c.kv, {begin, 200});
    run(rest, into_part, 1);
    kernel::merge_by_rows<kernel::score_unit::base_two, float>(into_sum, into_part, 1, stride);
  }
  // All chunks of one task, each in a state of its own, and one more that has no slot left.
  const index_t numbers = 2 * vector + stride;
  std::vector<float> states(place(5 * numbers), 9.f);
  const kernel::decode_target<float> apart{at(states), 5, numbers};
  kernel::decode_tiles(c, scratch.s.decode, &t, 1, &apart);
  auto again = make();
  std::copy(states.begin(), states.begin() + numbers, again.begin());
  for (index_t i = 1; i < 5; ++i)
    kernel::merge_by_rows<kernel::score_unit::base_two, float>(at(again), apart.of(i), 1, stride);
  EXPECT_EQ(apart.of(4).l[0], 0.f);
  EXPECT_EQ(again[0], whole[0]);
  EXPECT_EQ(again[place(vector)], whole[place(vector)]);
  for (index_t d = 0; d < 8; ++d) EXPECT_EQ(again[place(2 * vector + d)], into_whole.o[d]);

  EXPECT_EQ(sum[0], whole[0]);
  EXPECT_EQ(sum[place(vector)], whole[place(vector)]);
  for (index_t d = 0; d < 8; ++d) EXPECT_EQ(into_sum.o[d], into_whole.o[d]);
}
} // namespace
