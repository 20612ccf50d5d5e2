// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/kv/append_batch.hpp>

#include <kv/cache_owners.hpp>
#include <kv/source_probe.hpp>

namespace heed {
namespace {

using test::key_at;
using test::numbered;
using test::text;
using indices = std::vector<index_t>;

template <class Cache> void equals_one_by_one(Cache& cache) {
  const auto x = numbered(9 * 2 * 2);
  const auto rows = view(x.data(), 9, 2, 2);
  const std::vector<int> offsets{0, 4, 4, 9};
  ASSERT_EQ(text(append_batch(cache, ragged(rows, offsets), ragged(rows, offsets))), "ok");
  const auto kv = cache.source();
  test::expect_lawful(kv);
  for (index_t s = 0; s < 3; ++s) {
    ASSERT_EQ(kv.slots(s, 0), offsets[test::many(s + 1)] - offsets[test::many(s)]);
    for (index_t i = 0; i < kv.slots(s, 0); ++i) EXPECT_EQ(key_at(kv, s, 1, i), rows(offsets[test::many(s)] + i, 1, 0));
  }
}
TEST(kv_append_batch, equals_one_append_per_sequence) {
  test::contiguous_owner<float> a({3, 2, 6, 2, 2});
  test::paged_owner<float, true> b({3, 2, 8, 2, 2, 4, 12});
  test::split_owner<float> c({3, 2, 6, 2, 2}, 1, 5, 1);
  equals_one_by_one(a.cache);
  equals_one_by_one(b.cache);
  equals_one_by_one(c.cache);
}

TEST(kv_append_batch, appends_all_or_nothing) {
  const auto x = numbered(20 * 2);
  const auto rows = view(x.data(), 20, 2, 1);
  test::paged_owner<float, false> o({2, 2, 12, 1, 1, 4, 4}); // each sequence fits alone, both do not
  const std::vector<int> both{0, 10, 20}, one{0, 10, 10}, back{0, 5, 3}, beyond{0, 5, 21};
  const auto call = [&](const std::vector<int>& k, const std::vector<int>& v) {
    return text(append_batch(o.cache, ragged(rows, k), ragged(rows, v)));
  };
  EXPECT_EQ(call(both, both), "append: pages wanted is 6, but the free pages are 4");
  EXPECT_EQ(call(back, back), "offsets: offsets[2] is 3, the least is 5");
  EXPECT_EQ(call(beyond, beyond), "offsets: offsets[2] is 21, the most is 20");
  EXPECT_EQ(call(both, one), "v: offsets[2] is 10, but those of k are 20");
  EXPECT_EQ(text(append_batch(o.cache, ragged(rows.slice(1, 0, 1), one), ragged(rows, one))),
            "v: extent[1] is 2, but k has 1");
  EXPECT_EQ(o.cache.seen(0), 0);
  EXPECT_EQ(o.cache.free_pages(), 4);
  EXPECT_EQ(call(one, one), "ok");
  // Two parts: the second sequence fills the whole heads, and the rings stay as they were.
  test::split_owner<float> two({2, 2, 6, 1, 1}, 0, 4, 0);
  const std::vector<int> uneven{0, 2, 9};
  EXPECT_EQ(text(append_batch(two.cache, ragged(rows, uneven), ragged(rows, uneven))),
            "append: tokens[0] is 7, the rows left in head are 6");
  EXPECT_EQ(two.ring.seen(0), 0);
}

} // namespace
} // namespace heed
