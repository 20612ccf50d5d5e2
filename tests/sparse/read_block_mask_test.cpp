// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/sparse/read_block_mask.hpp>

#include "reader_checks.hpp"

namespace heed::test {
namespace {
/// The four tensors as FlexAttention lays them out; entries behind a row's count hold garbage.
struct tensors {
  index_t batch, heads, rows, keys;
  list counts, indices, full_counts, full_indices;

  explicit tensors(const block_lists& l)
      : batch(l.shape().sequences), heads(l.shape().lists), rows(l.row_blocks()), keys(l.key_blocks()) {
    for (index_t b = 0; b < batch; ++b)
      for (index_t h = 0; h < heads; ++h)
        for (index_t r = 0; r < rows; ++r) {
          add(l.partial_row(b, h, r), counts, indices);
          add(l.full_row(b, h, r), full_counts, full_indices);
        }
  }
  void add(block_lists::entries row, list& n, list& all) const {
    n.push_back(static_cast<std::int32_t>(row.size()));
    all.insert(all.end(), row.begin(), row.end());
    all.resize(all.size() + static_cast<std::size_t>(keys) - row.size(), -77);
  }
  block_mask_tensors get() const {
    return {view(counts.data(), batch, heads, rows), view(indices.data(), batch, heads, rows, keys),
            view(full_counts.data(), batch, heads, rows), view(full_indices.data(), batch, heads, rows, keys)};
  }
};

TEST(sparse_read_block_mask, gives_back_full_and_partial_blocks) {
  for (const index_t sequences : {1, 2})
    for (const index_t lists : {1, 4}) {
      const block_shape shape{.rows = 70,
                              .keys = 90,
                              .block_rows = 16,
                              .block_keys = 8,
                              .lists = lists,
                              .heads_per_list = 4 / lists,
                              .sequences = sequences};
      const block_lists want = drawn_blocks(shape, {}, seed_or(1));
      const tensors t(want);
      block_lists got;
      read_block_mask(shape, t.get(), got);
      expect_same_blocks(got, want);
      block_mask_tensors partial_only = t.get();
      partial_only.full_kv_num_blocks = {};
      read_block_mask(shape, partial_only, got);
      EXPECT_TRUE(got.full_row(0, 0, 0).empty());
      EXPECT_EQ(of(got.partial_row(0, 0, 4)), of(want.partial_row(0, 0, 4)));
    }
}
TEST(sparse_read_block_mask, refuses_malformed_tensors_by_name_and_value) {
  const block_shape shape{.rows = 20, .keys = 40, .block_rows = 10, .block_keys = 10};
  block_lists lists(shape), out({.rows = 5, .keys = 5});
  lists.set_row(0, 0, 0, list{0, 2}, list{1});
  lists.set_row(0, 0, 1, list{3}, list{0, 1, 2});
  const auto says_of = [&](const auto& change, block_shape s) {
    tensors t(lists);
    block_mask_tensors m = t.get();
    change(t, m);
    return says([&] { read_block_mask(s, m, out); });
  };
  const auto broken = [&](const auto& change) { return says_of(change, shape); };
  EXPECT_EQ(broken([](auto&, auto& m) { m.kv_indices = {}; }),
            "read_block_mask: kv_indices is 0, a null pointer beside counts: 2");
  EXPECT_EQ(broken([](auto& t, auto& m) {
              m.kv_num_blocks = view(static_cast<const std::int32_t*>(t.counts.data()), 1, 2, 1);
            }),
            "read_block_mask: kv_num_blocks[1] is 2, by the shape this extent is 1");
  EXPECT_EQ(broken([](auto& t, auto& m) {
              m.full_kv_indices = view(static_cast<const std::int32_t*>(t.full_indices.data()), 1, 1, 2, 3);
            }),
            "read_block_mask: full_kv_indices[3] is 3, by the shape this extent is 4");
  EXPECT_EQ(broken([](auto& t, auto&) { t.counts[1] = -1; }),
            "read_block_mask: kv_num_blocks[1] is -1, it must be at least 0 and at most 4");
  EXPECT_EQ(broken([](auto& t, auto&) { t.full_counts[0] = 5; }),
            "read_block_mask: full_kv_num_blocks[0] is 5, it must be at least 0 and at most 4");
  EXPECT_EQ(broken([](auto& t, auto&) { t.full_counts[0] = 3; }),
            "read_block_mask: full_kv_indices[2] is -77, it must be at least 0 and below 4");
  EXPECT_EQ(broken([](auto& t, auto&) { t.indices[5] = 4; }),
            "read_block_mask: kv_indices[5] is 4, it must be at least 0 and below 4");
  EXPECT_EQ(broken([](auto& t, auto&) { t.indices[6] = 1; }),
            "read_block_mask: kv_indices[6] is 1, it must be above the entry before, 1");
  EXPECT_EQ(broken([](auto& t, auto&) { t.indices[6] = 3; }),
            "read_block_mask: kv_indices[6] is 3, it is among the full ones too: 3");
  EXPECT_EQ(says_of([](auto&, auto&) {}, {.lists = 0}), "block_lists: lists is 0, the least is 1");
  EXPECT_EQ(out.shape().rows, 5) << "out was touched";
  EXPECT_EQ(broken([](auto&, auto&) {}), "");
}
TEST(sparse_read_block_mask, no_keys_need_no_indices) {
  const list none(3);
  block_lists out;
  read_block_mask({.rows = 300, .keys = 0},
                  {view(none.data(), 1, 1, 3), view<const std::int32_t>(nullptr, 1, 1, 3, 0), {}, {}}, out);
  EXPECT_EQ(out.row_blocks(), 3);
  EXPECT_TRUE(out.full_row(0, 0, 2).empty() && out.partial_row(0, 0, 2).empty());
}
} // namespace
} // namespace heed::test
