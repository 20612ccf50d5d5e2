// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Masks in which each query sees one stretch of keys: runs and bits follow from that stretch.
#include <heed/mask/exact_runs.hpp>

namespace heed {

/// A mask in which the query at position q of sequence seq sees exactly the keys of visible(seq, q), whatever its row
/// and head. Such a mask writes allows, runs and bits in one line each with the three functions below.
template <class M>
concept interval_mask = std::copyable<M> && requires(const M m, index_t seq, index_t q) {
  { m.visible(seq, q) }
  noexcept->std::same_as<range>;
};

template <interval_mask M> HEED_INLINE bool interval_allows(const M& m, cell at) noexcept {
  return holds(m.visible(at.seq, at.q), at.k);
}

inline namespace HEED_ISA {

/// Runs of the union of the rows' stretches, full where all of them meet. Rows in any order, positions may repeat.
///
/// Cost      O(rows); where the stretches leave gaps between them O(rows) per run, at worst O(rows) more per run for
///           rows in no order
template <interval_mask M> index_t interval_runs(const M& m, const tile& t, std::span<key_run> out) noexcept {
  run_writer w{out, t.k};
  const std::size_t n = t.q.size();
  if (n == 0) return 0;
  range some{}, every = all_positions;
  bool joined = true;
  for (std::size_t i = 0; i < n; ++i) {
    const range r = m.visible(t.seq, t.q[i]);
    every = meet(every, r);
    if (r.empty()) continue;
    if (some.empty())
      some = r;
    else if (r.begin <= some.end && some.begin <= r.end)
      some = {lesser(some.begin, r.begin), greater(some.end, r.end)};
    else
      joined = false;
  }
  if (joined) {
    static_cast<void>(w.put(some, every));
    return w.n;
  }
  // Two stretches lie apart, so nothing is seen by all: find the pieces of the union one by one.
  for (index_t p = t.k.begin; p < t.k.end;) {
    range piece{all_positions.end, all_positions.end};
    for (std::size_t i = 0; i < n; ++i) {
      const range r = m.visible(t.seq, t.q[i]);
      if (!r.empty() && r.end > p) piece.begin = lesser(piece.begin, greater(r.begin, p));
    }
    if (piece.begin >= t.k.end) break;
    piece.end = piece.begin;
    for (bool grew = true; grew;) {
      grew = false;
      for (std::size_t i = 0; i < n; ++i) {
        const range r = m.visible(t.seq, t.q[i]);
        if (r.begin > piece.end || r.end <= piece.end) continue;
        piece.end = r.end;
        grew = true;
      }
    }
    if (!w.put(piece, coverage::partial)) break;
    p = piece.end;
  }
  return w.n;
}

/// Bits of up to 64 rows.
///
/// Cost      O(rows + keys) where both ends of the rows' stretches ascend (positions ascend) and the keys are close to
///           sorted, or where the keys are consecutive; else O(rows) per stretch of consecutive keys
template <interval_mask M>
void interval_bits(const M& m, const tile& t, std::span<const index_t> k, std::span<std::uint64_t> rows) noexcept {
  const index_t n = lesser(static_cast<index_t>(t.q.size()), 64);
  const std::size_t keys = k.size();
  index_t begin[64], end[64];
  bool ascend = true;
  for (index_t i = 0; i < n; ++i) {
    const range r = m.visible(t.seq, t.q[static_cast<std::size_t>(i)]);
    begin[i] = r.begin;
    end[i] = r.end;
    if (i > 0) ascend = ascend && begin[i - 1] <= r.begin && end[i - 1] <= r.end;
  }
  bool consecutive = true;
  for (std::size_t j = 1; consecutive && j < keys; ++j) consecutive = k[j] == k[j - 1] + 1;
  if (ascend && !consecutive) {
    // The rows that see a key are neighbours: from the first that ends behind it to the first that begins behind it.
    index_t from = 0, to = 0;
    for (std::size_t j = 0; j < keys; ++j) {
      const index_t x = k[j];
      while (from < n && end[from] <= x) ++from;
      while (from > 0 && end[from - 1] > x) --from;
      while (to < n && begin[to] <= x) ++to;
      while (to > 0 && begin[to - 1] > x) --to;
      rows[j] = low_bits(to) & ~low_bits(from);
    }
    return;
  }
  // Mark where each row's stretch begins and ends, then add up.
  for (std::size_t a = 0; a < keys;) {
    std::size_t b = a + 1;
    while (b < keys && k[b] == k[b - 1] + 1) ++b;
    const range here{k[a], k[a] + static_cast<index_t>(b - a)};
    for (std::size_t j = a; j < b; ++j) rows[j] = 0;
    for (index_t i = 0; i < n; ++i) {
      const range r = meet(here, {begin[i], end[i]});
      if (r.empty()) continue;
      rows[a + static_cast<std::size_t>(r.begin - here.begin)] ^= std::uint64_t{1} << i;
      if (r.end < here.end) rows[a + static_cast<std::size_t>(r.end - here.begin)] ^= std::uint64_t{1} << i;
    }
    for (std::size_t j = a + 1; j < b; ++j) rows[j] ^= rows[j - 1];
    a = b;
  }
}

} // namespace HEED_ISA
} // namespace heed
