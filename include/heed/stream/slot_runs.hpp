// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The mask's answer in slots: the one stream that the planner, the kernels and the observers walk.
#include <heed/concepts.hpp>

namespace heed {
inline namespace HEED_ISA {

/// Stretches of slots that a tile visits, ascending, each full or partial.
///
/// Where positions do not ascend with slots, the answer is one stretch over all slots: full only if the mask is full on
/// every position.
/// Cost      one mask.runs call per 16 runs; no memory
template <class M, class K> class slot_runs {
public:
  static constexpr int capacity = 16;

  HEED_INLINE slot_runs(const M& m, const K& kv, const tile& t) noexcept
      : mask_(m), source_(kv), tile_(t), ordered_(kv.ordered(t.seq, t.kv_head)) {}

  [[nodiscard]] HEED_INLINE const tile& at() const noexcept { return tile_; }

  HEED_NOINLINE bool next(range& slots, coverage& cover) noexcept {
    if (tile_.slots.empty()) return false;
    if (!ordered_) return next_unordered(slots, cover);
    for (;;) {
      if (i_ == n_) {
        if (last_) return false;
        n_ = mask_.runs(tile_, std::span<key_run>(buffer_, capacity));
        i_ = 0;
        last_ = n_ < capacity;
        if (n_ == 0) return false;
        tile_.k.begin = buffer_[n_ - 1].k.end;
      }
      const key_run r = buffer_[i_++];
      slots =
          meet({source_.locate(tile_.seq, tile_.kv_head, r.k.begin), source_.locate(tile_.seq, tile_.kv_head, r.k.end)},
               tile_.slots);
      cover = r.cover;
      if (!slots.empty()) return true;
    }
  }

private:
  HEED_INLINE bool next_unordered(range& slots, coverage& cover) noexcept {
    if (last_) return false;
    last_ = true;
    n_ = mask_.runs(tile_, std::span<key_run>(buffer_, capacity));
    if (n_ == 0) return false;
    slots = tile_.slots;
    const bool whole = n_ == 1 && buffer_[0].cover == coverage::full && buffer_[0].k == tile_.k;
    cover = whole ? coverage::full : coverage::partial;
    return true;
  }

  const M& mask_;
  const K& source_;
  tile tile_;
  key_run buffer_[capacity];
  index_t n_ = 0, i_ = 0;
  bool ordered_, last_ = false;
};

/// The tile restricted to a stretch of slots, with the hull of their positions. How a source numbers a hole is its own
/// affair, so a stretch that starts or ends with one reaches to the first or last position there is.
template <class K> HEED_INLINE tile clip(tile t, const K& kv, range slots) noexcept {
  t.slots = slots;
  if (slots.empty()) return t;
  if (kv.ordered(t.seq, t.kv_head)) {
    const kv_rows a = kv.rows(t.seq, t.kv_head, {slots.begin, slots.begin + 1});
    const kv_rows b = kv.rows(t.seq, t.kv_head, {slots.end - 1, slots.end});
    t.k = {0, kv.seen(t.seq)};
    if (a.key != nullptr) t.k.begin = a.positions != nullptr ? a.positions[0] : a.first;
    if (b.key != nullptr) t.k.end = (b.positions != nullptr ? b.positions[0] : b.first) + 1;
  }
  return t;
}

} // namespace HEED_ISA
} // namespace heed
