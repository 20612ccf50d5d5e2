// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Few queries of several key-value heads: states against a double loop, and chunk by chunk the same bits.
#include <heed/kernel/decode.hpp>

#include <kernel/scratch.hpp>

namespace {
using namespace heed;
using namespace heed::test;

TEST(kernel_decode, lanes_are_padded_to_what_the_micro_kernels_serve) {
  const index_t want[9] = {0, 1, 2, 4, 4, 8, 8, 8, 8};
  for (index_t n = 1; n <= 8; ++n) EXPECT_EQ(kernel::padded_lanes(n), want[n]);
}

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
      std::vector<kernel::softmax_state<float>> into;
      for (index_t g = 0; g < parts; ++g) {
        tiles.push_back(scratch.over(c, 0, {g * group, (g + 1) * group}, 0, rows));
        into.push_back(scratch.s.decode.state(0, g));
      }
      kernel::decode_tiles(c, scratch.s.decode, tiles.data(), parts, 0, into.data());
      const index_t stride = scratch.s.decode.value_stride, lanes = rows * group;
      for (index_t g = 0; g < parts; ++g) {
        const auto& x = into[place(g)];
        for (index_t lane = 0; lane < lanes; ++lane)
          exact_row(s, causal{}, 0, lane / group, g * group + lane % group)
              .expect(x.m[lane], x.l[lane], x.o + lane * stride, 1);
        const auto one = alone.s.decode.state(0, 0);
        kernel::decode_tiles(c, alone.s.decode, &tiles[place(g)], 1, 0, &one);
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
  kernel::decode_tiles(c, scratch.s.decode, &t, 1, 0, &into_whole);
  kernel::decode_tiles(c, scratch.s.decode, &t, 1, 1, &into_sum);
  for (index_t begin = 64; begin < 200; begin += 64) {
    const tile rest = clip(t, c.kv, {begin, 200});
    kernel::decode_tiles(c, scratch.s.decode, &rest, 1, 1, &into_part);
    kernel::merge_by_rows<kernel::score_unit::base_two, float>(into_sum, into_part, 1, stride);
  }
  EXPECT_EQ(sum[0], whole[0]);
  EXPECT_EQ(sum[place(vector)], whole[place(vector)]);
  for (index_t d = 0; d < 8; ++d) EXPECT_EQ(into_sum.o[d], into_whole.o[d]);
}
} // namespace
