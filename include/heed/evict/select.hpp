// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The slots with the highest scores of each head, beside those that are protected.
#include <heed/evict/kept_lists.hpp>
#include <heed/evict/protect.hpp>
#include <heed/evict/score_table.hpp>

#include <bit>

namespace heed {

namespace detail {
/// An integer that orders as the score does. -0 equals 0; NaN comes last, below -inf.
HEED_INLINE std::uint32_t score_rank(float score) noexcept {
  if (!(score == score)) return 0;
  const auto u = std::bit_cast<std::uint32_t>(score == 0.f ? 0.f : score);
  return (u & 0x80000000u) != 0 ? ~u : u | 0x80000000u;
}

inline namespace HEED_ISA {

/// Where a selection of `wanted` > 0 free slots ends: those above `rank` are in, and the first `ties` of that rank.
struct score_cut {
  std::uint32_t rank = 0;
  index_t ties = 0;
};

/// Three passes of a radix selection over 11, 11 and 10 bits: O(candidates) whatever the scores, and no memory but the
/// counters. walk(f) calls f(score) for each candidate, the same in each pass.
template <class Walk> HEED_INLINE score_cut find_cut(const Walk& walk, index_t wanted) noexcept {
  constexpr int low_bits[] = {21, 10, 0}, width[] = {11, 11, 10};
  index_t counts[1 << 11];
  score_cut cut{0, wanted};
  std::uint32_t known = 0; // mask of the bits found so far
  for (int pass = 0; pass < 3; ++pass) {
    const std::uint32_t low = (1u << width[pass]) - 1;
    for (index_t& n : counts) n = 0;
    walk([&](float score) HEED_BODY {
      const std::uint32_t r = score_rank(score);
      if ((r & known) == cut.rank) ++counts[r >> low_bits[pass] & low];
    });
    std::uint32_t digit = low;
    while (digit > 0 && counts[digit] < cut.ties) cut.ties -= counts[digit--];
    cut.rank |= digit << low_bits[pass];
    known |= low << low_bits[pass];
  }
  return cut;
}

} // namespace HEED_ISA
} // namespace detail

inline namespace HEED_ISA {

/// One head's list: its protected slots, and of the others the best, so that `budget` stay. Higher score first, then
/// lower slot. Protected slots stay even where they are more than the budget.
///
/// Requires  kept has room for max(budget, protected) slots, or for all
/// Laws      as slot_selector: min(slots, max(budget, protected)) slots; budget >= slots keeps all
/// Cost      O(slots); allocates nothing
template <slot_protection P>
[[nodiscard]] failure select_top(std::span<const float> scores, const P& protect, index_t kv_head, index_t budget,
                                 kept_lists& kept) noexcept {
  if (kv_head < 0 || kv_head >= kept.kv_heads())
    return {errc::index_out_of_range, "kept", "kv_head", kv_head, "but the lists are", kept.kv_heads()};
  if (budget < 0) return {errc::bad_value, "budgets", "tokens", budget, "the least is", 0, kv_head};
  const auto slots = static_cast<index_t>(scores.size());
  const index_t fixed = count_protected(protect, kv_head, slots);
  const index_t stay = lesser(slots, greater(budget, fixed)), wanted = stay - fixed;
  if (stay > kept.max_slots())
    return {errc::limit_exceeded, "kept", "slots to keep", stay, "the lists have room for", kept.max_slots(), kv_head};
  kept.clear(kv_head);
  detail::score_cut cut;
  if (wanted > 0 && stay < slots)
    cut = detail::find_cut(
        [&](const auto& f) HEED_BODY {
          for (index_t i = 0; i < slots; ++i)
            if (!protect.protects(kv_head, i, slots)) f(scores[static_cast<std::size_t>(i)]);
        },
        wanted);
  for (index_t i = 0; i < slots; ++i) {
    bool in = stay == slots || protect.protects(kv_head, i, slots);
    if (!in && wanted > 0) {
      const std::uint32_t r = detail::score_rank(scores[static_cast<std::size_t>(i)]);
      in = r > cut.rank || (r == cut.rank && cut.ties > 0);
      if (r == cut.rank && in) --cut.ties;
    }
    if (in) kept.push(kv_head, i);
  }
  return {};
}

/// Every head's list. budgets: [kv_heads], in slots, protected ones included.
template <slot_protection P>
[[nodiscard]] failure select_top(const score_view& scores, const P& protect, std::span<const index_t> budgets,
                                 kept_lists& kept) noexcept {
  const auto given = static_cast<index_t>(budgets.size());
  if (given != scores.kv_heads())
    return {errc::bad_extent, "budgets", "number of entries", given, "the kv_heads are", scores.kv_heads()};
  if (kept.kv_heads() != scores.kv_heads())
    return {errc::bad_extent, "kept", "number of lists", kept.kv_heads(), "the kv_heads are", scores.kv_heads()};
  for (index_t h = 0; h < given; ++h)
    if (const failure f = select_top(scores.row(h), protect, h, budgets[static_cast<std::size_t>(h)], kept)) return f;
  return {};
}

} // namespace HEED_ISA
} // namespace heed
