// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Intersection of masks: a query sees the keys that all of them let it see.
#include <heed/mask/mask_list.hpp>
#include <heed/view/footprint.hpp>

namespace heed {

/// Intersection of one or more masks, built by heed::all_of(a, b, c...).
///
/// Laws      bit_mask; tight_mask where every part is: the coverage is as exact as that of a single mask; alike where
///           every part is. If a part is a query_tiler it decides which rows form a tile; of several the first does.
///           Likewise the first row_divider
/// Cost      the parts' runs and bits, and where two or more parts are partial for the same keys their bits for those
///           keys once more
template <mask... Parts>
requires(sizeof...(Parts) >= 1) class all_of {
public:
  static constexpr bool tight = (tight_mask<Parts> && ...);

  HEED_INLINE explicit all_of(Parts... parts) noexcept : parts_(parts...) {}

  [[nodiscard]] HEED_INLINE bool allows(cell at) const noexcept {
    return parts_.template allows<detail::joining::all>(at);
  }
  [[nodiscard]] HEED_INLINE index_t runs(const tile& t, std::span<key_run> out) const noexcept {
    return detail::joined_runs<detail::joining::all>(*this, parts_, t, out);
  }
  HEED_INLINE void bits(const tile& t, std::span<const index_t> k, std::span<const index_t> slots,
                        std::span<std::uint64_t> rows) const noexcept {
    detail::joined_bits<detail::joining::all>(parts_, t, k, slots, rows);
  }
  [[nodiscard]] HEED_INLINE bool alike(range heads) const noexcept { return parts_.alike(heads); }
  [[nodiscard]] HEED_INLINE bool alike_in(index_t seq, index_t rows, range heads) const noexcept {
    return parts_.alike_in(seq, rows, heads);
  }
  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept { return parts_.touches(f); }
  [[nodiscard]] HEED_INLINE failure check(const call_extents& e) const noexcept { return parts_.check(e); }
  [[nodiscard]] HEED_INLINE index_t query_tiles(index_t seq, index_t rows, index_t capacity) const noexcept
      requires(query_tiler<Parts> || ...) {
    return parts_.tiler().query_tiles(seq, rows, capacity);
  }
  [[nodiscard]] HEED_INLINE index_t query_tile(index_t seq, index_t rows, index_t capacity, index_t i,
                                               std::span<index_t> out) const noexcept
      requires(query_tiler<Parts> || ...) {
    return parts_.tiler().query_tile(seq, rows, capacity, i, out);
  }
  [[nodiscard]] HEED_INLINE index_t most_query_tiles(index_t sequences, index_t rows, index_t capacity) const noexcept
      requires(bounded_query_tiler<detail::tiler_of<Parts...>>) {
    return parts_.tiler().most_query_tiles(sequences, rows, capacity);
  }
  [[nodiscard]] HEED_INLINE index_t tile_panels(index_t seq) const noexcept
      requires(panel_query_tiler<detail::tiler_of<Parts...>>) {
    return parts_.tiler().tile_panels(seq);
  }

  [[nodiscard]] HEED_INLINE index_t tile_end(index_t seq, index_t first, index_t end) const noexcept
      requires(row_divider<Parts> || ...) {
    return parts_.divider().tile_end(seq, first, end);
  }

private:
  detail::mask_list<Parts...> parts_;
};

} // namespace heed
