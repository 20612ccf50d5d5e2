// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Executable laws of key-value sources, for the library's own and for users' own.
#include <heed/problem/call_extents.hpp>
#include <heed/view/element.hpp>

#include <algorithm>
#include <vector>

namespace heed::testing {

/// Which law a source breaks, and where; false if none.
struct source_report {
  const char* broken = nullptr; ///< the law, in words
  index_t seq = -1, kv_head = -1, slot = -1;
  index_t value = 0, expected = 0;
  HEED_INLINE explicit operator bool() const noexcept { return broken != nullptr; }
};

namespace detail {

/// One slot as a walk saw it.
struct seen_slot {
  const std::byte *key, *value;
  index_t position;
  const float *bias, *key_scales, *value_scales;
  friend HEED_INLINE bool operator==(const seen_slot& a, const seen_slot& b) noexcept {
    // The numbering of a hole is the source's own affair.
    if (a.key == nullptr || b.key == nullptr) return a.key == b.key;
    return a.key == b.key && a.value == b.value && a.position == b.position && a.bias == b.bias &&
           a.key_scales == b.key_scales && a.value_scales == b.value_scales;
  }
};

inline namespace HEED_ISA {

/// Walks [0, n) asking for at most `most` slots at a time.
template <kv_source K>
source_report walk(const K& kv, index_t seq, index_t kv_head, index_t n, index_t most, std::vector<seen_slot>& out) {
  out.clear();
  for (index_t i = 0; i < n;) {
    const range asked{i, lesser(n, i + most)};
    const kv_rows r = kv.rows(seq, kv_head, asked);
    if (r.count < 1) return {"rows: count is at least 1", seq, kv_head, i, r.count, 1};
    if (r.count > asked.size())
      return {"rows: count is at most the slots asked", seq, kv_head, i, r.count, asked.size()};
    if (r.key != nullptr && r.value == nullptr) return {"rows: a key comes with a value", seq, kv_head, i, 0, 1};
    if constexpr (K::values_alias_keys && !std::is_void_v<typename K::key_format::element>) {
      const auto at = kv.dims().value_offset * static_cast<index_t>(sizeof(typename K::key_format::element));
      if (r.key != nullptr && (r.value != r.key + at || r.value_stride != r.key_stride))
        return {"rows: an aliased value lies at value_offset in its key row", seq, kv_head, i, r.value - r.key, at};
    }
    for (index_t j = 0; j < r.count; ++j) {
      seen_slot s{};
      if (r.key != nullptr) {
        s.key = r.key + j * r.key_stride;
        s.value = r.value + j * r.value_stride;
        s.position = r.positions != nullptr ? r.positions[j] : r.first + j;
        if (r.bias != nullptr) s.bias = r.bias + j;
        if (r.key_scales != nullptr) s.key_scales = r.key_scales + j * r.scale_stride;
        if (r.value_scales != nullptr) s.value_scales = r.value_scales + j * r.scale_stride;
      }
      out.push_back(s);
    }
    i += r.count;
  }
  return {};
}

/// locate(position) is a lower bound over the slots that hold something.
template <kv_source K>
source_report check_locate(const K& kv, index_t seq, index_t kv_head, index_t position,
                           const std::vector<seen_slot>& slots) {
  const index_t n = static_cast<index_t>(slots.size()), at = kv.locate(seq, kv_head, position);
  if (at < 0) return {"locate: in [0, slots]", seq, kv_head, at, at, 0};
  if (at > n) return {"locate: in [0, slots]", seq, kv_head, at, at, n};
  for (index_t i = 0; i < n; ++i) {
    const seen_slot& s = slots[static_cast<std::size_t>(i)];
    if (s.key == nullptr) continue;
    if (i < at && s.position >= position)
      return {"locate: slots before it are before the position", seq, kv_head, i, s.position, position};
    if (i >= at && s.position < position)
      return {"locate: slots from it on are at or after the position", seq, kv_head, i, s.position, position};
  }
  return {};
}

/// equal_heads: the head's slots stand where those of head 0 do.
template <kv_source K> source_report check_equal(const K& kv, index_t seq, index_t kv_head) {
  const index_t n = kv.slots(seq, kv_head), first = kv.slots(seq, 0);
  if (n != first) return {"equal_heads: slots are those of head 0", seq, kv_head, -1, n, first};
  if (kv.ordered(seq, kv_head) != kv.ordered(seq, 0))
    return {"equal_heads: ordered as head 0 is", seq, kv_head, -1, kv.ordered(seq, kv_head), kv.ordered(seq, 0)};
  std::vector<seen_slot> slots, zero;
  if (const source_report r = walk(kv, seq, kv_head, n, n, slots)) return r;
  if (const source_report r = walk(kv, seq, 0, n, n, zero)) return r;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const auto at = static_cast<index_t>(i);
    const bool here = slots[i].key != nullptr, there = zero[i].key != nullptr;
    if (here != there) return {"equal_heads: holes are those of head 0", seq, kv_head, at, here, there};
    if (here && slots[i].position != zero[i].position)
      return {"equal_heads: positions are those of head 0", seq, kv_head, at, slots[i].position, zero[i].position};
  }
  return {};
}

template <kv_source K> source_report check_head(const K& kv, index_t seq, index_t kv_head) {
  const index_t n = kv.slots(seq, kv_head), seen = kv.seen(seq);
  if (n < 0) return {"slots: at least 0", seq, kv_head, -1, n, 0};
  if (seen < 0) return {"seen: at least 0", seq, kv_head, -1, seen, 0};
  std::vector<seen_slot> slots, again;
  if (const source_report r = walk(kv, seq, kv_head, n, n, slots)) return r;
  for (const index_t most : {index_t{1}, index_t{3}, index_t{64}}) {
    if (const source_report r = walk(kv, seq, kv_head, n, most, again)) return r;
    for (std::size_t i = 0; i < slots.size(); ++i)
      if (!(slots[i] == again[i]))
        return {"rows: a slot is the same however the walk is cut",
                seq,
                kv_head,
                static_cast<index_t>(i),
                again[i].position,
                slots[i].position};
  }

  const bool ordered = kv.ordered(seq, kv_head);
  std::vector<index_t> positions;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (slots[i].key == nullptr) continue;
    const index_t p = slots[i].position;
    if (p < 0) return {"positions: at least 0", seq, kv_head, static_cast<index_t>(i), p, 0};
    if (p >= seen) return {"positions: below seen", seq, kv_head, static_cast<index_t>(i), p, seen};
    if (ordered && !positions.empty() && p <= positions.back())
      return {"positions: ascend if ordered", seq, kv_head, static_cast<index_t>(i), p, positions.back()};
    positions.push_back(p);
  }
  std::sort(positions.begin(), positions.end());
  const auto twice = std::adjacent_find(positions.begin(), positions.end());
  if (twice != positions.end()) return {"positions: unique per head", seq, kv_head, -1, *twice, *twice};

