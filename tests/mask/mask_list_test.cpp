// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/mask/causal.hpp>
#include <heed/mask/first_keys.hpp>
#include <heed/mask/mask_list.hpp>
#include <heed/mask/sliding_window.hpp>

#include "mask_checks.hpp"
#include "sample_masks.hpp"

namespace heed::test {
namespace {
using detail::joining;
using detail::mask_list;

TEST(mask_mask_list, joins_cells_by_all_or_any) {
  const mask_list<causal, first_keys> m(causal{}, first_keys{1});
  EXPECT_TRUE(m.allows<joining::all>({0, 0, 3, 0, 0, 0}));
  EXPECT_FALSE(m.allows<joining::all>({0, 0, 3, 2, 0, 0}));
  EXPECT_TRUE(m.allows<joining::any>({0, 0, 3, 2, 0, 0}));
  EXPECT_FALSE(m.allows<joining::any>({0, 0, 3, 4, 0, 0}));
}
TEST(mask_mask_list, bits_of_more_keys_than_a_block_holds) {
  const mask_list<causal, sliding_window, first_keys> m(causal{}, sliding_window{9, 9}, first_keys{300});
  std::vector<index_t> q, k;
  for (index_t i = 0; i < 64; ++i) q.push_back(150 + 2 * i);
  for (index_t i = 0; i < 300; ++i) k.push_back(i);
  std::vector<std::uint64_t> rows(k.size());
  detail::joined_bits<joining::all>(m, {0, 0, {0, 1}, q, q, {150, 277}, {0, 300}, {0, 300}}, k, k, rows);
  for (std::size_t j = 0; j < k.size(); ++j)
    for (std::size_t i = 0; i < q.size(); ++i)
      ASSERT_EQ((rows[j] >> i & 1) != 0, m.allows<joining::all>({0, 0, q[i], k[j], 0, 0})) << q[i] << ' ' << k[j];
}
TEST(mask_mask_list, tiler_is_the_first_that_is_one) {
  const mask_list<causal, strided_tiles, strided_tiles> m(causal{}, strided_tiles{2}, strided_tiles{5});
  EXPECT_EQ(m.tiler().step, 2);
}
TEST(mask_mask_list, tally_counts_parts) {
  detail::tally n;
  for (const coverage c : {coverage::none, coverage::partial, coverage::partial, coverage::full}) n.add(c);
  EXPECT_EQ(n.none, 1);
  EXPECT_EQ(n.partial, 2);
  EXPECT_EQ(n.full, 1);
}
} // namespace
} // namespace heed::test
