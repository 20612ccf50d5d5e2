// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/sparse/read_vertical_slash.hpp>

#include <heed/mask/causal.hpp>

#include "reader_checks.hpp"

namespace heed::test {
namespace {
struct lists_of_two {
  list columns{0, 3, 30, 1, 2}, column_begin{0, 3}, column_end{3, 5};
  list slashes{0, 1, 9, 0, 25}, slash_begin{0, 3}, slash_end{3, 5};
  vertical_slash_rows rows() const { return {{columns, column_begin, column_end}, {slashes, slash_begin, slash_end}}; }
};

TEST(sparse_read_vertical_slash, keeps_columns_and_the_stretches_of_slashes) {
  const lists_of_two v;
  for (const index_t rows : {40, 17})
    for (const index_t block_keys : {1, 4}) {
      block_lists l;
      read_vertical_slash({.rows = rows, .keys = 40, .block_rows = 8, .block_keys = block_keys, .lists = 2}, v.rows(),
                          l);
      for (index_t head = 0; head < 2; ++head)
        for (index_t row = 0; row < rows; ++row)
          for (index_t k = 0; k < 40; ++k) {
            const list columns = head == 0 ? list{0, 3, 30} : list{1, 2},
                       slashes = head == 0 ? list{0, 1, 9} : list{0, 25};
            bool want = std::find(columns.begin(), columns.end(), k) != columns.end();
            // A key of a block in which a query of the row's block stands at the distance.
            const index_t first = 40 - rows + row / 8 * 8, end = std::min<index_t>(40, first + 8);
            for (const index_t s : slashes)
              for (index_t q = first; q < end; ++q) want = want || (q >= s && (q - s) / block_keys == k / block_keys);
            const index_t q = 40 - rows + row;
            EXPECT_EQ(l.mask().allows({0, head, q, k, row, k}), want) << head << ' ' << row << ' ' << k;
          }
    }
}
TEST(sparse_read_vertical_slash, refuses_malformed_lists_by_name_and_value) {
  block_lists out({.rows = 5, .keys = 5});
  const auto broken = [&](const auto& change) {
    lists_of_two v;
    change(v);
    return says([&] { read_vertical_slash({.rows = 40, .keys = 40, .lists = 2}, v.rows(), out); });
  };
  EXPECT_EQ(broken([](auto& v) { v.column_end.pop_back(); }),
            "read_vertical_slash: rows of columns is 2, but their ends are 1");
  EXPECT_EQ(broken([](auto& v) { v.slash_end.pop_back(), v.slash_begin.pop_back(); }),
            "read_vertical_slash: rows of slashes is 1, sequences x lists are 2");
  EXPECT_EQ(broken([](auto& v) { v.column_begin[0] = -1; }),
            "read_vertical_slash: rows of columns[0] is -1, the least begin is 0");
  EXPECT_EQ(broken([](auto& v) { v.column_end[1] = 2; }),
            "read_vertical_slash: rows of columns[1] is 2, their begin is 3");
  EXPECT_EQ(broken([](auto& v) { v.slash_end[1] = 6; }),
            "read_vertical_slash: rows of slashes[1] is 6, the entries are 5");
  EXPECT_EQ(broken([](auto& v) { v.columns[2] = 40; }),
            "read_vertical_slash: columns[2] is 40, it must be at least 0 and below 40");
  EXPECT_EQ(broken([](auto& v) { v.columns[2] = 3; }),
            "read_vertical_slash: columns[2] is 3, it must be above the entry before, 3");
  EXPECT_EQ(broken([](auto& v) { v.slashes[3] = -5; }),
            "read_vertical_slash: slashes[3] is -5, it must be at least 0 and below 40");
  EXPECT_EQ(says([&] { read_vertical_slash({.rows = 4, .keys = 4, .block_rows = 0}, {}, out); }),
            "block_lists: block_rows is 0, the least is 1");
  EXPECT_EQ(out.shape().rows, 5) << "out was touched";
  EXPECT_EQ(broken([](auto&) {}), "");
}
} // namespace
} // namespace heed::test
