// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/kv/contiguous_cache.hpp>

#include <kv/cache_owners.hpp>
#include <kv/source_probe.hpp>

namespace heed {
namespace {

using test::key_at;
using test::numbered;
using test::position_at;
using test::text;
using indices = std::vector<index_t>;

TEST(kv_contiguous_cache, evicted_rows_make_room_and_positions_stay) {
  test::contiguous_owner<float> o({2, 2, 6, 3, 2});
  const auto k = numbered(12 * 2 * 3), v = numbered(12 * 2 * 2);
  const auto ks = view(k.data(), 12, 2, 3);
  const auto vs = view(v.data(), 12, 2, 2);
  const auto kv = o.cache.source();
  ASSERT_EQ(text(o.cache.append(1, ks.slice(0, 0, 6), vs.slice(0, 0, 6))), "ok");
  EXPECT_EQ(text(o.cache.append(1, ks.slice(0, 6, 1), vs.slice(0, 6, 1))),
            "append: tokens[0] is 1, the rows left in head are 0");
  ASSERT_EQ(text(o.cache.keep(1, 0, indices{0, 5})), "ok");
  EXPECT_EQ(text(o.cache.append(1, ks.slice(0, 6, 1), vs.slice(0, 6, 1))),
            "append: tokens[1] is 1, the rows left in head are 0");
  ASSERT_EQ(text(o.cache.keep(1, 1, indices{1, 2})), "ok");
  ASSERT_EQ(text(o.cache.append(1, ks.slice(0, 6, 4), vs.slice(0, 6, 4))), "ok");
  test::expect_lawful(kv);
  EXPECT_EQ(kv.seen(1), 10);
  const index_t first[] = {0, 5, 6, 7, 8, 9}, second[] = {1, 2, 6, 7, 8, 9};
  for (index_t i = 0; i < 6; ++i) {
    EXPECT_EQ(position_at(kv, 1, 0, i), first[i]);
    EXPECT_EQ(key_at(kv, 1, 0, i, 2), ks(first[i], 0, 2));
    EXPECT_EQ(position_at(kv, 1, 1, i), second[i]);
    EXPECT_EQ(key_at(kv, 1, 1, i, 0), ks(second[i], 1, 0));
  }
  EXPECT_EQ(o.cache.bytes_held(), 12 * (5 * 4 + 8 + 4) + 4 * (5 * 4 + 16));
}

TEST(kv_contiguous_cache, works_on_buffers_of_any_strides) {
  // [kv_heads][rows][dim], keys and values interleaved.
  std::vector<float> fused(2 * 5 * 4, -1.f);
  indices lengths(2), positions(10), seen(1);
  const auto k = strided(fused.data(), {1, 5, 2, 2}, {40, 4, 20, 1}),
             v = strided(fused.data() + 2, {1, 5, 2, 2}, {40, 4, 20, 1});
  contiguous_cache<float, float> cache(k, v, {.lengths = lengths, .positions = positions, .seen = seen});
  ASSERT_EQ(text(cache.check()), "ok");
  const auto x = numbered(5 * 2 * 2);
  ASSERT_EQ(text(cache.append(0, view(x.data(), 5, 2, 2), view(x.data(), 5, 2, 2))), "ok");
  ASSERT_EQ(text(cache.keep(0, 1, indices{2, 4})), "ok");
  EXPECT_EQ(fused[20], x[2 * 4 + 2]);
  EXPECT_EQ(fused[26], x[4 * 4 + 2]);
  EXPECT_EQ(fused[27], x[4 * 4 + 3]);
}

TEST(kv_contiguous_cache, refuses_a_source_with_more_rows) {
  test::contiguous_owner<float> o({1, 2, 3, 3, 2});
  const auto k = numbered(4 * 2 * 3), v = numbered(4 * 2 * 2);
  const auto ks = view(k.data(), 4, 2, 3);
  const auto vs = view(v.data(), 4, 2, 2);
  ASSERT_EQ(text(o.cache.append(0, ks.slice(0, 0, 2), vs.slice(0, 0, 2))), "ok");
  EXPECT_EQ(text(o.cache.copy_from(contiguous(ks, vs), 0, 0)), "copy_from: slots[0] is 4, the rows of a head are 3");
  EXPECT_EQ(o.cache.slots(0, 1), 2);
}

TEST(kv_contiguous_cache, refuses_memory_that_does_not_fit) {
  std::vector<float> k(24), v(24), bias(12), means(4);
  indices lengths(2), positions(12), seen(1), counts(2), where(2);
  const auto refusal = [&](auto change) {
    auto ks = view(k.data(), 1, 6, 2, 2), vs = view(v.data(), 1, 6, 2, 2);
    contiguous_cache_memory m{lengths, positions, seen, bias, {means, means, counts, where}};
    change(m, ks, vs);
    contiguous_cache cache(ks, vs, m);
    EXPECT_EQ(cache.append(0, view(k.data(), 1, 2, 2), view(k.data(), 1, 2, 2)).code, cache.check().code);
    return text(cache.check());
  };
  using memory = contiguous_cache_memory;
  EXPECT_EQ(refusal([](memory&, auto&, auto&) {}), "ok");
  EXPECT_EQ(refusal([](memory& m, auto&, auto&) { m.lengths = m.lengths.first(1); }),
            "lengths: number of entries is 1, it must be 2");
  EXPECT_EQ(refusal([](memory& m, auto&, auto&) { m.seen = {}; }), "seen: number of entries is 0, it must be 1");
  EXPECT_EQ(refusal([](memory& m, auto&, auto&) { m.positions = m.positions.first(11); }),
            "positions: number of entries is 11, the rows are 12");
  EXPECT_EQ(refusal([](memory& m, auto&, auto&) { m.bias = m.bias.first(11); }),
            "bias: number of entries is 11, the rows are 12");
  EXPECT_EQ(refusal([](memory& m, auto&, auto&) { m.bias = {}; }),
            "bias: number of entries is 0, to fold rows the least is 1");
  EXPECT_EQ(refusal([](memory& m, auto&, auto&) { m.means.keys = m.means.keys.first(3); }),
            "means: number of keys is 3, it must be 4");
  EXPECT_EQ(refusal([](memory&, auto& ks, auto&) {
              ks = strided(ks.data(), {1, 6, 2, 2}, {24, 2, 2, 1});
            }),
            "k: stride[1] is 2, rows that are written may not overlap, the least is 4");
  EXPECT_EQ(refusal([](memory&, auto&, auto& vs) { vs = vs.slice(1, 0, 5); }), "v: extent[1] is 5, but k has 6");
}

} // namespace
} // namespace heed
