// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A latent attention layer (MLA): queries and outputs of the heads, a cache of latents in between.
#include <heed/attention.hpp>
#include <heed/latent/as_heads.hpp>
#include <heed/latent/latent_plan.hpp>
#include <heed/latent/layer_steps.hpp>
#include <heed/merge.hpp>

namespace heed {
namespace detail {
inline namespace HEED_ISA {

/// One run of a layer: what all of its steps read.
template <class Executor, class W, class TQ, class TO, class K> struct layer_run {
  using A = typename K::key_format::accum;
  Executor& executor;
  const latent_plan& made;
  const latent_weights<W>& weights;
  const K& kv;
  const problem<TQ, TO>& p;
  index_t* offsets; ///< [sequences + 1]
  index_t* begin;   ///< [sequences + 1]

  [[nodiscard]] HEED_INLINE range tokens(range sequences) const noexcept {
    const index_t last = sequences.end - 1;
    return {p.extents.first_row(sequences.begin), p.extents.first_row(last) + p.extents.rows(last)};
  }
  /// The call restricted to some sequences, others without rows; tokens keep their numbers.
  template <class Q, class O>
  HEED_INLINE problem<Q, O> part(range sequences, const kv_dims& d, const packed_rows<const Q>& q,
                                 const packed_rows<O>& o) const noexcept {
    const range at = tokens(sequences);
    const index_t n = p.extents.sequences;
    for (index_t s = 0; s <= n; ++s)
      offsets[s] = s == n ? at.end : greater(at.begin, lesser(p.extents.first_row(s), at.end));
    problem<Q, O> x;
    x.extents = p.extents;
    x.extents.tokens = at.size();
    x.extents.kv_heads = d.kv_heads;
    x.extents.key_dim = d.key_dim;
    x.extents.value_dim = d.value_dim;
    x.extents.row_offsets = std::span<const index_t>(offsets, static_cast<std::size_t>(n + 1));
    x.heads = {p.extents.q_heads, d.kv_heads};
    x.positions = p.positions;
    x.scale = p.scale;
    x.prompt = p.prompt;
    x.q = q;
    x.o = o;
    x.read = x.written = {};
    return x;
  }

  /// All heads read the cached rows as they are.
  template <class... R>
  HEED_NOINLINE failure absorbed(range sequences, arena memory, const R&... roles) const noexcept {
    const latent_shape& s = made.shape();
    const range at = tokens(sequences);
    A* const q = memory.take<A>(at.size() * s.heads * s.key_dim());
    A* const u = memory.take<A>(at.size() * s.heads * s.rank);
    const index_t bytes = made.numbers().absorbed.workspace_bytes(executor.workers());
    std::byte* const rest = memory.take<std::byte>(bytes);
    HEED_EXPECTS(memory.fits());
    absorb_queries(executor, weights, p.q, at, q);
    const packed_rows<A> queries = from_token(q, at.begin, s.heads, s.key_dim());
    const auto x = part<A, A>(sequences, kv.dims(), {queries.data, queries.token_stride, queries.head_stride, 0, 0},
                              from_token(u, at.begin, s.heads, s.rank));
    const failure f = run_bound(executor, made.numbers().absorbed, x, kv,
                                std::span<std::byte>(rest, static_cast<std::size_t>(bytes)), roles...);
    if (!f) project_outputs(executor, weights, u, at, p.o);
    return f;
  }

  /// Expands a stretch of every sequence at a time, and merges what each gives.
  template <class... R> HEED_NOINLINE failure naive(range sequences, arena memory, const R&... roles) const noexcept {
    const latent_shape& s = made.shape();
    const latent_plan::figures& f = made.numbers();
    const range at = tokens(sequences);
    const index_t rows = at.size() * s.heads, room = f.expanded_room, step = f.options.expand_slots;
    typename expanded_rows<A>::memory into{};
    into.keys = memory.take<A>(s.heads * room * s.head_dim());
    into.values = memory.take<A>(s.heads * room * s.value);
    into.room = room;
    into.positions = memory.take<index_t>(room);
    into.begin = begin;
    const auto** const list = memory.take<const std::byte*>(room);
    float* const bias = memory.take<float>(room);
    A *sum = memory.take<A>(rows * s.value), *next = memory.take<A>(rows * s.value);
    A *sum_lse = memory.take<A>(rows), *next_lse = memory.take<A>(rows);
    const index_t bytes = f.naive.workspace_bytes(executor.workers());
    std::byte* const rest = memory.take<std::byte>(bytes);
    HEED_EXPECTS(memory.fits());
    // What a sequence without rows holds is not read, and has no room.
    const auto held = [&](index_t q) HEED_BODY { return p.extents.rows(q) > 0 ? kv.slots(q, 0) : 0; };
    index_t most = 0;
    slot_order order = slot_order::ascending;
    for (index_t q = sequences.begin; q < sequences.end; ++q) {
      most = greater(most, held(q));
      if (p.extents.rows(q) > 0 && !kv.ordered(q, 0)) order = slot_order::any;
    }
    const full everything;
    const no_score_mod unchanged;
    for (index_t first = 0; first == 0 || first < most; first += step) {
      row_list listed;
      for (index_t q = sequences.begin; q < sequences.end; ++q) {
        into.begin[q - sequences.begin] = listed.count;
        const range slots = meet({first, first + step}, {0, held(q)});
        listed = list_rows(kv, q, slots, listed, list, into.positions, bias);
      }
      into.begin[sequences.size()] = listed.count;
      into.bias = listed.biased ? bias : nullptr;
      expand_rows<typename K::key_format::element, A>(executor, weights, list, listed.count, into);
      const kv_dims d{p.extents.sequences, s.heads, s.head_dim(), s.value, 0};
      const expanded_rows<A> source(p.extents, d, into, sequences, order);
      const auto x = part<TQ, A>(sequences, d, p.q, from_token(first == 0 ? sum : next, at.begin, s.heads, s.value));
      const failure bad =
          run_bound(executor, f.naive, x, source, std::span<std::byte>(rest, static_cast<std::size_t>(bytes)),
                    pick<role::mask, A>(everything, roles...), pick<role::score, A>(unchanged, roles...),
                    stretch_lse<A>{first == 0 ? sum_lse : next_lse, at.begin, s.heads});
      if (bad) return bad;
      if (first > 0)
        for_tokens(at.size(), [&](index_t t, index_t n) HEED_BODY {
          heed::merge(view(sum, at.size(), s.heads, s.value).slice(0, t, n),
                      view(sum_lse, at.size(), s.heads).slice(0, t, n),
                      view(next, at.size(), s.heads, s.value).slice(0, t, n),
                      view(next_lse, at.size(), s.heads).slice(0, t, n));
        });
    }
    finish(sequences, sum, sum_lse, list_epilogues<A>(roles...));
    return {};
  }

private:
  /// body(first, count) over blocks of tokens.
  template <class Body> HEED_INLINE void for_tokens(index_t tokens_given, const Body& body) const {
    for_head_blocks(executor, 1, tokens_given, made.shape().heads * made.shape().value * 8,
                    [&](index_t, range t) HEED_BODY { body(t.begin, t.size()); });
  }
  /// Merged rows to the call's outputs, with its epilogues.
  template <class E>
  HEED_NOINLINE void finish(range sequences, const A* sum, const A* lse, const E& epilogues) const noexcept {
    const latent_shape& s = made.shape();
    const range at = tokens(sequences);
    for_tokens(at.size(), [&](index_t first, index_t n) HEED_BODY {
      index_t q = sequences.begin;
      for (index_t t = at.begin + first; t < at.begin + first + n; ++t) {
        while (t >= p.extents.first_row(q) + p.extents.rows(q)) ++q;
        const index_t row = t - p.extents.first_row(q);
        for (index_t h = 0; h < s.heads; ++h) {
          const index_t i = (t - at.begin) * s.heads + h;
          const query_row place{q, h, row, t, p.positions(t, row, p.extents.rows(q), kv.seen(q))};
          const A factor = epilogues.scale(place, lse[i]);
          epilogues.finish(place, lse[i]);
          merge_row<A>(p.o.row(t, h), sum + i * s.value, s.value, A(0), saw_nothing(lse[i]) ? A(0) : factor);
        }
      }
    });
  }
};

template <class W, class Q, class K, class O, class... R> consteval bool check_layer() {
  if constexpr (check_operands<Q, K, O>()) {
    using A = typename K::key_format::accum;
    if constexpr (check_roles_on<K, A, R...>()) {
      constexpr bool plain = roles_given<role::observer, A, R...> == 0 && roles_given<role::tuning, A, R...> == 0;
      static_assert(plain, "heed: a latent layer takes no observer and no tuning: attend to the latent source itself");
      constexpr bool softmax = !weights_given<A, R...>;
      static_assert(!plain || softmax, "heed: a latent layer takes no score modifier that gives weights: its stretches "
                                       "are merged as parts of a softmax");
      constexpr bool latent = K::values_alias_keys && !std::is_void_v<typename K::key_format::element>;
      static_assert(!plain || latent, "heed: kv holds no latent rows that are read in place: see heed::latent");
      constexpr bool same = std::is_same_v<accum_t<W>, A>;
      static_assert(!plain || !latent || same, "heed: weights and kv accumulate in different types");
      return plain && softmax && latent && same;
    } else
      return false;
  } else
    return false;
}

/// Nothing that a run writes may lie in the weights.
template <class... R>
HEED_NOINLINE failure check_weights_apart(const footprint& weights, const footprint& written,
                                          std::span<std::byte> workspace, const R&... roles) noexcept {
  constexpr const char* sharing = "buffers shared with weights";
  if (may_share(weights, written)) return {errc::overlap, "o", sharing, 1, "the limit is", 0};
  if (may_share(weights, footprint_of(view(workspace.data(), static_cast<index_t>(workspace.size())))))
    return {errc::overlap, "workspace", sharing, 1, "the limit is", 0};
  failure first;
  ((first = first ? first : check_apart(roles, weights, sharing)), ...);
  return first;
}

/// Every precondition of a run, and the run.
template <class Executor, class W, class Q, class K, class O, class... R>
HEED_NOINLINE failure run_layer(Executor& executor, const latent_plan& made, const latent_weights<W>& weights,
                                const Q& q, const K& kv, const O& o, std::span<std::byte> workspace,
                                const R&... roles) noexcept {
  using A = typename K::key_format::accum;
  using types = call_types<Q, K, O, R...>;
  const latent_plan::figures& f = made.numbers();
  if (f.accum_bytes != static_cast<index_t>(sizeof(A)))
    return {errc::plan_mismatch,  "plan",
            "accumulator bytes",  f.accum_bytes,
            "but the call's are", static_cast<index_t>(sizeof(A))};
  if (!weights.folded()) return {errc::null_pointer, "weights", "matrices folded", 0, "the least is", 1};
  if (!(weights.shape() == f.shape))
    return {errc::plan_mismatch,
            "weights",
            "rank of their shape",
            weights.shape().rank,
            "they must be folded for the plan's shape, whose rank is",
            f.shape.rank};
  const as_heads<K> seen_as(kv, f.shape);
  typename types::problem_type p;
  if (const failure bad = normalise(q, seen_as, o, p)) return bad;
  if (const failure bad = check_cache(kv.dims(), f.shape)) return bad;
  if (const failure bad = check_roles_of<A>(seen_as, p, roles...)) return bad;
  const call_extents& e = p.extents;
  if (e.sequences > f.limits.sequences)
    return {errc::limit_exceeded, "q", "sequences", e.sequences, "but the plan's limit is", f.limits.sequences};
  if (e.tokens > f.limits.tokens)
    return {errc::limit_exceeded, "q", "tokens", e.tokens, "but the plan's limit is", f.limits.tokens};
  for (index_t s = 0; s < e.sequences; ++s) {
    if (e.rows(s) > f.limits.rows())
      return {errc::limit_exceeded, "q", "rows of a sequence", e.rows(s), "but the plan's limit is", f.limits.rows()};
    if (kv.slots(s, 0) > f.limits.max_slots)
      return {errc::limit_exceeded, "kv", "slots", kv.slots(s, 0), "but the plan's limit is", f.limits.max_slots};
  }
  for (const plan* const each : {&f.absorbed, &f.naive})
    if (p.prompt.may_name_any() && each->valid() && !each->numbers().any_pieces)
      return {errc::plan_mismatch,
              "plan",
              "room for a prompt in pieces of few rows",
              0,
              "give make_latent_plan the call's prompt_rows; the least is",
              1};
  if (const failure bad = check_workspace(executor.workers(), made, p, seen_as, workspace, roles...)) return bad;
  if (const failure bad = check_weights_apart(weights.lies_in(), p.written, workspace, roles...)) return bad;
  arena memory(workspace.data(), static_cast<index_t>(workspace.size()));
  index_t* const offsets = memory.take<index_t>(e.sequences + 1);
  index_t* const begin = memory.take<index_t>(e.sequences + 1);
  const layer_run<Executor, W, typename types::query, typename types::output, K> run{executor, made,    weights, kv,
                                                                                     p,        offsets, begin};
  for (index_t s = 0; s < e.sequences;) {
    latent_form form = latent_form::by_cost;
    const range group = group_from(made, kv, e, s, form);
    failure bad;
    if (form == latent_form::naive) bad = run.naive(group, memory, roles...);
    if (form == latent_form::absorbed) bad = run.absorbed(group, memory, roles...);
    if (bad) return bad;
    s = group.end;
  }
  return {};
}

} // namespace HEED_ISA
} // namespace detail

inline namespace HEED_ISA {

/// One latent attention layer, from the heads' queries to the heads' outputs, in the form that the plan says for each
/// sequence. The projections before and behind it and the rotation are the caller's.
///
/// Shapes       q: [tokens][heads][nope | rope], o: [tokens][heads][value], as attend takes them; kv: any source of
///              latent rows (heed::latent, a latent cache, gathered ...) that holds the tokens' own rows too
/// Roles        a mask, a score modifier, scale (always: 1/sqrt(nope + rope), times what the model's long context
///              wants), query_positions, prompt_rows, epilogues. A mask or modifier that looks at slots sees ranks of
///              the stretch in the naive form; positions are the same in both
/// Requires     weights share no memory with o, the workspace and what epilogues store
/// Effects      writes o and what epilogues store; nothing if the code is not ok
/// Workspace    plan.workspace_bytes(executor.workers()). Allocates nothing
/// Determinism  same bits for any worker count, page size and batch; in one form, with prompt_rows and a full or causal
///              mask, also for a prompt in pieces. The two forms differ in their last bits
/// Error        of attend, with the roundings of the products: rank (or nope) times the epsilon more in scores and
///              outputs
/// Source       DeepSeek-AI 2024, DeepSeek-V2, section 2.1 and appendix B
template <class Executor, class W, class Q, class K, class O, class... Role>
[[nodiscard]] errc run_latent(Executor&& executor, const latent_plan& made, const latent_weights<W>& weights,
                              const Q& q, const K& kv, const O& o, std::span<std::byte> workspace,
                              const Role&... roles) noexcept {
  constexpr bool runs = heed::executor<std::remove_reference_t<Executor>>;
  static_assert(runs, "heed: executor does not model heed::executor: workers() noexcept and bulk(n, task, context)");
  if constexpr (detail::check_operands_after<runs, Q, K, O>())
    if constexpr (detail::check_layer<W, Q, K, O, Role...>())
      return detail::run_layer(executor, made, weights, q, kv, o, workspace, roles...).code;
  return errc::bad_value;
}

} // namespace HEED_ISA
} // namespace heed
