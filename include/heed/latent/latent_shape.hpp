// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Sizes of a latent attention layer (MLA), and which of its two forms costs less.
#include <heed/kv/latent.hpp>

namespace heed {

/// What stands first in a cached row: the latent (DeepSeek), or the rotated part (llama.cpp, so that a shift of the
/// context rotates in place).
enum class latent_order : unsigned char { latent_first, rope_first };

/// Sizes of one layer. Queries come as the projection leaves them, [tokens][heads][nope | rope], rotated; the cache
/// holds rows of rank + rope numbers, one for all heads; an output row has `value` numbers for each head.
///
/// Source    DeepSeek-AI 2024, DeepSeek-V2, section 2.1: V2, V3 and R1 128 heads, V2-Lite 16; rank 512, 128 | 64, 128
struct latent_shape {
  index_t heads = 1, rank = 512, nope = 128, rope = 64, value = 128;
  latent_order order = latent_order::latent_first;

  [[nodiscard]] HEED_INLINE constexpr index_t head_dim() const noexcept { return nope + rope; }
  [[nodiscard]] HEED_INLINE constexpr index_t key_dim() const noexcept { return rank + rope; }
  [[nodiscard]] HEED_INLINE constexpr index_t latent_begin() const noexcept {
    return order == latent_order::latent_first ? 0 : rope;
  }
  [[nodiscard]] HEED_INLINE constexpr index_t rope_begin() const noexcept {
    return order == latent_order::latent_first ? rank : 0;
  }
  /// The value part of a cached row.
  [[nodiscard]] HEED_INLINE constexpr latent_row row() const noexcept { return {rank, latent_begin()}; }
  [[nodiscard]] HEED_INLINE failure check() const noexcept {
    constexpr index_t most = index_t{1} << 20;
    const struct {
      const char* name;
      index_t size, least;
    } sizes[] = {{"heads", heads, 1}, {"rank", rank, 1}, {"nope", nope, 1}, {"rope", rope, 0}, {"value", value, 1}};
    for (const auto& s : sizes) {
      if (s.size < s.least) return {errc::bad_extent, "latent_shape", s.name, s.size, "the least is", s.least};
      if (s.size > most) return {errc::bad_extent, "latent_shape", s.name, s.size, "the most is", most};
    }
    return {};
  }
  friend HEED_INLINE constexpr bool operator==(const latent_shape& a, const latent_shape& b) noexcept {
    return a.heads == b.heads && a.rank == b.rank && a.nope == b.nope && a.rope == b.rope && a.value == b.value &&
           a.order == b.order;
  }
};

/// How a layer computes. naive: cached rows are expanded to keys and values of each head, and attended to as such.
/// absorbed: the up-projections go to the queries and outputs, and the cached rows are read as they are, by all heads.
/// by_cost: what cheaper_form says, for each sequence of a call.
enum class latent_form : unsigned char { by_cost, naive, absorbed };

/// The form with fewer multiply-adds for so many query rows and cached rows of one sequence. Naive wins iff
/// 1/rows - 1/slots < (2 rank + rope - nope - rope - value) / (rank (nope + value)): with 512, 128 | 64, 128 from 171
/// rows on where slots are many, and always where rows equal slots.
///
/// Units     a causal mask's half is not counted: both forms gain by it
[[nodiscard]] HEED_INLINE latent_form cheaper_form(const latent_shape& s, index_t rows, index_t slots) noexcept {
  const auto number = [](index_t x) HEED_BODY { return static_cast<double>(x); };
  const double expand = number(s.rank) * number(s.nope + s.value); // one row of one head, in either direction
  const double pairs = number(rows) * number(slots);
  const double naive = pairs * number(s.head_dim() + s.value) + number(slots) * expand;
  const double absorbed = pairs * number(s.key_dim() + s.rank) + number(rows) * expand;
  return naive < absorbed ? latent_form::naive : latent_form::absorbed;
}

namespace detail {
/// A cache's dims against those of the layer.
HEED_INLINE failure check_cache(const kv_dims& d, const latent_shape& s) noexcept {
  if (d.kv_heads != 1)
    return {errc::bad_extent, "kv", "kv_heads", d.kv_heads, "a latent serves all heads, so it is", 1};
  if (d.key_dim != s.key_dim())
    return {errc::dim_mismatch, "kv", "key_dim", d.key_dim, "but rank and rope are together", s.key_dim()};
  if (d.value_dim != s.rank) return {errc::dim_mismatch, "kv", "value_dim", d.value_dim, "but the rank is", s.rank};
  if (d.value_offset != s.latent_begin())
    return {errc::dim_mismatch, "kv", "value_offset", d.value_offset, "but the layer's latent starts at",
            s.latent_begin()};
  return {};
}

} // namespace detail

} // namespace heed
