// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Several masks in a row, asked together: what intersection and union share.
#include <heed/mask/exact_runs.hpp>
#include <heed/problem/call_extents.hpp>
#include <heed/view/footprint.hpp>

namespace heed::detail {

/// How the answers of several masks become one.
enum class joining : unsigned char { all, any };

template <mask First, mask... Rest> struct mask_list {
  First first;
  mask_list<Rest...> rest;

  HEED_INLINE explicit mask_list(First f, Rest... r) noexcept : first(f), rest(r...) {}

  template <joining How> [[nodiscard]] HEED_INLINE bool allows(cell at) const noexcept {
    if constexpr (How == joining::all)
      return first.allows(at) && rest.template allows<How>(at);
    else
      return first.allows(at) || rest.template allows<How>(at);
  }
  /// At most 128 keys. rows are set by the last part and joined by those before it.
  template <joining How>
  HEED_INLINE void bits(const tile& t, std::span<const index_t> k, std::span<const index_t> slots,
                        std::span<std::uint64_t> rows) const noexcept {
    rest.template bits<How>(t, k, slots, rows);
    std::uint64_t own[128];
    mask_bits(first, t, k, slots, std::span<std::uint64_t>(own, k.size()));
    for (std::size_t j = 0; j < k.size(); ++j)
      if constexpr (How == joining::all)
        rows[j] &= own[j];
      else
        rows[j] |= own[j];
  }
  [[nodiscard]] HEED_INLINE bool alike(range heads) const noexcept {
    return heed::alike(first, heads) && rest.alike(heads);
  }
  [[nodiscard]] HEED_INLINE bool alike_in(index_t seq, index_t rows, range heads) const noexcept {
    return heed::alike_in(first, seq, rows, heads) && rest.alike_in(seq, rows, heads);
  }
  [[nodiscard]] HEED_INLINE failure check(const call_extents& e) const noexcept {
    if constexpr (self_checking<First>)
      if (const failure f = first.check(e)) return f;
    return rest.check(e);
  }
  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept {
    return detail::touches(first, f) || rest.touches(f);
  }
  [[nodiscard]] HEED_INLINE const auto& tiler() const noexcept {
    if constexpr (query_tiler<First>)
      return first;
    else
      return rest.tiler();
  }
  [[nodiscard]] HEED_INLINE const auto& divider() const noexcept {
    if constexpr (row_divider<First>)
      return first;
    else
      return rest.divider();
  }
};

template <mask Last> struct mask_list<Last> {
  Last first;

  HEED_INLINE explicit mask_list(Last f) noexcept : first(f) {}

  template <joining> [[nodiscard]] HEED_INLINE bool allows(cell at) const noexcept { return first.allows(at); }
  template <joining>
  HEED_INLINE void bits(const tile& t, std::span<const index_t> k, std::span<const index_t> slots,
                        std::span<std::uint64_t> rows) const noexcept {
    mask_bits(first, t, k, slots, rows);
  }
  [[nodiscard]] HEED_INLINE bool alike(range heads) const noexcept { return heed::alike(first, heads); }
  [[nodiscard]] HEED_INLINE bool alike_in(index_t seq, index_t rows, range heads) const noexcept {
    return heed::alike_in(first, seq, rows, heads);
  }
  [[nodiscard]] HEED_INLINE failure check(const call_extents& e) const noexcept {
    if constexpr (self_checking<Last>) return first.check(e);
    return {};
  }
  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept { return detail::touches(first, f); }
  [[nodiscard]] HEED_INLINE const Last& tiler() const noexcept { return first; }
  [[nodiscard]] HEED_INLINE const Last& divider() const noexcept { return first; }
};

/// The part that cuts tiles; the last part where none does.
template <mask... Parts>
using tiler_of = std::remove_cvref_t<decltype(std::declval<const mask_list<Parts...>&>().tiler())>;

/// How many of the parts see nothing, some, or all of a stretch.
struct tally {
  index_t none = 0, partial = 0, full = 0;
  HEED_INLINE void add(coverage c) noexcept {
    none += c == coverage::none;
    partial += c == coverage::partial;
    full += c == coverage::full;
  }
};

template <mask First, mask... Rest> struct cursor_list {
  run_cursor<First> first;
  cursor_list<Rest...> rest;
  HEED_INLINE cursor_list(const mask_list<First, Rest...>& m, const tile& t) noexcept
      : first(m.first, t), rest(m.rest, t) {}
  HEED_INLINE void at(index_t p, index_t& end, tally& n) noexcept {
    n.add(first.at(p, end));
    rest.at(p, end, n);
  }
};
template <mask Last> struct cursor_list<Last> {
  run_cursor<Last> first;
  HEED_INLINE cursor_list(const mask_list<Last>& m, const tile& t) noexcept : first(m.first, t) {}
  HEED_INLINE void at(index_t p, index_t& end, tally& n) noexcept { n.add(first.at(p, end)); }
};

inline namespace HEED_ISA {

/// Runs of a combination: the parts' runs side by side. Where one part decides, so it is; where several are partial the
/// cells are asked, if the parts are tight.
template <joining How, class Combination, mask... Parts>
index_t joined_runs(const Combination& m, const mask_list<Parts...>& parts, const tile& t,
                    std::span<key_run> out) noexcept {
  run_writer w{out, t.k};
  cursor_list<Parts...> cursors(parts, t);
  for (index_t p = t.k.begin; p < t.k.end;) {
    index_t end = t.k.end;
    tally n;
    cursors.at(p, end, n);
    bool room = true;
    if (How == joining::all ? n.none > 0 : n.full > 0)
      room = w.put({p, end}, How == joining::all ? coverage::none : coverage::full);
    else if (n.partial == 0)
      room = w.put({p, end}, How == joining::all ? coverage::full : coverage::none);
    else if (n.partial == 1 || !(tight_mask<Parts> && ...))
      room = w.put({p, end}, coverage::partial);
    else
      room = put_exact(w, m, t, {p, end});
    if (!room) break;
    p = end;
  }
  return w.n;
}

/// bits in pieces of 128 keys, which the kernels' blocks do not exceed.
template <joining How, mask... Parts>
void joined_bits(const mask_list<Parts...>& parts, const tile& t, std::span<const index_t> k,
                 std::span<const index_t> slots, std::span<std::uint64_t> rows) noexcept {
  for (std::size_t a = 0; a < k.size(); a += 128) {
    const std::size_t n = k.size() - a < 128 ? k.size() - a : 128;
    parts.template bits<How>(t, k.subspan(a, n), slots.subspan(a, n), rows.subspan(a, n));
  }
}

} // namespace HEED_ISA
} // namespace heed::detail
