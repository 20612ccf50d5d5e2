// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/evict/kept_lists.hpp>

#include <kv/source_probe.hpp>

#include <heed/kv/contiguous.hpp>
#include <support/refusal.hpp>

namespace heed {
namespace {

using test::text;
using indices = std::vector<index_t>;
indices list_of(const kept_lists& k, index_t h) { return {k.list(h).begin(), k.list(h).end()}; }

TEST(evict_kept_lists, lists_grow_up_to_their_room) {
  kept_lists k(2, 3);
  EXPECT_EQ(k.bytes_held(), 6 * 8 + 2 * 8);
  EXPECT_TRUE(k.push(1, 0) && k.push(1, 4) && k.push(1, 6));
  EXPECT_FALSE(k.push(1, 7));
  EXPECT_EQ(list_of(k, 1), (indices{0, 4, 6}));
  EXPECT_EQ(k.total(), 3);
  k.copy_list(1, 0);
  EXPECT_EQ(list_of(k, 0), (indices{0, 4, 6}));
  EXPECT_TRUE(k.keep_all(0, 3));
  EXPECT_FALSE(k.keep_all(1, 4));
  EXPECT_EQ(list_of(k, 0), (indices{0, 1, 2}));
  k.clear();
  EXPECT_EQ(k.total(), 0);
}

TEST(evict_kept_lists, a_source_gathered_by_them_holds_what_would_stay) {
  const auto x = test::numbered(6 * 2 * 2);
  const auto kv = contiguous(view(x.data(), 6, 2, 2), view(x.data(), 6, 2, 2));
  kept_lists k(kv);
  ASSERT_EQ(k.max_slots(), 6);
  k.push(0, 1), k.push(0, 5), k.push(1, 2);
  const auto kept = gathered(kv, k.as_gather());
  test::expect_lawful(kept);
  EXPECT_EQ(kept.slots(0, 0), 2);
  EXPECT_EQ(kept.slots(0, 1), 1);
  EXPECT_EQ(test::key_at(kept, 0, 0, 1), 20.f);
  EXPECT_EQ(test::key_at(kept, 0, 1, 0), 10.f);
  const auto both = contiguous(view(x.data(), 2, 3, 2, 2), view(x.data(), 2, 3, 2, 2));
  kept_lists second(2, 3);
  second.push(0, 2), second.push(1, 0);
  const auto one = gathered(both, second.as_gather(1));
  test::expect_lawful(one);
  EXPECT_EQ(one.dims().sequences, 1);
  EXPECT_EQ(test::key_at(one, 0, 0, 0), 20.f);
  EXPECT_EQ(test::key_at(one, 0, 1, 0), 14.f);
}

TEST(evict_kept_lists, borrows_memory) {
  indices slots(8, 9), lengths(2, 9);
  kept_lists k(slots, lengths);
  EXPECT_EQ(k.max_slots(), 4);
  EXPECT_EQ(k.total(), 0);
  EXPECT_EQ(k.bytes_held(), 0);
  k.push(1, 3);
  EXPECT_EQ(slots[4], 3);
  EXPECT_EQ(lengths[1], 1);
}

TEST(evict_kept_lists, refuses_lists_that_do_not_ascend_inside_the_slots) {
  kept_lists k(1, 3);
  k.push(0, 1), k.push(0, 2);
  EXPECT_EQ(text(k.check(0, 3)), "ok");
  EXPECT_EQ(text(k.check(0, 2)), "kept: slots[1] is 2, but the slots held are 2");
  k.push(0, 2);
  EXPECT_EQ(text(k.check(0, 3)), "kept: slots[2] is 2, it must be above 2");
  EXPECT_THROW(kept_lists(0, 3), error);
  EXPECT_THROW(kept_lists(2, -3), error);
  EXPECT_THROW(kept_lists(8, index_t{1} << 61), error);
}

TEST(evict_kept_lists, refuses_a_table_that_can_not_be) {
  const auto of = [](index_t heads, index_t slots) { return test::refusal_of([&] { kept_lists(heads, slots); }); };
  EXPECT_EQ(of(0, 3), test::refusal(errc::bad_extent, "kept_lists: kv_heads is 0, the least is 1"));
  EXPECT_EQ(of(2, -1), test::refusal(errc::bad_extent, "kept_lists: max_slots is -1, the least is 0"));
  EXPECT_EQ(of(3, index_t{1} << 62),
            test::refusal(errc::size_overflow, "kept_lists: max_slots is 4611686018427387904, too large for heads: 3"));
  EXPECT_EQ(of(1, (index_t{1} << 59) + 1),
            test::refusal(errc::size_overflow, "kept_lists: max_slots is 576460752303423489, too large for heads: 1"));
}
} // namespace
} // namespace heed
