// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Core-Context-Aware attention of a prompt: a query sees recent tokens, and one pooled row for each group before them.
#include <heed/kv/joined.hpp>
#include <heed/mask/all_of.hpp>
#include <heed/mask/causal.hpp>
#include <heed/mask/chunked_local.hpp>
#include <heed/mask/none_of.hpp>
#include <heed/select/estimate.hpp>
#include <heed/simd/mean_rows.hpp>

namespace heed {

/// Tokens are cut into groups [m g, (m + 1) g). The pooled row of a group is the attention of its last query over its
/// keys, applied to the keys and to the values. Query i sees, in one softmax, the pooled rows of the first
/// j = max(0, floor((i - local) / g)) groups and the tokens from j g to i: each token once, pooled or itself.
///
/// Units     group, local: tokens
/// Laws      a prompt of at most `local` tokens gets dense causal attention
/// Source    Core Context Aware Attention, arXiv 2412.12465 (2024), eqs. of section 3: local starts at j g, so that it
///           shares no token with the last pooled group. Ours: where query heads share a key-value head their last
///           queries are averaged; positions of pooled rows are those of the keys they pool, as keys come rotated
struct core_context {
  index_t group = 16, local = 1024;

  [[nodiscard]] HEED_INLINE constexpr index_t pooled(index_t i) const noexcept {
    return i < local ? 0 : (i - local) / group;
  }
  [[nodiscard]] HEED_INLINE failure check() const noexcept {
    if (group < 1) return {errc::bad_value, "core_context", "group", group, "the least is", 1};
    if (local < 0) return {errc::bad_value, "core_context", "local", local, "the least is", 0};
    constexpr index_t most = index_t{1} << 40;
    if (group > most) return {errc::limit_exceeded, "core_context", "group", group, "the limit is", most};
    if (local > most) return {errc::limit_exceeded, "core_context", "local", local, "the limit is", most};
    return {};
  }
};

/// What a query does not see of [pooled rows | tokens], beside what causal hides: an interval mask for none_of.
///
/// Units     groups: pooled rows in front of the tokens; the query of token i stands at groups + i
struct core_context_gap {
  static constexpr bool tight = true;

  index_t groups = 0;
  core_context how{};

