// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Tasks: every chunk of every tile once, dearest first, evenly shared.
#include <heed/plan/work_list.hpp>

#include <heed/kv/head_split.hpp>
#include <heed/kv/sink_ring.hpp>

#include <plan/bound_call.hpp>

#include <map>

namespace {
using namespace heed;
using namespace heed::test;

TEST(plan_work_list, sort_is_a_sort) {
  test::random gen(1);
  for (const index_t n : {0, 1, 2, 3, 10, 257}) {
    std::vector<plan_detail::task> list;
    for (index_t i = 0; i < n; ++i)
      list.push_back({i, 1, {0, 1}, true, gen.integer(0, 3), gen.integer(0, 3), gen.integer(0, 5), i});
    auto want = list;
    std::sort(want.begin(), want.end(), plan_detail::before);
    plan_detail::sort_tasks(list.data(), n);
    for (std::size_t i = 0; i < list.size(); ++i) EXPECT_EQ(list[i].index, want[i].index);
  }
}

/// Every chunk of every tile is in one task; tasks of one kv head lie together, the dearest first.
template <class List> void expect_complete_and_ordered(const List& b) {
  const auto& w = b.work;
  std::map<std::pair<index_t, index_t>, int> times;
  for (index_t i = 0; i < w.task_count; ++i) {
    const auto& t = w.tasks[i];
    for (index_t n = t.first_tile; n < t.first_tile + t.tiles; ++n) {
      const index_t chunks = w.tiles[n].chunks;
      if (chunks == 0) times[{n, 0}] += t.chunk.begin == 0;
      for (index_t c = t.chunk.begin; c < std::min(t.chunk.end, chunks); ++c) ++times[{n, c}];
      EXPECT_EQ(t.whole, !w.tiles[n].split);
    }
    if (i == 0) continue;
    const auto& before = w.tasks[i - 1];
    EXPECT_GE(before.dearest, t.dearest);
    if (before.group == t.group) {
      EXPECT_GE(before.cost, t.cost);
    }
  }
  index_t chunks = 0;
  for (index_t n = 0; n < w.tile_count; ++n) chunks += std::max<index_t>(1, w.tiles[n].chunks);
  EXPECT_EQ(static_cast<index_t>(times.size()), chunks);
  for (const auto& [at, n] : times) EXPECT_EQ(n, 1) << "tile " << at.first << ", chunk " << at.second;
  EXPECT_LE(w.task_count, w.room.tasks);
  EXPECT_LE(w.tile_count, w.room.tiles);
}

TEST(plan_work_list, holds_each_chunk_once_and_the_dearest_of_a_head_first) {
  const sample<> s(1, {700, 0, 1, 2, 40}, {3000, 10, 5000, 0, 45}, 2, 4, 8, 8);
  const bound_call<> call(s);
  ASSERT_EQ(call.failed.code, errc::ok);
  for (const index_t workers : {1, 2, 3, 8}) {
    const built_list<causal> b(call, {5, 743, 8, 5000, 700}, workers);
    EXPECT_EQ(b.code, errc::ok);
    expect_complete_and_ordered(b);
    bool split = false;
    for (index_t i = 0; i < b.work.tile_count; ++i) split = split || b.work.tiles[i].split;
    if (workers == 1 || workers == 8) {
      EXPECT_EQ(split, workers == 8) << "the dearest tile is less than a quarter of a share of few";
    }
  }
}

/// Whoever is free takes the next task: the largest share divided by the mean.
template <class List> double imbalance(const List& b, std::size_t workers) {
  std::vector<double> busy(workers, 0.);
  double all = 0;
  for (index_t i = 0; i < b.work.task_count; ++i) {
    const auto cost = static_cast<double>(b.work.tasks[i].cost);
    *std::min_element(busy.begin(), busy.end()) += cost;
    all += cost;
  }
  return *std::max_element(busy.begin(), busy.end()) / (all / static_cast<double>(workers));
}

TEST(plan_work_list, causal_4096_keeps_all_workers_busy) {
  const sample<> s(2, {4096}, {4096}, 8, 4, 1, 1);
  const bound_call<> call(s);
  for (const index_t workers : {2, 4}) {
    const built_list<causal> b(call, {1, 4096, 32, 4096}, workers);
    EXPECT_EQ(b.code, errc::ok);
    EXPECT_LE(imbalance(b, place(workers)), 1.05) << workers << " workers, " << b.work.task_count << " tasks";
  }
}

TEST(plan_work_list, tiles_may_be_measured_in_any_order) {
  const sample<> s(4, {700, 0, 3, 40}, {3000, 10, 5000, 45}, 2, 4, 8, 8);
  const bound_call<> call(s);
  const batch_shape limits{4, 743, 8, 5000, 700};
  const built_list<causal> want(call, limits, 3);
  built_list<causal> b(call, limits, 3);
  b.work.tile_count = b.work.task_count = b.work.chunk_count = b.work.pool_used = 0;
  plan_detail::work_builder<float, built_list<causal>::call_type> builder(b.c, b.work, b.rows.data(), b.q.data());
  constexpr index_t parts = kernel::decode_scratch<float>::max_parts;
  ASSERT_EQ(builder.name_tiles(parts), errc::ok);
  EXPECT_EQ(builder.cells(), 700. * 3000 + 3. * 5000 + 40. * 45) << "of heads that see alike one is counted";
  std::vector<index_t> rows(1024), q(1024);
  for (index_t i = b.work.tile_count; i-- > 0;) builder.measure(i, rows.data(), q.data());
  ASSERT_EQ(builder.finish(3, parts), errc::ok);
  EXPECT_EQ(builder.total(), want.total);
  ASSERT_EQ(b.work.tile_count, want.work.tile_count);
  ASSERT_EQ(b.work.task_count, want.work.task_count);
  for (index_t i = 0; i < b.work.tile_count; ++i) {
    EXPECT_EQ(b.work.tiles[i].visited, want.work.tiles[i].visited);
    EXPECT_EQ(b.work.tiles[i].name.kv_head, want.work.tiles[i].name.kv_head);
  }
  for (index_t i = 0; i < b.work.task_count; ++i) {
    EXPECT_EQ(b.work.tasks[i].index, want.work.tasks[i].index);
    EXPECT_EQ(b.work.tasks[i].cost, want.work.tasks[i].cost);
  }
}

/// The smallest tiles that are legal.
struct in_halves : causal {
  [[nodiscard]] index_t tile_end(index_t, index_t first, index_t end) const noexcept {
    return first + (end - first) / 2 + 1;
  }
};
TEST(plan_work_list, has_room_for_the_smallest_tiles_of_a_row_divider) {
  for (const index_t group : {1, 4, 100, 1000}) {
    const sample<> s(5, {800, 1, 2001, 97}, {800, 1, 2001, 97}, 1, group, 1, 1);
    const bound_call<in_halves> call(s);
    const built_list<in_halves> b(call, {4, 2899, group, 2001, 2001}, 2);
    EXPECT_EQ(b.code, errc::ok);
    expect_complete_and_ordered(b);
    index_t lanes = 0;
    std::vector<index_t> rows(1024), q(1024);
    const plan_detail::query_tiles<float, bound_call<in_halves>::call_type> tiles(b.c);
    for (index_t i = 0; i < b.work.tile_count; ++i) {
      const tile t = tiles.list(b.work.tiles[i].name, rows.data(), q.data());
      lanes += static_cast<index_t>(t.rows.size()) * t.heads.size();
    }
    EXPECT_EQ(lanes, 2899 * group);
  }
}

TEST(plan_work_list, small_neighbors_form_one_task) {
  const sample<> s(2, {4096, 300}, {4096, 300}, 8, 1, 1, 1);
  const bound_call<> call(s);
  const built_list<causal> b(call, {2, 4396, 8, 4096}, 2);
  EXPECT_EQ(b.code, errc::ok);
  expect_complete_and_ordered(b);
  index_t together = 0;
  for (index_t i = 0; i < b.work.task_count; ++i) {
    const auto& t = b.work.tasks[i];
    if (t.tiles == 1) continue;
    ++together;
    EXPECT_TRUE(t.whole);
    EXPECT_LE(t.cost, b.total / 64);
    for (index_t n = t.first_tile; n < t.first_tile + t.tiles; ++n) {
      EXPECT_EQ(b.work.tiles[n].name.seq, b.work.tiles[t.first_tile].name.seq);
      EXPECT_EQ(b.work.tiles[n].name.heads.begin, b.work.tiles[t.first_tile].name.heads.begin);
    }
  }
  EXPECT_GT(together, 0);
}

TEST(plan_work_list, decode_of_one_long_sequence_feeds_all_workers) {
  for (const auto& [heads, group] : {std::pair<index_t, index_t>{1, 1}, {1, 8}, {8, 4}}) {
    const sample<> s(3, {1}, {16384}, heads, group, 4, 4);
    const bound_call<> call(s);
    const index_t few = call.shape.few_lanes;
    if (group > few) continue; // this instruction set has fewer lanes: the prefill kernel serves it
    for (const index_t workers : {2, 4, 8}) {
      const built_list<causal> b(call, decode_shape{1, heads * group, 16384}, workers);
      EXPECT_EQ(b.code, errc::ok);
      expect_complete_and_ordered(b);
      EXPECT_GE(b.work.task_count, 2 * workers);
      EXPECT_LE(imbalance(b, place(workers)), 1.25) << heads << " heads, " << workers << " workers";
    }
  }
}

/// Counts how often it is asked for runs.
struct counted : causal {
  static inline int asked = 0;
  [[nodiscard]] index_t runs(const tile& t, std::span<key_run> out) const noexcept {
    ++asked;
    return causal::runs(t, out);
  }
};
TEST(plan_work_list, what_equal_heads_see_is_counted_once) {
  static_assert(equal_heads_source<bound_call<counted>::source>);
  int asked[2];
  for (const index_t kv_heads : {1, 3}) {
    const sample<> s(6, {100, 0, 300}, {200, 5, 310}, kv_heads, 4, 4, 4);
    const bound_call<counted> call(s);
    counted::asked = 0;
    const built_list<counted> b(call, {3, 400, 4 * kv_heads, 310, 300}, 1);
    asked[kv_heads == 3] = counted::asked;
    EXPECT_EQ(b.code, errc::ok);
    expect_complete_and_ordered(b);
    const plan_detail::query_tiles<float, bound_call<counted>::call_type> tiles(b.c);
    std::vector<index_t> rows(1024), q(1024), lanes(place(4 * kv_heads));
    for (index_t i = 0; i < b.work.tile_count; ++i) {
      const auto& r = b.work.tiles[i];
      const tile t = tiles.list(r.name, rows.data(), q.data());
      slot_runs<counted, bound_call<counted>::source> runs(b.c.m, b.c.kv, t);
      range slots;
      coverage cover;
      index_t visited = 0;
      while (runs.next(slots, cover)) visited += slots.size();
      EXPECT_EQ(r.visited, visited);
      EXPECT_EQ(r.name.kv_head, r.name.heads.begin / 4);
      for (index_t h = r.name.heads.begin; h < r.name.heads.end; ++h)
        lanes[place(h)] += static_cast<index_t>(t.rows.size());
    }
    for (const index_t n : lanes) EXPECT_EQ(n, 400);
  }
  EXPECT_EQ(asked[0], asked[1]);
}

TEST(plan_work_list, decode_tasks_span_heads_that_lie_beside_each_other) {
  // Heads 1, 3, 5, 7 are whole and lie in one buffer; the even ones hold 20 rows of another.
  const sample<> s(7, {1}, {4096}, 8, 1, 4, 4);
  const auto k = s.keys().slice(1, 0, 4), v = s.values().slice(1, 0, 4);
  const auto ring_k = s.keys().slice(0, 0, 20).slice(1, 4, 4), ring_v = s.values().slice(0, 0, 20).slice(1, 4, 4);
  std::vector<head_source> choice(8, head_source::second);
  for (std::size_t h = 1; h < 8; h += 2) choice[h] = head_source::first;
  const auto kv = head_split(contiguous(k, v), sink_ring(ring_k, ring_v, {.sinks = 4, .seen = 4096}), choice);
  using source = std::remove_const_t<decltype(kv)>;
  const bound_call<causal, source> call(s, kv, {});
  ASSERT_EQ(call.failed.code, errc::ok);
  for (const index_t workers : {1, 2}) {
    const built_list<causal, source> b(call, decode_shape{1, 8, 4096}, workers);
    ASSERT_EQ(b.code, errc::ok);
    expect_complete_and_ordered(b);
    const index_t most = lesser(4, kernel::decode_scratch<float>::max_parts);
    for (index_t i = 0; i < b.work.task_count; ++i) {
      const auto& t = b.work.tasks[i];
      index_t whole = 0;
      for (index_t n = t.first_tile; n < t.first_tile + t.tiles; ++n) whole += b.work.tiles[n].name.kv_head % 2;
      EXPECT_TRUE(whole == 0 || whole >= most) << "task " << i << " spans " << whole << " whole heads";
    }
  }
}

TEST(plan_work_list, more_tiles_than_the_room_are_refused) {
  const sample<> s(4, {100}, {100}, 2, 2, 4, 4);
  const bound_call<> call(s);
  built_list<causal> b(call, {1, 100, 4, 100}, 1);
  ASSERT_GT(b.work.tile_count, 1);
  const auto fewer = b.work.room;
  b.work.task_count = b.work.tile_count = 0;
  b.work.room.tiles = 1;
  plan_detail::work_builder<float, built_list<causal>::call_type> tiles(b.c, b.work, b.rows.data(), b.q.data());
  EXPECT_EQ(tiles.build(1, 8), errc::limit_exceeded);
  b.work.task_count = b.work.tile_count = 0;
  b.work.room = fewer;
  b.work.room.tasks = 1;
  plan_detail::work_builder<float, built_list<causal>::call_type> tasks(b.c, b.work, b.rows.data(), b.q.data());
  EXPECT_EQ(tasks.build(1, 8), errc::limit_exceeded);
}

TEST(plan_work_list, without_room_for_chunks_tiles_stay_whole) {
  const sample<> s(5, {1}, {9000}, 2, 1, 4, 4);
  const bound_call<> call(s);
  built_list<causal> b(call, decode_shape{1, 2, 9000}, 4);
  ASSERT_GT(b.work.chunk_count, 0);
  b.work.task_count = b.work.tile_count = b.work.chunk_count = b.work.pool_used = 0;
  b.work.room.chunks = 1;
  plan_detail::work_builder<float, built_list<causal>::call_type> whole(b.c, b.work, b.rows.data(), b.q.data());
  EXPECT_EQ(whole.build(4, 8), errc::ok);
  for (index_t i = 0; i < b.work.task_count; ++i) EXPECT_TRUE(b.work.tasks[i].whole);
  expect_complete_and_ordered(b);
}
} // namespace
