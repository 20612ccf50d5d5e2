// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Splits a budget of tokens over layers: evenly, as a pyramid, or by how much a layer's output suffers. Sums are exact.
#include <heed/evict/stages.hpp>

namespace heed {

/// Every layer gets at least `min` and at most `max` tokens.
struct budget_limits {
  index_t min = 0, max = PTRDIFF_MAX;
};

/// PyramidKV: lower layers keep more. window: the queries that score, kept in every layer. beta: how flat the pyramid
/// is. tokens: the sequence's; a layer keeps no more of its prefix.
///
/// Source    Cai et al. 2024, PyramidKV; beta 20, window 8, pool 7 as in the authors' runs
struct pyramid {
  index_t window = 8, beta = 20, tokens = 0;
};

inline namespace HEED_ISA {

/// Nearest whole number, halves to the even one, of a number from 0 to 2^52.
HEED_INLINE index_t round_half_even(double x) noexcept {
  const auto below = static_cast<index_t>(x);
  const double rest = x - static_cast<double>(below);
  return below + (rest > .5 || (rest == .5 && below % 2 != 0) ? 1 : 0);
}

/// Moves budgets towards a total, one token at a time and cyclically, within limits: tokens are added from the first
/// budget on and taken away from the last on. Stops where no budget can move.
///
/// Effects   returns what is still missing: 0 unless the limits forbid the total
inline index_t repair_sum(std::span<index_t> budgets, index_t total, const budget_limits& limits) noexcept {
  const std::size_t n = budgets.size();
  index_t missing = total;
  for (const index_t b : budgets) missing -= b;
  for (bool moved = true; missing != 0 && moved;) {
    moved = false;
    for (std::size_t i = 0; i < n && missing != 0; ++i) {
      index_t& b = budgets[missing > 0 ? i : n - 1 - i];
      if (missing > 0 ? b >= limits.max : b <= limits.min) continue;
      b += missing > 0 ? 1 : -1;
      missing += missing > 0 ? -1 : 1;
      moved = true;
    }
  }
  return missing;
}

/// The same in the order of weights: the heaviest gain first, the lightest lose first, ties by lower index.
///
/// Cost      O(n) per token moved
template <class W>
index_t repair_sum(std::span<index_t> budgets, index_t total, const budget_limits& limits,
                   std::span<const W> weights) noexcept {
  const std::size_t n = budgets.size();
  index_t missing = total;
  for (const index_t b : budgets) missing -= b;
  for (bool moved = true; missing != 0 && moved;) {
    moved = false;
    const bool gain = missing > 0;
    for (std::size_t last = n; missing != 0;) { // the next one behind `last` in the order; n: from the start
      std::size_t next = n;
      for (std::size_t i = 0; i < n; ++i) {
        const bool behind = last == n || (gain ? weights[i] < weights[last] : weights[i] > weights[last]) ||
                            (weights[i] == weights[last] && i > last);
        if (behind && (next == n || (gain ? weights[i] > weights[next] : weights[i] < weights[next]))) next = i;
      }
      if (next == n) break;
      last = next;
      index_t& b = budgets[next];
      if (gain ? b >= limits.max : b <= limits.min) continue;
      b += gain ? 1 : -1;
      missing += gain ? -1 : 1;
      moved = true;
    }
  }
  return missing;
}

/// The same for every layer; what is left over goes to the first layers.
inline void uniform_budget(index_t total, std::span<index_t> layers) noexcept {
  const index_t n = static_cast<index_t>(layers.size());
  for (index_t l = 0; l < n; ++l) layers[static_cast<std::size_t>(l)] = total / n + (l < total % n ? 1 : 0);
}

/// Layer budgets that fall linearly, windows included. A sequence below twice the prefix budget is split evenly, and
/// so is a budget that leaves less than one token a layer beside the window.
///
/// Requires     p.beta >= 1
/// Effects      writes layers; they add up to total, also where the falling step is no whole number
/// Deviation    the source's integer step misses the total (125.5 instead of 120 tokens a layer at 128, window 8, 32
///              layers); repaired one token at a time, the deepest layers first
inline void pyramid_budget(index_t total, const pyramid& p, std::span<index_t> layers) noexcept {
  const index_t n = static_cast<index_t>(layers.size()), prefix = total / n - p.window;
  if (prefix < 1 || p.tokens < 2 * prefix || n < 2) return uniform_budget(total, layers);
  index_t least = prefix / p.beta, most = 2 * prefix - least;
  if (most >= p.tokens - p.window) {
    most = greater(prefix, p.tokens - p.window);
    least = 2 * prefix - most;
  }
  if (most == least) return uniform_budget(total, layers); // no slope: what total / n leaves over has its place
  const index_t step = (most - least) / (n - 1);
  for (index_t l = 0; l < n; ++l) layers[static_cast<std::size_t>(l)] = p.window + most - l * step;
  (void)repair_sum(layers, total, {p.window + least, p.window + most});
}

/// What budgets of layers add up to must lie within their limits.
[[nodiscard]] inline failure check_layer_budget(index_t total, const budget_limits& limits, index_t layers) noexcept {
  if (layers < 1) return {errc::bad_extent, "layer_budget", "layers", layers, "the least is", 1};
  if (limits.min < 0) return {errc::bad_value, "layer_budget", "min", limits.min, "the least is", 0};
  if (limits.max < limits.min) return {errc::bad_value, "layer_budget", "max", limits.max, "but min is", limits.min};
  index_t least = 0, most = 0;
  if (__builtin_mul_overflow(limits.min, layers, &least)) least = PTRDIFF_MAX;
  if (total < least) return {errc::bad_value, "layer_budget", "total", total, "but min in every layer needs", least};
  if (!__builtin_mul_overflow(limits.max, layers, &most) && total > most)
    return {errc::bad_value, "layer_budget", "total", total, "but max in every layer holds", most};
  return {};
}

/// CompressKV: every layer gets limits.min, and its share of the rest by weight, at most limits.max; rounded half to
/// even, then repaired to the exact total: the heaviest layers gain first, the lightest lose first.
///
/// Shapes    weights, layers: [layers]. weights add up to 1
/// Units     budgets include the window
/// Effects   writes layers; nothing if the code is not ok
/// Source    Lin et al. 2025, CompressKV, layer-adaptive allocation; limits there: 32, and three times the mean
[[nodiscard]] inline failure layer_budget(std::span<const double> weights, index_t total, const budget_limits& limits,
                                          std::span<index_t> layers) noexcept {
  const std::size_t n = layers.size();
  const auto count = static_cast<index_t>(n);
  if (const failure f = check_layer_budget(total, limits, count)) return f;
  if (weights.size() != n)
    return {errc::bad_extent, "layer_budget", "number of weights", static_cast<index_t>(weights.size()),
            "the layers are", count};
  for (std::size_t l = 0; l < n; ++l)
    if (!(weights[l] >= 0. && weights[l] <= 1.))
      return {errc::bad_value, "layer_budget", "weights", weights[l], "must be from 0 to", 1, static_cast<index_t>(l)};
  const auto rest = static_cast<double>(total - limits.min * count);
  for (std::size_t l = 0; l < n; ++l) layers[l] = lesser(limits.max, limits.min + round_half_even(weights[l] * rest));
  (void)repair_sum(layers, total, limits, weights);
  return {};
}

} // namespace HEED_ISA

/// The three as allocators (evict/stages.hpp).
struct uniform_layers {
  [[nodiscard]] HEED_INLINE failure allocate(index_t total, std::span<index_t> layers) const noexcept {
    if (const failure f = check_layer_budget(total, {}, static_cast<index_t>(layers.size()))) return f;
    uniform_budget(total, layers);
    return {};
  }
};
struct pyramid_layers {
  pyramid shape = {};
  [[nodiscard]] HEED_INLINE failure allocate(index_t total, std::span<index_t> layers) const noexcept {
    if (shape.beta < 1) return {errc::bad_value, "pyramid", "beta", shape.beta, "the least is", 1};
    if (shape.window < 0) return {errc::bad_value, "pyramid", "window", shape.window, "the least is", 0};
    if (shape.tokens < 1) return {errc::bad_value, "pyramid", "tokens", shape.tokens, "the least is", 1};
    if (const failure f = check_layer_budget(total, {}, static_cast<index_t>(layers.size()))) return f;
    pyramid_budget(total, shape, layers);
    return {};
  }
};
/// CompressKV's limits are 32 and three times the mean; the defaults here are none.
struct weighted_layers {
  std::span<const double> weights = {};
  budget_limits limits = {};
  [[nodiscard]] HEED_INLINE failure allocate(index_t total, std::span<index_t> layers) const noexcept {
    return layer_budget(weights, total, limits, layers);
  }
};

} // namespace heed
