// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/mask/sparse_blocks.hpp>

#include <heed/mask/block_sparse.hpp>

#include "mask_checks.hpp"

namespace heed::test {
namespace {
using list = std::vector<std::int32_t>;

/// Two lists of 3 row blocks for 4 query heads, 20 rows and 40 keys in blocks of 8 x 10, stripes per 16 rows.
struct sample_table {
  list full{0, 1, 3, 0, 2}, full_offsets{0, 2, 2, 3, 3, 4, 5};
  list partial{2, 0, 1, 2, 3}, partial_offsets{0, 1, 1, 3, 5, 5, 5};
  list stripes{5, 39, 7, 8}, stripe_begin{0, 1, 2, 0}, stripe_end{2, 2, 4, 0};
  std::vector<block_head> heads;
  sparse_blocks t{.block_rows = 8,
                  .block_keys = 10,
                  .row_blocks = 3,
                  .lists = 2,
                  .heads_per_list = 2,
                  .stripe_rows = 16,
                  .stripe_groups = 2};

  sparse_blocks table() {
    const auto rows = [](const list& entries, const list& offsets) {
      const std::span<const std::int32_t> all(offsets);
      return index_rows{entries, all.first(all.size() - 1), all.last(all.size() - 1)};
    };
    t.full = rows(full, full_offsets);
    t.partial = rows(partial, partial_offsets);
    t.stripes = {stripes, stripe_begin, stripe_end};
    t.heads = heads;
    return t;
  }
};
template <class Change> std::string objection_to(Change change, sample_call call = {.rows = {20}, .seen = {40}}) {
  sample_table s;
  change(s);
  return objection(block_sparse(s.table()), call);
}

TEST(mask_sparse_blocks, finds_the_lists_of_heads_and_rows) {
  sample_table s;
  sparse_blocks t = s.table();
  EXPECT_EQ(t.head(1), (block_head{head_kind::sparse, 0, 0, 0}));
  EXPECT_EQ(t.head(3).list, 1);
  EXPECT_EQ(t.blocks_at(t.full, 0, 0, 7), (range{0, 2}));
  EXPECT_EQ(t.blocks_at(t.full, 9, 1, 8), (range{3, 4})) << "one sequence serves all";
  EXPECT_EQ(t.blocks_at(t.partial, 0, 1, 0), (range{3, 5}));
  EXPECT_EQ(t.stripes_at(0, 0, 15), (range{0, 2}));
  EXPECT_EQ(t.stripes_at(0, 1, 0), (range{2, 4}));
  EXPECT_TRUE(t.blocks_at(t.full, 0, 0, 24).empty() && t.stripes_at(0, 0, 32).empty());
  t.lists = 1;
  EXPECT_EQ(t.head(3).list, 0) << "one list serves all";
  t.stripe_rows = 0;
  t.full = {};
  EXPECT_TRUE(t.stripes_at(0, 0, 0).empty() && t.blocks_at(t.full, 0, 0, 0).empty());
}
TEST(mask_sparse_blocks, accepts_what_fits) {
  EXPECT_EQ(objection_to([](auto&) {}), "");
  EXPECT_EQ(objection_to([](auto& s) { s.full_offsets.assign(1, 0); }), "") << "no full blocks at all";
  EXPECT_EQ(objection_to([](auto& s) {
              s.heads = {{head_kind::dense, 99}, {head_kind::streaming, -1, 0, 1}, {head_kind::sparse, 1}, {}};
            }),
            "");
}
TEST(mask_sparse_blocks, refuses_sizes_out_of_range) {
  EXPECT_EQ(objection_to([](auto& s) { s.t.block_rows = 0; }), "block_sparse: block_rows is 0, the least is 1");
  EXPECT_EQ(objection_to([](auto& s) { s.t.block_keys = 0; }), "block_sparse: block_keys is 0, the least is 1");
  EXPECT_EQ(objection_to([](auto& s) { s.t.block_rows = index_t{1} << 41; }),
            "block_sparse: block_rows is 2199023255552, the limit is 1099511627776");
  EXPECT_EQ(objection_to([](auto& s) { s.t.block_keys = index_t{1} << 41; }),
            "block_sparse: block_keys is 2199023255552, the limit is 1099511627776");
  EXPECT_EQ(objection_to([](auto& s) { s.t.stripe_rows = PTRDIFF_MAX; }),
            "block_sparse: stripe_rows is 9223372036854775807, the limit is 1099511627776");
  EXPECT_EQ(objection_to([](auto& s) { s.t.row_blocks = -1; }), "block_sparse: row_blocks is -1, the least is 0");
  EXPECT_EQ(objection_to([](auto& s) { s.t.lists = 0; }), "block_sparse: lists is 0, the least is 1");
  EXPECT_EQ(objection_to([](auto& s) { s.t.heads_per_list = 0; }), "block_sparse: heads_per_list is 0, the least is 1");
  EXPECT_EQ(objection_to([](auto& s) { s.t.stripe_rows = -1; }), "block_sparse: stripe_rows is -1, the least is 0");
  EXPECT_EQ(objection_to([](auto& s) { s.t.stripe_groups = -1; }), "block_sparse: stripe_groups is -1, the least is 0");
}
TEST(mask_sparse_blocks, refuses_what_does_not_fit_the_call) {
  EXPECT_EQ(objection_to([](auto& s) { s.t.sequences = 2; }),
            "block_sparse: sequences is 2, it must be 1 or the call's, 1");
  EXPECT_EQ(objection_to([](auto& s) { s.t.heads_per_list = 4; }),
            "block_sparse: lists is 2, it must be 1 or query heads / heads_per_list, 1");
  EXPECT_EQ(objection_to([](auto& s) { s.t.heads_per_list = 2; }, {.rows = {20}, .seen = {40}, .q_heads = 5}),
            "block_sparse: heads_per_list is 2, which does not divide the query heads 5");
  EXPECT_EQ(objection_to([](auto& s) { s.heads.resize(3); }), "block_sparse: count of heads is 3, query heads are 4");
  EXPECT_EQ(objection_to([](auto& s) {
              s.heads.resize(4);
              s.heads[2].list = 2;
            }),
            "block_sparse: list of head[2] is 2, it must be at least 0 and below 2");
  EXPECT_EQ(objection_to([](auto& s) {
              s.heads.resize(4);
              s.heads[3] = {head_kind::streaming, 0, -1, 4};
            }),
            "block_sparse: sinks of head[3] is -1, the least is 0");
  EXPECT_EQ(objection_to([](auto& s) {
              s.heads.resize(4);
              s.heads[1] = {head_kind::streaming, 0, 4, 0};
            }),
            "block_sparse: local of head[1] is 0, the least is 1");
  EXPECT_EQ(objection_to([](auto&) {}, {.rows = {25}, .seen = {40}}),
            "block_sparse: row_blocks[0] is 3, too few for query rows 25");
  EXPECT_EQ(objection_to(
                [](auto& s) {
                  s.full_offsets.assign(1, 0);
                  s.partial_offsets.assign(1, 0);
                },
                {.rows = {3, 33}, .seen = {40, 40}}),
            "block_sparse: stripe_groups[1] is 2, too few for query rows 33");
  EXPECT_EQ(objection_to([](auto&) {}, {.rows = {20}, .seen = {30}}),
            "block_sparse: full[2] is 3, it must be at least 0 and below 3");
}
// 16 lists of 2^60 row blocks are 2^64: as many as none.
TEST(mask_sparse_blocks, more_rows_than_can_be_counted_are_more_than_there_are) {
  EXPECT_EQ(objection_to([](auto& s) {
              s.t.row_blocks = index_t{1} << 60;
              s.t.lists = 16;
              s.heads.assign(4, {head_kind::sparse, 15});
            }),
            "block_sparse: rows of full blocks is 6, sequences x lists x their count is 9223372036854775807");
}
TEST(mask_sparse_blocks, refuses_malformed_rows) {
  EXPECT_EQ(objection_to([](auto& s) {
              s.full_offsets = {0, 2, 2, 3, 5};
            }),
            "block_sparse: rows of full blocks is 4, sequences x lists x their count is 6");
  EXPECT_EQ(objection_to([](auto& s) { s.stripe_end.pop_back(); }),
            "block_sparse: rows of stripes is 4, but their ends are 3");
  EXPECT_EQ(objection_to([](auto& s) { s.full_offsets[0] = -1; }),
            "block_sparse: rows of full blocks[0] is -1, the least begin is 0");
  EXPECT_EQ(objection_to([](auto& s) { s.full_offsets[2] = 1; }),
            "block_sparse: rows of full blocks[1] is 1, their begin is 2");
  EXPECT_EQ(objection_to([](auto& s) { s.partial_offsets[6] = 6; }),
            "block_sparse: rows of partial blocks[5] is 6, the entries are 5");
  EXPECT_EQ(objection_to([](auto& s) { s.full[1] = -1; }),
            "block_sparse: full[1] is -1, it must be at least 0 and below 4");
  EXPECT_EQ(objection_to([](auto& s) { s.partial[4] = 4; }),
            "block_sparse: partial[4] is 4, it must be at least 0 and below 4");
  EXPECT_EQ(objection_to([](auto& s) { s.partial[2] = 0; }),
            "block_sparse: partial[2] is 0, it must be above the entry before, 0");
  EXPECT_EQ(objection_to([](auto& s) { s.stripes[1] = 3; }),
            "block_sparse: stripes[1] is 3, it must be above the entry before, 5");
  EXPECT_EQ(objection_to([](auto& s) { s.stripes[3] = 40; }),
            "block_sparse: stripes[3] is 40, it must be at least 0 and below 40");
  EXPECT_EQ(objection_to([](auto& s) { s.partial[0] = 1; }), "block_sparse: partial[0] is 1, it is full too in row 0");
}
} // namespace
} // namespace heed::test
