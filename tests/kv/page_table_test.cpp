// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/kv/page_table.hpp>

#include <kv/source_probe.hpp>

namespace heed {
namespace {

using test::text;
using list = std::vector<int>;

TEST(kv_page_table, three_tables_name_the_same_slots) {
  const list offsets{0, 2, 2, 3}, pages{4, 1, 0}, last{3, 0, 4}, dense{4, 1, 9, 9, 0, 9}, lengths{7, 0, 4};
  const detail::page_lists csr(page_table{.offsets = offsets, .pages = pages, .last_page_len = last});
  const detail::page_lists block(block_table{.pages = dense, .max_pages = 2, .lengths = lengths});
  const detail::page_lists head(head_page_table{.kv_heads = 1, .offsets = offsets, .pages = pages, .lengths = lengths});
  for (const auto& t : {csr, block, head}) {
    EXPECT_EQ(t.sequences(), 3);
    for (index_t s = 0; s < 3; ++s) {
      EXPECT_EQ(t.length(t.list(s, 0), 4), lengths[static_cast<std::size_t>(s)]);
    }
    EXPECT_EQ(t.pages[t.first(t.list(0, 0))], 4);
    EXPECT_EQ(t.pages[t.first(t.list(2, 0))], 0);
    // Entries behind a length are never looked at: the block table's 9 is no page.
    EXPECT_EQ(text(detail::check_page_lists(t, 5, 4, 1)), "ok");
  }
}

TEST(kv_page_table, compressed_lists_that_do_not_fit_are_refused) {
  const auto refusal = [](const list& offsets, const list& pages, const list& last, index_t page = 4) {
    const detail::page_lists t(page_table{.offsets = offsets, .pages = pages, .last_page_len = last});
    return text(detail::check_page_lists(t, 5, page, 2));
  };
  EXPECT_EQ(refusal({0, 2}, {4, -1}, {1}), "ok");
  EXPECT_EQ(refusal({0}, {}, {}), "ok");
  EXPECT_EQ(refusal({}, {}, {}), "page_table: number of offsets is 0, the least is 1");
  EXPECT_EQ(refusal({0, 2, 1}, {4, 0}, {1, 1}), "page_table: offsets[2] is 1, the least is 2");
  EXPECT_EQ(refusal({0, 3}, {4, 0}, {1}), "page_table: offsets[1] is 3, the most is 2");
  EXPECT_EQ(refusal({0, 2}, {4, 0}, {}), "page_table: number of last_page_len is 0, it must be 1");
  EXPECT_EQ(refusal({0, 2}, {4, 0}, {0}), "page_table: last_page_len[0] is 0, the least is 1");
  EXPECT_EQ(refusal({0, 2}, {4, 0}, {5}), "page_table: last_page_len[0] is 5, the most is 4");
  EXPECT_EQ(refusal({0, 0}, {}, {-2}), "page_table: last_page_len[0] is -2, the least is 0");
  EXPECT_EQ(refusal({0, 2}, {4, 5}, {1}), "page_table: pages[1] is 5, but the pool has 5");
  EXPECT_EQ(refusal({0, 2}, {-2, 0}, {1}), "page_table: pages[0] is -2, the least is (a hole) -1");
  EXPECT_EQ(refusal({0, 2}, {4, 0}, {1}, index_t{1} << 62),
            "page_table: slots[0] is 2, pages of this size are too many: 4611686018427387904");
}

TEST(kv_page_table, block_tables_that_do_not_fit_are_refused) {
  const auto refusal = [](const list& pages, index_t max_pages, const list& lengths) {
    const detail::page_lists t(block_table{.pages = pages, .max_pages = max_pages, .lengths = lengths});
    return text(detail::check_page_lists(t, 5, 4, 2));
  };
  EXPECT_EQ(refusal({4, 0, 1, -1}, 2, {8, 7}), "ok");
  EXPECT_EQ(refusal({}, 0, {}), "ok");
  EXPECT_EQ(refusal({4, 0, 1}, 2, {8, 7}), "block_table: number of pages is 3, lists * max_pages is 4");
  EXPECT_EQ(refusal({4, 0}, -1, {8}), "block_table: max_pages is -1, the least is 0");
  EXPECT_EQ(refusal({4, 0}, index_t{1} << 62, {8, 8}),
            "block_table: max_pages is 4611686018427387904, too large for this number of lists: 2");
  EXPECT_EQ(refusal({4, 0}, 2, {9}), "block_table: lengths[0] is 9, the most is 8");
  EXPECT_EQ(refusal({4, 0}, 2, {-1}), "block_table: lengths[0] is -1, the least is 0");
  EXPECT_EQ(refusal({4, 7}, 2, {5}), "block_table: pages[1] is 7, but the pool has 5");
  EXPECT_EQ(refusal({4, 7}, 2, {4}), "ok");
}

TEST(kv_page_table, lists_per_head_that_do_not_fit_are_refused) {
  const auto refusal = [](index_t heads, const list& offsets, const list& lengths, index_t pool_heads = 1) {
    const list pages{0, 1, 2, 3};
    const detail::page_lists t(
        head_page_table{.kv_heads = heads, .offsets = offsets, .pages = pages, .lengths = lengths});
    return text(detail::check_page_lists(t, 5, 4, pool_heads));
  };
  EXPECT_EQ(refusal(2, {0, 1, 4}, {4, 9}), "ok");
  EXPECT_EQ(refusal(2, {0, 1, 4}, {4, 9}, 2), "ok");
  EXPECT_EQ(refusal(2, {0, 1, 4}, {4, 9}, 3), "head_page_table: kv_heads is 2, but the pool has 3");
  EXPECT_EQ(refusal(0, {0, 1, 4}, {4, 9}), "head_page_table: kv_heads is 0, the least is 1");
  EXPECT_EQ(refusal(2, {0, 1, 3, 4}, {4, 9, 1}), "head_page_table: number of lengths is 3, it must be a multiple of 2");
  EXPECT_EQ(refusal(2, {0, 1, 3, 4}, {4, 9}), "head_page_table: number of offsets is 4, it must be 3");
  EXPECT_EQ(refusal(2, {0, 1, 4}, {5, 9}), "head_page_table: lengths[0] is 5, the most is 4");
}

TEST(kv_page_table, an_empty_list_of_a_vector_with_memory_is_absent) {
  const list pages{0, 1}, lengths{5};
  const detail::page_lists t(block_table{.pages = pages, .max_pages = 2, .lengths = lengths});
  const std::vector<index_t> positions(8);
  const std::vector<float> bias(8);
  const paged_slots none{.positions = std::span<const index_t>(positions).first(0),
                         .bias = std::span<const float>(bias).first(0)};
  EXPECT_EQ(text(detail::check_paged_slots(t, none, 2, 4, 1)), "ok");
  const paged_slots some{.bias = std::span<const float>(bias).first(7)};
  EXPECT_EQ(text(detail::check_paged_slots(t, some, 2, 4, 1)), "bias: number of entries is 7, the pool's rows are 8");
}

TEST(kv_page_table, lists_per_head_may_be_dense) {
  const list pages{0, 1, 2, 9, 4, 3, 9, 9}, lengths{5, 4, 8, 0};
  const detail::page_lists t(head_page_table{.kv_heads = 2, .pages = pages, .max_pages = 2, .lengths = lengths});
  EXPECT_EQ(text(detail::check_page_lists(t, 5, 4, 1)), "ok");
  EXPECT_EQ(t.sequences(), 2);
  EXPECT_EQ(t.pages[t.first(t.list(1, 0))], 4);
  EXPECT_EQ(t.length(t.list(1, 0), 4), 8);
}

} // namespace
} // namespace heed
