// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/kv/list_cache.hpp>

#include <heed/evict/compact.hpp>
#include <heed/kv/biased.hpp>
#include <heed/kv/contiguous.hpp>
#include <heed/kv/gathered.hpp>
#include <heed/testing/eviction_laws.hpp>

#include <kv/cache_owners.hpp>
#include <kv/source_probe.hpp>
#include <support/allocation_counter.hpp>

namespace heed {
namespace {

using test::cache_size;
using test::key_at;
using test::numbered;
using test::position_at;
using test::text;
using test::value_at;
using indices = std::vector<index_t>;

// evict/stages.hpp is below this room, but its concept is what these caches are for.
static_assert(evicting_cache<contiguous_cache<float, float>> && evicting_cache<ragged_heads_cache<bf16, bf16>>);
static_assert(evicting_cache<paged_cache<f16, f16>> && evicting_cache<paged_cache<float, float, true>>);
static_assert(!evicting_cache<sink_ring_cache<float, float>>);

template <class Cache> void keeps_the_laws(Cache& cache, index_t heads) {
  std::vector<float> x;
  for (index_t i = 0; i < 40 * heads * 2; ++i) x.push_back(static_cast<float>(i % 251));
  const auto rows = view(static_cast<const float*>(x.data()), 40, heads, 2);
  ASSERT_EQ(text(cache.append(1, rows, rows)), "ok");
  const auto r = testing::check_eviction(cache, 1, {.draws = 12, .seed = 3});
  EXPECT_FALSE(r) << r.broken << ", head " << r.kv_head << ", draw " << r.draw;
}
TEST(kv_list_cache, caches_keep_the_laws_of_eviction) {
  const cache_size size{2, 2, 40, 2, 2, 8, 20};
  test::contiguous_owner<float> a(size);
  test::ragged_owner<float> b(size);
  test::paged_owner<float, true> c(size);
  test::paged_owner<float, false> d(size);
  keeps_the_laws(a.cache, 2);
  keeps_the_laws(b.cache, 2);
  keeps_the_laws(c.cache, 2);
  keeps_the_laws(d.cache, 2);
}

/// Compiled once for each pair.
template <class C, class S> [[gnu::noinline]] failure take(C& cache, const S& source, index_t from, index_t to) {
  return cache.copy_from(source, from, to);
}

template <class Owner> void copies_from_any_source() {
  const auto k = numbered(9 * 2 * 3), v = numbered(9 * 2 * 2);
  const auto base = contiguous(view(k.data(), 9, 2, 3), view(v.data(), 9, 2, 2));
  const indices lists{0, 2, 5, 8, 0, 2, 5, 8};
  std::vector<float> weights(2 * 9);
  weights[2] = 1.5f, weights[9 + 2] = 1.5f;
  const auto weighed = biased(base, view(static_cast<const float*>(weights.data()), 1, 2, 9));
  const auto some = gathered(
      weighed, {.list_per = gather_lists::per::kv_head, .indices = lists, .width = 4, .order = slot_order::ascending});
  Owner o({2, 2, 8, 3, 2, 4, 8});
  ASSERT_EQ(text(take(o.cache, some, 0, 1)), "ok");
  const auto kv = o.cache.source();
  test::expect_lawful(kv);
  EXPECT_EQ(kv.seen(1), 9);
  EXPECT_EQ(kv.slots(0, 0), 0);
  for (index_t h = 0; h < 2; ++h)
    for (index_t i = 0; i < 4; ++i) {
      EXPECT_EQ(position_at(kv, 1, h, i), lists[test::many(i)]);
      EXPECT_EQ(key_at(kv, 1, h, i), key_at(base, 0, h, lists[test::many(i)]));
      EXPECT_EQ(value_at(kv, 1, h, i, 1), value_at(base, 0, h, lists[test::many(i)], 1));
      EXPECT_EQ(*kv.rows(1, h, {i, i + 1}).bias, i == 1 ? 1.5f : 0.f);
    }
  // What stood there before goes; other sizes are refused.
  ASSERT_EQ(text(take(o.cache, some, 0, 1)), "ok");
  EXPECT_EQ(kv.slots(1, 1), 4);
  EXPECT_EQ(text(take(o.cache, some, 1, 1)), "copy_from: from is 1, but the source's sequences are 1");
  EXPECT_EQ(text(take(o.cache, some, 0, 2)), "copy_from: seq is 2, but the sequences are 2");
  const auto tall = contiguous(view(k.data(), 9, 2, 2), view(v.data(), 9, 2, 2));
  const auto deep = contiguous(view(k.data(), 4, 2, 3), view(k.data(), 4, 2, 3));
  const auto wide = contiguous(view(k.data(), 4, 3, 3), view(v.data(), 4, 3, 2));
  EXPECT_EQ(text(take(o.cache, tall, 0, 1)), "copy_from: key_dim is 2, but the cache has 3");
  EXPECT_EQ(text(take(o.cache, deep, 0, 1)), "copy_from: value_dim is 3, but the cache has 2");
  EXPECT_EQ(text(take(o.cache, wide, 0, 1)), "copy_from: kv_heads is 3, but the cache has 2");
  EXPECT_EQ(take(o.cache, base, 0, 1).code, errc::limit_exceeded); // 9 slots, room for 8
  EXPECT_EQ(kv.slots(1, 1), 4);
}
TEST(kv_list_cache, copies_from_any_source) {
  copies_from_any_source<test::ragged_owner<float>>();
  copies_from_any_source<test::paged_owner<float, true>>();
  copies_from_any_source<test::paged_owner<float, false>>();
}

TEST(kv_list_cache, copies_only_what_it_can_hold) {
  const auto x = numbered(4 * 2);
  const auto base = contiguous(view(x.data(), 4, 2, 1), view(x.data(), 4, 2, 1));
  const indices uneven{0, 1, -1, 0, 2, 3}, holes{0, -1, 1, 0, 1, 2}, shifted{0, 1, 2, 0, 1, 3}, lengths{2, 3};
  const auto taken = [&](const indices& list, const indices& n) {
    return gathered(base, {.list_per = gather_lists::per::kv_head, .indices = list, .width = 3, .lengths = n});
  };
  test::paged_owner<float, false> shared({1, 2, 8, 1, 1, 4, 4});
  EXPECT_EQ(text(take(shared.cache, taken(uneven, lengths), 0, 0)),
            "copy_from: slots[1] is 3, but the heads share a list of 2");
  EXPECT_EQ(text(take(shared.cache, taken(shifted, {}), 0, 0)),
            "copy_from: position[2] is 3, but the heads share a list with 2");
  EXPECT_EQ(text(take(shared.cache, taken(holes, {}), 0, 0)),
            "copy_from: slots that hold nothing[1] is 1, the most is 0");
  // A cache without positions and biases takes plain sequences only.
  std::vector<float> k(8), v(8);
  indices n(2), seen(1);
  contiguous_cache<float, float> plain(view(k.data(), 1, 4, 2, 1), view(v.data(), 1, 4, 2, 1),
                                       {.lengths = n, .seen = seen});
  ASSERT_EQ(text(plain.check()), "ok");
  ASSERT_EQ(text(take(plain, base, 0, 0)), "ok");
  EXPECT_EQ(k, x);
  EXPECT_EQ(text(take(plain, taken(shifted, {}), 0, 0)), "copy_from: position[2] is 3, without positions it must be 2");
  std::vector<float> weights(8, 1.f);
  const auto weighed = biased(base, view(static_cast<const float*>(weights.data()), 1, 2, 4));
  EXPECT_EQ(text(take(plain, weighed, 0, 0)), "copy_from: slots with a bias[0] is 1, the cache holds 0");
  EXPECT_EQ(text(plain.keep(0, 0, indices{0})), "keep: number of positions is 0, the least is 1");
  EXPECT_EQ(text(plain.renumber(0)), "renumber: number of positions is 0, the least is 1");
  ASSERT_EQ(text(plain.rollback(0, 3)), "ok");
  EXPECT_EQ(plain.slots(0, 1), 1);
}

template <class Owner> void allocates_nothing() {
  Owner o({2, 2, 40, 4, 4, 4, 40});
  const auto x = numbered(20 * 2 * 4);
  const auto rows = view(x.data(), 20, 2, 4);
  kept_lists kept(2, 40);
  score_table scores(2, 40);
  ASSERT_FALSE(scores.resize(0, 20));
  ASSERT_FALSE(scores.resize(1, 20));
  for (index_t h = 0; h < 2; ++h)
    for (index_t i = 0; i < 7; ++i) kept.push(h, 2 * i);
  const test::allocation_scope counter;
  failure f = o.cache.append(0, rows, rows);
  if (!f) f = compact(o.cache, 0, kept, scores);
  if (!f) f = o.cache.append(0, rows.slice(0, 0, 9), rows.slice(0, 0, 9));
  if (!f) f = compact_folding(o.cache, 0, kept);
  if (!f) f = o.cache.rollback(0, 2);
  if (!f) f = o.cache.copy_sequence(0, 1);
  if (!f) f = o.cache.renumber(1);
  if (!f) f = o.cache.copy_from(o.cache.source(), 1, 0);
  if (!f) f = o.cache.release(0);
  EXPECT_EQ(counter.count(), 0) << Owner::name;
  EXPECT_EQ(text(f), "ok");
}
TEST(kv_list_cache, allocates_nothing) {
  allocates_nothing<test::contiguous_owner<float>>();
  allocates_nothing<test::ragged_owner<float>>();
  allocates_nothing<test::paged_owner<float, true>>();
  allocates_nothing<test::paged_owner<float, false>>();
}

TEST(kv_list_cache, copies_into_the_pages_that_other_heads_give_back) {
  // 8 pages of one slot: heads of 3 and 1 slots, of 1 and 2, one page free. Head 0 grows by two.
  test::paged_owner<float, true> o({2, 2, 8, 1, 1, 1, 8});
  const auto x = numbered(8);
  const auto rows = view(x.data(), 3, 2, 1);
  const auto held = [&](index_t seq) { return indices{o.cache.slots(seq, 0), o.cache.slots(seq, 1)}; };
  const auto set_up = [&] {
    ASSERT_EQ(text(o.cache.release(0)), "ok");
    ASSERT_EQ(text(o.cache.release(1)), "ok");
    ASSERT_EQ(text(o.cache.append(0, rows, rows)), "ok");
    ASSERT_EQ(text(o.cache.keep(0, 1, indices{2})), "ok");
    ASSERT_EQ(text(o.cache.append(1, rows.slice(0, 0, 2), rows.slice(0, 0, 2))), "ok");
    ASSERT_EQ(text(o.cache.keep(1, 0, indices{0})), "ok");
    ASSERT_EQ(o.cache.free_pages(), 1);
  };
  for (const bool fork : {true, false}) {
    set_up();
    ASSERT_EQ(text(fork ? o.cache.copy_sequence(0, 1) : o.cache.copy_from(o.cache.source(), 0, 1)), "ok");
    EXPECT_EQ(o.cache.free_pages(), 0);
    EXPECT_EQ(held(0), (indices{3, 1}));
    EXPECT_EQ(held(1), (indices{3, 1}));
    const auto kv = o.cache.source();
    test::expect_lawful(kv);
    for (index_t h = 0; h < 2; ++h)
      for (index_t i = 0; i < kv.slots(0, h); ++i) EXPECT_EQ(key_at(kv, 1, h, i), key_at(kv, 0, h, i));
  }
}

TEST(kv_list_cache, sixteen_bit_rows_fold_without_infinities) {
  test::contiguous_owner<f16> o({1, 1, 200, 1, 1});
  const std::vector<float> x(200, 65504.f); // the largest f16: a sum of two would be infinite
  ASSERT_EQ(text(o.cache.append(0, view(x.data(), 200, 1, 1), view(x.data(), 200, 1, 1))), "ok");
  ASSERT_EQ(text(o.cache.keep(0, 0, indices{199}, dropped_rows::folded)), "ok");
  EXPECT_EQ(key_at(o.cache.source(), 0, 0, 0), 65504.f);
  EXPECT_EQ(o.cache.folded(0, 0), 199);
}

TEST(kv_list_cache, rows_of_other_types_keep_their_bits) {
  test::contiguous_owner<bf16> o({1, 1, 8, 2, 2});
  const std::vector<float> x{1, 2, 3, 4, 5, 6, 7, 8};
  ASSERT_EQ(text(o.cache.append(0, view(x.data(), 4, 1, 2), view(x.data(), 4, 1, 2))), "ok");
  ASSERT_EQ(text(o.cache.keep(0, 0, indices{1, 3})), "ok");
  EXPECT_EQ(key_at(o.cache.source(), 0, 0, 1), 7.f);
  ASSERT_EQ(text(o.cache.keep(0, 0, indices{}, dropped_rows::folded)), "ok");
  EXPECT_EQ(key_at(o.cache.source(), 0, 0, 0, 1), 6.f);
}

TEST(kv_list_cache, refuses_what_is_out_of_range) {
  test::ragged_owner<float> o({2, 2, 6, 1, 1});
  const auto x = numbered(10);
  ASSERT_EQ(text(o.cache.append(0, view(x.data(), 5, 2, 1), view(x.data(), 5, 2, 1))), "ok");
  EXPECT_EQ(text(o.cache.keep(0, 2, indices{})), "keep: kv_head is 2, but the heads are 2");
  EXPECT_EQ(text(o.cache.keep(0, 0, indices{1, 0})), "keep: slots[1] is 0, it must be above 1");
  EXPECT_EQ(text(o.cache.copy_sequence(0, 2)), "copy_sequence: seq is 2, but the sequences are 2");
  EXPECT_EQ(text(o.cache.copy_sequence(-1, 0)), "copy_sequence: seq is -1, the least is 0");
  EXPECT_EQ(text(o.cache.renumber(3)), "renumber: seq is 3, but the sequences are 2");
  EXPECT_EQ(text(o.cache.copy_sequence(0, 1)), "ok");
  EXPECT_EQ(o.cache.slots(1, 1), 5);
}

} // namespace
} // namespace heed
