// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// From the policy of a command line to heed's policies, budgets and schedule for one sequence.
#include "head_profile.hpp"
#include "model.hpp"

#include <heed/evict/ada_kv.hpp>
#include <heed/evict/cache_driver.hpp>
#include <heed/evict/compress_kv.hpp>
#include <heed/evict/duo_attention.hpp>
#include <heed/evict/h2o.hpp>
#include <heed/evict/pyramid_kv.hpp>
#include <heed/evict/razor_attention.hpp>
#include <heed/evict/snap_kv.hpp>
#include <heed/evict/tova.hpp>

#include <variant>

namespace llama {

/// Any of heed's policies, so that one driver serves them all.
class chosen_policy {
public:
  using any = std::variant<heed::h2o, heed::tova, heed::snap_kv, heed::pyramid_kv, heed::ada_kv, heed::compress_kv,
                           heed::duo_attention, heed::razor_attention>;
  chosen_policy() = default;
  chosen_policy(const any& policy) : is_(policy) {} // NOLINT(google-explicit-constructor): it stands for the policy

  [[nodiscard]] heed::failure check(index_t q_heads, index_t kv_heads, index_t budget) const noexcept {
    return std::visit([&](const auto& p) { return p.check(q_heads, kv_heads, budget); }, is_);
  }
  [[nodiscard]] heed::failure allocate(const heed::score_view& scores, index_t budget,
                                       std::span<index_t> budgets) const noexcept {
    return std::visit([&](const auto& p) { return p.allocate(scores, budget, budgets); }, is_);
  }
  [[nodiscard]] heed::failure keep(const heed::score_view& scores, std::span<const index_t> budgets,
                                   heed::kept_lists& kept) const noexcept {
    return std::visit([&](const auto& p) { return p.keep(scores, budgets, kept); }, is_);
  }
  [[nodiscard]] heed::observed_rows observes() const noexcept {
    return std::visit(
        [](const auto& p) -> heed::observed_rows {
          if constexpr (heed::scoring_policy<std::remove_cvref_t<decltype(p)>>)
            return p.observes();
          else
            return {};
        },
        is_);
  }
  void rescore(const heed::tensor_view<float, 2>& sums, index_t q_heads,
               const heed::score_table& scores) const noexcept {
    std::visit(
        [&](const auto& p) {
          if constexpr (heed::scoring_policy<std::remove_cvref_t<decltype(p)>>) p.rescore(sums, q_heads, scores);
        },
        is_);
  }
  [[nodiscard]] heed::dropped_rows dropped(index_t kv_head) const noexcept {
    return std::visit(
        [&](const auto& p) {
          if constexpr (heed::folding_policy<std::remove_cvref_t<decltype(p)>>)
            return p.dropped(kv_head);
          else
            return heed::dropped_rows::forgotten;
        },
        is_);
  }

  /// The policy itself where it is a P, else null.
  template <class P> [[nodiscard]] const P* as() const noexcept { return std::get_if<P>(&is_); }

private:
  any is_ = {};
};
static_assert(heed::scoring_policy<chosen_policy> && heed::folding_policy<chosen_policy>);

/// What runs on one sequence. `policies` look into the lists below them.
///
/// Shapes    policies, budgets: [layers]; voters: [layers][heads]; kinds: [layers * kv_heads]
struct eviction_plan {
  std::vector<chosen_policy> policies;
  std::vector<index_t> budgets;
  heed::eviction_schedule when;
  std::vector<std::vector<index_t>> voters;
  std::vector<heed::head_source> kinds;
};

/// Throws usage_error where the policy cannot work on this model and prompt, or lacks a profile.
[[nodiscard]] eviction_plan plan_eviction(const policy& keep, const model_shape& shape, const head_profile* profile,
                                          index_t prompt_tokens);

} // namespace llama
