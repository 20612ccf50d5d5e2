// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Tasks, chunks and their states: what one run of a plan does, built in the caller's workspace.
#include <heed/detail/arena.hpp>
#include <heed/kernel/prefill.hpp>
#include <heed/plan/query_tiles.hpp>

#include <atomic>

namespace heed {
inline namespace HEED_ISA {
namespace plan_detail {

/// One tile of a call. Where it is split, chunk i has a state of its own and starts at slot chunk_begin[first_chunk +
/// i].
struct tile_record {
  tile_name name;
  index_t visited; ///< slots that the mask lets the tile see
  index_t chunks, cost;
  index_t first_chunk;                 ///< into work_list::chunk_begin; valid if split
  index_t state_offset, state_numbers; ///< of chunk i: pool + state_offset + i * state_numbers
  std::uint32_t done;                  ///< chunks finished, by atomic access only
  bool split;
};

/// Chunks [chunk.begin, chunk.end) of `tiles` consecutive tiles; whole: all chunks, merged by the task itself.
struct task {
  index_t first_tile, tiles;
  range chunk;
  bool whole;
  index_t dearest, group, cost, index; ///< the key of the order, see `before`
};

/// Key-value heads one after the other, so that their rows stay in the shared cache; the head with the dearest tile
/// first, and of one head the dearest task first: the work left at the end is small.
HEED_INLINE bool before(const task& a, const task& b) noexcept {
  if (a.dearest != b.dearest) return a.dearest > b.dearest;
  if (a.group != b.group) return a.group < b.group;
  return a.cost != b.cost ? a.cost > b.cost : a.index < b.index;
}

/// How many of each a workspace must hold.
struct work_bounds {
  index_t tiles = 0, tasks = 0, chunks = 0, pool_numbers = 0;
};

/// Tasks of one run. Bits do not depend on it: a tile that is split and one that is not merge the same chunk states in
/// the same order.
template <class A> struct work_list {
  tile_record* tiles;
  task* tasks;
  index_t* chunk_begin;
  A* pool;
  work_bounds room;
  index_t tile_count = 0, task_count = 0, chunk_count = 0, pool_used = 0;

  HEED_INLINE void lay_out(detail::arena& a, const work_bounds& b) noexcept {
    room = b;
    tiles = a.take<tile_record>(b.tiles);
    tasks = a.take<task>(b.tasks);
    chunk_begin = a.take<index_t>(b.chunks);
    pool = a.take<A>(b.pool_numbers);
  }
};

/// Numbers of one chunk state of a tile, a multiple of a cache line.
template <class A> HEED_INLINE index_t state_numbers(kernel_kind kind, index_t lanes, index_t value_dim) noexcept {
  constexpr index_t vector = simd::batch<A>::lanes, line = 64 / static_cast<index_t>(sizeof(A));
  const auto up = [](index_t n, index_t to) HEED_BODY { return (n + to - 1) / to * to; };
  const index_t padded = up(lanes, vector);
  const index_t o = kind == kernel_kind::decode ? lanes * up(value_dim, vector) : padded * value_dim;
  return up(2 * up(padded, line) + o, line);
}
template <class A> HEED_INLINE kernel::softmax_state<A> state_at(A* at, index_t lanes) noexcept {
  constexpr index_t vector = simd::batch<A>::lanes, line = 64 / static_cast<index_t>(sizeof(A));
  const index_t padded = ((lanes + vector - 1) / vector * vector + line - 1) / line * line;
  return {at, at + padded, at + 2 * padded};
}

/// Heap sort: in place, no allocation, no recursion; the order is total, so it needs no stability.
HEED_NOINLINE inline void sort_tasks(task* t, index_t n) noexcept {
  const auto sift = [&](index_t root, index_t end) HEED_BODY {
    for (;;) {
      index_t child = 2 * root + 1;
      if (child >= end) return;
      if (child + 1 < end && before(t[child], t[child + 1])) ++child;
      if (!before(t[root], t[child])) return;
      const task x = t[root];
      t[root] = t[child];
      t[child] = x;
      root = child;
    }
  };
  for (index_t i = n / 2; i-- > 0;) sift(i, n);
  for (index_t end = n; end-- > 1;) {
    const task x = t[0];
    t[0] = t[end];
    t[end] = x;
    sift(0, end);
  }
}

/// Lists the tiles of a call with their cost, cuts them into tasks and orders these.
template <class A, class Call> class work_builder {
public:
  HEED_INLINE work_builder(const Call& c, work_list<A>& work, index_t* rows, index_t* q) noexcept
      : c_(c), tiles_(c), work_(work), rows_(rows), q_(q) {}

  /// The three steps in one. workers: of the executor. group_parts: key-value heads that one decode task may span.
  HEED_INLINE errc build(index_t workers, index_t group_parts) noexcept {
    if (const errc e = name_tiles(group_parts); e != errc::ok) return e;
    for (index_t i = 0; i < work_.tile_count; ++i) measure(i, rows_, q_);
    return finish(workers, group_parts);
  }

  /// First step: which tiles there are.
  HEED_NOINLINE errc name_tiles(index_t group_parts) noexcept {
    const call_extents& e = c_.p.extents;
    for (index_t seq = 0; seq < e.sequences; ++seq) {
      if (e.rows(seq) == 0) continue;
      const kernel_kind kind = tiles_.kind(seq);
      const index_t first = work_.tile_count;
      for (index_t g = 0; g < e.kv_heads; ++g) {
        const range group = c_.p.heads.group_of(g);
        if (g > 0 && heads_see_alike()) {
          if (!repeat_tiles(first, g)) return errc::limit_exceeded;
          continue;
        }
        for (index_t h = group.begin; h < group.end;) {
          const range heads = tiles_.heads_from(seq, g, h, kind);
          const index_t n = tiles_.end_index(seq, heads, kind);
          for (index_t i = 0; i < n; i = tiles_.next_index(seq, heads, kind, i))
            if (!is_left_out({seq, g, heads, i, kind}) && !add_tile({seq, g, heads, i, kind}))
              return errc::limit_exceeded;
          h = heads.end;
        }
        if (kind == kernel_kind::prefill)
          cells_ += static_cast<double>(e.rows(seq)) * static_cast<double>(c_.kv.slots(seq, g)) *
                    static_cast<double>(alike_in(c_.m, seq, e.rows(seq), group) ? 1 : group.size());
      }
      if (kind == kernel_kind::decode && group_parts > 1 && !heads_see_alike()) order_by_place(first);
    }
    return errc::ok;
  }
  /// Second step, for each tile, in any order and by any number of threads: what it sees. rows, q: room for a tile.
  HEED_NOINLINE void measure(index_t i, index_t* rows, index_t* q) const noexcept {
    tile_record& r = work_.tiles[i];
    if (r.first_chunk >= 0) return;
    const tile t = tiles_.list(r.name, rows, q);
    if (t.rows.empty()) return;
    index_t visited = 0;
    slot_runs<typename Call::mask_type, typename Call::source> runs(c_.m, c_.kv, t);
    range slots;
    coverage cover;
    while (runs.next(slots, cover)) visited += slots.size();
    const index_t lanes = lanes_of(r, static_cast<index_t>(t.rows.size()));
    r.visited = visited;
    r.chunks = (visited + chunk_slots(r.name.kind) - 1) / chunk_slots(r.name.kind);
    r.state_numbers = state_numbers<A>(r.name.kind, lanes, c_.dims.value_dim);
    // A visited slot costs a pass of at least one vector; packing and storing a tile cost about as much as 8 slots.
    constexpr index_t vector = simd::batch<A>::lanes;
    r.cost = (lanes + vector - 1) / vector * (visited + 8);
  }
  /// Third step: tasks, in order.
  HEED_NOINLINE errc finish(index_t workers, index_t group_parts) noexcept {
    total_ = drop_empty();
    return cut(workers, group_parts) ? errc::ok : errc::limit_exceeded;
  }

  /// Cells of rows, heads that differ, and slots in the tiles that are measured, but of decode.
  [[nodiscard]] HEED_INLINE double cells() const noexcept { return cells_; }
  /// Passes of one vector over a slot, of all tiles.
  [[nodiscard]] HEED_INLINE index_t total() const noexcept { return total_; }

private:
  HEED_INLINE index_t chunk_slots(kernel_kind k) const noexcept {
    return k == kernel_kind::decode ? c_.shape.decode_chunk_slots : c_.shape.chunk_slots;
  }
  HEED_INLINE index_t lanes_of(const tile_record& r, index_t rows) const noexcept { return r.name.heads.size() * rows; }

  /// Tiles of one key-value head are those of the others.
  HEED_INLINE bool heads_see_alike() const noexcept {
    return equal_heads_source<typename Call::source> && alike(c_.m, {0, c_.p.extents.q_heads});
  }
  /// Names the tiles of head 0, which start at `first`, for another: what they see is counted once.
  HEED_NOINLINE bool repeat_tiles(index_t first, index_t kv_head) noexcept {
    const index_t shift = c_.p.heads.group_of(kv_head).begin;
    for (index_t i = first, seq = work_.tile_count > first ? work_.tiles[first].name.seq : 0;
         i < work_.tile_count && work_.tiles[i].name.seq == seq && work_.tiles[i].name.kv_head == 0; ++i) {
      tile_name name = work_.tiles[i].name;
      name.kv_head = kv_head;
      name.heads = {name.heads.begin + shift, name.heads.end + shift};
      if (!add_tile(name, i)) return false;
    }
    return true;
  }
  /// Where the rows of a tile's key-value head begin.
  HEED_INLINE std::uintptr_t place_of(const tile_name& name) const noexcept {
    if (c_.kv.slots(name.seq, name.kv_head) == 0) return 0;
    return reinterpret_cast<std::uintptr_t>(c_.kv.rows(name.seq, name.kv_head, {0, 1}).key);
  }
  /// Puts the tiles from `first` on into the order of their rows in memory, so that heads that lie beside each other
  /// share decode tasks and are read as one stream. Where heads of two parts take turns, half of them in a ring (32
  /// heads on 8, 32k keys, f32, AMD EPYC, 2 threads): 5.5 ms instead of 8.7.
  HEED_NOINLINE void order_by_place(index_t first) noexcept {
    for (index_t i = first + 1; i < work_.tile_count; ++i) {
      const tile_record r = work_.tiles[i];
      const std::uintptr_t place = place_of(r.name);
      index_t to = i;
      for (; to > first && place_of(work_.tiles[to - 1].name) > place; --to) work_.tiles[to] = work_.tiles[to - 1];
      work_.tiles[to] = r;
    }
  }

  /// Tiles without rows are legal, but only a bounded_query_tiler counts them among those that a workspace must hold.
  HEED_INLINE bool is_left_out(const tile_name& name) const noexcept {
    using mask_type = typename Call::mask_type;
    if constexpr (query_tiler<mask_type> && !bounded_query_tiler<mask_type>)
      return tiles_.list(name, rows_, q_).rows.empty();
    else
      return false;
  }
  /// like: the tile that sees the same, -1: none before it. first_chunk holds it until tasks are cut.
  HEED_INLINE bool add_tile(const tile_name& name, index_t like = -1) noexcept {
    if (work_.tile_count == work_.room.tiles) return false;
    work_.tiles[work_.tile_count++] = {name, 0, 0, 0, like, 0, 0, 0, false};
    return true;
  }
  /// Copies what tiles see to those that see the same, leaves out tiles without rows and returns the cost of all.
  HEED_NOINLINE index_t drop_empty() noexcept {
    index_t total = 0, n = 0;
    for (index_t i = 0; i < work_.tile_count; ++i) {
      tile_record& r = work_.tiles[i];
      if (r.first_chunk < 0) continue;
      const tile_record& like = work_.tiles[r.first_chunk];
      r = {r.name, like.visited, like.chunks, like.cost, like.first_chunk, 0, like.state_numbers, 0, false};
    }
    for (index_t i = 0; i < work_.tile_count; ++i) {
      if (work_.tiles[i].cost == 0) continue;
      total += work_.tiles[i].cost;
      if (n < i) work_.tiles[n] = work_.tiles[i];
      ++n;
    }
    work_.tile_count = n;
    return total;
  }

  HEED_NOINLINE bool cut(index_t workers, index_t group_parts) noexcept {
    // Tasks of about a quarter of a worker's share leave less than an eighth of it idle at the end.
    const index_t target = workers > 1 ? total_ / (workers * 4) + 1 : total_ + 1;
    index_t group = 0, group_start = 0;
    for (index_t i = 0; i < work_.tile_count;) {
      const index_t n = group_at(i, group_parts, workers);
      const tile_name& name = work_.tiles[i].name;
      if (i > 0 &&
          (name.seq != work_.tiles[i - 1].name.seq || name.heads.begin != work_.tiles[i - 1].name.heads.begin)) {
        close_group(group_start);
        group_start = work_.task_count;
        ++group;
      }
      index_t cost = 0, chunks = 0;
      for (index_t j = i; j < i + n; ++j) {
        cost += work_.tiles[j].cost;
        chunks = greater(chunks, work_.tiles[j].chunks);
      }
      const bool split = cost > target && chunks > 1 && number_chunks(i, n);
      const index_t per = split ? greater(1, target / (cost / chunks + 1)) : greater(1, chunks);
      for (index_t first = 0; first == 0 || first < chunks; first += per) {
        if (work_.task_count == work_.room.tasks) return false;
        const range part{first, lesser(chunks, first + per)};
        const index_t share = split ? cost / chunks * part.size() : cost;
        work_.tasks[work_.task_count] = {i, n, part, !split, 0, group, share, work_.task_count};
        ++work_.task_count;
      }
      i += n;
    }
    close_group(group_start);
    sort_tasks(work_.tasks, work_.task_count);
    return true;
  }
  HEED_INLINE void close_group(index_t first) noexcept {
    index_t dearest = 0;
    for (index_t i = first; i < work_.task_count; ++i) dearest = greater(dearest, work_.tasks[i].cost);
    for (index_t i = first; i < work_.task_count; ++i) work_.tasks[i].dearest = dearest;
  }

  /// How many tiles from i on go into one task: of prefill one, or neighbors that are so small together that they leave
  /// nobody idle, because they read the same keys; of decode the key-value heads of one sequence.
  HEED_INLINE index_t group_at(index_t i, index_t most, index_t workers) const noexcept {
    const tile_record& first = work_.tiles[i];
    if (first.name.kind == kernel_kind::prefill) {
      const index_t little = total_ / (workers * 32);
      index_t n = 1;
      for (index_t cost = first.cost; i + n < work_.tile_count; ++n) {
        const tile_record& r = work_.tiles[i + n];
        cost += r.cost;
        if (cost > little || r.name.seq != first.name.seq || r.name.heads.begin != first.name.heads.begin) break;
      }
      return n;
    }
    if (rows_follow(first.name)) return 1;
    // Too few chunks for the workers: fewer heads per task.
    const index_t share = (total_ + workers * 2 - 1) / (workers * 2);
    index_t n = 1, cost = first.cost;
    for (; n < most && i + n < work_.tile_count; ++n) {
      const tile_record& r = work_.tiles[i + n];
      if (r.name.seq != first.name.seq || r.name.heads.size() != first.name.heads.size()) break;
      cost += r.cost;
      if (workers > 1 && first.chunks < 2 && cost > share) break;
    }
    return n;
  }

  /// A head's rows lie one behind the other: it is read in address order by itself.
  HEED_INLINE bool rows_follow(const tile_name& name) const noexcept {
    const index_t slots = c_.kv.slots(name.seq, name.kv_head);
    if (slots == 0) return false;
    const kv_rows r = c_.kv.rows(name.seq, name.kv_head, {0, slots});
    return r.key != nullptr && r.count > 1 && r.key_stride == c_.kv.keys_as().row_bytes(c_.dims.key_dim);
  }

  /// Gives each chunk of n tiles from i on a state and its first slot; false if the workspace has no room (the tiles
  /// then stay whole: the same bits, less balance).
  HEED_NOINLINE bool number_chunks(index_t i, index_t n) noexcept {
    index_t chunks = 0, numbers = 0;
    for (index_t j = i; j < i + n; ++j) {
      chunks += work_.tiles[j].chunks;
      numbers += work_.tiles[j].chunks * work_.tiles[j].state_numbers;
    }
    if (work_.chunk_count + chunks > work_.room.chunks || work_.pool_used + numbers > work_.room.pool_numbers)
      return false;
    for (index_t j = i; j < i + n; ++j) {
      tile_record& r = work_.tiles[j];
      r.split = true;
      r.first_chunk = work_.chunk_count;
      r.state_offset = work_.pool_used;
      work_.pool_used += r.chunks * r.state_numbers;
      const tile t = tiles_.list(r.name, rows_, q_);
      slot_runs<typename Call::mask_type, typename Call::source> runs(c_.m, c_.kv, t);
      range slots;
      coverage cover;
      index_t left = 0;
      while (runs.next(slots, cover))
        while (!slots.empty()) {
          if (left == 0) {
            work_.chunk_begin[work_.chunk_count++] = slots.begin;
            left = chunk_slots(r.name.kind);
          }
          const index_t step = lesser(left, slots.size());
          left -= step;
          slots.begin += step;
        }
    }
    return true;
  }

  const Call& c_;
  query_tiles<A, Call> tiles_;
  work_list<A>& work_;
  index_t *rows_, *q_;
  index_t total_ = 0;
  double cells_ = 0;
};

} // namespace plan_detail
} // namespace HEED_ISA
} // namespace heed
