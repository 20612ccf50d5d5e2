// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// One task of a work list, from its tiles to output rows.
#include <heed/kernel/combine.hpp>
#include <heed/plan/work_list.hpp>

namespace heed {
inline namespace HEED_ISA {
namespace plan_detail {

/// Scratch of one worker: one kernel at a time, so the two lie over each other.
template <class A, class Call> struct worker_scratch {
  kernel::prefill_scratch<A> prefill;
  kernel::decode_scratch<A> decode;
  index_t *rows, *q;           ///< [max_parts][lanes of a tile]
  index_t *next_rows, *next_q; ///< of the tile after this one
  A* factor;
  tile* parts;

  /// Returns the bytes used from `base` on (null: only counts).
  HEED_INLINE index_t lay_out(std::byte* base, index_t bytes, const tile_shape& shape, const kv_dims& d) noexcept {
    constexpr index_t parts_most = kernel::decode_scratch<A>::max_parts;
    detail::arena common(base, bytes);
    const index_t lanes = shape.panels * kernel::kernel_shape<A>::panel_lanes;
    rows = common.take<index_t>(greater(lanes, parts_most * kernel::decode_scratch<A>::max_lanes));
    q = common.take<index_t>(greater(lanes, parts_most * kernel::decode_scratch<A>::max_lanes));
    next_rows = common.take<index_t>(lanes);
    next_q = common.take<index_t>(lanes);
    factor = common.take<A>(kernel::kernel_shape<A>::panel_lanes);
    parts = common.take<tile>(parts_most);
    detail::arena a = common, b = common;
    prefill.lay_out(a, shape, d);
    using stream = kernel::stream_of<Call>;
    constexpr bool unpacks_keys = std::is_void_v<typename Call::source::key_format::element>;
    constexpr bool unpacks_values =
        std::is_void_v<typename Call::source::value_format::element> && !Call::source::values_alias_keys;
    decode.lay_out(b, shape, d, static_cast<index_t>((sizeof(stream) + 63) / 64 * 64),
                   {unpacks_keys ? shape.decode_block_keys : 0, unpacks_values ? shape.decode_block_keys : 0});
    return greater(a.used(), b.used());
  }
};

/// What the tasks of one run share. One context for all workers; each has its own stretch of scratch.
template <class A, class Call> struct run_context {
  const Call& c;
  work_list<A>& work;
  std::byte* scratch;
  index_t scratch_bytes;
  index_t workers;
};

/// Merges the chunk states of a split tile, ascending, into the first.
template <kernel::score_unit Unit, class A>
HEED_NOINLINE kernel::softmax_state<A> merge_chunks(const work_list<A>& work, const tile_record& r, index_t lanes,
                                                    index_t value_dim, index_t stride) noexcept {
  using layout = kernel::lane_layout<A>;
  A* const at = work.pool + r.state_offset;
  const kernel::softmax_state<A> sum = state_at(at, lanes);
  for (index_t c = 1; c < r.chunks; ++c) {
    const kernel::softmax_state<A> next = state_at(at + c * r.state_numbers, lanes);
    if (r.name.kind == kernel_kind::decode)
      kernel::merge_by_rows<Unit>(sum, next, lanes, stride);
    else
      for (index_t i = 0; i < layout::panels(lanes); ++i) {
        const index_t lane = i * layout::full;
        kernel::merge_by_lanes<Unit, A>({sum.m + lane, sum.l + lane, sum.o + lane * value_dim},
                                        {next.m + lane, next.l + lane, next.o + lane * value_dim},
                                        layout::width(lanes, i), value_dim);
      }
  }
  return sum;
}

/// Tells a tile that `n` of its chunks are done; true for the one who finished the last.
HEED_INLINE bool last_of(tile_record& r, index_t n) noexcept {
  std::atomic_ref<std::uint32_t> done(r.done);
  const auto more = static_cast<std::uint32_t>(n);
  return done.fetch_add(more, std::memory_order_acq_rel) + more == static_cast<std::uint32_t>(r.chunks);
}

template <class A, class Call> HEED_INLINE void swap_with_next(worker_scratch<A, Call>& s) noexcept {
  index_t *const rows = s.rows, *const q = s.q;
  s.rows = s.next_rows;
  s.q = s.next_q;
  s.next_rows = rows;
  s.next_q = q;
}

template <class A, class Call>
HEED_NOINLINE void run_prefill(const run_context<A, Call>& x, worker_scratch<A, Call>& s, const task& k) noexcept {
  const Call& c = x.c;
  const query_tiles<A, Call> tiles(c);
  if (k.whole) {
    // Workers take tasks in turns.
    const index_t turn = &k - x.work.tasks + x.workers;
    const index_t after = turn < x.work.task_count ? x.work.tasks[turn].first_tile : -1;
    tile t = tiles.list(x.work.tiles[k.first_tile].name, s.rows, s.q);
    for (index_t i = k.first_tile, end = i + k.tiles; i < end; ++i) {
      const index_t following = i + 1 < end ? i + 1 : after;
      tile next{};
      if (following >= 0 && x.work.tiles[following].name.kind == kernel_kind::prefill)
        next = tiles.list(x.work.tiles[following].name, s.next_rows, s.next_q);
      kernel::fetch_beside(c, s.prefill, t, next, x.work.tiles[i].visited);
      kernel::prefill_tile(c, s.prefill, t, 0, s.prefill.first);
      kernel::finish_by_lanes(c, t, s.prefill.first, s.factor);
      swap_with_next(s);
      t = next;
    }
    return;
  }
  s.prefill.fetch = {};
  tile_record& r = x.work.tiles[k.first_tile];
  const tile t = tiles.list(r.name, s.rows, s.q);
  const index_t lanes = t.heads.size() * static_cast<index_t>(t.rows.size());
  for (index_t i = k.chunk.begin; i < k.chunk.end; ++i) {
    const tile part = clip(t, c.kv, {x.work.chunk_begin[r.first_chunk + i], t.slots.end});
    kernel::prefill_tile(c, s.prefill, part, 1, state_at(x.work.pool + r.state_offset + i * r.state_numbers, lanes));
  }
  if (last_of(r, k.chunk.size()))
    kernel::finish_by_lanes(c, t, merge_chunks<Call::unit>(x.work, r, lanes, c.dims.value_dim, 0), s.factor);
}

template <class A, class Call>
HEED_NOINLINE void run_decode(const run_context<A, Call>& x, worker_scratch<A, Call>& s, const task& k) noexcept {
  const Call& c = x.c;
  constexpr index_t most = kernel::decode_scratch<A>::max_parts, lanes_most = kernel::decode_scratch<A>::max_lanes;
  kernel::decode_target<A> into[most];
  const query_tiles<A, Call> tiles(c);
  const index_t stride = s.decode.value_stride;
  const auto list = [&](index_t i) HEED_BODY {
    return tiles.list(x.work.tiles[k.first_tile + i].name, s.rows + i * lanes_most, s.q + i * lanes_most);
  };
  if (k.whole) {
    for (index_t i = 0; i < k.tiles; ++i) {
      s.parts[i] = list(i);
      into[i] = {s.decode.state(0, i)};
    }
    kernel::decode_tiles(c, s.decode, s.parts, k.tiles, into);
    for (index_t i = 0; i < k.tiles; ++i) kernel::finish_by_rows(c, s.parts[i], into[i].first, stride);
    return;
  }
  index_t n = 0;
  for (index_t i = 0; i < k.tiles; ++i) {
    const tile_record& r = x.work.tiles[k.first_tile + i];
    const range mine = meet(k.chunk, {0, r.chunks});
    if (mine.empty()) continue;
    const tile t = list(i);
    s.parts[n] = clip(t, c.kv, {x.work.chunk_begin[r.first_chunk + mine.begin], t.slots.end});
    const index_t lanes = t.heads.size() * static_cast<index_t>(t.rows.size());
    into[n++] = {state_at(x.work.pool + r.state_offset + mine.begin * r.state_numbers, lanes), mine.size(),
                 r.state_numbers};
  }
  kernel::decode_tiles(c, s.decode, s.parts, n, into);
  for (index_t i = 0; i < k.tiles; ++i) {
    tile_record& r = x.work.tiles[k.first_tile + i];
    const index_t mine = meet(k.chunk, {0, r.chunks}).size();
    if (mine > 0 ? !last_of(r, mine) : !(r.chunks == 0 && k.chunk.begin == 0)) continue;
    const tile t = list(i);
    const index_t lanes = t.heads.size() * static_cast<index_t>(t.rows.size());
    if (r.chunks > 0) {
      kernel::finish_by_rows(c, t, merge_chunks<Call::unit>(x.work, r, lanes, c.dims.value_dim, stride), stride);
    } else {
      kernel::reset_state(s.decode.state(0, 0), lanes, lanes * stride);
      kernel::finish_by_rows(c, t, s.decode.state(0, 0), stride);
    }
  }
}

/// The function that an executor calls.
template <class A, class Call> HEED_NOINLINE void run_task(void* context, index_t i, index_t worker) noexcept {
  const auto& x = *static_cast<const run_context<A, Call>*>(context);
  worker_scratch<A, Call> s;
  s.lay_out(x.scratch + worker * x.scratch_bytes, x.scratch_bytes, x.c.shape, x.c.dims);
  const task& k = x.work.tasks[i];
  if (x.work.tiles[k.first_tile].name.kind == kernel_kind::prefill)
    run_prefill(x, s, k);
  else
    run_decode(x, s, k);
}

} // namespace plan_detail
} // namespace HEED_ISA
} // namespace heed
