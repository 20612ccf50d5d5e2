// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A byte for each query row and key, with broadcasting strides, per head if need be.
#include <heed/mask/key_words.hpp>
#include <heed/problem/call_extents.hpp>
#include <heed/view/footprint.hpp>
#include <heed/view/tensor_view.hpp>

namespace heed {

/// Row i of sequence s sees the key at position j for head h if bytes(s, h, i, j) is not zero: boolean tensors as
/// PyTorch and JAX store them. An extent of 1 (sequences, heads, rows) or a stride of 0 serves all. Keys at and beyond
/// the last extent are seen by none.
///
/// Shapes    bytes: [sequences or 1][query heads or 1][rows or 1][keys]
/// Requires  a view that can be walked, extents of the call or 1, else errc::bad_extent
/// Laws      bit_mask, tight_mask, key_word_mask, head_aware: heads are alike where the view does not tell them apart
/// Cost      runs: at most one word (8 loads) per row and 64 keys, and per head where heads differ; fewer where words
///           differ soon. bits: per 64 keys one word per row and a transposition
class byte_matrix {
public:
  static constexpr bool tight = true;

  HEED_INLINE explicit byte_matrix(tensor_view<const std::uint8_t, 4> bytes) noexcept : bytes_(bytes) {
    for (int i = 0; i < 3; ++i) step_[i] = bytes.extent(i) == 1 ? 0 : bytes.stride(i);
  }
  /// [rows][keys], the same for all sequences and heads.
  HEED_INLINE explicit byte_matrix(tensor_view<const std::uint8_t, 2> bytes) noexcept
      : byte_matrix(tensor_view<const std::uint8_t, 4>(bytes.data(), {1, 1, bytes.extent(0), bytes.extent(1)},
                                                       {0, 0, bytes.stride(0), bytes.stride(1)})) {}

  [[nodiscard]] HEED_INLINE bool alike(range heads) const noexcept { return step_[1] == 0 || heads.size() <= 1; }
  [[nodiscard]] HEED_INLINE bool allows(cell at) const noexcept {
    return at.k < bytes_.extent(3) && row(at)[at.k] != 0;
  }
  [[nodiscard]] HEED_INLINE std::uint64_t keys_from(cell at) const noexcept {
    const index_t count = lesser(bytes_.extent(3) - at.k, 64);
    if (count <= 0) return 0;
    const std::uint8_t* p = row(at) + at.k;
    std::uint64_t word = 0;
    index_t b = 0;
    for (; b + 8 <= count; b += 8) {
      std::uint64_t x;
      __builtin_memcpy(&x, p + b, 8);
      // The top bit of each byte says whether it is not zero; the product gathers the eight bits in the top byte.
      x = (x | ((x & 0x7f7f7f7f7f7f7f7fu) + 0x7f7f7f7f7f7f7f7fu)) & 0x8080808080808080u;
      word |= ((x >> 7) * 0x0102040810204080u >> 56) << b;
    }
    for (; b < count; ++b) word |= std::uint64_t{p[b] != 0} << b;
    return word;
  }
  [[nodiscard]] HEED_INLINE index_t runs(const tile& t, std::span<key_run> out) const noexcept {
    run_writer w{out, t.k};
    if (!t.rows.empty()) static_cast<void>(put_words(w, *this, t, {t.k.begin, bytes_.extent(3)}));
    return w.n;
  }
  HEED_INLINE void bits(const tile& t, std::span<const index_t> k, std::span<const index_t>,
                        std::span<std::uint64_t> rows) const noexcept {
    word_bits(*this, t, k, rows);
  }
  [[nodiscard]] HEED_INLINE failure check(const call_extents& e) const noexcept {
    if (const failure f = detail::check_view("byte_matrix", bytes_)) return f;
    if (bytes_.extent(0) != 1 && bytes_.extent(0) != e.sequences)
      return {errc::bad_extent, "byte_matrix", "extent", bytes_.extent(0), "1 or the sequences,", e.sequences, 0};
    if (bytes_.extent(1) != 1 && bytes_.extent(1) != e.q_heads)
      return {errc::bad_extent, "byte_matrix", "extent", bytes_.extent(1), "1 or the query heads,", e.q_heads, 1};
    for (index_t s = 0; s < e.sequences; ++s)
      if (bytes_.extent(2) != 1 && bytes_.extent(2) < e.rows(s))
        return {
            errc::bad_extent, "byte_matrix", "extent", bytes_.extent(2), "1 or at least the query rows,", e.rows(s), 2};
    return {};
  }
  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept {
    return may_share(f, footprint_of(bytes_));
  }

private:
  [[nodiscard]] HEED_INLINE const std::uint8_t* row(cell at) const noexcept {
    return bytes_.data() + at.seq * step_[0] + at.head * step_[1] + at.row * step_[2];
  }

  tensor_view<const std::uint8_t, 4> bytes_;
  index_t step_[3] = {};
};

static_assert(bit_mask<byte_matrix> && tight_mask<byte_matrix> && key_word_mask<byte_matrix>);
static_assert(head_aware<byte_matrix> && self_checking<byte_matrix>);

} // namespace heed
