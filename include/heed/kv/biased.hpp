// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Any source with a number added to the scores of each slot.
#include <heed/kv/checks.hpp>

namespace heed {

/// A bias per slot in compressed lists: list seq * kv_heads + kv_head starts at values[offsets[list]] and has an entry
/// for each slot.
///
/// Shapes    offsets: [sequences * kv_heads + 1]; values: [offsets.back()]
struct slot_bias {
  std::span<const float> values = {};
  index_list offsets = {};
};

/// Base with a bias per slot: merged tokens (ln of how many), compensation tokens, evicted slots (-inf: skipped, never
/// read). A bias that the base itself carries is replaced.
///
/// Units     natural logarithm, added after the score modifiers
/// Laws      kv_source if the base is; a bias of 0 changes nothing; -inf equals a slot that is not held
/// Cost      that of the base
/// Source    RazorAttention (Tang et al. 2024): the weight of a compensation token
template <kv_source Base> class biased_source {
public:
  using key_format = typename Base::key_format;
  using value_format = typename Base::value_format;
  static constexpr bool values_alias_keys = Base::values_alias_keys;

  /// bias(seq, kv_head, slot) is values[seq * step[0] + kv_head * step[1] + slot], or in lists if those have offsets.
  HEED_INLINE biased_source(const Base& base, const slot_bias& lists) noexcept
      : base_(base), values_(lists.values.data()), offsets_(lists.offsets), lists_size_(detail::count_of(lists.values)),
        dense_(false) {}
  HEED_INLINE biased_source(const Base& base, const tensor_view<const float, 3>& dense) noexcept
      : base_(base), values_(dense.data()), view_(dense), dense_(true) {}

  [[nodiscard]] HEED_INLINE kv_dims dims() const noexcept { return base_.dims(); }
  [[nodiscard]] HEED_INLINE key_format keys_as() const noexcept { return base_.keys_as(); }
  [[nodiscard]] HEED_INLINE value_format values_as() const noexcept { return base_.values_as(); }
  [[nodiscard]] HEED_INLINE index_t slots(index_t seq, index_t kv_head) const noexcept {
    return base_.slots(seq, kv_head);
  }
  [[nodiscard]] HEED_INLINE index_t seen(index_t seq) const noexcept { return base_.seen(seq); }
  [[nodiscard]] HEED_INLINE bool ordered(index_t seq, index_t kv_head) const noexcept {
    return base_.ordered(seq, kv_head);
  }
  [[nodiscard]] HEED_INLINE index_t locate(index_t seq, index_t kv_head, index_t position) const noexcept {
    return base_.locate(seq, kv_head, position);
  }
  [[nodiscard]] HEED_INLINE kv_rows rows(index_t seq, index_t kv_head, range slots) const noexcept {
    kv_rows r = base_.rows(seq, kv_head, slots);
    const index_t first =
        dense_ ? seq * view_.stride(0) + kv_head * view_.stride(1) : offsets_[seq * base_.dims().kv_heads + kv_head];
    r.bias = values_ + first + slots.begin;
    return r;
  }

  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept {
    const auto lists = std::span<const float>(values_, static_cast<std::size_t>(lists_size_));
    return detail::touches(base_, f) ||
           (dense_ ? may_share(f, footprint_of(view_)) : detail::any_shares(f, lists, offsets_));
  }
  [[nodiscard]] HEED_INLINE failure check(const call_extents& e) const noexcept {
    if (const failure f = detail::check_base(base_, e)) return f;
    const kv_dims d = base_.dims();
    index_t lists = 0;
    if (__builtin_mul_overflow(d.sequences, d.kv_heads, &lists))
      return {errc::size_overflow, "bias", "sequences", d.sequences, "too many for heads:", d.kv_heads};
    if (dense_) {
      if (const failure f = detail::check_view("bias", view_)) return f;
      if (view_.extent(0) != d.sequences)
        return {errc::bad_extent, "bias", "extent", view_.extent(0), "the sequences are", d.sequences, 0};
      if (view_.extent(1) != d.kv_heads)
        return {errc::bad_extent, "bias", "extent", view_.extent(1), "the kv_heads are", d.kv_heads, 1};
    } else if (const failure f = detail::check_offsets("bias", offsets_, lists, lists_size_)) {
      return f;
    }
    for (index_t s = 0; s < d.sequences; ++s)
      for (index_t h = 0; h < d.kv_heads; ++h) {
        const index_t l = s * d.kv_heads + h, n = base_.slots(s, h);
        const index_t room = dense_ ? view_.extent(2) : offsets_[l + 1] - offsets_[l];
        if (n > room) return {errc::bad_extent, "bias", "entries of list", room, "the slots are", n, l};
      }
    return {};
  }
  [[nodiscard]] HEED_INLINE failure check() const noexcept { return check(call_extents{}); }

private:
  Base base_;
  const float* values_;
  tensor_view<const float, 3> view_ = {};
  index_list offsets_ = {};
  index_t lists_size_ = 0;
  bool dense_;
};

/// Compressed lists, for heads of different lengths.
template <kv_source Base>
[[nodiscard]] HEED_INLINE biased_source<Base> biased(const Base& base, const slot_bias& bias) noexcept {
  return {base, bias};
}
/// bias: [sequences][kv_heads][slots]; stride 0 shares it between sequences or heads.
template <kv_source Base>
[[nodiscard]] HEED_INLINE biased_source<Base> biased(const Base& base,
                                                     const tensor_view<const float, 3>& bias) noexcept {
  return {base, bias};
}

} // namespace heed
