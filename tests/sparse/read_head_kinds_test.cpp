// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/sparse/read_head_kinds.hpp>

#include "reader_checks.hpp"

namespace heed::test {
namespace {
TEST(sparse_read_head_kinds, numbers_the_sparse_heads_in_their_order) {
  block_lists l({.rows = 8, .keys = 8, .lists = 2});
  const list types{0, 1, -1, 1, -1}, streaming{0, 0, 0, 0, 4, 64, 0, 0, 1, 2};
  read_head_kinds(types, streaming, l);
  const std::vector<block_head> want{{head_kind::dense},
                                     {head_kind::sparse, 0},
                                     {head_kind::streaming, 0, 4, 64},
                                     {head_kind::sparse, 1},
                                     {head_kind::streaming, 0, 1, 2}};
  EXPECT_EQ(std::vector<block_head>(l.heads().begin(), l.heads().end()), want);
  read_head_kinds(list{0, 7}, {}, l);
  EXPECT_EQ(l.heads().size(), 2u);
}
TEST(sparse_read_head_kinds, refuses_what_does_not_fit) {
  block_lists l({.rows = 8, .keys = 8});
  const auto broken = [&](const list& types, const list& streaming) {
    return says([&] { read_head_kinds(types, streaming, l); });
  };
  EXPECT_EQ(broken({0, -1}, {1, 2}), "read_head_kinds: count of streaming is 2, twice the head types are 4");
  EXPECT_EQ(broken({0, -1}, {}), "read_head_kinds: count of streaming is 0, twice the head types are 4");
  EXPECT_EQ(broken({0, -1}, {0, 0, -3, 2}), "read_head_kinds: sinks[1] is -3, the least is 0");
  EXPECT_EQ(broken({-1, 0}, {3, 0, 0, 0}), "read_head_kinds: local[0] is 0, the least is 1");
  EXPECT_EQ(broken({1, 2}, {}), "read_head_kinds: count of positive types is 2, the lists are 1");
  EXPECT_TRUE(l.heads().empty());
}
} // namespace
} // namespace heed::test
