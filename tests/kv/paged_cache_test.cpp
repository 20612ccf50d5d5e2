// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/kv/contiguous.hpp>
#include <heed/kv/paged_cache.hpp>

#include <kv/source_probe.hpp>

#include <algorithm>
#include <random>

namespace heed {
namespace {

using test::expect_lawful;
using test::key_at;
using test::numbered;
using test::position_at;
using test::text;
using test::value_at;
using indices = std::vector<index_t>;

/// A pool with its memory, and what it should hold: the first key element of each slot tells token and head.
struct pool_under_test {
  index_t page, pages, heads, sequences, max_pages;
  bool per_head, placed;
  std::vector<float> k = std::vector<float>(static_cast<std::size_t>(pages * page * (per_head ? 1 : heads) * 3), -1.f);
  std::vector<float> v = std::vector<float>(static_cast<std::size_t>(pages * page * (per_head ? 1 : heads) * 2), -1.f);
  indices ids = indices(static_cast<std::size_t>(lists() * max_pages)),
          lengths = indices(static_cast<std::size_t>(lists()));
  indices free = indices(static_cast<std::size_t>(pages)),
          seen = indices(static_cast<std::size_t>(placed ? sequences : 0));
  indices positions = indices(static_cast<std::size_t>(placed ? pages * page : 0));

