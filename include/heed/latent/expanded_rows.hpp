// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Cached latents of a stretch of slots, expanded to keys and values of each head: a source in a workspace.
#include <heed/kv/checks.hpp>

namespace heed {
namespace detail {

/// Keys and values of sequences [first, end) of a call, at the positions that their latents have. Other sequences hold
/// nothing. A slot is a rank in the stretch, without the base's holes.
///
/// Shapes    keys: [heads][room][key_dim]; values: [heads][room][value_dim]: a head's rows follow each other, because
///           rows [room][heads][dim] lie at multiples of 4 KiB. positions, bias: [room]; begin: [end - first + 1],
///           where each sequence's rows start
template <class A> class expanded_rows {
public:
  using key_format = elements<A>;
  using value_format = elements<A>;
  static constexpr bool values_alias_keys = false;

  struct memory {
    A *keys, *values;
    index_t room;
    index_t* positions;
    float* bias;
    index_t* begin;
  };

  HEED_INLINE expanded_rows(const call_extents& base, const kv_dims& d, const memory& at, range sequences,
                            slot_order order) noexcept
      : base_(&base), dims_(d), at_(at), sequences_(sequences), order_(order) {}

  [[nodiscard]] HEED_INLINE kv_dims dims() const noexcept { return dims_; }
  [[nodiscard]] HEED_INLINE key_format keys_as() const noexcept { return {}; }
  [[nodiscard]] HEED_INLINE value_format values_as() const noexcept { return {}; }
  [[nodiscard]] HEED_INLINE index_t slots(index_t seq, index_t) const noexcept {
    if (seq < sequences_.begin || seq >= sequences_.end) return 0;
    return at_.begin[seq - sequences_.begin + 1] - at_.begin[seq - sequences_.begin];
  }
  [[nodiscard]] HEED_INLINE index_t seen(index_t seq) const noexcept { return base_->seen(seq); }
  [[nodiscard]] HEED_INLINE bool ordered(index_t, index_t) const noexcept { return order_ == slot_order::ascending; }
  [[nodiscard]] HEED_INLINE index_t locate(index_t seq, index_t kv_head, index_t position) const noexcept {
    return lower_bound(at_.positions + first(seq), slots(seq, kv_head), position);
  }
  [[nodiscard]] HEED_INLINE kv_rows rows(index_t seq, index_t kv_head, range slots) const noexcept {
    const index_t row = first(seq) + slots.begin;
    kv_rows r;
    r.key = address(at_.keys, (kv_head * at_.room + row) * dims_.key_dim);
    r.value = address(at_.values, (kv_head * at_.room + row) * dims_.value_dim);
    r.key_stride = bytes<A>(dims_.key_dim);
    r.value_stride = bytes<A>(dims_.value_dim);
    r.count = slots.size();
    r.positions = at_.positions + row;
    if (at_.bias != nullptr) r.bias = at_.bias + row;
    return r;
  }

private:
  [[nodiscard]] HEED_INLINE index_t first(index_t seq) const noexcept { return at_.begin[seq - sequences_.begin]; }

  const call_extents* base_;
  kv_dims dims_;
  memory at_;
  range sequences_;
  slot_order order_;
};
static_assert(kv_source<expanded_rows<float>>);

/// A source's rows as pointers. bias: whether one was met that is neither 0 nor -inf.
struct row_list {
  index_t count = 0;
  bool biased = false;
};

/// Lists the rows of a stretch of slots that hold something, from entry `at.count` on.
///
/// Shapes    rows, positions, bias: room for at.count + slots.size()
template <class K>
HEED_INLINE row_list list_rows(const K& kv, index_t seq, range slots, row_list at, const std::byte** rows,
                               index_t* positions, float* bias) noexcept {
  while (!slots.empty()) {
    const kv_rows r = kv.rows(seq, 0, slots);
    for (index_t j = 0; r.key != nullptr && j < r.count; ++j) {
      const float b = r.bias != nullptr ? r.bias[j] : 0.f;
      if (b == -__builtin_inff()) continue;
      rows[at.count] = r.key + j * r.key_stride;
      positions[at.count] = r.positions != nullptr ? r.positions[j] : r.first + j;
      bias[at.count++] = b;
      at.biased = at.biased || b != 0;
    }
    slots.begin += r.count;
  }
  return at;
}

} // namespace detail
} // namespace heed
