// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/sparse/quality.hpp>

#include <heed/exec/sequential.hpp>
#include <heed/kv/contiguous.hpp>
#include <heed/reference/attention.hpp>
#include <heed/testing/structured_sequence.hpp>
#include <support/erased.hpp>
#include <support/tolerance.hpp>

#include "reader_checks.hpp"

namespace heed::test {
namespace {

struct example {
  testing::structured_sequence s{{.tokens = 300, .q_heads = 4, .kv_heads = 2, .dim = 32, .segment = 64}};
  auto q() const { return view(s.q.data(), 300, 4, 32); }
  auto kv() const { return contiguous(view(s.k.data(), 300, 2, 32), view(s.v.data(), 300, 2, 32)); }
  selection_quality measure(const auto& m, const std::vector<index_t>& rows) const {
    sequential one;
    return measure_selection(one, q(), kv(), erased_mask(m), erased_mask(causal{}), rows);
  }
};

TEST(sparse_quality, recall_error_and_density_are_those_of_the_definition) {
  const example e;
  const block_lists l = drawn_blocks(
      {.rows = 300, .keys = 300, .block_rows = 32, .block_keys = 16, .lists = 4, .stripe_rows = 64}, {.5, .7, .05}, 3);
  const std::vector<index_t> rows = evenly_spaced_rows(300, 41);
  const auto kept = l.mask(causal{});
  const selection_quality got = e.measure(kept, rows);
  ASSERT_EQ(got.rows, 41);
  ASSERT_EQ(got.heads, 4);
  reference::call call;
  call.scale = 1 / std::sqrt(32.);
  call.rows_each = 300;
  std::vector<double> mass(300 * 4);
  double pairs = 0, kept_pairs = 0;
  const auto see = [&](const query_row& at, index_t slot, double p) {
    const bool in = kept.allows({0, at.head, at.q, slot, at.row, slot});
    if (in) mass[static_cast<std::size_t>(at.row * 4 + at.head)] += p;
    if (std::find(rows.begin(), rows.end(), at.row) == rows.end()) return;
    pairs += 1;
    kept_pairs += in;
  };
  const auto dense = reference::attend(e.q(), e.kv(), causal{}, reference::unchanged{}, call, see);
  const auto sparse = reference::attend(e.q(), e.kv(), all_of(kept, causal{}), reference::unchanged{}, call);
  EXPECT_DOUBLE_EQ(got.density, kept_pairs / pairs);
  double mean = 0, worst = 0;
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t h = 0; h < 4; ++h) {
      const std::size_t at = static_cast<std::size_t>(rows[i]) * 4 + h, here = i * 4 + h;
      const row_facts facts{static_cast<double>(dense.visible[at]), 32, dense.score_magnitude[at]};
      EXPECT_NEAR(got.recall[here], mass[at], 2 * lse_bound<float>(facts) + epsilon<float>);
      double apart = 0, size = 0, bound = 0;
      for (std::size_t d = at * 32; d < (at + 1) * 32; ++d) {
        apart += (sparse.o[d] - dense.o[d]) * (sparse.o[d] - dense.o[d]);
        size += dense.o[d] * dense.o[d];
        bound += output_bound<float, float>(facts, dense.magnitude[d] + sparse.magnitude[d], dense.o[d]);
      }
      EXPECT_NEAR(got.error[here], std::sqrt(apart / size),
                  2 * bound / std::sqrt(size) * (1 + std::sqrt(apart / size)));
      mean += got.recall[here] / 164;
      worst = std::fmax(worst, got.error[here]);
    }
  EXPECT_NEAR(got.mean_recall, mean, 1e-12);
  EXPECT_EQ(got.greatest_error, worst);
  EXPECT_EQ(got.least_recall, *std::min_element(got.recall.begin(), got.recall.end()));
  EXPECT_LT(got.least_recall, got.mean_recall);
  EXPECT_LT(got.mean_recall, 1.);
}
TEST(sparse_quality, everything_has_recall_1_and_nothing_has_0) {
  const example e;
  const std::vector<index_t> rows = evenly_spaced_rows(300, 7);
  const selection_quality all = e.measure(full{}, rows);
  EXPECT_EQ(all.mean_recall, 1);
  EXPECT_EQ(all.least_recall, 1);
  EXPECT_EQ(all.greatest_error, 0);
  EXPECT_EQ(all.density, 1);
  const block_lists l({.rows = 300, .keys = 300});
  const selection_quality nothing = e.measure(l.mask(), rows);
  EXPECT_EQ(nothing.mean_recall, 0);
  EXPECT_EQ(nothing.mean_error, 1);
  EXPECT_EQ(nothing.density, 0);
}
TEST(sparse_quality, rows_are_spread_evenly) {
  EXPECT_EQ(evenly_spaced_rows(10, 4), (std::vector<index_t>{0, 3, 6, 9}));
  EXPECT_EQ(evenly_spaced_rows(3, 9), (std::vector<index_t>{0, 1, 2}));
  EXPECT_EQ(evenly_spaced_rows(9, 1), (std::vector<index_t>{8}));
  EXPECT_TRUE(evenly_spaced_rows(0, 4).empty());
}
TEST(sparse_quality, refuses_rows_that_are_not_there) {
  const example e;
  EXPECT_EQ(says([&] {
              static_cast<void>(e.measure(full{}, {0, 300}));
            }),
            "listed_rows: rows[1] is 300, it must be at least 0 and below 300");
  sequential one;
  const auto two = contiguous(view(e.s.k.data(), 2, 150, 2, 32), view(e.s.v.data(), 2, 150, 2, 32));
  const std::vector<index_t> rows{0};
  EXPECT_EQ(says([&] {
              static_cast<void>(measure_selection(one, e.q(), two, erased_mask(full{}), erased_mask(causal{}), rows));
            }),
            "measure_selection: sequences of kv is 2, it must be 1");
  const auto of = [&](const tensor_view<const float, 3>& q) {
    return says([&] {
      static_cast<void>(measure_selection(one, q, e.kv(), erased_mask(full{}), erased_mask(causal{}), rows));
    });
  };
  EXPECT_EQ(of(view<const float>(nullptr, 300, 4, 32)), "q: data is 0, but the elements in view are 38400");
  EXPECT_EQ(of(e.q().slice(1, 0, 3)), "q: heads is 3, which is no multiple of kv_heads 2");
}
} // namespace
} // namespace heed::test