  if (!ordered) return {};
  // Every position in a small cache; in a large one the neighbourhood of each row, and the ends.
  constexpr index_t all = 512;
  std::vector<index_t> asked{0, seen};
  for (index_t p = 0; p < lesser(seen, all); ++p) asked.push_back(p);
  if (seen > all)
    for (const index_t p : positions)
      for (const index_t d : {-1, 0, 1}) asked.push_back(greater(0, p + d));
  const std::size_t step = asked.size() > 4096 ? asked.size() / 4096 : 1;
  for (std::size_t i = 0; i < asked.size(); i += step)
    if (const source_report r = check_locate(kv, seq, kv_head, asked[i], slots)) return r;
  return {};
}

} // namespace HEED_ISA
} // namespace detail

inline namespace HEED_ISA {

/// Every law of kv_source, for each sequence and head; also that the source does not refuse itself.
///
/// Cost      O(slots) walks, O(positions x slots) for locate
template <kv_source K> [[nodiscard]] source_report check_source(const K& kv) {
  if constexpr (self_checking<K>)
    if (const failure f = kv.check(call_extents{}))
      return {"check: a source in use does not refuse itself", -1, -1, f.at, f.value, f.limit};
  const kv_dims d = kv.dims();
  if (d.sequences < 0) return {"dims: sequences is at least 0", -1, -1, -1, d.sequences, 0};
  if (d.kv_heads < 1) return {"dims: kv_heads is at least 1", -1, -1, -1, d.kv_heads, 1};
  if (d.key_dim < 1) return {"dims: key_dim is at least 1", -1, -1, -1, d.key_dim, 1};
  if (d.value_dim < 1) return {"dims: value_dim is at least 1", -1, -1, -1, d.value_dim, 1};
  if (d.value_offset < 0) return {"dims: value_offset is at least 0", -1, -1, -1, d.value_offset, 0};
  if (K::values_alias_keys && d.value_offset + d.value_dim > d.key_dim)
    return {"dims: an aliased value ends inside its key row", -1, -1, -1, d.value_offset + d.value_dim, d.key_dim};
  for (index_t s = 0; s < d.sequences; ++s)
    for (index_t h = 0; h < d.kv_heads; ++h) {
      if (const source_report r = detail::check_head(kv, s, h)) return r;
      if constexpr (equal_heads_source<K>)
        if (const source_report r = detail::check_equal(kv, s, h)) return r;
    }
  return {};
}

} // namespace HEED_ISA
} // namespace heed::testing
