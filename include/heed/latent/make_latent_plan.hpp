// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Plans of latent attention layers.
#include <heed/attention.hpp>
#include <heed/latent/latent_plan.hpp>

namespace heed {
namespace detail {
inline namespace HEED_ISA {

template <class K, class... R>
HEED_NOINLINE failure plan_layer(const batch_shape& limits, const latent_shape& shape, const K& kv,
                                 const latent_options& options, latent_plan& made, const R&... roles) noexcept {
  using A = typename K::key_format::accum;
  if (const failure f = shape.check()) return f;
  if (const failure f = check_limits(limits)) return f;
  if (const failure f = check_cache(kv.dims(), shape)) return f;
  if (options.expand_slots < 1)
    return {errc::bad_value, "options", "expand_slots", options.expand_slots, "the least is", 1};
  if (limits.q_heads != shape.heads)
    return {errc::bad_extent, "shape", "q_heads", limits.q_heads, "but the layer has heads", shape.heads};
  latent_plan::figures f;
  f.shape = shape;
  f.options = options;
  f.limits = limits;
  f.accum_bytes = static_cast<index_t>(sizeof(A));
  constexpr index_t together = 256; // query tokens of several sequences that share a step
  const index_t few = lesser(limits.tokens, together), rows = most_absorbed_rows(shape, options, limits);
  if (rows > 0) {
    f.absorbed_tokens = greater(rows, few);
    f.absorbed =
        plan_for<A>({limits.sequences, f.absorbed_tokens, shape.heads, limits.max_slots, rows}, 0, kv, roles...);
  }
  if (const index_t slots = most_naive_slots(shape, options, limits); slots >= 0) {
    f.naive_tokens = greater(limits.rows(), few);
    f.expanded_room = lesser(slots, options.expand_slots);
    const call_extents none;
    const kv_dims d{limits.sequences, shape.heads, shape.head_dim(), shape.value, 0};
    const expanded_rows<A> expanded(none, d, {}, {0, 0}, slot_order::ascending);
    f.naive = plan_for<A>({limits.sequences, f.naive_tokens, shape.heads, f.expanded_room, limits.rows()}, 0, expanded,
                          roles...);
  }
  made = latent_plan(f);
  const index_t bytes = made.workspace_bytes(1);
  if (bytes < too_many) return {};
  return {errc::size_overflow, "shape", "workspace bytes", bytes, "or more; they must be less than", too_many};
}

} // namespace HEED_ISA
} // namespace detail

inline namespace HEED_ISA {

/// Chooses kernels, tiles and workspace for calls of a layer on caches like kv within limits.
///
/// Requires     kv holds latent rows of the shape; roles: the mask of the calls
/// Throws       error where limits or shape are out of range; without exceptions the handler runs and the plan is not
///              valid()
template <class K, class... Role>
[[nodiscard]] latent_plan make_latent_plan(const batch_shape& limits, const latent_shape& shape, const K& kv,
                                           const latent_options& options, const Role&... roles) {
  latent_plan made;
  if constexpr (detail::check_source<K>())
    if constexpr (detail::check_roles<typename K::key_format::accum, Role...>()) {
      static_assert(K::values_alias_keys, "heed: kv holds no latent rows: see heed::latent");
      if (const failure f = detail::plan_layer(limits, shape, kv, options, made, roles...)) {
        detail::report(f);
        return latent_plan{};
      }
    }
  return made;
}

} // namespace HEED_ISA
} // namespace heed
