// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Which key-value heads of a model keep everything and which stream: made from gates or retrieval scores, by share or
// by count. head_source::first is a full (retrieval) head, second a streaming one, as in head_split.
#include <heed/kv/head_split.hpp>

namespace heed {
namespace detail {
inline namespace HEED_ISA {
/// How many heads come before head i when they are ranked by falling score: ties by lower index, NaN last.
inline index_t heads_before(std::span<const float> scores, std::size_t i) noexcept {
  index_t n = 0;
  const bool lost = scores[i] != scores[i];
  for (std::size_t j = 0; j < scores.size(); ++j) {
    const bool above = scores[j] > scores[i] || (lost && scores[j] == scores[j]);
    const bool same = scores[j] == scores[i] || (lost && scores[j] != scores[j]);
    n += above || (same && j < i) ? 1 : 0;
  }
  return n;
}
} // namespace HEED_ISA
} // namespace detail

inline namespace HEED_ISA {

/// The `full` heads with the highest scores keep everything, of all layers and heads together; ties by lower index.
///
/// Shapes    scores, kinds: [layers * kv_heads], layer by layer. NaN is the lowest score
/// Requires  equally many scores and kinds; otherwise nothing is written
/// Cost      O(heads^2): offline
inline void full_heads_by_count(std::span<const float> scores, index_t full, std::span<head_source> kinds) noexcept {
  if (scores.size() != kinds.size()) return;
  for (std::size_t i = 0; i < scores.size(); ++i)
    kinds[i] = detail::heads_before(scores, i) < full ? head_source::first : head_source::second;
}

/// Heads that stay full at a sparsity: those at or above the quantile of the gates, interpolated between ranks. 1 and
/// more: none; 0 and less: all.
///
/// Source    Xiao et al. 2024, DuoAttention: threshold = quantile(gates, sparsity)
/// Deviation ties, of which there are many (gates that are exactly 1), are broken by index and not by noise
[[nodiscard]] HEED_INLINE index_t full_heads_at(double sparsity, index_t heads) noexcept {
  if (sparsity >= 1. || heads < 1) return 0;
  if (!(sparsity > 0.)) return heads;
  const double rank = sparsity * static_cast<double>(heads - 1);
  const auto below = static_cast<index_t>(rank);
  return heads - below - (rank > static_cast<double>(below) ? 1 : 0);
}

/// DuoAttention's gates to head kinds.
///
/// Shapes    as full_heads_by_count; gates in [0, 1] (read_duo_pattern clips them as the source's loader does)
inline void binarise(std::span<const float> gates, double sparsity, std::span<head_source> kinds) noexcept {
  full_heads_by_count(gates, full_heads_at(sparsity, static_cast<index_t>(gates.size())), kinds);
}

/// The order in which a layer's full heads come first, each kind in its own order: order[i] is the head that goes to
/// place i. Rows of W_q, W_k and W_v and columns of W_o permuted so make two contiguous calls of one layer; head_split
/// needs no permutation.
///
/// Shapes    kinds, order: [kv_heads]
/// Effects   returns the number of full heads
inline index_t full_heads_first(std::span<const head_source> kinds, std::span<index_t> order) noexcept {
  index_t place = 0;
  for (const head_source kind : {head_source::first, head_source::second})
    for (std::size_t h = 0; h < kinds.size(); ++h)
      if (kinds[h] == kind) order[static_cast<std::size_t>(place++)] = static_cast<index_t>(h);
  index_t full = 0;
  for (const head_source kind : kinds) full += kind == head_source::first ? 1 : 0;
  return full;
}

/// Heads that can keep `tokens` where the others keep `streaming`, within `rows` over all heads; none where even that
/// is too much.
[[nodiscard]] HEED_INLINE index_t full_heads_within(index_t rows, index_t heads, index_t tokens,
                                                    index_t streaming) noexcept {
  if (tokens <= streaming) return heads;
  return lesser(heads, greater(0, (rows - heads * streaming) / (tokens - streaming)));
}

/// Slots that streaming heads may keep each, beside `full` heads that keep `tokens`, within `rows` over all heads.
[[nodiscard]] HEED_INLINE index_t streaming_slots_within(index_t rows, index_t heads, index_t full,
                                                         index_t tokens) noexcept {
  return full < heads ? lesser(tokens, greater(0, (rows - full * tokens) / (heads - full))) : tokens;
}

} // namespace HEED_ISA
} // namespace heed
