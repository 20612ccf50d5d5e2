// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/kv/paged.hpp>

#include <kv/source_probe.hpp>
#include <support/guarded_buffer.hpp>

namespace heed {
namespace {

using test::expect_lawful;
using test::key_at;
using test::numbered;
using test::position_at;
using test::text;
using test::value_at;

TEST(kv_paged, compressed_lists_read_the_listed_pages) {
  for (const index_t page : {1, 3, 4, 16}) {
    const auto k = numbered(6 * page * 2 * 4), v = numbered(6 * page * 2 * 3);
    const std::vector<std::int32_t> offsets{0, 3, 3, 5}, pages{5, 0, 2, 1, 4};
    for (const index_t last : {index_t{1}, page}) {
      const std::vector<std::int64_t> last_len{last, 0, page};
      const auto kv = paged(view(k.data(), 6, page, 2, 4), view(v.data(), 6, page, 2, 3),
                            page_table{.offsets = offsets, .pages = pages, .last_page_len = last_len});
      expect_lawful(kv);
      EXPECT_EQ(kv.slots(0, 0), 2 * page + last);
      EXPECT_EQ(kv.slots(1, 1), 0);
      EXPECT_EQ(kv.slots(2, 0), 2 * page);
      EXPECT_EQ(kv.seen(0), 2 * page + last);
      const index_t in = last - 1;
      EXPECT_EQ(key_at(kv, 0, 1, 2 * page + in), static_cast<float>(((2 * page + in) * 2 + 1) * 4));
      EXPECT_EQ(value_at(kv, 0, 1, 2 * page + in), static_cast<float>(((2 * page + in) * 2 + 1) * 3));
      EXPECT_EQ(key_at(kv, 0, 1, 0, 3), static_cast<float>((5 * page * 2 + 1) * 4 + 3));
      EXPECT_EQ(position_at(kv, 2, 0, page), page);
    }
  }
}

TEST(kv_paged, pages_with_heads_in_front_read_the_same) {
  const index_t pages = 5, page = 4, heads = 3, dim = 2;
  const auto token_first = numbered(pages * page * heads * dim);
  std::vector<float> head_first(token_first.size());
  const auto from = view(token_first.data(), pages, page, heads, dim);
  const auto to = view(head_first.data(), pages, heads, page, dim);
  for (index_t p = 0; p < pages; ++p)
    for (index_t t = 0; t < page; ++t)
      for (index_t h = 0; h < heads; ++h)
        for (index_t e = 0; e < dim; ++e) to(p, h, t, e) = from(p, t, h, e);
  const std::vector<int> ids{3, 1, 2, 0, 4, 0}, lengths{11, 4};
  const block_table table{.pages = ids, .max_pages = 3, .lengths = lengths};
  const auto a = paged(from, from, table), b = paged(to.swapped(1, 2), to.swapped(1, 2), table);
  expect_lawful(a);
  expect_lawful(b);
  for (index_t s = 0; s < 2; ++s)
    for (index_t h = 0; h < heads; ++h)
      for (index_t i = 0; i < a.slots(s, h); ++i) EXPECT_EQ(key_at(a, s, h, i, 1), key_at(b, s, h, i, 1));
  // Pages 1 and 2 touch in memory where tokens come first, and only there.
  EXPECT_EQ(a.rows(0, 0, {5, 11}).count, 6);
  EXPECT_EQ(b.rows(0, 0, {5, 11}).count, 3);
}

TEST(kv_paged, neighbours_in_memory_are_one_stretch) {
  const auto x = numbered(8 * 4 * 1 * 2);
  const std::vector<int> ids{2, 3, 4, 0, 1, 7, -1, -1, 6}, lengths{36};
  const auto pool = view(x.data(), 8, 4, 1, 2);
  const auto kv = paged(pool, pool, block_table{.pages = ids, .max_pages = 9, .lengths = lengths});
  expect_lawful(kv);
  EXPECT_EQ(kv.rows(0, 0, {0, 36}).count, 12);
  EXPECT_EQ(kv.rows(0, 0, {5, 36}).count, 7);
  EXPECT_EQ(kv.rows(0, 0, {5, 10}).count, 5);
  EXPECT_EQ(kv.rows(0, 0, {12, 36}).count, 8);
  EXPECT_EQ(kv.rows(0, 0, {20, 36}).count, 4);
  // Two holes are one hole of two pages.
  EXPECT_EQ(kv.rows(0, 0, {24, 36}).key, nullptr);
  EXPECT_EQ(kv.rows(0, 0, {25, 36}).count, 7);
  EXPECT_EQ(key_at(kv, 0, 0, 33), 25 * 2);
  // Pages of one row touch as well.
  const std::vector<int> single{3, 4, 5, 1}, four{4};
  const auto thin = view(x.data(), 8, 1, 4, 2);
  const auto ones = paged(thin, thin, block_table{.pages = single, .max_pages = 4, .lengths = four});
  expect_lawful(ones);
  EXPECT_EQ(ones.rows(0, 1, {0, 4}).count, 3);
}

TEST(kv_paged, values_in_another_order_than_keys_are_not_joined) {
  // Keys touch from page to page, values do not: [pages][heads][page][dim].
  const auto x = numbered(4 * 4 * 2 * 2);
  const std::vector<int> ids{0, 1}, lengths{8};
  const auto kv = paged(view(x.data(), 4, 4, 2, 2), view(x.data(), 4, 2, 4, 2).swapped(1, 2),
                        block_table{.pages = ids, .max_pages = 2, .lengths = lengths});
  expect_lawful(kv);
  EXPECT_EQ(kv.rows(0, 1, {0, 8}).count, 4);
}

TEST(kv_paged, each_head_may_have_its_own_pages_and_length) {
  const index_t page = 4;
  const auto x = numbered(6 * page * 1 * 2);
  const std::vector<int> offsets{0, 2, 3, 3, 5}, ids{5, 0, 2, 1, 4}, lengths{7, 1, 0, 8};
  const auto pool = view(x.data(), 6, page, 1, 2);
  const auto kv =
      paged(pool, pool, head_page_table{.kv_heads = 2, .offsets = offsets, .pages = ids, .lengths = lengths});
  expect_lawful(kv);
  EXPECT_EQ(kv.dims().sequences, 2);
  EXPECT_EQ(kv.dims().kv_heads, 2);
  EXPECT_EQ(kv.slots(0, 0), 7);
  EXPECT_EQ(kv.slots(0, 1), 1);
  EXPECT_EQ(kv.slots(1, 0), 0);
  EXPECT_EQ(kv.seen(0), 7);
  EXPECT_EQ(kv.seen(1), 8);
  EXPECT_EQ(key_at(kv, 0, 1, 0), 2 * page * 2);
  EXPECT_EQ(key_at(kv, 1, 1, 7), (4 * page + 3) * 2);
  // The same lists over pages that hold all heads: each head reads its own part.
  const auto wide = numbered(6 * page * 2 * 2);
  const auto shared_pool = view(wide.data(), 6, page, 2, 2);
  const auto shared = paged(shared_pool, shared_pool,
                            head_page_table{.kv_heads = 2, .offsets = offsets, .pages = ids, .lengths = lengths});
  expect_lawful(shared);
  EXPECT_EQ(key_at(shared, 0, 1, 0), (2 * page * 2 + 1) * 2);
}

TEST(kv_paged, positions_and_bias_lie_beside_their_rows) {
  const index_t page = 4;
  const auto x = numbered(3 * page * 2);
  std::vector<index_t> positions(12, -1);
  std::vector<float> bias(12, 0.f);
  // Head 0: page 2 then page 0, positions 0 3 5 6 | 20 21. Head 1: page 1, positions 4 30.
  positions[8] = 0, positions[9] = 3, positions[10] = 5, positions[11] = 6, positions[0] = 20, positions[1] = 21;
  positions[4] = 4, positions[5] = 30;
  bias[1] = 0.5f;
  const std::vector<int> offsets{0, 2, 3}, ids{2, 0, 1}, lengths{6, 2}, seen{40};
  const auto pool = view(x.data(), 3, page, 1, 2);
  const head_page_table table{.kv_heads = 2, .offsets = offsets, .pages = ids, .lengths = lengths};
  const auto kv = paged(pool, pool, table, {.positions = positions, .bias = bias, .seen = seen});
  expect_lawful(kv);
  EXPECT_EQ(kv.seen(0), 40);
  EXPECT_EQ(kv.locate(0, 0, 6), 3);
  EXPECT_EQ(kv.locate(0, 0, 7), 4);
  EXPECT_EQ(kv.locate(0, 1, 31), 2);
  EXPECT_EQ(position_at(kv, 0, 0, 5), 21);
  EXPECT_EQ(kv.rows(0, 0, {5, 6}).bias[0], 0.5f);
  const auto unseen = paged(pool, pool, table, {.positions = positions});
  expect_lawful(unseen);
  EXPECT_EQ(unseen.seen(0), 31);
  std::swap(positions[8], positions[11]);
  const auto any = paged(pool, pool, table, {.positions = positions, .seen = seen, .order = slot_order::any});
  expect_lawful(any);
  EXPECT_FALSE(any.ordered(0, 0));
}

TEST(kv_paged, tables_may_change_in_place) {
  const auto x = numbered(4 * 2 * 1 * 2);
  std::vector<int> offsets{0, 1}, ids{3, 1}, last{2};
  const auto pool = view(x.data(), 4, 2, 1, 2);
  const auto kv = paged(pool, pool, page_table{.offsets = offsets, .pages = ids, .last_page_len = last});
  offsets[1] = 2;
  last[0] = 1;
  expect_lawful(kv);
  EXPECT_EQ(kv.slots(0, 0), 3);
  EXPECT_EQ(key_at(kv, 0, 0, 2), 1 * 2 * 2);
}

TEST(kv_paged, reads_no_byte_beside_its_pools) {
  const test::guarded_buffer<float> k(3 * 5 * 2 * 3), v(3 * 5 * 2 * 7, test::guard::before);
  const std::vector<int> ids{0, 1, 2, 2, 0, 77}, lengths{15, 6};
  const block_table table{.pages = ids, .max_pages = 3, .lengths = lengths};
  const auto kv = paged(view(k.data(), 3, 5, 2, 3), view(v.data(), 3, 5, 2, 7), table);
  EXPECT_EQ(text(kv.check()), "ok");
  EXPECT_EQ(test::read_all(kv), 2 * 21);
  const auto swapped = paged(view(k.data(), 3, 2, 5, 3).swapped(1, 2), view(v.data(), 3, 2, 5, 7).swapped(1, 2), table);
  EXPECT_EQ(test::read_all(swapped), 2 * 21);
}

TEST(kv_paged, aliased_values_are_a_part_of_the_key_row) {
  auto x = numbered(5 * 4 * 1 * 12);
  const auto k = detail::as_rank_4(view(x.data(), 5, 4, 1, 12));
  const std::vector<int> ids{3, 0}, lengths{6};
  const paged_source<float, float, true> kv(
      k, k.slice(3, 2, 8), detail::page_lists(block_table{.pages = ids, .max_pages = 2, .lengths = lengths}), {}, 2);
  expect_lawful(kv);
  EXPECT_EQ(value_at(kv, 0, 0, 5), 12 + 2);
}

TEST(kv_paged, refuses_pools_and_slots_that_do_not_fit) {
  const auto x = numbered(3 * 4 * 2);
  const auto pool = view(x.data(), 3, 4, 1, 2);
  const std::vector<int> ids{2, 0}, holes{2, -1}, lengths{6}, one{1}, two{1, 2}, minus{-1};
  const block_table table{.pages = ids, .max_pages = 2, .lengths = lengths};
  const auto refusal = [&](const paged_slots& s) { return text(paged(pool, pool, table, s).check()); };
  std::vector<index_t> positions{6, 7, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}, few(11);
  const std::vector<float> short_bias(11);
  EXPECT_EQ(refusal({}), "ok");
  EXPECT_EQ(refusal({.positions = positions}), "ok");
  EXPECT_EQ(refusal({.positions = few}), "positions: number of entries is 11, the pool's rows are 12");
  EXPECT_EQ(refusal({.bias = short_bias}), "bias: number of entries is 11, the pool's rows are 12");
  EXPECT_EQ(refusal({.seen = two}), "seen: number of entries is 2, it must be 1");
  EXPECT_EQ(refusal({.seen = one}), "seen: seen[0] is 1, the least is 6");
  EXPECT_EQ(refusal({.positions = positions, .seen = minus}), "seen: seen[0] is -1, the least is 0");
  EXPECT_EQ(refusal({.positions = positions, .seen = lengths}),
            "positions: positions[0] is 6, but the tokens seen are 6");
  EXPECT_EQ(refusal({.positions = positions, .order = slot_order::any}),
            "seen: number of entries is 0, slot_order::any needs one per sequence: 1");
  const block_table with_hole{.pages = holes, .max_pages = 2, .lengths = lengths};
  EXPECT_EQ(text(paged(pool, pool, with_hole, {.positions = positions}).check()),
            "pages: pages[1] is -1, positions that ascend allow no hole, the least is 0");
  positions[1] = 6;
  EXPECT_EQ(refusal({.positions = positions}), "positions: positions[1] is 6, it must be above 6");
  EXPECT_EQ(text(paged(pool, pool.slice(1, 0, 3), table).check()), "v: extent[1] is 3, but k has 4");
  EXPECT_EQ(text(paged(pool.slice(1, 0, 0), pool.slice(1, 0, 0), table).check()),
            "k: extent[1] is 0, the least page is 1");
  const index_t huge = index_t{1} << 32;
  const auto endless = strided(x.data(), {huge, huge, 1, 2}, {0, 0, 0, 1});
  EXPECT_EQ(text(paged(endless, endless, table).check()),
            "k: rows of the pool is -1, the limit is 2 to the power of 63");
  EXPECT_EQ(text(paged(pool, pool, table).check(call_extents{})), "ok");
}

} // namespace
} // namespace heed
