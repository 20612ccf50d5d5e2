// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/kv/head_split_cache.hpp>

#include <heed/kv/joined.hpp>
#include <heed/mask/causal.hpp>

#include <attention/sample.hpp>
#include <kv/cache_owners.hpp>
#include <kv/source_probe.hpp>

namespace heed {
namespace {

using test::many;
using test::text;
using indices = std::vector<index_t>;
using sample = test::sample<float>;
using source = test::erased_source<float>;

/// Every call of this file compiles one kernel.
test::outcome<float> run(const sample& s, const source& kv) { return s.run_from(kv, causal{}); }

/// What a streaming head sees: sinks, the window before the chunk, the chunk up to the query.
struct stream_mask {
  index_t sinks, window;
  indices chunks; ///< where chunks begin
  [[nodiscard]] bool allows(cell at) const noexcept {
    if (at.k > at.q) return false;
    if (at.head % 4 < 2) return true; // 2 query heads per kv head; even kv heads are whole
    index_t begin = 0;
    for (const index_t c : chunks)
      if (c <= at.q) begin = c;
    return at.k < sinks || at.k >= begin - window;
  }
};

TEST(kv_head_split_cache, a_chunk_joined_behind_the_ring_equals_masked_attention) {
  const index_t n = 70, sinks = 3, window = 9;
  const sample s(11, {n}, {n}, 4, 2, 16, 8);
  const indices chunks{0, 20, 41, 42, 43, 55};
  test::split_owner<float> o({1, 4, n, 16, 8}, sinks, window, 4);
  test::outcome<float> got{};
  for (std::size_t c = 0; c < chunks.size(); ++c) {
    const index_t first = chunks[c], rows = (c + 1 < chunks.size() ? chunks[c + 1] : n) - first;
    const auto k = s.keys().slice(0, first, rows), v = s.values().slice(0, first, rows);
    sample part = s;
    part.offsets = {0, rows};
    part.q = test::cut(s.q, first, rows, s.q_heads() * s.key_dim);
    const auto chunk = joined(o.cache.source(), contiguous(k, v));
    test::expect_lawful(chunk);
    const auto r = run(part, source(chunk));
    got.o.insert(got.o.end(), r.o.begin(), r.o.end());
    got.lse.insert(got.lse.end(), r.lse.begin(), r.lse.end());
    ASSERT_EQ(text(o.cache.append(0, k, v)), "ok");
    test::expect_lawful(o.cache.source());
  }
  test::expect_within(s, got, s.exact(stream_mask{sinks, window, chunks}));
}

TEST(kv_head_split_cache, decoding_after_a_rollback_is_as_if_the_drafts_had_never_come) {
  const index_t n = 40, sinks = 2, window = 6;
  const sample s(12, {1}, {n}, 4, 2, 16, 8), drafts(13, {1}, {n}, 4, 2, 16, 8);
  test::split_owner<float> plain({1, 4, n + 8, 16, 8}, sinks, window, 5), o({1, 4, n + 8, 16, 8}, sinks, window, 5);
  for (index_t t = 0; t < n; ++t) {
    if (t % 3 == 1) {
      const index_t k = 1 + t % 5;
      ASSERT_EQ(text(o.cache.append(0, drafts.keys().slice(0, 0, k), drafts.values().slice(0, 0, k))), "ok");
      ASSERT_EQ(text(o.cache.rollback(0, k)), "ok");
    }
    for (auto* cache : {&plain.cache, &o.cache})
      ASSERT_EQ(text(cache->append(0, s.keys().slice(0, t, 1), s.values().slice(0, t, 1))), "ok");
    if (t % 4 == 0) {
      ASSERT_TRUE(run(s, source(o.cache.source())) == run(s, source(plain.cache.source()))) << t;
    }
  }
  // 5 tokens beside the window, counted from the most that were ever held.
  EXPECT_EQ(text(o.cache.rollback(0, 6)), "rollback: tokens is 6, the ring remembers 5");
  EXPECT_EQ(o.cache.seen(0), n);
  EXPECT_EQ(text(o.cache.rollback(0, 2)), "ok");
  EXPECT_EQ(text(o.cache.rollback(0, 4)), "rollback: tokens is 4, the ring remembers 3");
}

TEST(kv_head_split_cache, two_parts_hold_what_the_formula_says) {
  const index_t tokens = 1000, sinks = 4, window = 64, dim = 32;
  test::split_owner<float> o({1, 8, tokens, dim, dim}, sinks, window, 0);
  std::vector<float> x(many(tokens * 8 * dim), 1.f);
  ASSERT_EQ(text(o.cache.append(0, view(x.data(), tokens, 8, dim), view(x.data(), tokens, 8, dim))), "ok");
  const index_t formula = (4 * tokens + 4 * (sinks + window)) * 2 * dim * 4; // Hfull T + Hstr (S + R)
  EXPECT_EQ(o.cache.bytes_held(), formula);
  EXPECT_EQ(o.cache.bytes_reserved(), test::live_bytes);
  EXPECT_LE(static_cast<double>(test::live_bytes), 1.01 * static_cast<double>(formula));
}

TEST(kv_head_split_cache, a_part_that_no_head_chose_is_not_touched) {
  std::vector<float> k(40), v(40), none(1);
  indices lengths(2), seen(1), ring_seen(1);
  contiguous_cache<float, float> full(view(k.data(), 1, 10, 2, 2), view(v.data(), 1, 10, 2, 2),
                                      {.lengths = lengths, .seen = seen});
  sink_ring_cache<float, float> empty(view(none.data(), 1, 0, 0, 2), view(none.data(), 1, 0, 0, 2), {});
  const std::vector<head_source> all_first(2, head_source::first), all_second(2, head_source::second);
  head_split_cache a(full, empty, all_first);
  ASSERT_EQ(text(a.check()), "ok");
  const auto x = test::numbered(3 * 2 * 2);
  ASSERT_EQ(text(a.append(0, view(x.data(), 3, 2, 2), view(x.data(), 3, 2, 2))), "ok");
  EXPECT_EQ(a.bytes_held(), full.bytes_held());
  EXPECT_EQ(test::key_at(a.source(), 0, 1, 2), 10.f);
  ASSERT_EQ(text(a.rollback(0, 1)), "ok");
  EXPECT_EQ(a.seen(0), 2);
  head_split_cache b(empty, full, all_second);
  ASSERT_EQ(text(b.check()), "ok");
  EXPECT_EQ(b.slots(0, 1), 2);
  ASSERT_EQ(text(b.release(0)), "ok");
  EXPECT_EQ(b.seen(0), 0);
}

TEST(kv_head_split_cache, a_refused_call_changes_neither_part) {
  const auto x = test::numbered(12 * 4 * 2);
  test::split_owner<float> o({1, 4, 8, 2, 2}, 1, 3, 0);
  const auto rows = view(x.data(), 12, 4, 2);
  ASSERT_EQ(text(o.cache.append(0, rows.slice(0, 0, 6), rows.slice(0, 0, 6))), "ok");
  EXPECT_EQ(text(o.cache.append(0, rows.slice(0, 6, 3), rows.slice(0, 6, 3))),
            "append: tokens[0] is 3, the rows left in head are 2");
  EXPECT_EQ(text(o.cache.append(1, rows, rows)), "append: seq is 1, but the sequences are 1");
  EXPECT_EQ(text(o.cache.append(0, rows.slice(1, 0, 3), rows.slice(1, 0, 3))), "k: extent[1] is 3, the kv_heads are 4");
  EXPECT_EQ(text(o.cache.rollback(0, 1)), "rollback: tokens is 1, the ring remembers 0");
  EXPECT_EQ(text(o.cache.rollback(0, 7)), "rollback: tokens is 7, seen are 6");
  EXPECT_EQ(o.full.seen(0), 6);
  EXPECT_EQ(o.ring.seen(0), 6);
  test::expect_lawful(o.cache.source());
  const std::vector<head_source> wrong(4, head_source::second), many_heads(300, head_source::first);
  EXPECT_EQ(text(head_split_cache(o.full, o.ring, wrong).check()),
            "head_split: kv_heads of the second source is 2, but heads choose it: 4");
  EXPECT_EQ(text(head_split_cache(o.full, o.ring, many_heads).check()),
            "head_split_cache: kv_heads is 300, the most is 256");
}

} // namespace
} // namespace heed
