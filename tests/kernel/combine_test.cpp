// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Finished states into rows: normalised, scaled by the epilogue, each row told once, empty rows zero.
#include <heed/kernel/combine.hpp>

#include <kernel/scratch.hpp>

#include <map>

namespace {
using namespace heed;
using namespace heed::test;
constexpr float infinite_f = std::numeric_limits<float>::infinity();

struct recorder {
  std::map<std::pair<index_t, index_t>, std::pair<query_row, float>>* rows;
  float scale(query_row at, float) const noexcept { return at.head % 2 == 0 ? 1.f : -.5f; }
  void finish(query_row at, float lse) const noexcept {
    EXPECT_TRUE(rows->insert({{at.row, at.head}, {at, lse}}).second) << "told twice";
  }
};

/// Drawn states of all lanes of a tile, every fifth empty; o of lane i is i + 1 + d / 8.
template <bool ByLanes> void expect_finished(index_t heads, index_t count, index_t dim) {
  const sample<> s(1, {3, 40}, {5, 50}, 1, heads, 4, dim);
  bound_call<> b(s);
  std::fill(b.o.begin(), b.o.end(), -1e9f);
  const auto plain = b.get();
  std::map<std::pair<index_t, index_t>, std::pair<query_row, float>> told;
  const recorder note{&told};
  const kernel::call<float, float, float, bound_call<>::source, causal, no_score_mod, recorder> c{
      plain.p, plain.kv, plain.m, plain.mod, note, plain.shape, plain.dims};
  scratch_of<bound_call<>::call_type> scratch(plain);
  const tile t = scratch.over(plain, 1, {0, heads}, 5, count);
  const index_t lanes = heads * count, vector = simd::batch<float>::lanes;
  using layout = kernel::lane_layout<float>;
  const index_t stride = (dim + vector - 1) / vector * vector, padded = (lanes + vector - 1) / vector * vector;
  std::vector<float> m(place(padded + layout::full), -infinite_f), l(m.size(), 0.f), o((m.size()) * place(stride), 0.f);
  for (index_t lane = 0; lane < lanes; ++lane) {
    if (lane % 5 == 4) continue;
    m[place(lane)] = static_cast<float>(lane % 3) - 1;
    l[place(lane)] = static_cast<float>(1 + lane % 4);
    const index_t i = lane / layout::full, first = i * layout::full, width = layout::width(lanes, i);
    for (index_t d = 0; d < dim; ++d)
      o[place(ByLanes ? first * dim + d * width + lane - first : lane * stride + d)] =
          static_cast<float>(lane + 1) + static_cast<float>(d) / 8;
  }
  const kernel::softmax_state<float> state{m.data(), l.data(), o.data()};
  std::vector<float> factor(place(layout::full));
  if constexpr (ByLanes)
    kernel::finish_by_lanes(c, t, state, factor.data());
  else
    kernel::finish_by_rows(c, t, state, stride);
  ASSERT_EQ(static_cast<index_t>(told.size()), lanes);
  for (index_t lane = 0; lane < lanes; ++lane) {
    const index_t row = 5 + lane / heads, head = lane % heads;
    const auto& [at, lse] = told.at({row, head});
    EXPECT_EQ(at.seq, 1);
    EXPECT_EQ(at.token, 3 + row);
    EXPECT_EQ(at.q, 10 + row);
    const bool empty = lane % 5 == 4;
    if (empty) {
      EXPECT_EQ(lse, -infinite_f);
    } else {
      const double want =
          (static_cast<double>(lane % 3) - 1 + std::log2(1. + static_cast<double>(lane % 4))) * std::log(2.);
      EXPECT_NEAR(static_cast<double>(lse), want, 4 * epsilon<float>);
    }
    for (index_t d = 0; d < dim; ++d) {
      const double full =
          (static_cast<double>(lane + 1) + static_cast<double>(d) / 8) / (1. + static_cast<double>(lane % 4));
      const double want = empty ? 0 : full * (head % 2 == 0 ? 1 : -.5);
      EXPECT_NEAR(static_cast<double>(b.o[place(((3 + row) * heads + head) * dim + d)]), want,
                  4 * epsilon<float> * full);
    }
  }
  index_t written = 0;
  for (const float x : b.o) written += x != -1e9f;
  EXPECT_EQ(written, lanes * dim) << "and nothing else";
}

TEST(kernel_combine, lanes_become_rows) {
  constexpr index_t most = kernel::lane_layout<float>::full;
  for (const index_t dim : {1, 7, 16, 33})
    for (const index_t heads : {1, 2, 3}) {
      expect_finished<true>(heads, 1, dim);
      expect_finished<true>(heads, std::min<index_t>(30, (most + heads) / heads), dim);
      expect_finished<true>(heads, std::min<index_t>(30, (2 * most - 1) / heads), dim);
    }
}

TEST(kernel_combine, rows_become_rows) {
  constexpr index_t most = kernel::decode_scratch<float>::max_lanes;
  for (const index_t dim : {1, 7, 16, 33})
    for (const index_t heads : {1, 2, 4})
      for (const index_t count : {1, 2}) {
        if (heads * count > most) continue;
        expect_finished<false>(heads, count, dim);
      }
}
} // namespace
