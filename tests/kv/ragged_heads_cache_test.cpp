// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/kv/ragged_heads_cache.hpp>

#include <kv/cache_owners.hpp>
#include <kv/source_probe.hpp>

namespace heed {
namespace {

using test::expect_lawful;
using test::key_at;
using test::numbered;
using test::position_at;
using test::text;
using test::value_at;
using indices = std::vector<index_t>;

struct ragged_under_test {
  std::vector<float> k = std::vector<float>(20 * 3, -1.f), v = std::vector<float>(20 * 2, -1.f);
  std::vector<int> offsets{0, 8, 12, 16, 20};
  indices lengths = indices(4, 77), positions = indices(20), seen = indices(2, 77);
  ragged_heads_memory memory() {
    return {.kv_heads = 2, .offsets = offsets, .lengths = lengths, .positions = positions, .seen = seen};
  }
  ragged_heads_cache<float, float> cache() { return {view(k.data(), 20, 3), view(v.data(), 20, 2), memory()}; }
};

TEST(kv_ragged_heads_cache, heads_grow_from_where_eviction_left_them) {
  ragged_under_test r;
  auto cache = r.cache();
  ASSERT_EQ(text(cache.check()), "ok");
  const auto kv = cache.source();
  const auto k = numbered(10 * 2 * 3), v = numbered(10 * 2 * 2);
  const auto ks = view(k.data(), 10, 2, 3);
  const auto vs = view(v.data(), 10, 2, 2);
  ASSERT_EQ(text(cache.append(0, ks.slice(0, 0, 4), vs.slice(0, 0, 4))), "ok");
  expect_lawful(kv);
  // Head 1 is full: nothing may change, in head 0 neither.
  EXPECT_EQ(text(cache.append(0, ks.slice(0, 4, 1), vs.slice(0, 4, 1))),
            "append: tokens[1] is 1, the room left in head is 0");
  EXPECT_EQ(kv.slots(0, 0), 4);
  ASSERT_EQ(text(cache.keep_front(0, 1, 1)), "ok");
  ASSERT_EQ(text(cache.append(0, ks.slice(0, 4, 3), vs.slice(0, 4, 3))), "ok");
  expect_lawful(kv);
  EXPECT_EQ(kv.slots(0, 0), 7);
  EXPECT_EQ(kv.slots(0, 1), 4);
  EXPECT_EQ(kv.seen(0), 7);
  const index_t positions[] = {0, 4, 5, 6};
  for (index_t i = 0; i < 4; ++i) {
    EXPECT_EQ(position_at(kv, 0, 1, i), positions[i]);
    EXPECT_EQ(key_at(kv, 0, 1, i), static_cast<float>((positions[i] * 2 + 1) * 3));
    EXPECT_EQ(value_at(kv, 0, 1, i), static_cast<float>((positions[i] * 2 + 1) * 2));
  }
  ASSERT_EQ(text(cache.rollback(0, 2)), "ok");
  expect_lawful(kv);
  EXPECT_EQ(kv.slots(0, 0), 5);
  EXPECT_EQ(kv.slots(0, 1), 2);
  EXPECT_EQ(kv.slots(1, 0), 0);
  ASSERT_EQ(text(cache.append(1, ks.slice(0, 0, 4), vs.slice(0, 0, 4))), "ok");
  EXPECT_EQ(key_at(kv, 1, 1, 3), static_cast<float>((3 * 2 + 1) * 3));
  ASSERT_EQ(text(cache.release(0)), "ok");
  expect_lawful(kv);
  EXPECT_EQ(kv.slots(0, 0), 0);
  EXPECT_EQ(kv.seen(0), 0);
  EXPECT_EQ(kv.slots(1, 0), 4);
}

TEST(kv_ragged_heads_cache, stretches_move_together_and_apart_again) {
  test::ragged_owner<float> o({1, 3, 10, 2, 2});
  const auto x = numbered(10 * 3 * 2);
  ASSERT_EQ(text(o.cache.append(0, view(x.data(), 10, 3, 2), view(x.data(), 10, 3, 2))), "ok");
  const indices kept[] = {{1, 9}, {0, 2, 4, 6, 8, 9}, {3, 5, 7}};
  for (index_t h = 0; h < 3; ++h) ASSERT_EQ(text(o.cache.keep(0, h, kept[h])), "ok");
  const index_t held = o.cache.bytes_held();
  // Close together; to the other end; and the middle list up while its neighbours go down.
  const std::vector<indices> places{{0, 2, 8, 11}, {15, 19, 27, 30}, {0, 8, 14, 20}, {4, 6, 17, 20}};
  for (const indices& where : places) {
    ASSERT_EQ(text(o.cache.pack(where)), "ok");
    const auto kv = o.cache.source();
    expect_lawful(kv);
    for (index_t h = 0; h < 3; ++h) {
      ASSERT_EQ(kv.slots(0, h), static_cast<index_t>(kept[h].size()));
      for (index_t i = 0; i < kv.slots(0, h); ++i) {
        const index_t token = kept[h][static_cast<std::size_t>(i)];
        EXPECT_EQ(position_at(kv, 0, h, i), token);
        EXPECT_EQ(key_at(kv, 0, h, i, 1), static_cast<float>((token * 3 + h) * 2 + 1));
        EXPECT_EQ(value_at(kv, 0, h, i), static_cast<float>((token * 3 + h) * 2));
      }
    }
    EXPECT_EQ(o.cache.bytes_held(), held);
  }
  // What is packed leaves rows that another cache on the same pool may use; room decides what is appended.
  const indices tight{0, 3, 10, 14}, narrow{0, 1, 10, 14}, few{0, 3, 10};
  ASSERT_EQ(text(o.cache.pack(tight)), "ok");
  EXPECT_EQ(text(o.cache.append(0, view(x.data(), 1, 3, 2), view(x.data(), 1, 3, 2))), "ok");
  EXPECT_EQ(text(o.cache.append(0, view(x.data(), 1, 3, 2), view(x.data(), 1, 3, 2))),
            "append: tokens[0] is 1, the room left in head is 0");
  EXPECT_EQ(text(o.cache.pack(narrow)), "pack: slots[0] is 3, the new room is 1");
  EXPECT_EQ(text(o.cache.pack(few)), "pack: number of offsets is 3, it must be 4");
  EXPECT_EQ(text(o.cache.pack(indices{0, 3, 10, 31})), "pack: offsets[3] is 31, the most is 30");
}

TEST(kv_ragged_heads_cache, refuses_what_does_not_fit) {
  ragged_under_test r;
  const auto x = numbered(6);
  const auto fresh_k = view(x.data(), 1, 2, 3);
  const auto fresh_v = view(x.data(), 1, 2, 2);
  const auto refusal = [&](auto change) {
    auto m = r.memory();
    auto k = view(r.k.data(), 20, 3);
    auto v = view(r.v.data(), 20, 2);
    change(m, k, v);
    ragged_heads_cache cache(k, v, m);
    EXPECT_EQ(cache.append(0, fresh_k, fresh_v).code, cache.check().code);
    return text(cache.check());
  };
  using memory = ragged_heads_memory;
  EXPECT_EQ(refusal([](memory&, auto&, auto&) {}), "ok");
  EXPECT_EQ(refusal([](memory& m, auto&, auto&) { m.kv_heads = 0; }), "ragged_heads: kv_heads is 0, the least is 1");
  EXPECT_EQ(refusal([](memory& m, auto&, auto&) { m.lengths = m.lengths.first(3); }),
            "lengths: number of entries is 3, it must be 4");
  EXPECT_EQ(refusal([](memory& m, auto&, auto&) { m.lengths = {}; }), "lengths: number of entries is 0, it must be 4");
  EXPECT_EQ(refusal([](memory& m, auto&, auto&) { m.seen = {}; }), "seen: number of entries is 0, it must be 2");
  EXPECT_EQ(refusal([](memory& m, auto&, auto&) { m.positions = {}; }),
            "positions: number of entries is 0, the rows are 20");
  EXPECT_EQ(refusal([](memory& m, auto&, auto&) { m.positions = m.positions.first(19); }),
            "positions: number of entries is 19, the rows are 20");
  EXPECT_EQ(refusal([](memory&, auto& k, auto&) {
              k = strided(k.data(), {20, 3}, {2, 1});
            }),
            "k: stride[0] is 2, rows that are written may not overlap, the least is 3");
  EXPECT_EQ(refusal([](memory&, auto&, auto& v) { v = v.slice(0, 0, 19); }), "v: extent[0] is 19, but k has 20");
  auto cache = r.cache();
  EXPECT_EQ(text(cache.append(2, fresh_k, fresh_v)), "append: seq is 2, but the sequences are 2");
  EXPECT_EQ(text(cache.append(0, fresh_k, fresh_k)), "v: extent[2] is 3, the value_dim is 2");
  const auto more = numbered(4 * 2 * 3);
  EXPECT_EQ(text(cache.append(0, view(more.data(), 4, 2, 3), view(more.data(), 4, 2, 2))), "ok");
  EXPECT_EQ(text(cache.keep_front(0, 1, 0)), "ok");
  EXPECT_EQ(text(cache.append(0, fresh_k, fresh_v)), "ok");
  EXPECT_EQ(text(cache.copy_sequence(0, 1)), "copy_sequence: slots[0] is 5, the room of the head is 4");
  EXPECT_EQ(cache.slots(1, 0), 0);
  EXPECT_EQ(text(cache.release(0)), "ok");
  EXPECT_EQ(text(cache.release(2)), "release: seq is 2, but the sequences are 2");
  EXPECT_EQ(text(cache.rollback(-1, 0)), "rollback: seq is -1, the least is 0");
  EXPECT_EQ(text(cache.rollback(0, 1)), "rollback: tokens is 1, seen are 0");
  EXPECT_EQ(text(cache.rollback(0, -1)), "rollback: tokens is -1, the least is 0");
  EXPECT_EQ(text(cache.keep_front(0, 2, 0)), "keep_front: kv_head is 2, but the heads are 2");
  EXPECT_EQ(text(cache.keep_front(0, -1, 0)), "keep_front: kv_head is -1, the least is 0");
  EXPECT_EQ(text(cache.keep_front(0, 1, 1)), "keep_front: slots is 1, the slots held are 0");
  EXPECT_EQ(text(cache.keep_front(0, 1, -1)), "keep_front: slots is -1, the least is 0");
}

} // namespace
} // namespace heed
