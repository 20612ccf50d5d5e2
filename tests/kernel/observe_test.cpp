// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// The observers' pass: each chosen row, head and slot once, probabilities as they are, 0 where masked and in padding.
#include <heed/kernel/observe.hpp>

#include <heed/mask/neighborhood.hpp>
#include <kernel/scratch.hpp>
#include <observe/observed.hpp>

#include <array>
#include <limits>
#include <map>

namespace {
using namespace heed;
using namespace heed::test;

struct watcher {
  range chosen;
  std::map<std::array<index_t, 3>, float>* seen; ///< head, row, slot
  range rows(index_t, index_t head, index_t n) const noexcept { return head == 1 ? range{0, 0} : meet(chosen, {0, n}); }
  void observe(const probability_block<float>& p) const noexcept {
    EXPECT_EQ(p.seq, 1);
    EXPECT_EQ(p.slots.size(), p.k.size());
    const index_t heads = p.heads.size(), lanes = heads * static_cast<index_t>(p.rows.size());
    EXPECT_LE(lanes, p.ld);
    for (std::size_t j = 0; j < p.slots.size(); ++j)
      for (index_t lane = 0; lane < p.ld; ++lane) {
        const float x = p.p[static_cast<index_t>(j) * p.ld + lane];
        if (lane >= lanes) {
          EXPECT_EQ(x, 0.f) << "padding";
          continue;
        }
        const index_t head = p.heads.begin + lane % heads, row = p.rows[place(lane / heads)];
        EXPECT_TRUE(seen->insert({{head, row, p.slots[j]}, x}).second) << "seen twice";
      }
  }
};
static_assert(observer<watcher, float>);

TEST(kernel_observe, each_chosen_cell_once_with_its_probability) {
  const sample<> s(1, {2, 60}, {3, 170}, 2, 3, 16, 8);
  std::vector<float> logs(place(62 * 6));
  {
    const auto plain = s.run(causal{});
    logs = plain.lse;
  }
  const bound_call<> b(s);
  const auto c = b.get();
  scratch_of<bound_call<>::call_type> scratch(c);
  const probabilities_of exact(s, 1, causal{});
  for (const range chosen : {range{0, 60}, range{57, 60}, range{10, 11}, range{5, 5}}) {
    std::map<std::array<index_t, 3>, float> seen;
    for (index_t g = 0; g < 2; ++g)
      for (index_t begin = 0; begin < 170; begin += 100)
        kernel::observe_stretch(c, scratch.s.prefill, kernel::known_lse<float>{logs.data(), 6}, watcher{chosen, &seen},
                                1, g, {begin, std::min<index_t>(begin + 100, 170)});
    margin m;
    for (index_t h = 0; h < 6; ++h)
      for (index_t r = 0; r < 60; ++r)
        for (index_t k = 0; k < 170; ++k) {
          const auto at = seen.find({h, r, k});
          const float got = at == seen.end() ? 0.f : at->second;
          const bool wanted = h != 1 && chosen.begin <= r && r < chosen.end;
          const double want = wanted ? exact.at(h, r, k) : 0;
          if (want == 0) {
            ASSERT_EQ(got, 0.f) << "head " << h << " row " << r << " slot " << k;
          } else {
            ASSERT_TRUE(m.add(static_cast<double>(got), want, exact.off(h, r, k))) << got << ", exact " << want;
          }
          if (!wanted) {
            ASSERT_TRUE(at == seen.end());
          }
        }
  }
}

/// Largest logarithm by (head, row, slot), of blocks of keys that end at whole stretches of 7.
struct log_watcher {
  std::map<std::array<index_t, 3>, float>* seen;
  range rows(index_t, index_t, index_t n) const noexcept { return {0, n}; }
  shown shows() const noexcept { return shown::logarithms; }
  index_t slots_together() const noexcept { return 7; }
  void observe(const probability_block<float>& p) const noexcept {
    const index_t heads = p.heads.size(), lanes = heads * static_cast<index_t>(p.rows.size());
    EXPECT_EQ(p.slots.front() % 7, 0);
    for (std::size_t j = 0; j < p.slots.size(); ++j)
      for (index_t lane = 0; lane < p.ld; ++lane) {
        const float x = p.p[static_cast<index_t>(j) * p.ld + lane];
        if (lane >= lanes) {
          EXPECT_EQ(x, -std::numeric_limits<float>::infinity()) << "padding";
        } else {
          EXPECT_TRUE(
              seen->insert({{p.heads.begin + lane % heads, p.rows[place(lane / heads)], p.slots[j]}, x}).second);
        }
      }
  }
};

TEST(kernel_observe, logarithms_are_those_of_the_probabilities_and_blocks_end_where_asked) {
  const sample<> s(1, {2, 60}, {3, 170}, 2, 3, 16, 8);
  const auto logs = s.run(causal{}).lse;
  const bound_call<> b(s);
  const auto c = b.get();
  scratch_of<bound_call<>::call_type> scratch(c);
  const probabilities_of exact(s, 1, causal{});
  std::map<std::array<index_t, 3>, float> seen;
  for (index_t g = 0; g < 2; ++g)
    kernel::observe_stretch(c, scratch.s.prefill, kernel::known_lse<float>{logs.data(), 6}, log_watcher{&seen}, 1, g,
                            {0, 170});
  margin m;
  for (const auto& [at, got] : seen) {
    const double want = exact.at(at[0], at[1], at[2]);
    if (want == 0) {
      ASSERT_EQ(got, -std::numeric_limits<float>::infinity());
    } else {
      ASSERT_TRUE(m.add(static_cast<double>(got), std::log(want),
                        exact.off(at[0], at[1], at[2]) / want + 8 * epsilon<float> * std::fabs(std::log(want))))
          << got << ", exact " << std::log(want);
    }
  }
  EXPECT_EQ(kernel::slots_between_cuts(log_watcher{}, 96), 91);
  EXPECT_EQ(kernel::slots_between_cuts(watcher{}, 96), PTRDIFF_MAX);
}

/// Numbers by (head, row, slot), and how many cells were shown for them.
template <bool AnyOrder> struct cell_watcher {
  static constexpr bool rows_in_any_order = AnyOrder;
  std::map<std::array<index_t, 3>, float>* seen;
  index_t* cells;
  range of = {0, PTRDIFF_MAX};
  range rows(index_t, index_t, index_t n) const noexcept { return meet(of, {0, n}); }
  void observe(const probability_block<float>& p) const noexcept {
    const index_t heads = p.heads.size(), lanes = heads * static_cast<index_t>(p.rows.size());
    *cells += lanes * static_cast<index_t>(p.slots.size());
    for (std::size_t j = 0; j < p.slots.size(); ++j)
      for (index_t lane = 0; lane < lanes; ++lane)
        if (const float x = p.p[static_cast<index_t>(j) * p.ld + lane]; x != 0.f) {
          EXPECT_TRUE(
              seen->insert({{p.heads.begin + lane % heads, p.rows[place(lane / heads)], p.slots[j]}, x}).second);
        }
  }
};
// 8 lines of 80 tokens, windows of 5 x 5: boxes see a fraction of what rows in order, two lines and more, see.
TEST(kernel_observe, rows_in_any_order_come_in_the_tiles_of_the_mask) {
  const sample<> s(2, {640}, {640}, 1, 2, 16, 8);
  const erased_tiler m(neighborhood<2>{.grid = {8, 80}, .window = 5});
  const auto logs = s.run(m).lse;
  const bound_call<erased_tiler> b(s, m);
  const auto c = b.get();
  scratch_of<bound_call<erased_tiler>::call_type> scratch(c);
  const auto watch = [&](const auto& o) {
    for (index_t begin = 0; begin < 640; begin += 400)
      kernel::observe_stretch(c, scratch.s.prefill, kernel::known_lse<float>{logs.data(), 2}, o, 0, 0,
                              {begin, std::min<index_t>(begin + 400, 640)});
  };
  std::map<std::array<index_t, 3>, float> in_order, boxes, some;
  index_t cells_in_order = 0, cells_of_boxes = 0, cells_of_some = 0;
  watch(cell_watcher<false>{&in_order, &cells_in_order});
  watch(cell_watcher<true>{&boxes, &cells_of_boxes});
  EXPECT_EQ(in_order.size(), place(640 * 2 * 25));
  EXPECT_TRUE(boxes == in_order) << "the same cells and bits";
  EXPECT_LT(3 * cells_of_boxes, 2 * cells_in_order);
  watch(cell_watcher<true>{&some, &cells_of_some, {100, 103}}); // chosen rows are no tiles of the mask
  EXPECT_EQ(some.size(), place(3 * 2 * 25));
  for (const auto& [at, x] : some) EXPECT_EQ(x, in_order[at]);
}
} // namespace
