// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/sparse/read_csr.hpp>

#include "reader_checks.hpp"

namespace heed::test {
namespace {
template <class Index> struct csr_arrays {
  std::vector<Index> offsets{0}, columns;
  void add(const list& row) {
    columns.insert(columns.end(), row.begin(), row.end());
    offsets.push_back(static_cast<Index>(columns.size()));
  }
  csr_rows rows() const { return {offsets, columns}; }
};
template <class Index> void expect_read_back() {
  const block_shape shape{
      .rows = 70, .keys = 90, .block_rows = 16, .block_keys = 8, .lists = 3, .heads_per_list = 2, .sequences = 2};
  const block_lists want = drawn_blocks(shape, {}, seed_or(1));
  csr_arrays<Index> full, partial;
  for (index_t i = 0; i < 6; ++i)
    for (index_t r = 0; r < want.row_blocks(); ++r) {
      full.add(of(want.full_row(i / 3, i % 3, r)));
      partial.add(of(want.partial_row(i / 3, i % 3, r)));
    }
  block_lists got;
  read_csr(shape, full.rows(), partial.rows(), got);
  expect_same_blocks(got, want);
  read_csr(shape, {}, partial.rows(), got);
  EXPECT_TRUE(got.full_row(0, 0, 0).empty());
  EXPECT_EQ(of(got.partial_row(1, 2, 4)), of(want.partial_row(1, 2, 4)));
}
TEST(sparse_read_csr, gives_back_the_rows) {
  expect_read_back<std::int32_t>();
  expect_read_back<std::int64_t>();
}
TEST(sparse_read_csr, refuses_malformed_rows_by_name_and_value) {
  const block_shape shape{.rows = 20, .keys = 40, .block_rows = 10, .block_keys = 10};
  block_lists out({.rows = 5, .keys = 5});
  const auto full_says = [&](const list& offsets, const list& columns) {
    return says([&] { read_csr(shape, {offsets, columns}, {}, out); });
  };
  const auto partial_says = [&](const list& offsets, const list& columns) {
    const list ok_offsets{0, 2, 3}, ok{0, 3, 1};
    return says([&] { read_csr(shape, {ok_offsets, ok}, {offsets, columns}, out); });
  };
  EXPECT_EQ(full_says({0, 2}, {0, 1}), "read_csr: offsets is 2, their count must be 3");
  EXPECT_EQ(full_says({1, 2, 2}, {0, 1}), "read_csr: offsets[0] is 1, it must be 0");
  EXPECT_EQ(full_says({0, 2, 1}, {0, 1}), "read_csr: offsets[2] is 1, the offset before is 2");
  EXPECT_EQ(full_says({0, 2, 3}, {0, 1}), "read_csr: offsets[2] is 3, the columns are 2");
  EXPECT_EQ(full_says({0, 1, 2}, {0, 4}), "read_csr: columns[1] is 4, it must be at least 0 and below 4");
  EXPECT_EQ(full_says({0, 1, 2}, {-1, 0}), "read_csr: columns[0] is -1, it must be at least 0 and below 4");
  EXPECT_EQ(full_says({0, 0, 3}, {0, 2, 2}), "read_csr: columns[2] is 2, it must be above the entry before, 2");
  EXPECT_EQ(full_says({0, 0, 1}, {0, 2, 3}), "read_csr: columns is 3, the last offset is 1");
  EXPECT_EQ(partial_says({0, 2, 1}, {1, 2}), "read_csr: partial offsets[2] is 1, the offset before is 2");
  EXPECT_EQ(partial_says({0, 2, 3}, {2, 1, 0}),
            "read_csr: partial columns[1] is 1, it must be above the entry before, 2");
  EXPECT_EQ(partial_says({0, 1, 3}, {2, 0, 1}), "read_csr: partial columns[2] is 1, it is among the full ones too: 1");
  EXPECT_EQ(says([&] { read_csr({.block_keys = 0}, {}, {}, out); }), "block_lists: block_keys is 0, the least is 1");
  EXPECT_EQ(out.shape().rows, 5) << "out was touched";
  EXPECT_EQ(partial_says({0, 1, 3}, {2, 0, 2}), "");
}
} // namespace
} // namespace heed::test
