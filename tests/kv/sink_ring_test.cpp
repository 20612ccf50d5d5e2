// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/kv/sink_ring.hpp>

#include <kv/source_probe.hpp>
#include <support/guarded_buffer.hpp>

#include <limits>

namespace heed {
namespace {

using test::expect_lawful;
using test::key_at;
using test::numbered;
using test::position_at;
using test::text;

/// Storage after `seen` appends in which each key holds its own position.
std::vector<float> ring_of(index_t sinks, index_t ring, index_t seen) {
  std::vector<float> x(static_cast<std::size_t>(sinks + ring), -7.f);
  for (index_t p = 0; p < seen; ++p) {
    if (p >= sinks && ring == 0) break;
    x[static_cast<std::size_t>(p < sinks ? p : sinks + (p - sinks) % ring)] = static_cast<float>(p);
  }
  return x;
}

TEST(kv_sink_ring, holds_sinks_and_the_most_recent_at_every_length) {
  for (const index_t sinks : {0, 1, 4})
    for (const index_t ring : {0, 1, 5, 8})
      for (index_t seen = 0; seen < 2 * (sinks + ring) + 3; ++seen) {
        const auto x = ring_of(sinks, ring, seen);
        const auto rows = view(x.data(), sinks + ring, 1, 1);
        const auto kv = sink_ring(rows, rows, {.sinks = sinks, .seen = seen});
        expect_lawful(kv);
        const index_t held = lesser(seen, sinks + ring);
        ASSERT_EQ(kv.slots(0, 0), held);
        ASSERT_EQ(kv.seen(0), seen);
        for (index_t i = 0; i < held; ++i) {
          const index_t position = i < sinks ? i : i + seen - held;
          ASSERT_EQ(position_at(kv, 0, 0, i), position);
          ASSERT_EQ(key_at(kv, 0, 0, i), static_cast<float>(position));
        }
      }
}

TEST(kv_sink_ring, is_one_stretch_until_something_is_evicted) {
  const auto x = numbered(12);
  const auto rows = view(x.data(), 12, 1, 1);
  EXPECT_EQ(sink_ring(rows, rows, {.sinks = 4, .seen = 12}).rows(0, 0, {1, 12}).count, 11);
  const auto wrapped = sink_ring(rows, rows, {.sinks = 4, .seen = 15});
  EXPECT_EQ(wrapped.rows(0, 0, {0, 12}).count, 4);
  EXPECT_EQ(wrapped.rows(0, 0, {4, 12}).count, 5);
  EXPECT_EQ(wrapped.rows(0, 0, {9, 12}).count, 3);
  EXPECT_EQ(wrapped.rows(0, 0, {5, 7}).count, 2);
}

TEST(kv_sink_ring, a_batch_counts_each_sequence_by_itself) {
  const auto x = numbered(3 * 6 * 2 * 2);
  const std::vector<std::int32_t> seen{0, 5, 100};
  const auto rows = view(x.data(), 3, 6, 2, 2);
  const auto kv = sink_ring(rows, rows, {.sinks = 2, .seen = seen});
  expect_lawful(kv);
  EXPECT_EQ(kv.slots(0, 1), 0);
  EXPECT_EQ(kv.slots(1, 1), 5);
  EXPECT_EQ(kv.slots(2, 1), 6);
  // The newest token, 99, lies in row 2 + 97 % 4.
  EXPECT_EQ(key_at(kv, 2, 1, 5), static_cast<float>(2 * 24 + 3 * 4 + 2));
}

TEST(kv_sink_ring, reads_no_byte_beside_its_buffers) {
  const test::guarded_buffer<float> k(9 * 2 * 3), v(9 * 2 * 5, test::guard::before);
  for (const index_t seen : {8, 9, 10, 13, 14, 15}) {
    const auto kv = sink_ring(view(k.data(), 9, 2, 3), view(v.data(), 9, 2, 5), {.sinks = 4, .seen = seen});
    EXPECT_EQ(test::read_all(kv), 2 * lesser(seen, 9));
  }
}

TEST(kv_sink_ring, refuses_counts_that_do_not_fit) {
  const auto x = numbered(64);
  const auto rows = view(x.data(), 6, 2, 4);
  const auto batch = view(x.data(), 2, 3, 2, 4);
  const auto refusal = [&](const sink_ring_layout& l) { return text(sink_ring(rows, rows, l).check()); };
  EXPECT_EQ(refusal({.sinks = 6, .seen = 99}), "ok");
  EXPECT_EQ(refusal({.sinks = -1, .seen = 9}), "sink_ring: sinks is -1, the least is 0");
  EXPECT_EQ(refusal({.sinks = 7, .seen = 9}), "sink_ring: sinks is 7, the rows are 6");
  EXPECT_EQ(refusal({.sinks = 2, .seen = -1}), "sink_ring: seen[0] is -1, the least is 0");
  EXPECT_EQ(refusal({.sinks = 2, .seen = std::numeric_limits<index_t>::max()}),
            "sink_ring: seen[0] is 9223372036854775807, the most is 4611686018427387904");
  const std::vector<int> one{3}, bad{3, -3};
  EXPECT_EQ(text(sink_ring(batch, batch, {.sinks = 1, .seen = one}).check()),
            "seen: number of entries is 1, it must be 2");
  EXPECT_EQ(text(sink_ring(batch, batch, {.sinks = 1, .seen = bad}).check(call_extents{})),
            "sink_ring: seen[1] is -3, the least is 0");
  EXPECT_EQ(text(sink_ring(rows, rows.slice(1, 0, 1), {}).check()), "v: extent[1] is 1, but k has 2");
}

TEST(kv_sink_ring, a_window_smaller_than_the_ring_hides_older_rows) {
  const auto x = numbered(9);
  const auto rows = view(x.data(), 9, 1, 1); // 2 sinks, a ring of 7
  const auto whole = sink_ring(rows, rows, {.sinks = 2, .seen = 20});
  const auto part = sink_ring(rows, rows, {.sinks = 2, .seen = 20, .window = 3});
  expect_lawful(part);
  EXPECT_EQ(part.slots(0, 0), 5);
  for (index_t i = 0; i < 3; ++i) {
    EXPECT_EQ(position_at(part, 0, 0, 2 + i), 17 + i);
    EXPECT_EQ(key_at(part, 0, 0, 2 + i), key_at(whole, 0, 0, 6 + i));
  }
  EXPECT_EQ(part.locate(0, 0, 5), 2);
  expect_lawful(sink_ring(rows, rows, {.sinks = 2, .seen = 6, .window = 3}));
  expect_lawful(sink_ring(rows, rows, {.sinks = 2, .seen = 4, .window = 0}));
}

} // namespace
} // namespace heed
