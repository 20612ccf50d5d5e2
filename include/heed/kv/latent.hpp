// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Latent rows (MLA): one stored row is the key, and the value is a part of it.
#include <heed/kv/contiguous.hpp>
#include <heed/kv/paged.hpp>
#include <heed/kv/sink_ring.hpp>

namespace heed {

/// Which part of a row [latent | rope] or [rope | latent] is the value. value_offset: the numbers in front of it, 0
/// where the latent comes first, the rope dim where it comes last.
struct latent_row {
  index_t value_dim;
  index_t value_offset = 0;
};

namespace detail {

/// Rows with an axis for the one head that all query heads read.
template <class T>
HEED_INLINE tensor_view<const std::remove_const_t<T>, 4> with_one_head(const tensor_view<T, 2>& rows) noexcept {
  return as_rank_4(rows).swapped(1, 2);
}
template <class T>
HEED_INLINE tensor_view<const std::remove_const_t<T>, 4> with_one_head(const tensor_view<T, 3>& rows) noexcept {
  return as_rank_4(rows).swapped(0, 1).swapped(1, 2);
}
template <class T>
HEED_INLINE tensor_view<const std::remove_const_t<T>, 4> with_one_head(const tensor_view<T, 4>& rows) noexcept {
  return as_rank_4(rows);
}
/// The values inside the keys; an offset outside the row is refused by the call, and not followed here.
template <class T>
HEED_INLINE tensor_view<const T, 4> value_part(const tensor_view<const T, 4>& keys, const latent_row& row) noexcept {
  const bool inside = row.value_offset >= 0 && row.value_offset <= keys.extent(3);
  return keys.slice(3, inside ? row.value_offset : 0, row.value_dim);
}

} // namespace detail

/// Rows in one buffer. Values are never stored or read twice.
///
/// Shapes    rows: [tokens][dim], one sequence, or packed ones with layout.offsets; [batch][tokens][dim]; or
///           [batch][tokens][kv_heads][dim], where groups of query heads have latents of their own
/// Requires  0 <= value_offset, value_offset + value_dim <= dim. Calls name their scale: 1/sqrt(dim) is not the one
/// that
///           the heads had before absorption, so a call without heed::scale does not compile
/// Cost      O(1)
/// Source    DeepSeek-AI 2024, DeepSeek-V2, section 2.1 (multi-head latent attention)
template <class T, int Rank>
requires(Rank >= 2) [[nodiscard]] HEED_INLINE auto latent(const tensor_view<T, Rank>& rows, const latent_row& row,
                                                          const contiguous_layout& layout = {}) noexcept {
  using number = std::remove_const_t<T>;
  const auto keys = detail::with_one_head(rows);
  const index_t sequences = !layout.offsets.empty() ? layout.offsets.size() - 1 : Rank >= 3 ? rows.extent(0) : 1;
  return contiguous_source<number, number, true>(keys, detail::value_part(keys, row), Rank == 2 ? 1 : 0, sequences,
                                                 layout, row.value_offset);
}
/// Packed ragged sequences: sequence s has the rows [offsets[s], offsets[s + 1]).
template <class T>
[[nodiscard]] HEED_INLINE auto latent(const tensor_view<T, 2>& rows, const latent_row& row,
                                      const index_list& offsets) noexcept {
  using number = std::remove_const_t<T>;
  contiguous_layout layout;
  layout.offsets = offsets;
  const auto keys = detail::with_one_head(rows);
  return contiguous_source<number, number, true>(keys, detail::value_part(keys, row), 1, offsets.size() - 1, layout,
                                                 row.value_offset);
}

/// Rows in pages of a pool, any page size.
///
/// Shapes    pool: [pages][page][dim], or [pages][page][kv_heads][dim]. table: page_table, block_table or
///           head_page_table
template <class T, int Rank, class Table>
requires((Rank == 3 || Rank == 4) && std::constructible_from<detail::page_lists, const Table&>) //
    [[nodiscard]] HEED_INLINE auto latent(const tensor_view<T, Rank>& pool, const latent_row& row, const Table& table,
                                          const paged_slots& slots = {}) noexcept {
  using number = std::remove_const_t<T>;
  const auto keys = detail::with_one_head(pool);
  return paged_source<number, number, true>(keys, detail::value_part(keys, row), detail::page_lists(table), slots,
                                            row.value_offset);
}

/// One sequence in a ring behind its sinks: [sinks + ring][dim].
template <class T>
[[nodiscard]] HEED_INLINE auto latent(const tensor_view<T, 2>& rows, const latent_row& row,
                                      const sink_ring_layout& ring) noexcept {
  using number = std::remove_const_t<T>;
  const auto keys = detail::with_one_head(rows);
  return sink_ring_source<number, number, true>(keys, detail::value_part(keys, row), 1, sink_ring_batch{ring.sinks, {}},
                                                ring.seen, row.value_offset);
}

static_assert(kv_source<decltype(latent(tensor_view<float, 2>(), {}))>);

} // namespace heed
