// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Calls of the front door that lack an argument: one line says which.
#include <heed/detail/roles.hpp>
#include <heed/plan/plan.hpp>

namespace heed {
inline namespace HEED_ISA {

// ----------------------------------------------------------------

template <class Executor, class Q, class K> void attend(Executor&&, const Q&, const K&) {
  constexpr bool runs = heed::executor<std::remove_reference_t<Executor>>;
  static_assert(runs, "heed: executor does not model heed::executor: workers() noexcept and bulk(n, task, context)");
  static_assert(!runs || std::is_void_v<Q>, "heed: o is not given: attend(executor, q, kv, o, roles...)");
}
template <class Q, class K> [[nodiscard]] errc validate(const Q&, const K&) noexcept {
  static_assert(std::is_void_v<Q>, "heed: o is not given: validate(q, kv, o, roles...)");
  return errc::bad_value;
}
template <class Executor, class Q, class K, class... Rest>
requires(!detail::workspace_is_second<Rest...>) [[nodiscard]] errc
    run(Executor&&, const plan&, const Q&, const K&, const Rest&...) noexcept {
  constexpr bool has_o = detail::has_output<Rest...>;
  static_assert(has_o, "heed: o is not given: run(executor, plan, q, kv, o, workspace, roles...)");
  static_assert(!has_o || std::is_void_v<Q>, "heed: workspace is not given, or converts to no std::span<std::byte>: "
                                             "run(executor, plan, q, kv, o, workspace, roles...)");
  return errc::bad_value;
}

} // namespace HEED_ISA
} // namespace heed