  index_t lists() const { return sequences * (per_head ? heads : 1); }
  paged_cache<float, float> cache() {
    const index_t stored = per_head ? 1 : heads;
    return {view(k.data(), pages, page, stored, 3), view(v.data(), pages, page, stored, 2), memory()};
  }
  paged_cache_memory memory() {
    return {.kv_heads = per_head ? heads : 0,
            .pages = ids,
            .max_pages = max_pages,
            .lengths = lengths,
            .free_pages = free,
            .seen = seen,
            .positions = positions};
  }
};

/// Token number n: its key for head h starts with 10 n + h, its value with -(10 n + h).
failure append(paged_cache<float, float>& cache, index_t seq, index_t heads, index_t first, index_t tokens) {
  std::vector<float> k(static_cast<std::size_t>(tokens * heads * 3)), v(static_cast<std::size_t>(tokens * heads * 2));
  const auto kv = view(k.data(), tokens, heads, 3);
  const auto vv = view(v.data(), tokens, heads, 2);
  for (index_t t = 0; t < tokens; ++t)
    for (index_t h = 0; h < heads; ++h) {
      kv(t, h, 0) = static_cast<float>(10 * (first + t) + h);
      vv(t, h, 0) = -kv(t, h, 0);
    }
  return cache.append(seq, kv, vv);
}

TEST(kv_paged_cache, appended_tokens_are_read_back) {
  for (const index_t page : {1, 3, 16}) {
    pool_under_test pool{page, 12, 2, 2, 12, false, false};
    auto cache = pool.cache();
    ASSERT_EQ(text(cache.check()), "ok");
    const auto kv = cache.source();
    for (index_t i = 0; i < 6 * page; ++i) {
      ASSERT_EQ(text(append(cache, 0, 2, i, 1)), "ok");
      ASSERT_EQ(text(append(cache, 1, 2, 1000 + i, 1)), "ok");
    }
    expect_lawful(kv); // the same source sees what was appended later
    EXPECT_EQ(kv.slots(1, 1), 6 * page);
    EXPECT_EQ(cache.free_pages(), 0);
    for (index_t i = 0; i < 6 * page; ++i) {
      ASSERT_EQ(key_at(kv, 0, 1, i), static_cast<float>(10 * i + 1));
      ASSERT_EQ(value_at(kv, 1, 0, i), -static_cast<float>(10 * (1000 + i)));
    }
  }
}

TEST(kv_paged_cache, a_full_pool_refuses_and_changes_nothing) {
  pool_under_test pool{4, 3, 1, 2, 8, false, false};
  auto cache = pool.cache();
  ASSERT_EQ(text(append(cache, 0, 1, 0, 7)), "ok");
  const auto k = pool.k;
  const auto ids = pool.ids;
  EXPECT_EQ(text(append(cache, 1, 1, 50, 5)), "append: pages wanted is 2, but the free pages are 1");
  EXPECT_EQ(pool.k, k);
  EXPECT_EQ(pool.ids, ids);
  EXPECT_EQ(cache.slots(1, 0), 0);
  EXPECT_EQ(text(append(cache, 0, 1, 7, 1)), "ok"); // still room in its own page
  EXPECT_EQ(text(append(cache, 1, 1, 50, 4)), "ok");
  EXPECT_EQ(text(append(cache, 1, 1, 54, 0)), "ok");
  EXPECT_EQ(text(cache.release(0)), "ok");
  EXPECT_EQ(text(append(cache, 1, 1, 54, 8)), "ok");
  EXPECT_EQ(key_at(cache.source(), 1, 0, 11), 610.f);
  // Of 4 pages 3 hold the source; the copy's place has one and gives it first.
  pool_under_test fork{4, 4, 1, 2, 8, false, false};
  auto two = fork.cache();
  ASSERT_EQ(text(append(two, 0, 1, 0, 9)), "ok");
  ASSERT_EQ(text(append(two, 1, 1, 0, 1)), "ok");
  EXPECT_EQ(text(two.copy_sequence(0, 1)), "copy_sequence: pages wanted is 3, but the pages to have are 1");
  EXPECT_EQ(two.slots(1, 0), 1);
  pool_under_test narrow{4, 9, 1, 1, 2, false, false};
  auto few = narrow.cache();
  EXPECT_EQ(text(append(few, 0, 1, 0, 9)), "append: tokens is 9, the slots left in the page list are 8");
  const auto long_source = numbered(9 * 3);
  EXPECT_EQ(text(few.copy_from(contiguous(view(long_source.data(), 9, 1, 3), view(long_source.data(), 9, 1, 2)), 0, 0)),
            "copy_from: slots[0] is 9, the page list has room for 8");
}

TEST(kv_paged_cache, any_order_of_calls_keeps_every_list_true) {
  struct shape {
    index_t page;
    bool per_head, placed;
  };
  for (const shape s :
       {shape{1, false, false}, {3, false, false}, {4, false, true}, {4, true, false}, {3, true, true}}) {
    const index_t heads = 2, sequences = 3;
    pool_under_test pool{s.page, 20, heads, sequences, 10, s.per_head, s.placed};
    auto cache = pool.cache();
    const auto kv = cache.source();
    struct slot {
      index_t token, position;
    };
    std::vector<std::vector<slot>> held(static_cast<std::size_t>(pool.lists()));
    indices seen(static_cast<std::size_t>(sequences), 0);
    std::mt19937 gen(7);
    const auto draw = [&](index_t n) { return static_cast<index_t>(gen() % static_cast<unsigned>(n)); };
    const index_t each = s.per_head ? heads : 1;
    index_t token = 0, refused = 0, kept = 0;
    for (int step = 0; step < 400; ++step) {
      const index_t seq = draw(sequences), what = draw(10);
      auto* mine = &held[static_cast<std::size_t>(seq * each)];
      index_t& count = seen[static_cast<std::size_t>(seq)];
      if (what < 6) {
        const index_t n = draw(2 * s.page + 3);
        if (append(cache, seq, heads, token, n)) {
          ++refused;
        } else {
          for (index_t l = 0; l < each; ++l)
            for (index_t t = 0; t < n; ++t) mine[l].push_back({token + t, count + t});
          count += n;
        }
        token += n;
      } else if (what == 6) {
        ASSERT_FALSE(cache.release(seq));
        for (index_t l = 0; l < each; ++l) mine[l].clear();
        count = 0;
      } else if (what == 7) {
        const index_t back = draw(count + 1);
        ASSERT_FALSE(cache.rollback(seq, back));
        count -= back;
        for (index_t l = 0; l < each; ++l)
          while (!mine[l].empty() && mine[l].back().position >= count) mine[l].pop_back();
      } else if (s.placed) {
        const index_t head = draw(each);
        const index_t n = draw(static_cast<index_t>(mine[head].size()) + 1);
        ASSERT_FALSE(cache.keep_front(seq, head, n));
        mine[head].resize(static_cast<std::size_t>(n));
        ++kept;
      }
      expect_lawful(kv);
      index_t used = 0;
      for (index_t q = 0; q < sequences; ++q) {
        ASSERT_EQ(kv.seen(q), seen[static_cast<std::size_t>(q)]);
        for (index_t h = 0; h < heads; ++h) {
          const auto& list = held[static_cast<std::size_t>(q * each + (s.per_head ? h : 0))];
          ASSERT_EQ(kv.slots(q, h), static_cast<index_t>(list.size()));
          if (s.per_head || h == 0) used += (kv.slots(q, h) + s.page - 1) / s.page;
          for (std::size_t i = 0; i < list.size(); ++i) {
            ASSERT_EQ(key_at(kv, q, h, static_cast<index_t>(i)), static_cast<float>(10 * list[i].token + h));
            ASSERT_EQ(position_at(kv, q, h, static_cast<index_t>(i)), list[i].position);
          }
        }
      }
      // Every page is in one list or free, never both.
      ASSERT_EQ(used + cache.free_pages(), 20);
      indices all(pool.free.begin(), pool.free.begin() + cache.free_pages());
      for (const index_t id : pool.ids)
        if (id >= 0) all.push_back(id);
      std::sort(all.begin(), all.end());
      for (index_t i = 0; i < 20; ++i) ASSERT_EQ(all[static_cast<std::size_t>(i)], i);
    }
    EXPECT_GT(refused, 0);
    EXPECT_EQ(kept > 0, s.placed);
  }
}

TEST(kv_paged_cache, rows_of_other_types_are_rounded_on_the_way_in) {
  std::vector<bf16> pool(4 * 2);
  indices ids(2), lengths(1), free(2);
  paged_cache cache(view(pool.data(), 2, 2, 1, 2), view(pool.data(), 2, 2, 1, 2),
                    {.pages = ids, .max_pages = 2, .lengths = lengths, .free_pages = free});
  ASSERT_EQ(text(cache.check()), "ok");
  const std::vector<float> row{1.00390625f, 2.f};
  ASSERT_EQ(text(cache.append(0, view(row.data(), 1, 1, 2), view(row.data(), 1, 1, 2))), "ok");
  EXPECT_EQ(key_at(cache.source(), 0, 0, 0), 1.f);
  EXPECT_EQ(key_at(cache.source(), 0, 0, 0, 1), 2.f);
}

TEST(kv_paged_cache, refuses_memory_that_does_not_fit) {
  pool_under_test p{4, 3, 2, 2, 2, false, true};
  const auto refusal = [&](auto change) {
    auto memory = p.memory();
    auto k = view(p.k.data(), 3, 4, 2, 3);
    auto v = view(p.v.data(), 3, 4, 2, 2);
    change(memory, k, v);
    paged_cache cache(k, v, memory);
    EXPECT_EQ(append(cache, 0, 2, 0, 1).code, cache.check().code);
    return text(cache.check());
  };
  using memory = paged_cache_memory;
  EXPECT_EQ(refusal([](memory& m, auto&, auto&) { m.pages = m.pages.first(3); }),
            "memory: number of pages is 3, lists * max_pages is 4");
  EXPECT_EQ(refusal([](memory& m, auto&, auto&) { m.max_pages = -1; }), "memory: max_pages is -1, the least is 0");
  EXPECT_EQ(refusal([](memory& m, auto&, auto&) { m.max_pages = index_t{1} << 61; }),
            "memory: max_pages is 2305843009213693952, too large for this number of lists: 2");
  EXPECT_EQ(refusal([](memory& m, auto&, auto&) { m.kv_heads = -1; }), "memory: kv_heads is -1, the least is 0");
  EXPECT_EQ(refusal([](memory& m, auto&, auto&) { m.kv_heads = 2; }),
            "k_pool: extent[2] is 2, with lists per head it must be 1");
  EXPECT_EQ(refusal([](memory& m, auto&, auto&) { m.free_pages = m.free_pages.first(2); }),
            "memory: number of free_pages is 2, the pool has 3");
  EXPECT_EQ(refusal([](memory& m, auto&, auto&) { m.seen = m.seen.first(1); }),
            "memory: number of seen is 1, the sequences are 2");
  EXPECT_EQ(refusal([](memory& m, auto&, auto&) { m.positions = m.positions.first(11); }),
            "memory: number of positions is 11, the pool's rows are 12");
  std::vector<float> short_bias(11), bias(12), keys(2 * 2 * 3), values(2 * 2 * 2);
  indices counts(2), where(2);
  EXPECT_EQ(refusal([&](memory& m, auto&, auto&) { m.bias = short_bias; }),
            "memory: number of bias is 11, the pool's rows are 12");
  EXPECT_EQ(refusal([&](memory& m, auto&, auto&) { m.bias = bias, m.means = {keys, values, counts, where}; }), "ok");
  EXPECT_EQ(refusal([&](memory& m, auto&, auto&) {
              m.means = {keys, values, counts, where};
            }),
            "bias: number of entries is 0, to fold rows the least is 1");
  EXPECT_EQ(refusal([&](memory& m, auto&, auto&) {
              m.bias = bias, m.means = {values, values, counts, where};
            }),
            "means: number of keys is 8, it must be 12");
  EXPECT_EQ(refusal([](memory& m, auto&, auto&) { m.seen = {}; }),
            "memory: number of seen is 0, seen and positions come together, positions are 12");
  EXPECT_EQ(refusal([](memory&, auto& k, auto&) {
              k = strided(k.data(), {3, 4, 2, 3}, {24, 6, 0, 1});
            }),
            "k: stride[2] is 0, rows that are written may not overlap, the least is 1");
  EXPECT_EQ(refusal([](memory&, auto&, auto& v) {
              v = strided(v.data(), {3, 4, 2, 2}, {4, 4, 2, 1});
            }),
            "v: stride[1] is 4, rows that are written may not overlap, the least is 12");
  EXPECT_EQ(refusal([](memory&, auto&, auto& v) { v = v.slice(0, 0, 2); }), "v: extent[0] is 2, but k has 3");
  EXPECT_EQ(refusal([](memory&, auto& k, auto& v) { k = k.slice(1, 0, 0), v = v.slice(1, 0, 0); }),
            "k: extent[1] is 0, the least page is 1");
}

TEST(kv_paged_cache, refuses_calls_outside_its_sequences_and_slots) {
  pool_under_test p{4, 3, 2, 2, 2, false, true};
  auto cache = p.cache();
  ASSERT_FALSE(append(cache, 0, 2, 0, 5));
  EXPECT_EQ(text(append(cache, 2, 2, 0, 1)), "append: seq is 2, but the sequences are 2");
  EXPECT_EQ(text(append(cache, 0, 1, 0, 1)), "k: extent[1] is 1, the kv_heads are 2");
  EXPECT_EQ(text(cache.release(-1)), "release: seq is -1, the least is 0");
  EXPECT_EQ(text(cache.release(2)), "release: seq is 2, but the sequences are 2");
  EXPECT_EQ(text(cache.rollback(2, 1)), "rollback: seq is 2, but the sequences are 2");
  EXPECT_EQ(text(cache.rollback(0, -1)), "rollback: tokens is -1, the least is 0");
  EXPECT_EQ(text(cache.rollback(0, 6)), "rollback: tokens is 6, seen are 5");
  EXPECT_EQ(text(cache.keep_front(0, 2, 1)), "keep_front: kv_head is 2, but the heads are 2");
  EXPECT_EQ(text(cache.keep_front(0, -1, 1)), "keep_front: kv_head is -1, the least is 0");
  EXPECT_EQ(text(cache.keep_front(0, 0, 6)), "keep_front: slots is 6, the slots held are 5");
  EXPECT_EQ(text(cache.keep_front(0, 0, -1)), "keep_front: slots is -1, the least is 0");
  pool_under_test bare{4, 3, 2, 2, 2, false, false};
  auto plain = bare.cache();
  EXPECT_EQ(text(plain.keep_front(0, 0, 0)), "keep_front: number of positions is 0, the least is 1");
}

} // namespace
} // namespace heed
