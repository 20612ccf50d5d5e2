// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Ada-KV: SnapKV's scores, and a layer's budget split over its heads by where the layer's best scores lie.
#include <heed/evict/layer_budget.hpp>
#include <heed/evict/window_scores.hpp>

namespace heed {

inline namespace HEED_ISA {

/// Budgets of heads for what lies before the window: count_h of the layer's best heads * base slots belong to head h,
/// and it gets round(count_h (1 - alpha) + floor(base alpha)); repaired to heads * base exactly, the heads with the
/// most of the best gaining first and those with the fewest losing first. Where all fits, every head keeps its own;
/// what a budget has beyond its head's prefix goes to the heads that most of their best are left out of.
///
/// Shapes       scores: [kv_heads][slots], the last `window` of each row left out; counts, budgets: [kv_heads], written
/// Determinism  ties between slots by lower head, then lower slot
/// Source       Feng et al. 2024, Ada-KV, algorithm 1; rounding half to even as in its program
/// Deviation    the source's rounding may miss the total
inline void adaptive_head_budgets(const score_view& scores, index_t window, index_t base, double alpha,
                                  std::span<index_t> counts, std::span<index_t> budgets) noexcept {
  const index_t heads = scores.kv_heads();
  const auto prefix = [&](index_t h) HEED_BODY { return greater(0, scores.slots(h) - window); };
  index_t all = 0, most = 0;
  for (index_t h = 0; h < heads; ++h) {
    all += prefix(h);
    most = greater(most, prefix(h));
  }
  const index_t wanted = lesser(all, heads * base);
  detail::score_cut cut;
  if (wanted > 0 && wanted < all)
    cut = detail::find_cut(
        [&](const auto& f) HEED_BODY {
          for (index_t h = 0; h < heads; ++h)
            for (index_t j = 0; j < prefix(h); ++j) f(scores(h, j));
        },
        wanted);
  for (index_t h = 0; h < heads; ++h) {
    index_t& count = counts[static_cast<std::size_t>(h)];
    count = wanted == all ? prefix(h) : 0;
    for (index_t j = 0; wanted > 0 && wanted < all && j < prefix(h); ++j) {
      const std::uint32_t r = detail::score_rank(scores(h, j));
      if (r > cut.rank) ++count;
      if (r == cut.rank && cut.ties > 0) {
        ++count;
        --cut.ties;
      }
    }
    const auto floor = static_cast<index_t>(static_cast<double>(base) * alpha);
    budgets[static_cast<std::size_t>(h)] =
        wanted == all ? count : round_half_even(static_cast<double>(count) * (1. - alpha) + static_cast<double>(floor));
  }
  (void)repair_sum(budgets, heads * base, {0, greater(most, base)}, std::span<const index_t>(counts));
  if (wanted == all) return;
  index_t beyond = 0;
  for (index_t h = 0; h < heads; ++h) {
    index_t& b = budgets[static_cast<std::size_t>(h)];
    beyond += greater(0, b - prefix(h));
    b = lesser(b, prefix(h));
  }
  for (; beyond > 0; --beyond) { // wanted < all: there is room
    std::size_t to = budgets.size();
    for (std::size_t h = 0; h < budgets.size(); ++h)
      if (budgets[h] < prefix(static_cast<index_t>(h)) &&
          (to == budgets.size() || counts[h] - budgets[h] > counts[to] - budgets[to]))
        to = h;
    ++budgets[to];
  }
}

} // namespace HEED_ISA

/// The window's tokens, and of each head's prefix as many of the best as its share of the layer's best scores asks for.
///
/// Units     window in tokens; budgets are the mean over the heads of a layer and include the window. alpha: the part
///           that every head gets in any case
/// Laws      scoring_policy; the budgets of a layer's heads add up to heads * budget
/// Source    Feng et al. 2024, Ada-KV; alpha 0.2, window 32 and maximum pooling of 7 as in its evaluation
struct ada_kv {
  static constexpr index_t most_heads = 256;
  index_t window = 32;
  pooling pool = {pooling::kind::maximum, 7};
  group_reduce reduce = {};
  double alpha = .2;

  [[nodiscard]] HEED_INLINE failure check(index_t, index_t kv_heads, index_t budget) const noexcept {
    if (!(alpha >= 0. && alpha <= 1.)) return {errc::bad_value, "ada_kv", "alpha", alpha, "must be from 0 to", 1};
    if (kv_heads > most_heads) return {errc::bad_extent, "ada_kv", "kv_heads", kv_heads, "the most is", most_heads};
    return scoring().check("ada_kv", budget);
  }
  [[nodiscard]] HEED_INLINE observed_rows observes() const noexcept { return {observed_rows::kind::last, window, {}}; }
  HEED_INLINE void rescore(const tensor_view<float, 2>& sums, index_t q_heads,
                           const score_table& scores) const noexcept {
    finish_window_scores(scoring(), q_heads, {}, sums, scores);
  }
  [[nodiscard]] HEED_INLINE failure allocate(const score_view& scores, index_t budget,
                                             std::span<index_t> budgets) const noexcept {
    if (const failure f = check(1, scores.kv_heads(), budget)) return f;
    index_t counts[most_heads];
    adaptive_head_budgets(scores, window, budget - window, alpha, {counts, budgets.size()}, budgets);
    for (index_t& b : budgets) b += window;
    return {};
  }
  [[nodiscard]] HEED_INLINE protect_ends protection() const noexcept { return scoring().protection(); }
  [[nodiscard]] HEED_INLINE failure keep(const score_view& scores, std::span<const index_t> budgets,
                                         kept_lists& kept) const noexcept {
    return select_top(scores, protection(), budgets, kept);
  }
  [[nodiscard]] HEED_INLINE window_scores scoring() const noexcept { return {window, pool, reduce}; }
};

} // namespace heed
