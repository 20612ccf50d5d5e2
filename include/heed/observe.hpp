// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The observers' pass alone: probabilities of rows whose log-sum-exp is known, without a second softmax.
#include <heed/attention.hpp>

namespace heed {
namespace detail {
inline namespace HEED_ISA {

template <class Q, class K, class A, class... R> consteval bool check_observed() {
  using q = typename row_element<Q>::type;
  constexpr bool q_ok = !std::is_void_v<q>;
  static_assert(q_ok, "heed: q is no heed::tensor_view of rank 3 or 4 on the host, and no heed::ragged_view");
  if constexpr (q_ok && check_source<K>()) {
    constexpr bool same =
        std::is_same_v<A, typename K::key_format::accum> && std::is_same_v<A, accum_t<std::remove_const_t<q>>>;
    static_assert(same, "heed: q, kv and lse accumulate in different types (double goes with double only)");
    if constexpr (same && check_roles_on<K, A, R...>()) {
      constexpr bool observed = roles_given < role::observer, A, R... >> 0;
      static_assert(observed, "heed: observe is given no observer");
      constexpr bool rows_end = roles_given < role::epilogue, A, R... >> 0;
      static_assert(!observed || !rows_end, "heed: observe takes no epilogue: it finishes no rows");
      return observed && !rows_end;
    } else
      return false;
  } else
    return false;
}

template <class A> HEED_INLINE failure check_lse(const tensor_view<const A, 2>& lse, const call_extents& e) noexcept {
  if (const failure f = check_view("lse", lse)) return f;
  if (lse.extent(0) != e.tokens)
    return {errc::bad_extent, "lse", "extent", lse.extent(0), "but the query tokens are", e.tokens, 0};
  if (lse.extent(1) != e.q_heads)
    return {errc::bad_extent, "lse", "extent", lse.extent(1), "but the query heads are", e.q_heads, 1};
  return {};
}

template <class A, class TQ, class Q, class K, class... R>
HEED_NOINLINE failure check_observe(const Q& q, const K& kv, const tensor_view<const A, 2>& lse, problem<TQ, A>& p,
                                    const R&... roles) noexcept {
  if (const failure f = normalise_queries(q, kv, p)) return f;
  if (const failure f = check_lse(lse, p.extents)) return f;
  if (const failure f = check_roles_of<A>(kv, p, roles...)) return f;
  failure first;
  ((first = first ? first : check_apart(roles, footprint_of(lse), "buffers shared with lse")), ...);
  return first;
}

template <class A, class Executor, class P, class K, class... R>
HEED_NOINLINE failure observe_bound(Executor& executor, const plan& made, const P& p, const K& kv,
                                    const tensor_view<const A, 2>& lse, std::span<std::byte> workspace,
                                    const R&... roles) noexcept {
  const full everything;
  const no_score_mod unchanged;
  const epilogue_list<> nothing;
  const auto& m = pick<role::mask, A>(everything, roles...);
  const auto& mod = pick<role::score, A>(unchanged, roles...);
  const tile_shape shape = shape_of<A>(kv.dims(), roles...);
  if (const failure f = check_workspace(executor.workers(), made, p, kv, workspace, roles...)) return f;
  if (may_share(footprint_of(view(workspace.data(), static_cast<index_t>(workspace.size()))), footprint_of(lse)))
    return {errc::overlap, "workspace", "buffers shared with lse", 1, "the limit is", 0};
  const auto c = make_call<A>(p, kv, m, mod, nothing, shape);
  if (const failure f = plan_detail::check_plan<A, std::remove_const_t<decltype(c)>>(made, c)) return f;
  const kernel::known_lse<A> known{lse.data(), lse.stride(0)};
  const arena memory(workspace.data(), static_cast<index_t>(workspace.size()));
  (void)with_observers<A>(
      [&](const auto&... o) HEED_BODY {
        plan_detail::observe_checked(executor, c, made, memory, known, o...);
        return errc::ok;
      },
      roles...);
  return {};
}

} // namespace HEED_ISA
} // namespace detail

inline namespace HEED_ISA {

/// observe within a plan's limits.
///
/// Shapes       as observe
/// Effects      observers store; nothing if the code is not ok
/// Workspace    plan.workspace_bytes(executor.workers()) bytes of the caller's, as for run. Allocates nothing
template <class Executor, class Q, class K, class A, class... Role>
[[nodiscard]] errc run_observers(Executor&& executor, const plan& made, const Q& q, const K& kv,
                                 const tensor_view<const A, 2>& lse, std::span<std::byte> workspace,
                                 const Role&... roles) noexcept {
  constexpr bool runs = heed::executor<std::remove_reference_t<Executor>>;
  static_assert(runs, "heed: executor does not model heed::executor: workers() noexcept and bulk(n, task, context)");
  if constexpr (runs && detail::check_observed<Q, K, A, Role...>()) {
    problem<std::remove_const_t<typename detail::row_element<Q>::type>, A> p{};
    if (const failure f = detail::check_observe(q, kv, lse, p, roles...)) return f.code;
    return detail::observe_bound(executor, made, p, kv, lse, workspace, roles...).code;
  }
  return errc::bad_value;
}

/// The same where lse is a view of mutable numbers.
template <class Executor, class Q, class K, class A, class... Role>
[[nodiscard]] errc run_observers(Executor&& executor, const plan& made, const Q& q, const K& kv,
                                 const tensor_view<A, 2>& lse, std::span<std::byte> workspace,
                                 const Role&... roles) noexcept {
  return run_observers(executor, made, q, kv, tensor_view<const A, 2>(lse), workspace, roles...);
}

/// Shows observers exp(score - lse) of chosen rows: what they see in attend, from one product of queries and keys.
///
/// Queries may be fewer than those of the pass that gave the lse (the last rows of a prompt), and keys others (a cache
/// that has shrunk): the numbers are then shares of that pass. With any other number in the place of lse they are
/// exp(score - number), and may exceed 1.
///
/// Shapes       q: as in attend. lse: [tokens][q_heads], any stride from token to token; +inf and -inf mean a row
///              that saw no key
/// Units        natural logarithm
/// Roles        one observer or more; a mask, a score modifier, scale, query_positions, a tuning as in attend
/// Effects      observers store
/// Workspace    allocated and freed by the call; make_plan and run_observers do without
/// Determinism  as attend; with the lse of the same attend call and the same rows the same bits as there
/// Cost         one product of the chosen rows and the keys that they see; values are not read
/// Throws       error, with code and text; without exceptions the handler runs and nothing is written
template <class Executor, class Q, class K, class A, class... Role>
void observe(Executor&& executor, const Q& q, const K& kv, const tensor_view<const A, 2>& lse, const Role&... roles) {
  constexpr bool runs = heed::executor<std::remove_reference_t<Executor>>;
  static_assert(runs, "heed: executor does not model heed::executor: workers() noexcept and bulk(n, task, context)");
  if constexpr (runs && detail::check_observed<Q, K, A, Role...>()) {
    problem<std::remove_const_t<typename detail::row_element<Q>::type>, A> p{};
    if (const failure f = detail::check_observe(q, kv, lse, p, roles...)) return detail::report(f);
    const failure f = detail::with_workspace<A>(
        executor, "observe", p, kv,
        [&](const plan& made, std::span<std::byte> workspace)
            HEED_BODY { return detail::observe_bound(executor, made, p, kv, lse, workspace, roles...); },
        roles...);
    if (f) detail::report(f);
  }
}
/// The same where lse is a view of mutable numbers.
template <class Executor, class Q, class K, class A, class... Role>
void observe(Executor&& executor, const Q& q, const K& kv, const tensor_view<A, 2>& lse, const Role&... roles) {
  observe(executor, q, kv, tensor_view<const A, 2>(lse), roles...);
}

} // namespace HEED_ISA
} // namespace heed
