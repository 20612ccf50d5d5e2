// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// What the caches of this room do with slots that stay or go: move rows to the front, fold dropped rows into one.
#include <heed/kv/row_writer.hpp>
#include <heed/simd/running_mean.hpp>

namespace heed {

/// Where a cache keeps the means of the rows that it folded away: one compensated slot per list of slots, which stands
/// for all of them with the weight of their number. The caller owns it. Needs a bias per slot in the cache.
///
/// Shapes    keys: [lists][heads of a list][key_dim]; values: [lists][heads of a list][value_dim]; counts, slots:
///           [lists]. A list has one head, or all heads of its sequence where they share it
/// Units     counts: rows folded; slots: where the compensated row stands, -1: there is none
/// Source    Tang et al. 2024, RazorAttention: the compensation token and its weight; the running mean is ours
struct slot_means {
  std::span<float> keys = {}, values = {};
  std::span<index_t> counts = {}, slots = {};
};

/// What becomes of the rows that a cache drops.
enum class dropped_rows : unsigned char { forgotten, folded };

namespace detail {

// A `rows` below is how a cache shows its slots: key(list, slot, head), value(...), position(list, slot), bias(list,
// slot) are pointers (value null where it is a part of the key, position and bias where there are none); heads,
// key_dim, value_dim, and means.

template <class Rows> HEED_INLINE void move_slot(const Rows& r, index_t list, index_t from, index_t to) noexcept {
  if (from == to) return;
  for (index_t h = 0; h < r.heads; ++h) {
    store_row(r.key(list, to, h), r.key(list, from, h), r.key_dim);
    if (r.value(list, to, h) != nullptr) store_row(r.value(list, to, h), r.value(list, from, h), r.value_dim);
  }
  if (r.position(list, to) != nullptr) *r.position(list, to) = *r.position(list, from);
  if (r.bias(list, to) != nullptr) *r.bias(list, to) = *r.bias(list, from);
}

/// The compensated slot of a list, or -1.
HEED_INLINE index_t folded_slot(const slot_means& m, index_t list) noexcept {
  return m.slots.empty() ? -1 : m.slots[static_cast<std::size_t>(list)];
}
HEED_INLINE void forget_folded(const slot_means& m, index_t list) noexcept {
  if (m.slots.empty()) return;
  m.slots[static_cast<std::size_t>(list)] = -1;
  m.counts[static_cast<std::size_t>(list)] = 0;
}

HEED_INLINE void forget_all_folded(const slot_means& m) noexcept {
  for (index_t l = 0; l < static_cast<index_t>(m.slots.size()); ++l) forget_folded(m, l);
}
template <class T> HEED_INLINE index_t bytes_of(std::span<T> list) noexcept {
  return static_cast<index_t>(list.size_bytes());
}
HEED_INLINE index_t bytes_of(const slot_means& m) noexcept {
  return bytes_of(m.keys) + bytes_of(m.values) + bytes_of(m.counts) + bytes_of(m.slots);
}

/// Which fresh head a stored head takes: its own number.
struct every_head {
  HEED_INLINE index_t operator()(index_t h) const noexcept { return h; }
};

/// A fresh row for one head of a slot.
template <class Rows, class UK, class UV>
HEED_INLINE void write_slot(const Rows& r, index_t list, index_t slot, index_t h, const UK* k, const UV* v,
                            index_t position) noexcept {
  store_row(r.key(list, slot, h), k, r.key_dim);
  if (r.value(list, slot, h) != nullptr) store_row(r.value(list, slot, h), v, r.value_dim);
  if (r.position(list, slot) != nullptr) *r.position(list, slot) = position;
  if (r.bias(list, slot) != nullptr) *r.bias(list, slot) = 0;
}

inline namespace HEED_ISA {

inline failure check_list_index(const char* call, index_t seq, index_t sequences, index_t kv_head,
                                index_t kv_heads) noexcept {
  if (seq < 0) return {errc::index_out_of_range, call, "seq", seq, "the least is", 0};
  if (seq >= sequences) return {errc::index_out_of_range, call, "seq", seq, "but the sequences are", sequences};
  if (kv_head < 0) return {errc::index_out_of_range, call, "kv_head", kv_head, "the least is", 0};
  if (kv_head >= kv_heads) return {errc::index_out_of_range, call, "kv_head", kv_head, "but the heads are", kv_heads};
  return {};
}

/// The first slots of one list into another, with its means.
template <class Rows> void copy_slots(const Rows& r, index_t from, index_t to, index_t slots) noexcept {
  for (index_t i = 0; i < slots; ++i) {
    for (index_t h = 0; h < r.heads; ++h) {
      store_row(r.key(to, i, h), r.key(from, i, h), r.key_dim);
      if (r.value(to, i, h) != nullptr) store_row(r.value(to, i, h), r.value(from, i, h), r.value_dim);
    }
    if (r.position(to, i) != nullptr) *r.position(to, i) = *r.position(from, i);
    if (r.bias(to, i) != nullptr) *r.bias(to, i) = *r.bias(from, i);
  }
  const slot_means& m = r.means;
  if (m.slots.empty()) return;
  const auto f = static_cast<std::size_t>(from), t = static_cast<std::size_t>(to);
  m.slots[t] = m.slots[f];
  m.counts[t] = m.counts[f];
  const index_t nk = r.heads * r.key_dim, nv = r.heads * r.value_dim;
  store_row(m.keys.data() + to * nk, m.keys.data() + from * nk, nk);
  store_row(m.values.data() + to * nv, m.values.data() + from * nv, nv);
}

/// Fresh rows for all heads of a list, from slot `before` on, a slot per token: head h takes fresh head from(h).
template <class Rows, class UK, class UV, class Heads>
void write_slots(const Rows& r, index_t list, index_t before, const tensor_view<UK, 3>& k, const tensor_view<UV, 3>& v,
                 const Heads& from, index_t position) noexcept {
  for (index_t t = 0; t < k.extent(0); ++t)
    for (index_t h = 0; h < r.heads; ++h)
      write_slot(r, list, before + t, h, &k(t, from(h), 0), &v(t, from(h), 0), position + t);
}

/// Moves the listed slots to the front; returns how many there are.
template <class Rows> index_t keep_slots(const Rows& r, index_t list, std::span<const index_t> slots) noexcept {
  const index_t compensated = folded_slot(r.means, list);
  index_t to = 0, stands = -1;
  for (const index_t from : slots) {
    if (from == compensated) stands = to;
    move_slot(r, list, from, to++);
  }
  if (stands < 0)
    forget_folded(r.means, list);
  else
    r.means.slots[static_cast<std::size_t>(list)] = stands;
  return to;
}

/// How many tokens a slot of this bias stands for: e to it, to the nearest whole number.
inline index_t tokens_of(float bias) noexcept {
  if (bias == 0) return 1;
  const double tokens = __builtin_exp(static_cast<double>(bias));
  return tokens < 0x1p40 ? static_cast<index_t>(tokens + .5) : index_t{1} << 40;
}

/// Folds one slot into the means of its list, with the weight that its bias says: a compensated slot that was copied
/// from another cache stands for many tokens, one of bias -inf for none.
template <class Rows> HEED_INLINE void fold_slot(const Rows& r, index_t list, index_t slot) noexcept {
  index_t& n = r.means.counts[static_cast<std::size_t>(list)];
  const index_t before = n, weight = tokens_of(*r.bias(list, slot));
  n += weight;
  for (index_t h = 0; h < r.heads; ++h) {
    float* const k = r.means.keys.data() + (list * r.heads + h) * r.key_dim;
    float* const v = r.means.values.data() + (list * r.heads + h) * r.value_dim;
    for (index_t e = 0; before == 0 && e < r.key_dim; ++e) k[e] = 0;
    for (index_t e = 0; before == 0 && e < r.value_dim; ++e) v[e] = 0;
    if (weight == 0) continue;
    const float share = static_cast<float>(n) / static_cast<float>(weight);
    simd::running_mean(k, r.key(list, slot, h), r.key_dim, share);
    if (r.value(list, slot, h) != nullptr) simd::running_mean(v, r.value(list, slot, h), r.value_dim, share);
  }
}
/// Writes the means and their weight into a slot.
template <class Rows> HEED_INLINE void write_folded(const Rows& r, index_t list, index_t slot) noexcept {
  for (index_t h = 0; h < r.heads; ++h) {
    store_row(r.key(list, slot, h), r.means.keys.data() + (list * r.heads + h) * r.key_dim, r.key_dim);
    if (r.value(list, slot, h) == nullptr) continue;
    store_row(r.value(list, slot, h), r.means.values.data() + (list * r.heads + h) * r.value_dim, r.value_dim);
  }
  const auto n = static_cast<double>(r.means.counts[static_cast<std::size_t>(list)]);
  *r.bias(list, slot) = static_cast<float>(__builtin_log(n));
  r.means.slots[static_cast<std::size_t>(list)] = slot;
}

/// As keep_slots, and the others become part of the compensated slot, which stands at the place (and position) of the
/// last slot in it, so that positions ascend and no query sees it before its youngest token. It stays whether it is
/// listed or not.
template <class Rows>
index_t keep_folding(const Rows& r, index_t list, std::span<const index_t> kept, index_t held) noexcept {
  const index_t compensated = folded_slot(r.means, list);
  const auto listed = static_cast<index_t>(kept.size());
  index_t last = held - 1; // the last dropped slot: the first from the end that the list lacks
  for (index_t i = listed;
       last >= 0 && (last == compensated || (i > 0 && kept[static_cast<std::size_t>(i - 1)] == last)); --last)
    if (i > 0 && kept[static_cast<std::size_t>(i - 1)] == last) --i;
  const index_t stands = greater(last, compensated);
  index_t to = 0, next = 0;
  for (index_t i = 0; i < held; ++i) {
    const bool in = next < listed && kept[static_cast<std::size_t>(next)] == i;
    if (in) ++next;
    if (!in && i != compensated) fold_slot(r, list, i);
    if (i == stands) {
      if (r.position(list, to) != nullptr) *r.position(list, to) = *r.position(list, i);
      if (last >= 0 || i != to) write_folded(r, list, to);
      ++to;
    } else if (in && i != compensated) {
      move_slot(r, list, i, to++);
    }
  }
  return to;
}

/// Either of the two; returns the slots left.
template <class Rows>
index_t keep_or_fold(const Rows& r, index_t list, std::span<const index_t> kept, index_t held,
                     dropped_rows dropped) noexcept {
  return dropped == dropped_rows::folded ? keep_folding(r, list, kept, held) : keep_slots(r, list, kept);
}

/// Refuses to fold where the memory for it is missing or too small.
inline failure check_means(const slot_means& m, index_t lists, index_t heads, index_t key_dim, index_t value_dim,
                           index_t biases) noexcept {
  const index_t keys = count_of(m.keys), values = count_of(m.values);
  if (m.counts.empty() && m.slots.empty() && keys == 0 && values == 0) return {};
  if (const failure f = check_count("means", "number of counts", count_of(m.counts), lists)) return f;
  if (const failure f = check_count("means", "number of slots", count_of(m.slots), lists)) return f;
  index_t most = 0;
  if (__builtin_mul_overflow(lists, heads, &most) || __builtin_mul_overflow(most, greater(key_dim, value_dim), &most))
    return {errc::size_overflow, "means", "lists", lists, "too many for heads:", heads};
  if (const failure f = check_count("means", "number of keys", keys, lists * heads * key_dim)) return f;
  if (const failure f = check_count("means", "number of values", values, lists * heads * value_dim)) return f;
  if (biases == 0 && lists > 0)
    return {errc::bad_extent, "bias", "number of entries", 0, "to fold rows the least is", 1};
  return {};
}

} // namespace HEED_ISA
} // namespace detail
} // namespace heed
