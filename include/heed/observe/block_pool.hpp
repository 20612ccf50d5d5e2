// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Probabilities or scores pooled over blocks of rows and slots: the estimate of every selector of sparse blocks.
#include <heed/observe/row_choice.hpp>
#include <heed/simd/batch.hpp>
#include <heed/view/footprint.hpp>

namespace heed {

/// What becomes of the cells of a block.
enum class pool_by : unsigned char { sum, maximum };

/// Blocks of `rows` chosen rows, counted from the first chosen one, times `slots` slots, counted from slot 0; the last
/// block of either side may be short. as logarithms: score - lse, so that maxima never underflow.
///
/// Requires  rows >= 1, slots >= 1; logarithms are not summed, else errc::bad_value
struct block_pooling {
  index_t rows = 128, slots = 128;
  pool_by by = pool_by::sum;
  shown as = shown::probabilities;
};

/// out[seq][i][a][b] = sum or maximum, over the a-th block of chosen rows and the b-th block of slots, of the
/// probabilities of the i-th chosen head. Masked cells and holes count as 0 (as logarithms: -inf).
///
/// Shapes       out: [sequences][chosen heads][row blocks][slot blocks], at least as many as a sequence has
/// Determinism  the same bits for any worker count and batch; keys are added one by one in ascending order, so that
///              blocks of equal probabilities get equal sums wherever they lie
/// Cost         per block of keys O(rows) per key for sums, one vector maximum per key for maxima
template <class A> class block_pool {
public:
  HEED_INLINE explicit block_pool(const tensor_view<A, 4>& out, const block_pooling& how,
                                  const row_choice& chosen = {}) noexcept
      : out_(out), how_(how), chosen_(chosen) {}

  [[nodiscard]] HEED_INLINE range rows(index_t, index_t head, index_t n) const noexcept {
    return chosen_.rows(head, n);
  }
  [[nodiscard]] HEED_INLINE shown shows() const noexcept { return how_.as; }
  [[nodiscard]] HEED_INLINE index_t slots_together() const noexcept { return how_.slots; }
  static constexpr const char* name = "block_pool";
  [[nodiscard]] HEED_INLINE footprint stores_in() const noexcept { return footprint_of(out_); }

  HEED_INLINE void observe(const probability_block<A>& p) const noexcept {
    const index_t first_row = chosen_.stretch(p.sequence_rows).begin;
    for (std::size_t j = 0; j < p.slots.size();) {
      const index_t b = p.slots[j] / how_.slots;
      std::size_t end = j + 1;
      while (end < p.slots.size() && p.slots[end] / how_.slots == b) ++end;
      if (how_.by == pool_by::maximum)
        take_maxima(p, first_row, b, j, end);
      else
        for (; j < end; ++j) add_key(p, first_row, b, p.p + static_cast<index_t>(j) * p.ld);
      j = end;
    }
  }
  /// Empties the output before the pass.
  HEED_INLINE void prepare(const call_extents&) const noexcept {
    const A nothing = how_.as == shown::logarithms ? -static_cast<A>(__builtin_inf()) : A(0);
    for (index_t s = 0; s < out_.extent(0); ++s)
      for (index_t h = 0; h < out_.extent(1); ++h)
        for (index_t a = 0; a < out_.extent(2); ++a)
          for (index_t b = 0; b < out_.extent(3); ++b) out_(s, h, a, b) = nothing;
  }
  [[nodiscard]] HEED_INLINE failure check(const call_extents& e) const noexcept {
    if (how_.rows < 1) return {errc::bad_value, "block_pool", "rows of a block", how_.rows, "the least is", 1};
    if (how_.slots < 1) return {errc::bad_value, "block_pool", "slots of a block", how_.slots, "the least is", 1};
    constexpr index_t most = index_t{1} << 40;
    if (how_.slots > most) return {errc::bad_value, "block_pool", "slots of a block", how_.slots, "the most is", most};
    if (how_.as == shown::logarithms && how_.by == pool_by::sum)
      return {errc::bad_value, "block_pool", "sums of logarithms", 1, "only maxima are taken of them; the most is", 0};
    if (const failure f = detail::check_view("block_pool", out_)) return f;
    if (const failure f = chosen_.check("block_pool", e)) return f;
    if (const failure f = detail::check_written("block_pool", out_)) return f;
    if (out_.extent(0) != e.sequences)
      return {errc::bad_extent, "block_pool", "extent", out_.extent(0), "but the sequences are", e.sequences, 0};
    const index_t heads = chosen_.head_count(e.q_heads);
    if (out_.extent(1) != heads)
      return {errc::bad_extent, "block_pool", "extent", out_.extent(1), "but the chosen heads are", heads, 1};
    for (index_t s = 0; s < e.sequences; ++s) {
      const index_t a = parts(chosen_.stretch(e.rows(s)).size(), how_.rows);
      if (a > out_.extent(2))
        return {errc::bad_extent, "block_pool", "extent", out_.extent(2), "but the blocks of rows are", a, 2};
      for (index_t g = 0; g < e.kv_heads; ++g) {
        const index_t b = parts(e.slots(s, g), how_.slots);
        if (b > out_.extent(3))
          return {errc::bad_extent, "block_pool", "extent", out_.extent(3), "but the blocks of slots are", b, 3};
      }
    }
    return {};
  }

private:
  static HEED_INLINE index_t parts(index_t n, index_t of) noexcept { return n / of + (n % of != 0 ? 1 : 0); }

  /// Adds one key's probabilities. Lanes of one head are rows: they are added up per block of rows first.
  HEED_INLINE void add_key(const probability_block<A>& p, index_t first_row, index_t b, const A* x) const noexcept {
    const index_t heads = p.heads.size(), n = static_cast<index_t>(p.rows.size());
    for (index_t h = 0; h < heads; ++h) {
      const index_t place = chosen_.place(p.heads.begin + h);
      for (index_t i = 0; i < n;) {
        const index_t row = p.rows[static_cast<std::size_t>(i)] - first_row, a = row / how_.rows;
        const index_t end = i + lesser(n - i, how_.rows - row % how_.rows);
        A sum = 0;
        for (; i < end; ++i) sum += x[i * heads + h];
        out_(p.seq, place, a, b) += sum;
      }
    }
  }
  /// Keys [j, end) lie in one block of slots.
  HEED_INLINE void take_maxima(const probability_block<A>& p, index_t first_row, index_t b, std::size_t j,
                               std::size_t end) const noexcept {
    using batch = simd::batch<A>;
    const index_t heads = p.heads.size(), n = static_cast<index_t>(p.rows.size());
    A most[64];
    for (index_t v = 0; v < p.ld; v += batch::lanes) {
      batch x = batch::load(p.p + static_cast<index_t>(j) * p.ld + v);
      for (std::size_t i = j + 1; i < end; ++i) x = max(x, batch::load(p.p + static_cast<index_t>(i) * p.ld + v));
      x.store(most + v);
    }
    for (index_t i = 0; i < n; ++i)
      for (index_t h = 0; h < heads; ++h) {
        A& at = out_(p.seq, chosen_.place(p.heads.begin + h),
                     (p.rows[static_cast<std::size_t>(i)] - first_row) / how_.rows, b);
        if (const A x = most[i * heads + h]; x > at) at = x;
      }
  }

  tensor_view<A, 4> out_;
  block_pooling how_;
  row_choice chosen_;
};
static_assert(observer<block_pool<float>, float> && observer<block_pool<double>, double>);

} // namespace heed
