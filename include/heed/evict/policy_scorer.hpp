// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A policy's scores without a driver: for engines that keep the last queries and the log-sum-exp themselves.
#include <heed/evict/cache_policy.hpp>
#include <heed/mask/causal.hpp>
#include <heed/observe.hpp>
#include <heed/observe/key_sums.hpp>

namespace heed {
inline namespace HEED_ISA {

/// score(executor, q, kv, scores) fills one number per slot: a policy's, from the rows that it wants to observe.
///
/// Shapes       lse: [rows][q_heads], of those rows. q: [rows][q_heads][key_dim]: the last rows of a sequence where the
///              policy observes the last, all new ones where it observes every row. kv: one sequence. scores: of as
///              many key-value heads; its rows get the lengths of kv's
/// Roles        of the attention that gave the lse; without any: causal
/// Laws         the same bits for any worker count; rows observed `last` replace scores, rows observed `every` add to
/// them Cost         one product of the observed rows and the keys; allocates its sums and the workspace of the pass
template <scoring_policy P> class policy_scorer {
public:
  HEED_INLINE policy_scorer(const P& policy, const tensor_view<const float, 2>& lse) noexcept
      : policy_(policy), lse_(lse) {}

  template <class Executor, class Q, class K>
  [[nodiscard]] failure score(Executor& executor, const Q& q, const K& kv, score_table& scores) const {
    return score(executor, q, kv, scores, causal{});
  }
  template <class Executor, class Q, class K, class First, class... Role>
  [[nodiscard]] failure score(Executor& executor, const Q& q, const K& kv, score_table& scores, const First& first,
                              const Role&... roles) const {
    const observed_rows o = policy_.observes();
    const kv_dims d = kv.dims();
    if (d.sequences != 1) return {errc::bad_extent, "kv", "sequences", d.sequences, "to score, it must be", 1};
    if (d.kv_heads != scores.kv_heads())
      return {errc::bad_extent, "scores", "kv_heads", scores.kv_heads(), "but kv has", d.kv_heads};
    if (lse_.extent(1) % d.kv_heads != 0)
      return {errc::heads_not_divisible,          "lse",     "q_heads", lse_.extent(1),
              "which is no multiple of kv_heads", d.kv_heads};
    if (const failure f = policy_.check(lse_.extent(1), d.kv_heads, PTRDIFF_MAX)) return f;
    index_t slots = 0;
    for (index_t h = 0; h < d.kv_heads; ++h) slots = greater(slots, kv.slots(0, h));
    if (slots > scores.max_slots())
      return {errc::limit_exceeded, "scores", "max_slots", scores.max_slots(), "but kv holds", slots};
    const index_t heads = o.heads.empty() ? lse_.extent(1) : static_cast<index_t>(o.heads.size());
    const detail::owned_array<float> sums(heads * slots);
    const key_sums<float> sum(view(sums.data(), 1, heads, slots), row_choice::all().of_heads(o.heads));
    problem<std::remove_const_t<typename detail::row_element<Q>::type>, float> p{};
    if (const failure f = detail::check_observe(q, kv, lse_, p, sum, first, roles...)) return f;
    const failure f = detail::with_workspace<float>(
        executor, "score", p, kv,
        [&](const plan& made, std::span<std::byte> workspace)
            HEED_BODY { return detail::observe_bound(executor, made, p, kv, lse_, workspace, sum, first, roles...); },
        sum, first, roles...);
    if (f) return f;
    for (index_t h = 0; h < d.kv_heads; ++h) (void)scores.resize(h, kv.slots(0, h));
    policy_.rescore(view(sums.data(), heads, slots), p.extents.q_heads, scores);
    return {};
  }

private:
  P policy_;
  tensor_view<const float, 2> lse_;
};

} // namespace HEED_ISA
} // namespace heed
