// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The front door: attend for one call, make_plan and run for engines, validate for a look before. Read first.
#include <heed/detail/missing_arguments.hpp>
#include <heed/detail/role_memory.hpp>
#include <heed/plan/run_call.hpp>
#include <heed/problem/validate.hpp>

#include <new>

namespace heed {
namespace detail {
inline namespace HEED_ISA {

/// Types of a call from its arguments.
template <class Q, class K, class O, class... R> struct call_types {
  using accum = typename K::key_format::accum;
  using query = std::remove_const_t<typename row_element<Q>::type>;
  using output = typename row_element<O>::type;
  using problem_type = problem<query, output>;
  static constexpr int observers = roles_given<role::observer, accum, R...>;
};

/// Binds views and roles, checks all of them, and passes the kernels' call on: then(call, arena, observer...).
template <class A, class P, class K, class M, class F, class E>
HEED_INLINE auto make_call(const P& p, const K& kv, const M& m, const F& f, const E& e,
                           const tile_shape& shape) noexcept {
  using q = std::remove_const_t<std::remove_pointer_t<decltype(p.q.data)>>;
  using o = std::remove_pointer_t<decltype(p.o.data)>;
  return kernel::call<A, q, o, K, M, F, E>{p, kv, m, f, e, shape, kv.dims()};
}

template <class A, class... R> HEED_INLINE tile_shape shape_of(const kv_dims& d, const R&... roles) noexcept {
  const default_tuning standard;
  using chosen = std::remove_cvref_t<decltype(pick<role::tuning, A>(standard, roles...))>;
  return chosen{}(plan_detail::this_isa<A>(), problem_traits{d.key_dim, d.value_dim, static_cast<index_t>(sizeof(A))});
}

/// Preconditions of the roles, once views and source are known to be sound. Fills what roles say of p.
template <class A, class K, class P, class... R>
HEED_NOINLINE failure check_roles_of(const K& kv, P& p, const R&... roles) noexcept {
  const query_positions standard;
  p.positions = pick<role::positions, A>(standard, roles...);
  const prompt_rows not_said = prompt_rows::none();
  p.prompt = pick<role::prompt, A>(not_said, roles...);
  const scale natural{1.0 / __builtin_sqrt(static_cast<double>(p.extents.key_dim))};
  p.scale = pick<role::scale, A>(natural, roles...).value;
  if (const failure f = plan_detail::check_shape<A>(shape_of<A>(kv.dims(), roles...))) return f;
  failure first;
  ((first = first ? first : check_role(roles, kv, p)), ...);
  ((first = first ? first : check_unread<A>(roles, "o", p.written)), ...);
  index_t i = 0;
  ((first = first ? first : check_apart_from_all<A>(roles, i, roles...), ++i), ...);
  return first;
}

/// Every precondition. Fills p.
template <class Q, class K, class O, class... R>
HEED_NOINLINE failure check_call(const Q& q, const K& kv, const O& o,
                                 typename call_types<Q, K, O, R...>::problem_type& p, const R&... roles) noexcept {
  if (const failure f = normalise(q, kv, o, p)) return f;
  return check_roles_of<typename call_types<Q, K, O, R...>::accum>(kv, p, roles...);
}

/// Calls f with those roles that are observers.
template <class A, class F> HEED_INLINE errc with_observers(const F& f) noexcept { return f(); }
template <class A, class F, class First, class... Rest>
HEED_INLINE errc with_observers(const F& f, const First& first, const Rest&... rest) noexcept {
  if constexpr (role_of<First, A>() == role::observer)
    return with_observers<A>([&](const auto&... more) HEED_BODY { return f(first, more...); }, rest...);
  else
    return with_observers<A>(f, rest...);
}

/// A workspace must be large enough and the run's own.
template <class Plan, class P, class K, class... R>
HEED_NOINLINE failure check_workspace(index_t workers, const Plan& made, const P& p, const K& kv,
                                      std::span<std::byte> workspace, const R&... roles) noexcept {
  if (workers < 1) return {errc::bad_value, "executor", "workers", workers, "the least is", 1};
  const index_t needed = made.workspace_bytes(workers);
  if (static_cast<index_t>(workspace.size()) < needed)
    return {errc::workspace_too_small, "workspace", "bytes", static_cast<index_t>(workspace.size()),
            "but the plan needs",      needed};
  const footprint bytes = footprint_of(view(workspace.data(), static_cast<index_t>(workspace.size())));
  if (may_share(bytes, p.written)) return {errc::overlap, "workspace", "buffers shared with o", 1, "the limit is", 0};
  if (may_share(bytes, p.read)) return {errc::overlap, "workspace", "buffers shared with q", 1, "the limit is", 0};
  if (touches(kv, bytes)) return {errc::overlap, "workspace", "buffers shared with kv", 1, "the limit is", 0};
  failure first;
  ((first = first ? first : check_apart(roles, bytes, "buffers shared with the workspace")), ...);
  ((first = first ? first : check_unread<typename K::key_format::accum>(roles, "workspace", bytes)), ...);
  return first;
}

/// Runs a checked call in a workspace that is large enough; Runs false: stops before.
template <bool Runs = true, class Executor, class P, class K, class... R>
HEED_NOINLINE failure run_bound(Executor& executor, const plan& made, const P& p, const K& kv,
                                std::span<std::byte> workspace, const R&... roles) noexcept {
  using A = typename K::key_format::accum;
  const full everything;
  const no_score_mod unchanged;
  const auto& m = pick<role::mask, A>(everything, roles...);
  const auto& mod = pick<role::score, A>(unchanged, roles...);
  const tile_shape shape = shape_of<A>(kv.dims(), roles...);
  if (const failure f = check_workspace(executor.workers(), made, p, kv, workspace, roles...)) return f;
  constexpr bool observed = 0 != roles_given<role::observer, A, R...>;
  const index_t with_kept = capped_sum(made.workspace_bytes(executor.workers()), made.kept_bytes());
  if (observed && !made.numbers().observed && static_cast<index_t>(workspace.size()) < with_kept)
    return {errc::workspace_too_small,
            "workspace",
            "bytes",
            static_cast<index_t>(workspace.size()),
            "but the plan, which was made without observers, and what they keep need",
            with_kept};
  arena memory(workspace.data(), static_cast<index_t>(workspace.size()));
  errc code = errc::ok;
  const auto start = [&](const auto& epilogues, A* lse) HEED_BODY {
    const auto c = make_call<A>(p, kv, m, mod, epilogues, shape);
    using call_type = std::remove_const_t<decltype(c)>;
    if (const failure f = plan_detail::check_plan<A, call_type>(made, c)) return f;
    if constexpr (!Runs) return failure{};
    code = with_observers<A>([&](const auto&... o)
                                 HEED_BODY { return plan_detail::run_checked(executor, c, made, memory, lse, o...); },
                             roles...);
    return code == errc::ok ? failure{} : failure{code,
                                                  "plan",
                                                  "number of tiles",
                                                  made.numbers().tiles,
                                                  "but the call's mask cuts more than",
                                                  made.numbers().tiles};
  };
  if constexpr (observed) {
    A* lse = memory.take<A>(p.extents.tokens * p.extents.q_heads);
    return start(prepend(plan_detail::kept_lse<A>{lse, p.extents.q_heads}, list_epilogues<A>(roles...)), lse);
  } else
    return start(list_epilogues<A>(roles...), static_cast<A*>(nullptr));
}

template <class A, class P, class K, class... R>
HEED_INLINE plan plan_for(const batch_shape& limits, const P&, const K& kv, const R&... roles) noexcept {
  using mask_type = std::remove_cvref_t<decltype(pick<role::mask, A>(full{}, roles...))>;
  using call_type = kernel::call<A, A, A, K, mask_type, no_score_mod, epilogue_list<>>;
  const full everything;
  plan::figures f = plan_detail::figures_of<A, call_type>(
      limits, kv.dims(), shape_of<A>(kv.dims(), roles...), pick<role::mask, A>(everything, roles...),
      roles_given < role::prompt, A,
      R... >> 0 ? plan_detail::prompt_pieces::of_any_size : plan_detail::prompt_pieces::of_many_rows);
  f.observed = 0 != roles_given<role::observer, A, R...>;
  return plan(f);
}

/// Runs a checked call in a workspace of its own: body(plan, workspace) -> failure. name: of the caller.
template <class A, class Executor, class P, class K, class F, class... R>
HEED_NOINLINE failure with_workspace(Executor& executor, const char* name, const P& p, const K& kv, const F& body,
                                     const R&... roles) noexcept {
  batch_shape limits{p.extents.sequences, p.extents.tokens, p.extents.q_heads, 0, 1};
  for (index_t s = 0; s < p.extents.sequences; ++s) {
    limits.max_rows = greater(limits.max_rows, p.extents.rows(s));
    for (index_t h = 0; h < p.extents.kv_heads; ++h) limits.max_slots = greater(limits.max_slots, kv.slots(s, h));
  }
  const plan made = plan_for<A>(limits, p, kv, roles...);
  if (executor.workers() < 1) return {errc::bad_value, "executor", "workers", executor.workers(), "the least is", 1};
  const auto bytes = static_cast<std::size_t>(made.workspace_bytes(executor.workers()));
  auto* const memory = static_cast<std::byte*>(::operator new(bytes, std::nothrow));
  if (memory == nullptr)
    return {errc::out_of_memory, name, "workspace bytes", static_cast<index_t>(bytes), "the bytes allocated are", 0};
  const failure f = body(made, std::span<std::byte>(memory, bytes));
  ::operator delete(memory);
  return f;
}

} // namespace HEED_ISA
} // namespace detail

inline namespace HEED_ISA {

/// The first thing that attend would refuse, with argument, value and limit, without running it; false where nothing is
/// wrong. `error(diagnose(...)).what()` is the text.
///
/// Effects   none
template <class Q, class K, class O, class... Role>
[[nodiscard]] failure diagnose(const Q& q, const K& kv, const O& o, const Role&... roles) noexcept {
  if constexpr (detail::check_operands<Q, K, O>()) {
    using types = detail::call_types<Q, K, O, Role...>;
    if constexpr (detail::check_roles_on<K, typename types::accum, Role...>()) {
      typename types::problem_type p;
      return detail::check_call(q, kv, o, p, roles...);
    }
  }
  return {errc::bad_value, "call", "types that fit", 0, "the least is", 1}; // never compiled into a program
}
/// Its code alone: whether a call would be accepted.
template <class Q, class K, class O, class... Role>
[[nodiscard]] errc validate(const Q& q, const K& kv, const O& o, const Role&... roles) noexcept {
  return diagnose(q, kv, o, roles...).code;
}

/// Chooses kernels and tiles for calls on sources like kv within limits, and counts the workspace.
///
/// Requires     roles: a mask, tuning, observers ... of the types that the calls will use; their pointers bind at run
/// Effects      reads kv's dims only
/// Throws       error where limits, dims or tuning are out of range; without exceptions the handler runs and the plan
/// is
///              not valid()
template <class K, class... Role>
[[nodiscard]] plan make_plan(const batch_shape& limits, const K& kv, const Role&... roles) {
  if constexpr (detail::check_source<K>()) {
    using A = typename K::key_format::accum;
    if constexpr (detail::check_roles<A, Role...>()) {
      failure f = detail::check_limits(limits);
      const kv_dims d = kv.dims();
      if (!f) f = detail::check_dims(d);
      if (!f && limits.q_heads % d.kv_heads != 0)
        f = {errc::heads_not_divisible,          "shape",   "q_heads", limits.q_heads,
             "which is no multiple of kv_heads", d.kv_heads};
      if (!f) f = plan_detail::check_shape<A>(detail::shape_of<A>(d, roles...));
      if (!f) {
        const plan made = detail::plan_for<A>(limits, 0, kv, roles...);
        const index_t bytes = made.workspace_bytes(1);
        if (bytes < detail::too_many) return made;
        f = {errc::size_overflow, "shape", "workspace bytes", bytes, "or more; they must be less than",
             detail::too_many};
      }
      detail::report(f);
    }
  }
  return plan{};
}

/// Attention of one call within a plan's limits.
///
/// Shapes       as attend
/// Effects      writes o and what epilogues and observers store; nothing if the code is not ok
/// Workspace    plan.workspace_bytes(executor.workers()) bytes of the caller's, any alignment, not shared with a run
///              under way. Allocates nothing
/// Determinism  as attend
/// Error        as attend
template <class Executor, class Q, class K, class O, class... Role>
[[nodiscard]] errc run(Executor&& executor, const plan& made, const Q& q, const K& kv, const O& o,
                       std::span<std::byte> workspace, const Role&... roles) noexcept {
  constexpr bool runs = heed::executor<std::remove_reference_t<Executor>>;
  static_assert(runs, "heed: executor does not model heed::executor: workers() noexcept and bulk(n, task, context)");
  if constexpr (detail::check_operands_after<runs, Q, K, O>()) {
    using types = detail::call_types<Q, K, O, Role...>;
    if constexpr (detail::check_roles_on<K, typename types::accum, Role...>()) {
      typename types::problem_type p;
      if (const failure f = detail::check_call(q, kv, o, p, roles...)) return f.code;
      return detail::run_bound(executor, made, p, kv, workspace, roles...).code;
    }
  }
  return errc::bad_value;
}

/// Why run would not return ok, as far as that is known without running: for a log, after a code that is not ok.
///
/// Effects   none
template <class Executor, class Q, class K, class O, class... Role>
[[nodiscard]] failure diagnose_run(Executor&& executor, const plan& made, const Q& q, const K& kv, const O& o,
                                   std::span<std::byte> workspace, const Role&... roles) noexcept {
  if (const failure f = diagnose(q, kv, o, roles...)) return f;
  typename detail::call_types<Q, K, O, Role...>::problem_type p;
  (void)detail::check_call(q, kv, o, p, roles...); // fills p
  return detail::run_bound<false>(executor, made, p, kv, workspace, roles...);
}

/// o = softmax(mask(mod(scale q k^T))) v, for every query row and head.
///
/// Shapes       q: [tokens][q_heads][key_dim], or [sequences][rows][q_heads][key_dim], or ragged(rows, offsets).
///              o: like q with value_dim. kv: any kv_source. Query head h reads key-value head h / (q_heads /
///              kv_heads). Without offsets each of the source's sequences has tokens / sequences rows
/// Roles        in any order, each at most once: a mask (default full), a score modifier, scale (default
///              1/sqrt(key_dim); named where values are a part of their keys), query_positions (default: the last query
///              at the last position seen), prompt_rows (which rows are pieces of a prompt), a tuning; any number of
///              different epilogues (lse, sink_logit) and observers (key_sums, probability_rows)
/// Requires     o shares no memory with q and kv. See errc for what is refused; nothing is written then
/// Laws         a row without visible keys gives zeros and lse -inf; masked, evicted and missing slots never enter
///              arithmetic
/// Workspace    allocated and freed by the call; make_plan and run do without
/// Determinism  same bits for any executor and worker count, and whatever else is in the batch; for full and causal
/// masks
///              also for a prompt in pieces, of any sizes where prompt_rows names them
/// Error        |o - exact| <= (8 + sqrt(n) + sqrt(D) S) 2^-23 sum_j p_j |v_j| for float, n visible keys, S the largest
///              sum of |terms| of a score
/// Throws       error, with code and text; without exceptions the handler runs and o is untouched
template <class Executor, class Q, class K, class O, class... Role>
void attend(Executor&& executor, const Q& q, const K& kv, const O& o, const Role&... roles) {
  constexpr bool runs = heed::executor<std::remove_reference_t<Executor>>;
  static_assert(runs, "heed: executor does not model heed::executor: workers() noexcept and bulk(n, task, context)");
  if constexpr (detail::check_operands_after<runs, Q, K, O>()) {
    using types = detail::call_types<Q, K, O, Role...>;
    using A = typename types::accum;
    if constexpr (detail::check_roles_on<K, A, Role...>()) {
      typename types::problem_type p;
      if (const failure f = detail::check_call(q, kv, o, p, roles...)) return detail::report(f);
      const failure f = detail::with_workspace<A>(
          executor, "attend", p, kv,
          [&](const plan& made, std::span<std::byte> workspace)
              HEED_BODY { return detail::run_bound(executor, made, p, kv, workspace, roles...); },
          roles...);
      if (f) detail::report(f);
    }
  }
}

} // namespace HEED_ISA
} // namespace heed
