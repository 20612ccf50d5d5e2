// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Complement of a mask: a query sees the keys that the mask hides.
#include <heed/mask/exact_runs.hpp>
#include <heed/problem/call_extents.hpp>
#include <heed/view/footprint.hpp>

namespace heed {

namespace detail {
inline namespace HEED_ISA {
/// The gaps between the runs are full, the full runs are gaps, partial ones stay.
template <mask M> index_t complement_runs(const M& m, const tile& t, std::span<key_run> out) noexcept {
  run_writer w{out, t.k};
  if (t.rows.empty()) return 0;
  run_cursor<M> cursor(m, t);
  for (index_t p = t.k.begin; p < t.k.end;) {
    index_t end = t.k.end;
    const coverage c = cursor.at(p, end);
    if (!w.put({p, end}, c == coverage::none      ? coverage::full
                         : c == coverage::partial ? coverage::partial
                                                  : coverage::none))
      break;
    p = end;
  }
  return w.n;
}
} // namespace HEED_ISA
} // namespace detail

/// Complement of a mask, built by heed::none_of(m).
///
/// Laws      bit_mask; tight_mask where the part is; none_of(none_of(m)) equals m
/// Cost      the part's runs and bits
template <mask Part> class none_of {
public:
  static constexpr bool tight = tight_mask<Part>;

  HEED_INLINE explicit none_of(Part part) noexcept : part_(part) {}

  [[nodiscard]] HEED_INLINE bool allows(cell at) const noexcept { return !part_.allows(at); }
  [[nodiscard]] HEED_INLINE index_t runs(const tile& t, std::span<key_run> out) const noexcept {
    return detail::complement_runs(part_, t, out);
  }
  HEED_INLINE void bits(const tile& t, std::span<const index_t> k, std::span<const index_t> slots,
                        std::span<std::uint64_t> rows) const noexcept {
    mask_bits(part_, t, k, slots, rows);
    for (std::size_t j = 0; j < k.size(); ++j) rows[j] = ~rows[j];
  }
  [[nodiscard]] HEED_INLINE bool alike(range heads) const noexcept { return heed::alike(part_, heads); }
  [[nodiscard]] HEED_INLINE bool alike_in(index_t seq, index_t rows, range heads) const noexcept {
    return heed::alike_in(part_, seq, rows, heads);
  }
  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept { return detail::touches(part_, f); }
  [[nodiscard]] HEED_INLINE failure check(const call_extents& e) const noexcept {
    if constexpr (self_checking<Part>) return part_.check(e);
    return {};
  }
  [[nodiscard]] HEED_INLINE index_t query_tiles(index_t seq, index_t rows,
                                                index_t capacity) const noexcept requires query_tiler<Part> {
    return part_.query_tiles(seq, rows, capacity);
  }
  [[nodiscard]] HEED_INLINE index_t query_tile(index_t seq, index_t rows, index_t capacity, index_t i,
                                               std::span<index_t> out) const noexcept requires query_tiler<Part> {
    return part_.query_tile(seq, rows, capacity, i, out);
  }
  [[nodiscard]] HEED_INLINE index_t most_query_tiles(
      index_t sequences, index_t rows, index_t capacity) const noexcept requires bounded_query_tiler<Part> {
    return part_.most_query_tiles(sequences, rows, capacity);
  }
  [[nodiscard]] HEED_INLINE index_t tile_panels(index_t seq) const noexcept requires panel_query_tiler<Part> {
    return part_.tile_panels(seq);
  }

private:
  Part part_;
};
/// Without this a complement of a complement would be deduced as a copy.
template <mask Part> none_of(none_of<Part>) -> none_of<none_of<Part>>;

} // namespace heed
