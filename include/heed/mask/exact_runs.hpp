// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Runs from bits: how a stretch in which only cells tell is classified key by key.
#include <heed/mask/run_cursor.hpp>

namespace heed {

/// The first n bits.
HEED_INLINE constexpr std::uint64_t low_bits(index_t n) noexcept {
  return n >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << n) - 1;
}

/// Which of up to 64 consecutive keys some cell of the tile sees, and which all do: bit b is key b.
struct seen_keys {
  std::uint64_t some = 0, every = ~std::uint64_t{0};

  HEED_INLINE void add(std::uint64_t keys) noexcept {
    some |= keys;
    every &= keys;
  }
};

/// Writes the runs of `count` <= 64 keys from `first` on. False: the buffer is full.
[[nodiscard]] HEED_INLINE bool put_keys(run_writer& w, index_t first, index_t count, seen_keys seen) noexcept {
  for (index_t b = 0; b < count;) {
    const bool visible = (seen.some >> b & 1) != 0, whole = visible && (seen.every >> b & 1) != 0;
    const std::uint64_t like = !visible ? ~seen.some : whole ? seen.every : seen.some & ~seen.every;
    const std::uint64_t change = ~(like >> b);
    const index_t e = change == 0 ? count : lesser(b + __builtin_ctzll(change), count);
    const coverage cover = !visible ? coverage::none : whole ? coverage::full : coverage::partial;
    if (!w.put({first + b, first + e}, cover)) return false;
    b = e;
  }
  return true;
}

/// bits of any mask; one that has only allows is asked cell by cell, at the tile's first head.
template <mask M>
HEED_INLINE void mask_bits(const M& m, const tile& t, std::span<const index_t> k, std::span<const index_t> slots,
                           std::span<std::uint64_t> rows) noexcept {
  if constexpr (bit_mask<M>) {
    m.bits(t, k, slots, rows);
  } else {
    const std::size_t n = t.rows.size() < 64 ? t.rows.size() : 64;
    for (std::size_t j = 0; j < k.size(); ++j) {
      rows[j] = 0;
      for (std::size_t i = 0; i < n; ++i)
        rows[j] |= std::uint64_t{m.allows({t.seq, t.heads.begin, t.q[i], k[j], t.rows[i], slots[j]})} << i;
    }
  }
}

inline namespace HEED_ISA {

/// Writes the runs of `stretch`, classified key by key for all rows and heads of the tile. False: the buffer is full.
///
/// Requires  the mask's answer depends on no slot (bits and allows are given the position as slot)
/// Cost      bits of 64 keys and 64 rows per 4096 cells, once per head where the heads are not alike
template <mask M> [[nodiscard]] bool put_exact(run_writer& w, const M& m, const tile& t, range stretch) noexcept {
  const bool same = alike(m, t.heads);
  stretch = meet(stretch, t.k);
  for (index_t first = stretch.begin; first < stretch.end; first += 64) {
    const index_t count = lesser(stretch.end - first, 64);
    index_t k[64];
    std::uint64_t rows[64];
    for (index_t b = 0; b < count; ++b) k[b] = first + b;
    const std::span<const index_t> keys(k, static_cast<std::size_t>(count));
    seen_keys seen;
    tile part = t;
    part.k = {first, first + count};
    for (index_t h = t.heads.begin; h < (same ? t.heads.begin + 1 : t.heads.end); ++h) {
      if (!same) part.heads = {h, h + 1};
      for (std::size_t row = 0; row < t.rows.size(); row += 64) {
        const std::size_t panel = t.rows.size() - row < 64 ? t.rows.size() - row : 64;
        if (t.rows.size() > 64) {
          part.rows = t.rows.subspan(row, panel);
          part.q = t.q.subspan(row, panel);
          part.q_hull = {part.q[0], part.q[0] + 1};
          for (const index_t q : part.q) part.q_hull = {lesser(part.q_hull.begin, q), greater(part.q_hull.end, q + 1)};
        }
        mask_bits(m, part, keys, keys, std::span<std::uint64_t>(rows, keys.size()));
        const std::uint64_t lanes = low_bits(static_cast<index_t>(panel));
        std::uint64_t some = 0, every = 0;
        for (index_t b = 0; b < count; ++b) {
          some |= std::uint64_t{(rows[b] & lanes) != 0} << b;
          every |= std::uint64_t{(rows[b] & lanes) == lanes} << b;
        }
        seen.some |= some;
        seen.every &= every;
      }
    }
    if (!put_keys(w, first, count, seen)) return false;
  }
  return true;
}

} // namespace HEED_ISA
} // namespace heed
