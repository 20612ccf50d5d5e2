// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// What a decode task lays out: states in a row, queries scaled, padded and repeated.
#include <heed/kernel/decode_task.hpp>

#include <kernel/scratch.hpp>

namespace {
using namespace heed;
using namespace heed::test;

TEST(kernel_decode_task, lanes_are_padded_to_what_the_micro_kernels_serve) {
  const index_t want[9] = {0, 1, 2, 4, 4, 8, 8, 8, 8};
  for (index_t n = 1; n <= 8; ++n) EXPECT_EQ(kernel::padded_lanes(n), want[n]);
}

TEST(kernel_decode_task, chunks_lie_a_step_apart_or_share_a_state) {
  float numbers[64];
  const kernel::decode_target<float> apart{{numbers, numbers + 4, numbers + 8}, 3, 20};
  EXPECT_EQ(apart.of(2).m, numbers + 40);
  EXPECT_EQ(apart.of(2).l, numbers + 44);
  EXPECT_EQ(apart.of(2).o, numbers + 48);
  const kernel::decode_target<float> shared{{numbers, numbers + 4, numbers + 8}};
  EXPECT_EQ(shared.of(7).o, numbers + 8);
}

TEST(kernel_decode_task, queries_stand_scaled_in_their_lanes) {
  constexpr index_t dim = 19, vector = simd::batch<float>::lanes;
  if (kernel::decode_scratch<float>::max_lanes < 6) GTEST_SKIP() << "too few lanes";
  const sample<> s(1, {2}, {9}, 2, 3, dim, 8);
  bound_call<> b(s);
  const auto c = b.get();
  scratch_of<bound_call<>::call_type> scratch(c);
  auto& d = scratch.s.decode;
  kernel::make_lanes(c, d, 1, scratch.over(c, 0, {3, 6}, 0, 2));
  const kernel::panel<float>& p = d.parts[1].lanes;
  EXPECT_EQ(p.used, 6);
  EXPECT_EQ(p.lanes, 8);
  EXPECT_EQ(p.every, 0x3fu);
  for (index_t i = 0; i < d.score_lanes; ++i) {
    const index_t lane = std::min<index_t>(i % 8, 5);
    EXPECT_EQ(p.head_of[i], 3 + lane % 3);
    EXPECT_EQ(p.row_of[i], lane / 3);
    EXPECT_EQ(p.q_of[i], 7 + lane / 3);
  }
  const double factor = s.call.scale * 1.44269504088896340736;
  for (index_t lane = 0; lane < 8; ++lane)
    for (index_t e = 0; e < d.key_stride; ++e) {
      const index_t each = kernel::score_group_lanes<float>(8); // [groups][vectors of dim][each][vector]
      const float got =
          p.q[lane / each * each * d.key_stride + e / vector * each * vector + lane % each * vector + e % vector];
      if (lane >= 6 || e >= dim) {
        EXPECT_EQ(got, 0.f);
        continue;
      }
      const double want = factor * static_cast<double>(s.q[place((lane / 3 * 6 + 3 + lane % 3) * dim + e)]);
      EXPECT_NEAR(static_cast<double>(got), want, std::fabs(want) * epsilon<float>);
    }
  EXPECT_EQ(d.key_stride % vector, 0);
}
} // namespace
