// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/kv/contiguous.hpp>
#include <heed/kv/gathered.hpp>
#include <heed/kv/paged.hpp>
#include <heed/kv/sink_ring.hpp>

#include <kv/source_probe.hpp>

#include <numeric>

namespace heed {
namespace {

using test::expect_lawful;
using test::key_at;
using test::numbered;
using test::position_at;
using test::text;
using list = std::vector<int>;
using per = gather_lists::per;

auto tokens(const std::vector<float>& x, index_t n, index_t heads) {
  return contiguous(view(x.data(), n, heads, 2), view(x.data(), n, heads, 2));
}

TEST(kv_gathered, a_list_of_all_slots_is_the_base) {
  for (const index_t n : {0, 1, 63, 64, 65, 131}) {
    const auto x = numbered(n * 2 * 2);
    const auto base = tokens(x, n, 2);
    list all(static_cast<std::size_t>(n));
    std::iota(all.begin(), all.end(), 0);
    const list offsets{0, static_cast<int>(n)};
    const auto kv = gathered(base, {.indices = all, .offsets = offsets, .order = slot_order::ascending});
    expect_lawful(kv);
    ASSERT_EQ(kv.slots(0, 1), n);
    EXPECT_TRUE(kv.ordered(0, 1));
    for (index_t i = 0; i < n; ++i) ASSERT_EQ(key_at(kv, 0, 1, i), key_at(base, 0, 1, i));
    for (index_t p = 0; p <= n; ++p) ASSERT_EQ(kv.locate(0, 0, p), p);
    if (n == 0) continue;
    EXPECT_EQ(kv.rows(0, 0, {0, n}).count, lesser(n, 64));
  }
}

TEST(kv_gathered, takes_the_listed_slots_in_their_order) {
  const auto x = numbered(20 * 2 * 2);
  const auto base = tokens(x, 20, 2);
  const list indices{7, 8, 9, 3, -1, -1, 19, 0};
  const auto kv = gathered(base, {.indices = indices, .width = 8});
  expect_lawful(kv);
  EXPECT_FALSE(kv.ordered(0, 0));
  EXPECT_EQ(kv.seen(0), 20);
  EXPECT_EQ(kv.rows(0, 0, {0, 8}).count, 3);
  EXPECT_EQ(kv.rows(0, 0, {3, 8}).count, 1);
  EXPECT_EQ(kv.rows(0, 0, {4, 8}).key, nullptr);
  EXPECT_EQ(kv.rows(0, 0, {4, 8}).count, 2);
  EXPECT_EQ(kv.rows(0, 0, {4, 5}).count, 1);
  EXPECT_EQ(key_at(kv, 0, 1, 6), 19 * 4 + 2);
  EXPECT_EQ(position_at(kv, 0, 1, 3), 3);
}

TEST(kv_gathered, lists_may_differ_per_head_and_per_token) {
  const auto x = numbered(10 * 2 * 2);
  const auto base = tokens(x, 10, 2);
  // Three query tokens, each a sequence of its own that reads sequence 0.
  const list indices{1, 2, 0, 5, 9, -1, 4, 3, 2, 1, 0, 9}, lengths{2, 1, 2, 0, 1, 2}, zeros{0, 0, 0};
  const gather_lists lists{
      .list_per = per::kv_head, .indices = indices, .width = 2, .lengths = lengths, .base_sequence = zeros};
  const auto kv = gathered(base, lists);
  expect_lawful(kv);
  EXPECT_EQ(kv.dims().sequences, 3);
  EXPECT_EQ(kv.slots(0, 1), 1);
  EXPECT_EQ(kv.slots(1, 1), 0);
  EXPECT_EQ(key_at(kv, 0, 0, 1), 2 * 4);
  EXPECT_EQ(key_at(kv, 2, 1, 1), 9 * 4 + 2);
  EXPECT_EQ(key_at(kv, 1, 0, 1), -1);
}

TEST(kv_gathered, ascending_lists_are_searched) {
  const auto x = numbered(12 * 2);
  // Over a ring: slots are ranks, positions jump behind the sinks.
  const auto rows = view(x.data(), 12, 1, 2);
  const auto base = sink_ring(rows, rows, {.sinks = 4, .seen = 50});
  const std::vector<std::int64_t> indices{0, 3, 4, 9, 11, -1, -1}, offsets{0, 7};
  const auto kv = gathered(base, {.indices = indices, .offsets = offsets, .order = slot_order::ascending});
  expect_lawful(kv);
  EXPECT_EQ(kv.locate(0, 0, 3), 1);
  EXPECT_EQ(kv.locate(0, 0, 4), 2);
  EXPECT_EQ(kv.locate(0, 0, 43), 3);
  EXPECT_EQ(kv.locate(0, 0, 50), 5);
}

TEST(kv_gathered, physical_rows_of_a_pool_are_slots_of_one_long_sequence) {
  const index_t page = 4;
  const auto x = numbered(6 * page * 1 * 2);
  const auto pool = contiguous(view(x.data(), 6 * page, 1, 2), view(x.data(), 6 * page, 1, 2));
  const list pages{5, 2}, length{7}, rows{20, 21, 22, 23, 8, 9, 10};
  const auto cache = view(x.data(), 6, page, 1, 2);
  const auto by_page = paged(cache, cache, block_table{.pages = pages, .max_pages = 2, .lengths = length});
  const auto by_row = gathered(pool, {.indices = rows, .width = 7});
  expect_lawful(by_row);
  for (index_t i = 0; i < 7; ++i) EXPECT_EQ(key_at(by_row, 0, 0, i), key_at(by_page, 0, 0, i));
}

TEST(kv_gathered, refuses_lists_that_do_not_fit) {
  const auto x = numbered(10 * 2 * 2);
  const auto base = tokens(x, 10, 2);
  const auto refusal = [&](const gather_lists& l) { return text(gathered(base, l).check()); };
  const list i{0, 1, 2, 3}, beyond{0, 10}, below{0, -2}, o{0, 4}, down{0, 4, 2}, far{0, 5}, same{1, 1},
      behind{1, -1, 2}, one{1}, minus{-1}, five{5}, two{1, 1};
  constexpr auto up = slot_order::ascending;
  EXPECT_EQ(refusal({.indices = i, .offsets = o}), "ok");
  EXPECT_EQ(refusal({.indices = i, .width = 4, .order = up}), "ok");
  EXPECT_EQ(refusal({.indices = beyond, .width = 2}), "gathered: indices[1] is 10, the slots of the base are 10");
  EXPECT_EQ(refusal({.indices = below, .width = 2}), "gathered: indices[1] is -2, the least is (a hole) -1");
  EXPECT_EQ(refusal({.indices = i, .offsets = far}), "gathered: offsets[1] is 5, the most is 4");
  EXPECT_EQ(refusal({.list_per = per::kv_head, .indices = i, .offsets = down}),
            "gathered: offsets[2] is 2, the least is 4");
  EXPECT_EQ(refusal({.list_per = per::kv_head, .indices = i, .offsets = o}),
            "gathered: number of offsets is 2, it must be 3");
  EXPECT_EQ(refusal({.indices = i, .width = 5}), "gathered: number of indices is 4, lists * width is 5");
  EXPECT_EQ(refusal({.indices = i, .width = -5}), "gathered: width is -5, the least is 0");
  EXPECT_EQ(refusal({.list_per = per::kv_head, .indices = i, .width = index_t{1} << 62}),
            "gathered: width is 4611686018427387904, too large for this number of lists: 2");
  EXPECT_EQ(refusal({.indices = i, .width = 4, .lengths = two}), "gathered: number of lengths is 2, it must be 1");
  EXPECT_EQ(refusal({.indices = i, .width = 4, .lengths = five}), "gathered: lengths[0] is 5, the list has 4");
  EXPECT_EQ(refusal({.indices = i, .width = 4, .lengths = minus}), "gathered: lengths[0] is -1, the least is 0");
  EXPECT_EQ(refusal({.indices = same, .width = 2, .order = up}), "gathered: indices[1] is 1, it must be above 1");
  EXPECT_EQ(refusal({.indices = behind, .width = 3, .order = up}),
            "gathered: indices[2] is 2, behind a hole it must be -1");
  EXPECT_EQ(refusal({.indices = i, .width = 4, .base_sequence = one}),
            "gathered: base_sequence[0] is 1, but the base has 1");
  EXPECT_EQ(refusal({.indices = i, .width = 4, .base_sequence = minus}),
            "gathered: base_sequence[0] is -1, the least is 0");
  EXPECT_EQ(text(gathered(test::vast(base, index_t{1} << 62), {.list_per = per::kv_head, .indices = i, .width = 4})
                     .check(call_extents{})),
            "gathered: sequences is 4611686018427387904, too many for heads: 2");
  const auto broken = contiguous(view(x.data(), 10, 2, 2), view(x.data(), 9, 2, 2));
  EXPECT_EQ(text(gathered(broken, {.indices = i, .width = 4}).check(call_extents{})),
            "v: extent[0] is 9, but k has 10");
}

TEST(kv_gathered, a_shared_list_must_fit_the_shortest_head) {
  const auto x = numbered(10 * 2);
  const list indices{3};
  const auto pool = view(x.data(), 3, 2, 1, 2);
  const list heads{0, 2, 3}, pages{0, 1, 2}, held{4, 2};
  const auto base =
      paged(pool, pool, head_page_table{.kv_heads = 2, .offsets = heads, .pages = pages, .lengths = held});
  EXPECT_EQ(text(gathered(base, {.indices = indices, .width = 1}).check()),
            "gathered: indices[0] is 3, the slots of the base are 2");
}

} // namespace
} // namespace heed
