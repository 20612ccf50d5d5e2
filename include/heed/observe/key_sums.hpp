// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Sums of probabilities per key, over chosen query rows: what H2O, SnapKV and their like score with.
#include <heed/observe/row_choice.hpp>
#include <heed/simd/batch.hpp>
#include <heed/view/footprint.hpp>

namespace heed {

/// out[seq][i][slot] = sum over the chosen rows of softmax(scores)[slot], i counting the chosen heads. Slots that no
/// chosen row sees, and holes, are 0. A learned sink is left out: the probabilities of a row sum to 1.
///
/// Shapes       out: [sequences][chosen heads][slots], slots at least the longest sequence's; cleared first
/// Determinism  the same bits for any worker count and batch
/// Error        sums run over blocks of at most 64 rows, then over blocks
template <class A> class key_sums {
public:
  HEED_INLINE explicit key_sums(const tensor_view<A, 3>& out, const row_choice& chosen = {}) noexcept
      : out_(out), chosen_(chosen) {}

  [[nodiscard]] HEED_INLINE range rows(index_t, index_t head, index_t n) const noexcept {
    return chosen_.rows(head, n);
  }
  HEED_INLINE void observe(const probability_block<A>& p) const noexcept {
    using batch = simd::batch<A>;
    const index_t heads = p.heads.size(), lanes = heads * static_cast<index_t>(p.rows.size());
    for (std::size_t j = 0; j < p.slots.size(); ++j) {
      const A* row = p.p + static_cast<index_t>(j) * p.ld;
      if (heads == 1) {
        batch sum(A(0));
        for (index_t i = 0; i < p.ld; i += batch::lanes) sum = sum + batch::load(row + i);
        out_(p.seq, chosen_.place(p.heads.begin), p.slots[j]) += simd::hsum(sum);
      } else
        for (index_t h = 0; h < heads; ++h) {
          A sum = 0;
          for (index_t i = h; i < lanes; i += heads) sum += row[i];
          out_(p.seq, chosen_.place(p.heads.begin + h), p.slots[j]) += sum;
        }
    }
  }
  /// Zeroes the output before the pass.
  HEED_INLINE void prepare(const call_extents&) const noexcept {
    for (index_t s = 0; s < out_.extent(0); ++s)
      for (index_t h = 0; h < out_.extent(1); ++h)
        for (index_t k = 0; k < out_.extent(2); ++k) out_(s, h, k) = A(0);
  }
  static constexpr const char* name = "key_sums";
  [[nodiscard]] HEED_INLINE footprint stores_in() const noexcept { return footprint_of(out_); }
  [[nodiscard]] HEED_INLINE failure check(const call_extents& e) const noexcept {
    if (const failure f = detail::check_view("key_sums", out_)) return f;
    if (const failure f = chosen_.check("key_sums", e)) return f;
    if (const failure f = detail::check_written("key_sums", out_)) return f;
    if (out_.extent(0) != e.sequences)
      return {errc::bad_extent, "key_sums", "extent", out_.extent(0), "but the sequences are", e.sequences, 0};
    if (out_.extent(1) != chosen_.head_count(e.q_heads))
      return {errc::bad_extent,
              "key_sums",
              "extent",
              out_.extent(1),
              "but the chosen heads are",
              chosen_.head_count(e.q_heads),
              1};
    for (index_t s = 0; s < e.sequences; ++s)
      for (index_t g = 0; g < e.kv_heads; ++g)
        if (out_.extent(2) < e.slots(s, g))
          return {errc::bad_extent, "key_sums", "extent", out_.extent(2), "but the slots are", e.slots(s, g), 2};
    return {};
  }

private:
  tensor_view<A, 3> out_;
  row_choice chosen_;
};
static_assert(observer<key_sums<float>, float> && observer<key_sums<double>, double>);

} // namespace heed
