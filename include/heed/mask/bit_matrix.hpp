// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A bit for each query row and key, packed as FlashInfer packs custom masks.
#include <heed/mask/check_list.hpp>
#include <heed/mask/key_words.hpp>
#include <heed/view/footprint.hpp>

namespace heed {

/// Row i of sequence s sees the key at position j if bit i * columns[s] + j of the sequence's bytes is set; bits are
/// counted from the low end of each byte. Keys at and beyond columns[s] are seen by none.
///
/// Shapes    packed: bytes of all sequences; columns: [sequences]; offsets: [sequences + 1], in bytes, optional with
///           one sequence
/// Requires  ceil(rows * columns / 8) <= offsets[s + 1] - offsets[s], else errc::length_out_of_range; offsets ascend
///           inside packed, else errc::not_monotone, errc::index_out_of_range
/// Laws      bit_mask, tight_mask, key_word_mask
/// Cost      runs: at most one word per row and 64 keys, fewer where words differ soon; bits: per 64 keys one word per
///           row and a transposition
/// Source    FlashInfer, custom_mask with packed bits (little-endian), mask_indptr
struct bit_matrix {
  static constexpr bool tight = true;

  std::span<const std::uint8_t> packed{};
  index_list columns{};
  index_list offsets{};

  [[nodiscard]] HEED_INLINE range bytes_of(index_t seq) const noexcept {
    return detail::part_of(offsets, static_cast<index_t>(packed.size()), seq);
  }
  [[nodiscard]] HEED_INLINE std::uint64_t keys_from(cell at) const noexcept {
    const index_t n = columns[at.seq], count = lesser(n - at.k, 64);
    if (count <= 0) return 0;
    const index_t bit = at.row * n + at.k, shift = bit & 7;
    const std::uint8_t* p = packed.data() + bytes_of(at.seq).begin + (bit >> 3);
    std::uint64_t word = 0;
    if (shift + count > 56) { // all of eight bytes are the row's or its neighbours'
      __builtin_memcpy(&word, p, 8);
      word >>= shift;
      if (shift + count > 64) word |= std::uint64_t{p[8]} << (64 - shift);
    } else {
      for (index_t b = 0; 8 * b < shift + count; ++b) word |= std::uint64_t{p[b]} << (8 * b);
      word >>= shift;
    }
    return word & low_bits(count);
  }
  [[nodiscard]] HEED_INLINE bool allows(cell at) const noexcept {
    const index_t n = columns[at.seq];
    if (at.k >= n) return false;
    const index_t bit = at.row * n + at.k;
    return (packed[static_cast<std::size_t>(bytes_of(at.seq).begin + (bit >> 3))] >> (bit & 7) & 1) != 0;
  }
  [[nodiscard]] HEED_INLINE index_t runs(const tile& t, std::span<key_run> out) const noexcept {
    run_writer w{out, t.k};
    if (!t.rows.empty()) static_cast<void>(put_words(w, *this, t, {t.k.begin, columns[t.seq]}));
    return w.n;
  }
  HEED_INLINE void bits(const tile& t, std::span<const index_t> k, std::span<const index_t>,
                        std::span<std::uint64_t> rows) const noexcept {
    word_bits(*this, t, k, rows);
  }
  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept {
    return detail::any_shares(f, packed, columns, offsets);
  }
  [[nodiscard]] HEED_INLINE failure check(const call_extents& e) const noexcept {
    if (const failure f = detail::check_per_sequence("bit_matrix", "columns", "count of columns", columns, 0, e))
      return f;
    if (const failure f = detail::check_optional_offsets("bit_matrix", "offsets", "count of offsets", offsets,
                                                         static_cast<index_t>(packed.size()), e))
      return f;
    for (index_t s = 0; s < e.sequences; ++s) {
      index_t bits = 0;
      if (__builtin_mul_overflow(e.rows(s), columns[s], &bits) || bits > all_positions.end)
        return {errc::size_overflow, "bit_matrix", "columns", columns[s], "too many for query rows", e.rows(s), s};
      if (bytes_of(s).size() < (bits + 7) / 8)
        return {errc::length_out_of_range,
                "bit_matrix",
                "count of bytes",
                bytes_of(s).size(),
                "rows and columns need",
                (bits + 7) / 8,
                s};
    }
    return {};
  }
};

static_assert(bit_mask<bit_matrix> && tight_mask<bit_matrix> && key_word_mask<bit_matrix>);
static_assert(self_checking<bit_matrix>);

} // namespace heed
