// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The probability rows of chosen heads and queries, stored.
#include <heed/observe/row_choice.hpp>
#include <heed/view/footprint.hpp>

namespace heed {

/// out[seq][i][j][slot] = softmax(scores)[slot] of the j-th chosen row and the i-th chosen head. Masked slots, holes
/// and rows that a short sequence does not have are 0. A learned sink is left out.
///
/// Shapes       out: [sequences][chosen heads][chosen rows][slots]; cleared first
/// Determinism  the same bits for any worker count and batch
template <class A> class probability_rows {
public:
  HEED_INLINE explicit probability_rows(const tensor_view<A, 4>& out, const row_choice& chosen = {}) noexcept
      : out_(out), chosen_(chosen) {}

  [[nodiscard]] HEED_INLINE range rows(index_t, index_t head, index_t n) const noexcept {
    return chosen_.rows(head, n);
  }
  HEED_INLINE void observe(const probability_block<A>& p) const noexcept {
    const index_t heads = p.heads.size();
    for (std::size_t r = 0; r < p.rows.size(); ++r)
      for (index_t h = 0; h < heads; ++h) {
        const index_t head = p.heads.begin + h, lane = static_cast<index_t>(r) * heads + h;
        const index_t row = p.rows[r] - chosen_.stretch(p.sequence_rows).begin;
        for (std::size_t j = 0; j < p.slots.size(); ++j)
          out_(p.seq, chosen_.place(head), row, p.slots[j]) = p.p[static_cast<index_t>(j) * p.ld + lane];
      }
  }
  HEED_INLINE void prepare(const call_extents& e) const noexcept {
    for (index_t s = 0; s < e.sequences; ++s)
      for (index_t h = 0; h < out_.extent(1); ++h)
        for (index_t r = 0; r < out_.extent(2); ++r)
          for (index_t k = 0; k < out_.extent(3); ++k) out_(s, h, r, k) = A(0);
  }
  static constexpr const char* name = "probability_rows";
  [[nodiscard]] HEED_INLINE footprint stores_in() const noexcept { return footprint_of(out_); }
  [[nodiscard]] HEED_INLINE failure check(const call_extents& e) const noexcept {
    if (const failure f = detail::check_view("probability_rows", out_)) return f;
    if (const failure f = chosen_.check("probability_rows", e)) return f;
    if (const failure f = detail::check_written("probability_rows", out_)) return f;
    if (out_.extent(0) != e.sequences)
      return {errc::bad_extent, "probability_rows", "extent", out_.extent(0), "but the sequences are", e.sequences, 0};
    if (out_.extent(1) != chosen_.head_count(e.q_heads))
      return {errc::bad_extent,
              "probability_rows",
              "extent",
              out_.extent(1),
              "but the chosen heads are",
              chosen_.head_count(e.q_heads),
              1};
    for (index_t s = 0; s < e.sequences; ++s) {
      const index_t n = chosen_.stretch(e.rows(s)).size();
      if (n > out_.extent(2))
        return {errc::bad_extent, "probability_rows", "extent", out_.extent(2), "but the chosen rows are", n, 2};
      for (index_t g = 0; g < e.kv_heads; ++g)
        if (out_.extent(3) < e.slots(s, g))
          return {errc::bad_extent,    "probability_rows", "extent", out_.extent(3),
                  "but the slots are", e.slots(s, g),      3};
    }
    return {};
  }

private:
  tensor_view<A, 4> out_;
  row_choice chosen_;
};
static_assert(observer<probability_rows<float>, float>);

} // namespace heed
