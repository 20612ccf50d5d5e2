// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Many queries: states against a double loop, and chunk by chunk the same bits as at once.
#include <heed/kernel/prefill.hpp>

#include <kernel/scratch.hpp>

namespace {
using namespace heed;
using namespace heed::test;
using layout = kernel::lane_layout<float>;

TEST(kernel_prefill, lanes_are_cut_into_panels_of_whole_vectors) {
  constexpr index_t vector = simd::batch<float>::lanes;
  for (index_t lanes = 1; lanes <= 4 * layout::full; ++lanes) {
    index_t all = 0;
    for (index_t i = 0; i < layout::panels(lanes); ++i) {
      EXPECT_EQ(layout::width(lanes, i) % vector, 0);
      EXPECT_LE(layout::width(lanes, i), layout::full);
      all += layout::width(lanes, i);
    }
    EXPECT_GE(all, lanes);
    EXPECT_LT(all, lanes + vector);
  }
}

TEST(kernel_prefill, states_equal_the_double_loop) {
  const sample<> s(1, {60}, {150}, 2, 3, 19, 13);
  bound_call<> b(s);
  b.shape.chunk_slots = 64;
  b.shape.block_keys = 24;
  const auto c = b.get();
  scratch_of<bound_call<>::call_type> scratch(c);
  const index_t most = c.shape.panels * layout::full;
  for (const range heads : {range{0, 3}, range{3, 4}})
    for (const index_t count : {index_t{1}, index_t{2}, most / heads.size()}) {
      const index_t n = std::min(std::max<index_t>(count, 1), index_t{60}), first = 60 - n;
      if (n * heads.size() > most) continue;
      const tile t = scratch.over(c, 0, heads, first, n);
      const auto& into = scratch.s.prefill.first;
      kernel::prefill_tile(c, scratch.s.prefill, t, 0, into);
      for (index_t lane = 0; lane < n * heads.size(); ++lane) {
        const index_t i = lane / layout::full, start = i * layout::full, width = layout::width(n * heads.size(), i);
        exact_row(s, causal{}, 0, first + lane / heads.size(), heads.begin + lane % heads.size())
            .expect(into.m[lane], into.l[lane], into.o + start * 13 + lane - start, width);
      }
    }
}

TEST(kernel_prefill, chunks_one_by_one_and_merged_are_the_whole) {
  const sample<> s(2, {30}, {200}, 1, 1, 16, 8);
  bound_call<> b(s);
  b.shape.chunk_slots = 64;
  const auto c = b.get();
  scratch_of<bound_call<>::call_type> scratch(c);
  const index_t n = std::min<index_t>(30, layout::full), padded = layout::width(n, 0);
  const tile t = scratch.over(c, 0, {0, 1}, 0, n);
  const auto make = [&] { return std::vector<float>(place(padded * 10)); };
  const auto at = [&](std::vector<float>& x) {
    return kernel::softmax_state<float>{x.data(), x.data() + padded, x.data() + 2 * padded};
  };
  auto whole = make(), sum = make(), part = make();
  kernel::prefill_tile(c, scratch.s.prefill, t, 0, at(whole));
  kernel::prefill_tile(c, scratch.s.prefill, t, 1, at(sum));
  for (index_t begin = 64; begin < 170 + n; begin += 64) { // causal: the last row sees 170 + n slots
    kernel::prefill_tile(c, scratch.s.prefill, clip(t, c.kv, {begin, 200}), 1, at(part));
    kernel::merge_by_lanes<kernel::score_unit::base_two, float>(at(sum), at(part), padded, 8);
  }
  for (index_t i = 0; i < 10; ++i)
    for (index_t lane = 0; lane < n; ++lane) EXPECT_EQ(sum[place(i * padded + lane)], whole[place(i * padded + lane)]);
}
} // namespace
