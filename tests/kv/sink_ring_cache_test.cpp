// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/kv/sink_ring_cache.hpp>

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

TEST(kv_sink_ring_cache, any_cut_into_chunks_leaves_the_same_rows) {
  const index_t heads = 2, total = 25;
  const auto k = numbered(total * heads * 3), v = numbered(total * heads * 2);
  for (const index_t sinks : {0, 1, 4})
    for (const index_t ring : {0, 1, 5})
      for (const index_t chunk : {1, 2, 7, 25}) {
        const index_t rows = sinks + ring;
        std::vector<float> ks(static_cast<std::size_t>(2 * rows * heads * 3), -1.f),
            vs(static_cast<std::size_t>(2 * rows * heads * 2), -1.f);
        indices seen(2, 99);
        sink_ring_cache cache(view(ks.data(), 2, rows, heads, 3), view(vs.data(), 2, rows, heads, 2),
                              {.sinks = sinks, .seen = seen});
        ASSERT_EQ(text(cache.check()), "ok");
        const auto kv = cache.source();
        for (index_t at = 0; at < total; at += chunk) {
          const index_t n = lesser(chunk, total - at);
          ASSERT_EQ(text(cache.append(1, view(k.data(), total, heads, 3).slice(0, at, n),
                                      view(v.data(), total, heads, 2).slice(0, at, n))),
                    "ok");
          expect_lawful(kv);
          ASSERT_EQ(kv.seen(1), at + n);
          ASSERT_EQ(kv.slots(1, 0), lesser(at + n, rows));
          for (index_t i = 0; i < kv.slots(1, 0); ++i) {
            const index_t p = position_at(kv, 1, 1, i);
            ASSERT_EQ(key_at(kv, 1, 1, i), static_cast<float>((p * heads + 1) * 3));
            ASSERT_EQ(value_at(kv, 1, 1, i), static_cast<float>((p * heads + 1) * 2));
          }
        }
        EXPECT_EQ(kv.slots(0, 0), 0);
        ASSERT_EQ(text(cache.release(1)), "ok");
        EXPECT_EQ(kv.slots(1, 0), 0);
      }
}

TEST(kv_sink_ring_cache, rollback_goes_back_as_far_as_the_ring_has_rows_beside_the_window) {
  const index_t sinks = 2, window = 4, slack = 3, rows = sinks + window + slack;
  std::vector<float> k(static_cast<std::size_t>(rows)), v(k);
  indices seen(1), written(1);
  sink_ring_cache cache(view(k.data(), 1, rows, 1, 1), view(v.data(), 1, rows, 1, 1),
                        {.sinks = sinks, .seen = seen, .window = window, .written = written});
  ASSERT_EQ(text(cache.check()), "ok");
  const auto x = numbered(60);
  const auto token = [&](index_t t) { return view(x.data() + t, 1, 1, 1); };
  const auto kv = cache.source();
  for (index_t t = 0; t < 30; ++t) {
    for (index_t back = 0; back <= lesser(t, slack); ++back) {
      // Drafts come and go again; what is seen is what it was.
      for (index_t d = 0; d < back; ++d) ASSERT_EQ(text(cache.append(0, token(30 + d), token(30 + d))), "ok");
      ASSERT_EQ(text(cache.rollback(0, back)), "ok");
      expect_lawful(kv);
      ASSERT_EQ(kv.slots(0, 0), lesser(t, sinks + window));
      for (index_t i = 0; i < kv.slots(0, 0); ++i)
        ASSERT_EQ(key_at(kv, 0, 0, i), static_cast<float>(position_at(kv, 0, 0, i)));
    }
    ASSERT_EQ(text(cache.append(0, token(t), token(t))), "ok");
  }
  EXPECT_EQ(cache.bytes_held(), rows * 8);
  EXPECT_EQ(written[0], 32); // the last drafts went furthest
  EXPECT_EQ(text(cache.rollback(0, 2)), "rollback: tokens is 2, the ring remembers 1");
  EXPECT_EQ(text(cache.rollback(0, 31)), "rollback: tokens is 31, seen are 30");
  EXPECT_EQ(text(cache.rollback(0, -1)), "rollback: tokens is -1, the least is 0");
  EXPECT_EQ(text(cache.rollback(1, 0)), "rollback: seq is 1, but the sequences are 1");
  EXPECT_EQ(text(cache.rollback(0, 29)), "ok"); // only sinks are left, and they never go
  EXPECT_EQ(key_at(kv, 0, 0, 0), 0.f);
  ASSERT_EQ(text(cache.release(0)), "ok");
  EXPECT_EQ(written[0], 0);
}

TEST(kv_sink_ring_cache, refuses_what_does_not_fit) {
  auto x = numbered(200);
  indices seen(2);
  const auto rows = view(x.data(), 2, 6, 2, 3);
  const auto fresh = view(static_cast<const float*>(x.data()), 1, 2, 3);
  const auto refusal = [&](auto k, auto v, sink_ring_memory m) {
    sink_ring_cache cache(k, v, m);
    EXPECT_EQ(cache.append(0, fresh, fresh).code, cache.check().code);
    return text(cache.check());
  };
  EXPECT_EQ(refusal(rows, rows, {.sinks = 2, .seen = seen}), "ok");
  EXPECT_EQ(refusal(rows, rows, {.sinks = 7, .seen = seen}), "sink_ring: sinks is 7, the rows are 6");
  EXPECT_EQ(refusal(rows, rows, {.sinks = 2}), "seen: number of entries is 0, it must be 2");
  EXPECT_EQ(refusal(rows, strided(x.data(), {2, 6, 2, 3}, {0, 6, 3, 1}), {.sinks = 2, .seen = seen}),
            "v: stride[0] is 0, rows that are written may not overlap, the least is 1");
  indices one(1);
  EXPECT_EQ(refusal(rows, rows, {.sinks = 2, .seen = seen, .window = 5}),
            "sink_ring: window is 5, the rows of the ring are 4");
  EXPECT_EQ(refusal(rows, rows, {.sinks = 2, .seen = seen, .window = -2}), "sink_ring: window is -2, the least is -1");
  EXPECT_EQ(refusal(rows, rows, {.sinks = 2, .seen = seen, .written = one}),
            "written: number of entries is 1, it must be 2");
  sink_ring_cache cache(rows, rows, {.sinks = 2, .seen = seen});
  EXPECT_EQ(text(cache.append(2, fresh, fresh)), "append: seq is 2, but the sequences are 2");
  EXPECT_EQ(text(cache.append(0, fresh, fresh.slice(1, 0, 1))), "v: extent[1] is 1, but k has 2");
  EXPECT_EQ(text(cache.release(2)), "release: seq is 2, but the sequences are 2");
  EXPECT_EQ(text(cache.release(-1)), "release: seq is -1, the least is 0");
  EXPECT_EQ(text(cache.rollback(0, 0)), "rollback: number of written is 0, the least is 1");
  seen[0] = index_t{1} << 62;
  EXPECT_EQ(text(cache.append(0, fresh, fresh)), "append: tokens is 1, the positions left are 0");
}

} // namespace
} // namespace heed
