// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Positions counted in the cache instead of in the text: keys are turned to where their slots stand.
#include <heed/evict/stages.hpp>
#include <heed/rope/rotate.hpp>

namespace heed {

/// A cache whose positions can be counted anew and that shows one slot's keys.
template <class C>
concept renumbering_cache = evicting_cache<C> && requires(C& c, index_t seq, index_t kv_head, index_t slot) {
  { c.key_of(seq, kv_head, slot) }
  noexcept;
  { c.renumber(seq) }
  noexcept->std::same_as<failure>;
};

namespace detail {
/// The dims of a key that may turn: all, or of a latent row [latent | rope] or [rope | latent] those beside the value.
template <class K>
[[nodiscard]] HEED_INLINE range turning_dims([[maybe_unused]] const K& kv, const kv_dims& d) noexcept {
  if constexpr (K::values_alias_keys)
    return d.value_offset == 0 ? range{d.value_dim, d.key_dim} : range{0, d.value_offset};
  else
    return {0, d.key_dim};
}
} // namespace detail

inline namespace HEED_ISA {

/// Turns every key of a sequence from its position to its slot number and gives it that position: 0, 1, 2 ... in each
/// head. seen becomes the longest head, so that the next token, and its query, stand at the end of the cache. Keys that
/// were rotated at append stay right for relative positions whatever was evicted.
///
/// Requires  keys rotated by r at their positions, latent rows in the dims beside their value; heads of equal lengths,
///           else relative positions differ by head; no compensated slot, whose running mean would stay as it was
/// Effects   turns nothing where slots already stand at their positions
/// Error     one rotation per call: 16-bit keys round once more, so re-index after an eviction, not at every step
/// Source    positions within the cache: Xiao et al. 2023, StreamingLLM, section 3.2
/// Throws    error
template <renumbering_cache C> void reindex(C& cache, index_t seq, const rope& r) {
  const auto kv = cache.source();
  const kv_dims d = kv.dims();
  if (seq < 0 || seq >= d.sequences)
    return detail::report({errc::index_out_of_range, "reindex", "seq", seq, "but the sequences are", d.sequences});
  if (const failure f = r.check()) return detail::report(f);
  const range turns = detail::turning_dims(kv, d);
  if (r.dims > turns.end - turns.begin)
    return detail::report(
        {errc::dim_mismatch, "rope", "dims", r.dims,
         decltype(kv)::values_alias_keys ? "but the dims beside the value are" : "but the rows have dim",
         turns.end - turns.begin});
  if constexpr (requires { cache.compensated_slot(seq, index_t{}); })
    for (index_t h = 0; h < d.kv_heads; ++h)
      if (const index_t slot = cache.compensated_slot(seq, h); slot >= 0)
        return detail::report({errc::bad_value, "reindex", "compensated slot", slot, "to turn keys it must be", -1, h});
  for (index_t h = 0; h < d.kv_heads; ++h)
    for (index_t i = 0; i < kv.slots(seq, h); ++i) {
      const kv_rows row = kv.rows(seq, h, {i, i + 1});
      const index_t from[] = {row.positions != nullptr ? row.positions[0] : row.first}, to[] = {i};
      if (from[0] != i)
        rerotate(r, from, to, view(cache.key_of(seq, h, i) + turns.begin, 1, 1, turns.end - turns.begin));
    }
  if (const failure f = cache.renumber(seq)) detail::report(f);
}

} // namespace HEED_ISA
} // namespace heed
