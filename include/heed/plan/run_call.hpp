// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A bound call on an executor: figures of its plan, its work list, the pass over the keys and the observers' pass.
#include <heed/kernel/observe.hpp>
#include <heed/plan/plan.hpp>
#include <heed/plan/run_tasks.hpp>
#include <heed/plan/tuning.hpp>

namespace heed {
inline namespace HEED_ISA {
namespace plan_detail {

template <class A> HEED_INLINE isa_traits this_isa() noexcept {
  return {simd::batch<A>::lanes * static_cast<index_t>(sizeof(A)), kernel::kernel_shape<A>::panel_lanes,
          kernel::decode_scratch<A>::max_lanes};
}

/// A tuning's answer must fit what the kernels are built for.
template <class A> HEED_INLINE failure check_shape(const tile_shape& s) noexcept {
  constexpr index_t group = kernel::kernel_shape<A>::group_keys;
  if (s.panels < 1 || s.panels > kernel::prefill_scratch<A>::max_panels)
    return {errc::bad_value,
            "tuning",
            "panels",
            s.panels,
            "it must lie between 1 and",
            kernel::prefill_scratch<A>::max_panels};
  constexpr index_t most = key_block::capacity;
  if (s.block_keys < group) return {errc::bad_value, "tuning", "block_keys", s.block_keys, "the least is", group};
  if (s.block_keys > most) return {errc::bad_value, "tuning", "block_keys", s.block_keys, "the most is", most};
  if (s.decode_block_keys < group)
    return {errc::bad_value, "tuning", "decode_block_keys", s.decode_block_keys, "the least is", group};
  if (s.decode_block_keys > most)
    return {errc::bad_value, "tuning", "decode_block_keys", s.decode_block_keys, "the most is", most};
  if (s.chunk_slots < 1) return {errc::bad_value, "tuning", "chunk_slots", s.chunk_slots, "the least is", 1};
  if (s.decode_chunk_slots < 1)
    return {errc::bad_value, "tuning", "decode_chunk_slots", s.decode_chunk_slots, "the least is", 1};
  if (s.few_lanes < 0 || s.few_lanes > kernel::decode_scratch<A>::max_lanes)
    return {errc::bad_value,
            "tuning",
            "few_lanes",
            s.few_lanes,
            "it must lie between 0 and",
            kernel::decode_scratch<A>::max_lanes};
  return {};
}

/// Which pieces of a prompt a plan has room for: by default few rows are decode steps.
enum class prompt_pieces : unsigned char { of_many_rows, of_any_size };

/// What a call within limits needs. Of the mask only most_query_tiles is asked.
template <class A, class Call>
HEED_NOINLINE plan::figures figures_of(const batch_shape& limits, const kv_dims& d, const tile_shape& shape,
                                       [[maybe_unused]] const typename Call::mask_type& m,
                                       prompt_pieces pieces = prompt_pieces::of_many_rows) noexcept {
  using mask_type = typename Call::mask_type;
  plan::figures f;
  f.any_pieces = pieces == prompt_pieces::of_any_size;
  f.limits = limits;
  f.dims = d;
  f.shape = shape;
  f.accum_bytes = static_cast<index_t>(sizeof(A));
  f.panel_lanes = kernel::kernel_shape<A>::panel_lanes;
  f.vector_lanes = simd::batch<A>::lanes;
  f.any_tiles = query_tiler<mask_type> || head_aware<mask_type>;
  f.isa = HEED_STRING(HEED_ISA);
  worker_scratch<A, Call> scratch;
  f.worker_bytes = scratch.lay_out(nullptr, 0, shape, d) + 64;
  f.record_bytes = static_cast<index_t>(sizeof(tile_record));
  f.task_bytes = static_cast<index_t>(sizeof(task));
  const index_t group = limits.q_heads / d.kv_heads, lanes = shape.panels * f.panel_lanes;
  using detail::capped_product;
  const auto parts = [](index_t n, index_t of) HEED_BODY { return n / of + (n % of != 0 ? 1 : 0); };
  // Pieces of heads that share tiles, and the fewest rows of a tile: at worst each head alone, or each row alone.
  const index_t head_parts = head_aware<mask_type> ? limits.q_heads : d.kv_heads * parts(group, lanes);
  const index_t least_lanes = panel_query_tiler<mask_type> ? f.panel_lanes : lanes;
  const index_t capacity = greater(1, least_lanes / greater(1, lesser(group, lanes)));
  // A row_divider leaves at least half of a tile's rows. There is always room for one: a plan serves calls of any mask.
  const index_t half = greater(1, capacity / 2);
  if constexpr (bounded_query_tiler<mask_type>)
    f.tiles = capped_product(head_parts, m.most_query_tiles(limits.sequences, limits.tokens, capacity));
  else
    f.tiles = capped_product(head_parts, parts(limits.tokens, query_tiler<mask_type> ? 1 : half) + limits.sequences);
  f.observer_tasks =
      capped_product(capped_product(limits.sequences, d.kv_heads), parts(limits.max_slots, shape.chunk_slots));
  if (group <= shape.few_lanes) {
    const index_t chunks = parts(limits.max_slots, shape.decode_chunk_slots);
    const index_t heads =
        lesser(kernel::decode_scratch<A>::max_parts, head_aware<mask_type> ? limits.q_heads : d.kv_heads);
    f.group_chunks = chunks;
    f.group_states = capped_product(chunks, heads);
    f.group_numbers =
        capped_product(f.group_states, state_numbers<A>(kernel_kind::decode, shape.few_lanes, d.value_dim));
  }
  if (f.any_pieces || capped_product(limits.rows(), group) > shape.few_lanes) {
    const index_t chunks = parts(limits.max_slots, shape.chunk_slots);
    f.group_chunks = greater(f.group_chunks, chunks);
    f.group_states = greater(f.group_states, chunks);
    f.group_numbers =
        greater(f.group_numbers, capped_product(chunks, state_numbers<A>(kernel_kind::prefill, lanes, d.value_dim)));
  }
  return f;
}

/// A call must stay within the limits of its plan, and be of the plan's kind.
template <class A, class Call> HEED_NOINLINE failure check_plan(const plan& p, const Call& c) noexcept {
  const plan::figures& f = p.numbers();
  const call_extents& e = c.p.extents;
  if (f.accum_bytes != static_cast<index_t>(sizeof(A)))
    return {errc::plan_mismatch,  "plan",
            "accumulator bytes",  f.accum_bytes,
            "but the call's are", static_cast<index_t>(sizeof(A))};
  if (f.panel_lanes != kernel::kernel_shape<A>::panel_lanes || f.vector_lanes != simd::batch<A>::lanes)
    return {errc::plan_mismatch,
            "plan",
            "lanes of a panel",
            f.panel_lanes,
            "but this instruction set has",
            kernel::kernel_shape<A>::panel_lanes};
  if (!(f.shape == c.shape))
    return {errc::plan_mismatch, "plan", "block_keys of its tuning", f.shape.block_keys, "but the call's tuning has",
            c.shape.block_keys};
  if (f.dims.key_dim != c.dims.key_dim)
    return {errc::plan_mismatch, "plan", "key_dim", f.dims.key_dim, "but kv has", c.dims.key_dim};
  if (f.dims.value_dim != c.dims.value_dim)
    return {errc::plan_mismatch, "plan", "value_dim", f.dims.value_dim, "but kv has", c.dims.value_dim};
  if (f.dims.kv_heads != c.dims.kv_heads)
    return {errc::plan_mismatch, "plan", "kv_heads", f.dims.kv_heads, "but kv has", c.dims.kv_heads};
  if (f.limits.q_heads != e.q_heads)
    return {errc::plan_mismatch, "plan", "q_heads", f.limits.q_heads, "but q has", e.q_heads};
  if ((query_tiler<typename Call::mask_type> || head_aware<typename Call::mask_type>)&&!f.any_tiles)
    return {errc::plan_mismatch,
            "plan",
            "room for a mask that cuts tiles or tells heads apart",
            0,
            "give make_plan the call's mask; the least is",
            1};
  if (c.p.prompt.may_name_any() && !f.any_pieces &&
      detail::capped_product(f.limits.rows(), c.p.heads.group()) <= f.shape.few_lanes)
    return {errc::plan_mismatch,
            "plan",
            "room for a prompt in pieces of few rows",
            0,
            "give make_plan the call's prompt_rows; the least is",
            1};
  worker_scratch<A, Call> scratch;
  const index_t worker_bytes = scratch.lay_out(nullptr, 0, c.shape, c.dims) + 64; // quantised rows need more
  if (f.worker_bytes < worker_bytes)
    return {errc::plan_mismatch,
            "plan",
            "bytes of a worker",
            f.worker_bytes,
            "give make_plan a source of the call's type; it needs",
            worker_bytes};
  if (e.sequences > f.limits.sequences)
    return {errc::limit_exceeded, "q", "sequences", e.sequences, "but the plan's limit is", f.limits.sequences};
  if (e.tokens > f.limits.tokens)
    return {errc::limit_exceeded, "q", "tokens", e.tokens, "but the plan's limit is", f.limits.tokens};
  for (index_t s = 0; s < e.sequences; ++s) {
    if (e.rows(s) > f.limits.rows())
      return {errc::limit_exceeded, "q", "rows of a sequence", e.rows(s), "but the plan's limit is", f.limits.rows()};
    for (index_t h = 0; h < e.kv_heads; ++h)
      if (c.kv.slots(s, h) > f.limits.max_slots)
        return {errc::limit_exceeded, "kv", "slots", c.kv.slots(s, h), "but the plan's limit is", f.limits.max_slots};
  }
  return {};
}

/// Keeps the log-sum-exp of every row for the observers.
template <class A> struct kept_lse {
  A* lse;
  index_t heads;
  HEED_INLINE A scale(query_row, A) const noexcept { return A(1); }
  HEED_INLINE void finish(query_row at, A value) const noexcept { lse[at.token * heads + at.head] = value; }
};

template <class A, class Call, class O> struct observe_context {
  const Call& c;
  const O& observer;
  kernel::known_lse<A> lse;
  const task* tasks;
  std::byte* scratch;
  index_t scratch_bytes;
};
/// Task i: slots tasks[i].chunk of sequence first_tile, key-value head tiles.
template <class A, class Call, class O>
HEED_NOINLINE void observe_task(void* context, index_t i, index_t worker) noexcept {
  const auto& x = *static_cast<const observe_context<A, Call, O>*>(context);
  worker_scratch<A, Call> s;
  s.lay_out(x.scratch + worker * x.scratch_bytes, x.scratch_bytes, x.c.shape, x.c.dims);
  const task& k = x.tasks[i];
  kernel::observe_stretch(x.c, s.prefill, x.lse, x.observer, k.first_tile, k.tiles, k.chunk);
}

enum class task_size : unsigned char { small, worth_a_thread };

/// Runs tasks on the executor, or on the caller alone where handing them out would cost more than they do.
template <class Executor>
HEED_INLINE void hand_out(Executor& executor, index_t n, void (*run)(void*, index_t, index_t), void* context,
                          task_size size) noexcept {
  if (n == 1 || size == task_size::small)
    for (index_t i = 0; i < n; ++i) run(context, i, 0);
  else if (n > 0)
    executor.bulk(n, run, context);
}

template <class Executor, class A, class Call, class O>
HEED_NOINLINE void observe_all(Executor& executor, const Call& c, const O& observer, kernel::known_lse<A> lse,
                               task* tasks, std::byte* scratch, index_t scratch_bytes) noexcept {
  const call_extents& e = c.p.extents;
  if constexpr (requires { observer.prepare(e); }) observer.prepare(e);
  index_t n = 0;
  // Whole blocks of slots for an observer that pools them: longer stretches, so no more tasks than the plan counted.
  index_t stretch = c.shape.chunk_slots;
  if constexpr (requires { observer.slots_together(); })
    stretch = (stretch + observer.slots_together() - 1) / observer.slots_together() * observer.slots_together();
  for (index_t s = 0; s < e.sequences; ++s)
    for (index_t g = 0; g < e.kv_heads; ++g)
      for (index_t b = 0, slots = e.rows(s) > 0 ? c.kv.slots(s, g) : 0; b < slots; b += stretch)
        tasks[n++] = {s, g, {b, lesser(b + stretch, slots)}, false, 0, 0, 0, 0};
  observe_context<A, Call, O> x{c, observer, lse, tasks, scratch, scratch_bytes};
  hand_out(executor, n, &observe_task<A, Call, O>, &x, task_size::worth_a_thread);
}

/// What the tasks of planning share. Task i: tiles [i x tiles_each, (i + 1) x tiles_each).
template <class A, class Call> struct measure_context {
  const Call& c;
  const work_builder<A, Call>& builder;
  index_t tiles, tiles_each;
  std::byte* scratch;
  index_t scratch_bytes;
};
template <class A, class Call> HEED_NOINLINE void measure_task(void* context, index_t i, index_t worker) noexcept {
  const auto& x = *static_cast<const measure_context<A, Call>*>(context);
  worker_scratch<A, Call> s;
  s.lay_out(x.scratch + worker * x.scratch_bytes, x.scratch_bytes, x.c.shape, x.c.dims);
  for (index_t t = i * x.tiles_each; t < lesser(x.tiles, (i + 1) * x.tiles_each); ++t)
    x.builder.measure(t, s.rows, s.q);
}

/// Builds the work list; what tiles see is asked by all workers where that may take long. The list is the same.
template <class Executor, class A, class Call>
HEED_NOINLINE errc build_list(Executor& executor, const Call& c, work_list<A>& work, work_builder<A, Call>& builder,
                              std::byte* scratch, index_t scratch_bytes) noexcept {
  constexpr index_t parts = kernel::decode_scratch<A>::max_parts;
  if (const errc e = builder.name_tiles(parts); e != errc::ok) return e;
  // A second round of tasks costs some 10 us, 0.1 % of what attention over so many cells takes.
  const task_size size = builder.cells() < 4e6 ? task_size::small : task_size::worth_a_thread;
  const index_t workers = executor.workers(), each = greater(1, work.tile_count / (workers * 16));
  measure_context<A, Call> x{c, builder, work.tile_count, each, scratch, scratch_bytes};
  hand_out(executor, (work.tile_count + each - 1) / each, &measure_task<A, Call>, &x, size);
  return builder.finish(workers, parts);
}

/// The whole run of a checked call. memory: what is left of the workspace; lse: [tokens][q_heads] where there are
/// observers.
template <class Executor, class A, class Call, class... O>
HEED_NOINLINE errc run_checked(Executor& executor, const Call& c, const plan& p, detail::arena memory,
                               [[maybe_unused]] A* lse, const O&... observers) noexcept {
  const index_t workers = executor.workers();
  const plan::figures& f = p.numbers();
  const index_t scratch_bytes = (f.worker_bytes + 63) / 64 * 64;
  std::byte* scratch = memory.take<std::byte>(workers * scratch_bytes);
  const index_t groups = p.split_groups(workers);
  work_list<A> work;
  work.lay_out(memory, {f.tiles, p.task_count(workers), groups * f.group_states, groups * f.group_numbers});
  HEED_EXPECTS(memory.fits());
  worker_scratch<A, Call> s;
  s.lay_out(scratch, scratch_bytes, c.shape, c.dims);
  work_builder<A, Call> builder(c, work, s.rows, s.q);
  if (const errc e = build_list(executor, c, work, builder, scratch, scratch_bytes); e != errc::ok) return e;
  run_context<A, Call> x{c, work, scratch, scratch_bytes, workers};
  // Waking a thread costs about 20 us, 60,000 cycles; a unit of cost is a pass of one vector over key_dim + value_dim.
  const task_size size =
      builder.total() * (c.dims.key_dim + c.dims.value_dim) < 60000 ? task_size::small : task_size::worth_a_thread;
  hand_out(executor, work.task_count, &run_task<A, Call>, &x, size);
  [[maybe_unused]] const kernel::known_lse<A> known{lse, c.p.extents.q_heads};
  (observe_all(executor, c, observers, known, work.tasks, scratch, scratch_bytes), ...);
  return errc::ok;
}

/// The observers' pass alone, of a checked call whose log-sum-exp is known.
template <class Executor, class A, class Call, class... O>
HEED_NOINLINE void observe_checked(Executor& executor, const Call& c, const plan& p, detail::arena memory,
                                   kernel::known_lse<A> lse, const O&... observers) noexcept {
  const index_t workers = executor.workers(), scratch_bytes = (p.numbers().worker_bytes + 63) / 64 * 64;
  std::byte* scratch = memory.take<std::byte>(workers * scratch_bytes);
  task* tasks = memory.take<task>(p.numbers().observer_tasks);
  HEED_EXPECTS(memory.fits());
  (observe_all(executor, c, observers, lse, tasks, scratch, scratch_bytes), ...);
}

} // namespace plan_detail
} // namespace HEED_ISA
} // namespace heed