  [[nodiscard]] HEED_INLINE constexpr range visible(index_t, index_t q) const noexcept {
    const index_t j = how.pooled(q - groups);
    return {j, groups + j * how.group};
  }
  [[nodiscard]] HEED_INLINE constexpr bool allows(cell at) const noexcept { return holds(visible(at.seq, at.q), at.k); }
  [[nodiscard]] HEED_INLINE index_t runs(const tile& t, std::span<key_run> out) const noexcept {
    return interval_runs(*this, t, out);
  }
  HEED_INLINE void bits(const tile& t, std::span<const index_t> k, std::span<const index_t>,
                        std::span<std::uint64_t> rows) const noexcept {
    interval_bits(*this, t, k, rows);
  }
  [[nodiscard]] HEED_INLINE failure check(const call_extents&) const noexcept { return how.check(); }
};
static_assert(bit_mask<core_context_gap> && tight_mask<core_context_gap> && interval_mask<core_context_gap>);

namespace detail {

HEED_INLINE scale natural_scale(index_t key_dim) noexcept { return {1 / __builtin_sqrt(static_cast<double>(key_dim))}; }

inline namespace HEED_ISA {

/// Averages the heads of each group of query heads: row i of out is that of token first + i * step, [rows][kv_heads]
/// [dim].
template <class A, class T>
void mean_queries(const tensor_view<T, 3>& q, index_t first, index_t step, index_t rows, index_t kv_heads,
                  A* out) noexcept {
  const index_t each = q.extent(1) / kv_heads, dim = q.extent(2);
  for (index_t i = 0; i < rows; ++i)
    for (index_t g = 0; g < kv_heads; ++g, out += dim)
      simd::mean_rows<A>(&q(first + i * step, g * each, 0), q.stride(1), each, dim, out);
}

template <class TQ, class TK, class TV>
failure check_core_context(const core_context& how, const tensor_view<TQ, 3>& q, const tensor_view<TK, 3>& k,
                           const tensor_view<TV, 3>& v) noexcept {
  if (const failure f = how.check()) return f;
  if (const failure f = check_selection("core_context", q, k, 1)) return f;
  if (const failure f = check_view("v", v)) return f;
  if (q.extent(0) != k.extent(0))
    return {errc::bad_extent, "core_context", "rows of q", q.extent(0), "it pools whole prompts, whose keys are",
            k.extent(0)};
  if (v.extent(0) != k.extent(0) || v.extent(1) != k.extent(1))
    return {errc::bad_extent,          "v",         "rows times heads",
            v.extent(0) * v.extent(1), "but k has", k.extent(0) * k.extent(1)};
  return {};
}

} // namespace HEED_ISA
} // namespace detail

inline namespace HEED_ISA {

/// Pools every complete group.
///
/// Shapes    q: [tokens][q_heads][key_dim]; k, v: [tokens][kv_heads][dim]; pooled_k, pooled_v: [tokens /
/// group][kv_heads]
///           [dim]
/// Units     factor: of the scores that pool, as of those of the attention that follows; 1/sqrt(key_dim) if left out
/// Throws    error where shapes do not fit
template <class A, class Executor, class TQ, class TK, class TV, class T>
void pool_groups(Executor& executor, const core_context& how, const tensor_view<TQ, 3>& q, const tensor_view<TK, 3>& k,
                 const tensor_view<TV, 3>& v, const tensor_view<T, 3>& pooled_k, const tensor_view<T, 3>& pooled_v,
                 select_scratch<A>& s, const scale& factor) {
  if (const failure f = detail::check_core_context(how, q, k, v)) return detail::report(f);
  const index_t groups = k.extent(0) / how.group, kv_heads = k.extent(1), dim = k.extent(2);
  A* const mean = detail::room(s.q, groups * kv_heads * dim);
  detail::mean_queries(q, how.group - 1, how.group, groups, kv_heads, mean);
  detail::room(s.positions, groups);
  for (index_t m = 0; m < groups; ++m) s.positions[static_cast<std::size_t>(m)] = (m + 1) * how.group - 1;
  const auto last =
      query_positions::listed(std::span<const index_t>(s.positions).first(static_cast<std::size_t>(groups)));
  const auto mean_q = view(static_cast<const A*>(mean), groups, kv_heads, dim);
  attend(executor, mean_q, contiguous(k, k), pooled_k, chunked_local{how.group}, last, factor);
  attend(executor, mean_q, contiguous(k, v), pooled_v, chunked_local{how.group}, last, factor);
}
template <class A, class Executor, class TQ, class TK, class TV, class T>
void pool_groups(Executor& executor, const core_context& how, const tensor_view<TQ, 3>& q, const tensor_view<TK, 3>& k,
                 const tensor_view<TV, 3>& v, const tensor_view<T, 3>& pooled_k, const tensor_view<T, 3>& pooled_v,
                 select_scratch<A>& s) {
  pool_groups(executor, how, q, k, v, pooled_k, pooled_v, s, detail::natural_scale(q.extent(2)));
}

/// Core-context attention of a whole prompt, in one softmax per query.
///
/// Shapes    q: [tokens][q_heads][key_dim]; k, v: [tokens][kv_heads][dim]; o: [tokens][q_heads][value_dim]; pooled_k,
///           pooled_v: [tokens / group][kv_heads][dim], written
/// Roles     epilogues and a scale, as attend; the scale serves the pooling too
/// Cost      pooling reads each token once; attention visits at most tokens / group + local + group keys per query
template <class A, class Executor, class TQ, class TK, class TV, class O, class T, class... Role>
void attend_core_context(Executor& executor, const core_context& how, const tensor_view<TQ, 3>& q,
                         const tensor_view<TK, 3>& k, const tensor_view<TV, 3>& v, const O& o,
                         const tensor_view<T, 3>& pooled_k, const tensor_view<T, 3>& pooled_v, select_scratch<A>& s,
                         const Role&... roles) {
  const scale natural = detail::natural_scale(q.extent(2));
  pool_groups(executor, how, q, k, v, pooled_k, pooled_v, s, detail::pick<detail::role::scale, A>(natural, roles...));
  attend(executor, q, joined(contiguous(pooled_k, pooled_v), contiguous(k, v)), o,
         all_of(causal{}, none_of(core_context_gap{k.extent(0) / how.group, how})), roles...);
}

} // namespace HEED_ISA
} // namespace heed
