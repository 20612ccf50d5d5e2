// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/mask/causal.hpp>
#include <heed/mask/exact_runs.hpp>

#include "mask_checks.hpp"
#include "sample_masks.hpp"

namespace heed::test {
namespace {

/// A mask whose runs are made from its bits alone.
template <mask M> struct by_bits {
  static constexpr bool tight = true;
  M m;
  bool allows(cell at) const noexcept { return m.allows(at); }
  bool alike(range heads) const noexcept { return heed::alike(m, heads); }
  index_t runs(const tile& t, std::span<key_run> out) const noexcept {
    run_writer w{out, t.k};
    static_cast<void>(put_exact(w, m, t, t.k));
    return w.n;
  }
};

TEST(mask_exact_runs, low_bits_of_any_count) {
  EXPECT_EQ(low_bits(0), 0u);
  EXPECT_EQ(low_bits(1), 1u);
  EXPECT_EQ(low_bits(63), ~std::uint64_t{0} >> 1);
  EXPECT_EQ(low_bits(64), ~std::uint64_t{0});
  EXPECT_EQ(low_bits(1000), ~std::uint64_t{0});
}
TEST(mask_exact_runs, keys_become_runs) {
  key_run out[8];
  run_writer w{out, {0, 100}};
  seen_keys seen;
  seen.add(0b01110);
  seen.add(0b00111);
  EXPECT_TRUE(put_keys(w, 20, 5, seen));
  ASSERT_EQ(w.n, 3);
  EXPECT_EQ(out[0].k, (range{20, 21}));
  EXPECT_EQ(out[0].cover, coverage::partial);
  EXPECT_EQ(out[1].k, (range{21, 23}));
  EXPECT_EQ(out[1].cover, coverage::full);
  EXPECT_EQ(out[2].k, (range{23, 24}));
  EXPECT_EQ(out[2].cover, coverage::partial);
}
TEST(mask_exact_runs, follow_from_bits_or_from_cells_for_any_rows_and_heads) {
  expect_laws(by_bits<causal>{{}});
  expect_laws(by_bits<without_bits>{{}});
  expect_laws(by_bits<only_rows>{{1, 3}});
  expect_laws(by_bits<by_head>{{}}, {.rows = {66, 130}, .seen = {131, 200}, .q_heads = 4, .kv_heads = 2});
}
TEST(mask_exact_runs, panels_of_64_rows_know_the_hull_of_their_own_positions) {
  struct watches_hull {
    bool allows(cell) const noexcept { return true; }
    index_t runs(const tile&, std::span<key_run>) const noexcept { return 0; }
    void bits(const tile& t, std::span<const index_t> k, std::span<const index_t>,
              std::span<std::uint64_t> rows) const noexcept {
      range hull{t.q[0], t.q[0] + 1};
      for (const index_t q : t.q) hull = {lesser(hull.begin, q), greater(hull.end, q + 1)};
      for (std::size_t j = 0; j < k.size(); ++j) rows[j] = hull == t.q_hull ? ~std::uint64_t{0} : 0;
    }
  };
  std::vector<index_t> rows, q;
  for (index_t r = 0; r < 150; ++r) rows.push_back(r), q.push_back(300 - 2 * r);
  key_run out[2];
  run_writer w{out, {0, 10}};
  EXPECT_TRUE(put_exact(w, watches_hull{}, {0, 0, {0, 1}, rows, q, {2, 301}, {0, 10}, {0, 10}}, {0, 10}));
  ASSERT_EQ(w.n, 1);
  EXPECT_EQ(out[0].cover, coverage::full);
}
} // namespace
} // namespace heed::test
