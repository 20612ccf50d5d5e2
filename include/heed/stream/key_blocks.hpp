// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Short runs packed into blocks: one key and one value pointer per row, wherever the rows lie.
#include <heed/stream/slot_runs.hpp>

namespace heed {
inline namespace HEED_ISA {

/// Keys packed together. Rows may lie anywhere; entries up to `padding` beyond count repeat the last row, so that a
/// micro-kernel may read (never use) them.
struct key_block {
  static constexpr index_t capacity = 128, padding = 16;
  index_t count;
  bool any_partial, any_bias;
  const std::byte* key[capacity + padding];
  const std::byte* value[capacity + padding];
  const float* key_scales[capacity];   ///< only for formats that are unpacked
  const float* value_scales[capacity]; ///< likewise
  index_t k[capacity + padding], slot[capacity + padding];
  float bias[capacity + padding];
  bool partial[capacity];
};

/// The stream of a tile in blocks and chunks. A block holds at most `block_keys` keys and never crosses a chunk; a
/// chunk is `chunk_slots` visited slots (holes and slots of bias -inf count as visited but are not in any block). Law:
/// the same keys in the same blocks whether the stream starts at the first chunk or at a later one.
template <class M, class K> class key_blocks {
public:
  HEED_INLINE key_blocks(const M& m, const K& kv, const tile& t, index_t block_keys, index_t chunk_slots) noexcept
      : runs_(m, kv, t), source_(kv), block_keys_(block_keys), chunk_slots_(chunk_slots) {}

  /// Starts the next chunk; false when no slot is left.
  HEED_INLINE bool next_chunk() noexcept {
    left_ = chunk_slots_;
    return !at_.empty() || runs_.next(at_, cover_);
  }

  /// Fills b with the next keys of this chunk; false when it has none left.
  HEED_NOINLINE bool next(key_block& b) noexcept {
    constexpr bool scaled =
        std::is_void_v<typename K::key_format::element> || std::is_void_v<typename K::value_format::element>;
    const tile& t = runs_.at();
    index_t n = 0;
    bool any_partial = false, any_bias = false;
    while (n < block_keys_ && left_ > 0 && (!at_.empty() || runs_.next(at_, cover_))) {
      const index_t want = lesser(lesser(at_.size(), block_keys_ - n), left_);
      const kv_rows r = source_.rows(t.seq, t.kv_head, {at_.begin, at_.begin + want});
      HEED_EXPECTS(r.count >= 1 && r.count <= want);
      const bool partial = cover_ == coverage::partial;
      if (r.key != nullptr) {
        const index_t before = n;
        for (index_t j = 0; j < r.count; ++j) {
          const float bias = r.bias != nullptr ? r.bias[j] : 0.f;
          if (bias == -__builtin_inff()) continue; // evicted: never enters arithmetic
          b.key[n] = r.key + j * r.key_stride;
          b.value[n] = r.value + j * r.value_stride;
          if constexpr (scaled) {
            b.key_scales[n] = r.key_scales != nullptr ? r.key_scales + j * r.scale_stride : nullptr;
            b.value_scales[n] = r.value_scales != nullptr ? r.value_scales + j * r.scale_stride : nullptr;
          }
          b.k[n] = r.positions != nullptr ? r.positions[j] : r.first + j;
          b.slot[n] = at_.begin + j;
          b.bias[n] = bias;
          b.partial[n] = partial;
          ++n;
        }
        any_partial = any_partial || (partial && n > before);
        any_bias = any_bias || (r.bias != nullptr && n > before);
      }
      at_.begin += r.count;
      left_ -= r.count;
    }
    b.count = n;
    b.any_partial = any_partial;
    b.any_bias = any_bias;
    if (n > 0)
      for (index_t j = n; j < n + key_block::padding; ++j) {
        b.key[j] = b.key[n - 1];
        b.value[j] = b.value[n - 1];
        b.k[j] = b.k[n - 1];
        b.slot[j] = b.slot[n - 1];
        b.bias[j] = b.bias[n - 1];
      }
    return n > 0;
  }

private:
  slot_runs<M, K> runs_;
  const K& source_;
  range at_{};
  coverage cover_ = coverage::none;
  index_t block_keys_, chunk_slots_, left_ = 0;
};

} // namespace HEED_ISA
} // namespace heed
