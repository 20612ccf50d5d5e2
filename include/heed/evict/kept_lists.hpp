// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Which slots stay: one ascending list per key-value head, in memory reserved beforehand.
#include <heed/detail/owned_array.hpp>
#include <heed/detail/slot_table.hpp>
#include <heed/kv/gathered.hpp>

namespace heed {

/// Lists of slots of one sequence. Writers promise that each ascends; check() says whether they kept it. Allocates when
/// it is made, never later.
///
/// Shapes    [kv_heads][max_slots], a length per head
class kept_lists {
public:
  constexpr kept_lists() noexcept = default;
  HEED_INLINE kept_lists(kept_lists&&) noexcept = default;
  HEED_INLINE kept_lists& operator=(kept_lists&&) noexcept = default;
  HEED_INLINE ~kept_lists() = default; // written out, so that none is emitted
  /// Memory of its own; all lists are empty.
  HEED_INLINE kept_lists(index_t kv_heads, index_t max_slots)
      : own_(detail::checked_table("kept_lists", kv_heads, max_slots, sizeof(index_t))), own_lengths_(kv_heads),
        slots_(own_.data()), lengths_(own_lengths_.data()), heads_(own_lengths_.size()),
        room_(heads_ > 0 ? own_.size() / heads_ : 0) {}
  /// Room for all slots of a source's first sequence.
  template <class K>
  requires(!std::same_as<K, kept_lists> && kv_source<K>) HEED_INLINE explicit kept_lists(const K& kv)
      : kept_lists(kv.dims().kv_heads, detail::longest_head(kv)) {}
  /// The caller's memory: slots [kv_heads][max_slots], rows without a gap, and lengths [kv_heads].
  HEED_INLINE kept_lists(std::span<index_t> slots, std::span<index_t> lengths) noexcept
      : slots_(slots.data()), lengths_(lengths.data()), heads_(static_cast<index_t>(lengths.size())),
        room_(heads_ > 0 ? static_cast<index_t>(slots.size()) / heads_ : 0) {
    clear();
  }

  [[nodiscard]] HEED_INLINE index_t kv_heads() const noexcept { return heads_; }
  [[nodiscard]] HEED_INLINE index_t max_slots() const noexcept { return room_; }
  [[nodiscard]] HEED_INLINE index_t count(index_t kv_head) const noexcept { return lengths_[kv_head]; }
  [[nodiscard]] HEED_INLINE index_t total() const noexcept {
    index_t n = 0;
    for (index_t h = 0; h < heads_; ++h) n += lengths_[h];
    return n;
  }
  [[nodiscard]] HEED_INLINE std::span<const index_t> list(index_t kv_head) const noexcept {
    return {slots_ + kv_head * room_, static_cast<std::size_t>(lengths_[kv_head])};
  }
  /// Bytes that it owns.
  [[nodiscard]] HEED_INLINE index_t bytes_held() const noexcept { return own_.bytes() + own_lengths_.bytes(); }

  HEED_INLINE void clear() noexcept {
    for (index_t h = 0; h < heads_; ++h) lengths_[h] = 0;
  }
  HEED_INLINE void clear(index_t kv_head) noexcept { lengths_[kv_head] = 0; }
  /// Appends a slot. False where the list is full: it stays as it is.
  HEED_INLINE bool push(index_t kv_head, index_t slot) noexcept {
    index_t& n = lengths_[kv_head];
    if (n >= room_) return false;
    slots_[kv_head * room_ + n++] = slot;
    return true;
  }
  /// All of [0, slots): nothing is evicted.
  HEED_INLINE bool keep_all(index_t kv_head, index_t slots) noexcept {
    clear(kv_head);
    for (index_t i = 0; i < slots; ++i)
      if (!push(kv_head, i)) return false;
    return true;
  }
  /// Head `to` gets the list of head `from`: policies that choose once for a layer.
  HEED_INLINE void copy_list(index_t from, index_t to) noexcept {
    for (index_t i = 0; i < lengths_[from]; ++i) slots_[to * room_ + i] = slots_[from * room_ + i];
    lengths_[to] = lengths_[from];
  }
  /// For gathered(source, lists.as_gather()): attention over what would stay, before anything moves.
  [[nodiscard]] HEED_INLINE gather_lists as_gather() const noexcept {
    gather_lists g;
    g.list_per = gather_lists::per::kv_head;
    g.indices = index_list(std::span<const index_t>(slots_, static_cast<std::size_t>(heads_ * room_)));
    g.width = room_;
    g.lengths = index_list(std::span<const index_t>(lengths_, static_cast<std::size_t>(heads_)));
    g.order = slot_order::ascending;
    return g;
  }
  /// The same as the only sequence of what is gathered, from sequence `seq` of a source of several. Reads this object.
  [[nodiscard]] HEED_INLINE gather_lists as_gather(index_t seq) noexcept {
    sequence_ = seq;
    gather_lists g = as_gather();
    g.base_sequence = index_list(std::span<const index_t>(&sequence_, 1));
    return g;
  }
  /// Refuses a list of `kv_head` that does not strictly ascend inside [0, slots).
  [[nodiscard]] HEED_INLINE failure check(index_t kv_head, index_t slots) const noexcept {
    return detail::check_kept("kept", list(kv_head), slots);
  }

private:
  detail::owned_array<index_t> own_ = {}, own_lengths_ = {};
  index_t *slots_ = nullptr, *lengths_ = nullptr;
  index_t heads_ = 0, room_ = 0, sequence_ = 0;
};

} // namespace heed
