// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Masks that store a bit or byte per cell, row by row: runs and bits follow from words of 64 keys of one row.
#include <heed/mask/exact_runs.hpp>

namespace heed {

/// A mask that answers for 64 keys of one row: bit b of keys_from(at) says whether the query of `at` sees the key at
/// position at.k + b. Such a mask writes allows, runs and bits in one line each with the functions below.
template <class M>
concept key_word_mask = std::copyable<M> && requires(const M m, cell at) {
  { m.keys_from(at) }
  noexcept->std::same_as<std::uint64_t>;
};

/// 64 bits of a packed list from bit `first` on; bits at and beyond 64 * words are 0. first may be negative.
HEED_INLINE std::uint64_t bits_from(const std::uint64_t* list, index_t words, index_t first) noexcept {
  const index_t w = first >> 6, shift = first & 63;
  const std::uint64_t low = w >= 0 && w < words ? list[w] : 0, high = w + 1 >= 0 && w + 1 < words ? list[w + 1] : 0;
  return shift == 0 ? low : low >> shift | high << (64 - shift);
}

inline namespace HEED_ISA {

/// Exchanges rows and columns of 64 x 64 bits, in place.
///
/// Source    Warren, Hacker's Delight, 2nd edition, section 7-3
template <class Word> void transpose_bits(Word (&a)[64]) noexcept {
  Word mask = 0xffffffffu;
  for (unsigned j = 32; j != 0; j >>= 1, mask ^= mask << j)
    for (unsigned k = 0; k < 64; k = ((k | j) + 1) & ~j) {
      const Word x = (a[k] >> j ^ a[k | j]) & mask;
      a[k] ^= x << j;
      a[k | j] ^= x;
    }
}

/// Writes the runs of a stretch. A word whose keys are all seen by some and not by all is settled early.
///
/// Cost      at most one word per row, head (where they differ) and 64 keys
template <key_word_mask M>
[[nodiscard]] bool put_words(run_writer& w, const M& m, const tile& t, range stretch) noexcept {
  const index_t heads = alike(m, t.heads) ? t.heads.begin + 1 : t.heads.end;
  stretch = meet(stretch, t.k);
  for (index_t first = stretch.begin; first < stretch.end; first += 64) {
    const index_t count = lesser(stretch.end - first, 64);
    const std::uint64_t asked = low_bits(count);
    seen_keys seen;
    bool open = true;
    for (index_t h = t.heads.begin; open && h < heads; ++h)
      for (std::size_t i = 0; open && i < t.rows.size(); ++i) {
        seen.add(m.keys_from({t.seq, h, t.q[i], first, t.rows[i], first}));
        open = (asked & ~(seen.some & ~seen.every)) != 0;
      }
    if (!put_keys(w, first, count, seen)) return false;
  }
  return true;
}

/// Bits of up to 64 rows at the tile's first head.
///
/// Cost      per 64 keys that lie within 64 positions one word per row and a transposition; O(rows) per key that stands
///           alone
template <key_word_mask M>
void word_bits(const M& m, const tile& t, std::span<const index_t> k, std::span<std::uint64_t> rows) noexcept {
  const std::size_t n = t.rows.size() < 64 ? t.rows.size() : 64;
  for (std::size_t a = 0; a < k.size();) {
    std::size_t b = a + 1;
    while (b < k.size() && k[b] >= k[a] && k[b] < k[a] + 64) ++b;
    std::uint64_t word[64];
    for (std::size_t i = 0; i < n; ++i) word[i] = m.keys_from({t.seq, t.heads.begin, t.q[i], k[a], t.rows[i], k[a]});
    if ((b - a) * n <= 256) { // fewer steps than a transposition
      for (std::size_t j = a; j < b; ++j) {
        rows[j] = 0;
        for (std::size_t i = 0; i < n; ++i) rows[j] |= (word[i] >> (k[j] - k[a]) & 1) << i;
      }
    } else {
      for (std::size_t i = n; i < 64; ++i) word[i] = 0;
      transpose_bits(word);
      for (std::size_t j = a; j < b; ++j) rows[j] = word[k[j] - k[a]];
    }
    a = b;
  }
}

} // namespace HEED_ISA
} // namespace heed
