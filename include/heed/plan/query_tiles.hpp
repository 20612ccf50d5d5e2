// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Which rows and heads share a tile, and which kernel serves a sequence.
#include <heed/kernel/call.hpp>
#include <heed/kernel/panel.hpp>

namespace heed {
inline namespace HEED_ISA {
namespace plan_detail {

enum class kernel_kind : unsigned char { prefill, decode };

/// One tile before its rows are listed.
struct tile_name {
  index_t seq, kv_head;
  range heads;
  index_t index; ///< among the tiles of these heads; where the mask divides rows, the tile's first row
  kernel_kind kind;
};

/// Cuts a call's queries into tiles, the same whatever else is in the batch.
template <class A, class Call> class query_tiles {
public:
  HEED_INLINE explicit query_tiles(const Call& c) noexcept : c_(c) {}

  /// Few lanes, rows times group, take the decode kernel, but not pieces of a prompt or given weights. Decided before
  /// heads are split by `alike`, so that a mask that allows the same for all heads takes the kernel that it would take
  /// without naming heads.
  [[nodiscard]] HEED_INLINE kernel_kind kind(index_t seq) const noexcept {
    const bool few = c_.p.extents.rows(seq) * c_.p.heads.group() <= c_.shape.few_lanes;
    return few && !Call::weighed && !c_.p.prompt(seq) ? kernel_kind::decode : kernel_kind::prefill;
  }
  /// The heads from `first` on that share lanes: all of a group where the mask is alike for them, else one.
  [[nodiscard]] HEED_INLINE range heads_from(index_t seq, index_t kv_head, index_t first,
                                             kernel_kind k) const noexcept {
    const range group = c_.p.heads.group_of(kv_head);
    const index_t lanes = k == kernel_kind::decode ? c_.shape.few_lanes : lanes_of_tile();
    const index_t per = alike_in(c_.m, seq, c_.p.extents.rows(seq), group) ? lesser(group.size(), lanes) : 1;
    return {first, lesser(first + per, group.end)};
  }
  [[nodiscard]] HEED_INLINE index_t lanes_of_tile() const noexcept {
    return c_.shape.panels * kernel::kernel_shape<A>::panel_lanes;
  }
  /// Rows of a tile of these heads.
  [[nodiscard]] HEED_INLINE index_t capacity([[maybe_unused]] index_t seq, range heads) const noexcept {
    index_t panels = c_.shape.panels;
    if constexpr (panel_query_tiler<typename Call::mask_type>)
      panels = greater(1, lesser(panels, c_.m.tile_panels(seq)));
    return greater(1, panels * kernel::kernel_shape<A>::panel_lanes / heads.size());
  }
  /// Rows are cut into stretches whose ends the mask chooses.
  static constexpr bool divided = row_divider<typename Call::mask_type> && !query_tiler<typename Call::mask_type>;

  /// Beyond all indices of these heads' tiles, which begin at 0.
  [[nodiscard]] HEED_INLINE index_t end_index(index_t seq, range heads, kernel_kind k) const noexcept {
    return divided && k == kernel_kind::prefill ? c_.p.extents.rows(seq) : count(seq, heads, k);
  }
  /// The index after `i`.
  [[nodiscard]] HEED_INLINE index_t next_index(index_t seq, range heads, kernel_kind k, index_t i) const noexcept {
    return divided && k == kernel_kind::prefill ? row_end(seq, heads, i) : i + 1;
  }
  /// How many tiles these heads have, where the mask does not divide rows.
  [[nodiscard]] HEED_INLINE index_t count(index_t seq, range heads, kernel_kind k) const noexcept {
    const index_t rows = c_.p.extents.rows(seq), most = capacity(seq, heads);
    if (rows == 0) return 0;
    if (k == kernel_kind::decode) return 1;
    if constexpr (query_tiler<typename Call::mask_type>)
      return c_.m.query_tiles(seq, rows, most);
    else
      return (rows + most - 1) / most;
  }
  /// Lists a tile's rows and positions. rows, q: room for capacity. A tile without rows has empty lists.
  HEED_NOINLINE tile list(const tile_name& name, index_t* rows, index_t* q) const noexcept {
    const index_t all = c_.p.extents.rows(name.seq), most = capacity(name.seq, name.heads);
    index_t n = 0;
    if (name.kind == kernel_kind::decode) {
      for (; n < all; ++n) rows[n] = n;
    } else if constexpr (query_tiler<typename Call::mask_type>) {
      n = c_.m.query_tile(name.seq, all, most, name.index, std::span<index_t>(rows, static_cast<std::size_t>(most)));
    } else if constexpr (divided) {
      for (index_t r = name.index, end = row_end(name.seq, name.heads, r); r < end; ++r) rows[n++] = r;
    } else {
      for (index_t r = name.index * most; r < lesser(all, (name.index + 1) * most); ++r) rows[n++] = r;
    }
    tile t{name.seq,
           name.kv_head,
           name.heads,
           {rows, static_cast<std::size_t>(n)},
           {q, static_cast<std::size_t>(n)},
           {0, 0},
           {0, 0},
           {0, c_.kv.seen(name.seq)}};
    if (n == 0) return t;
    const index_t first_token = c_.p.extents.first_row(name.seq), seen = c_.kv.seen(name.seq);
    q[0] = c_.p.positions(first_token + rows[0], rows[0], all, seen);
    t.q_hull = {q[0], q[0] + 1};
    for (index_t i = 1; i < n; ++i) {
      q[i] = c_.p.positions(first_token + rows[i], rows[i], all, seen);
      t.q_hull = {lesser(t.q_hull.begin, q[i]), greater(t.q_hull.end, q[i] + 1)};
    }
    return clip(t, c_.kv, {0, c_.kv.slots(name.seq, name.kv_head)});
  }

private:
  /// Where a tile ends that starts at row `first`. One that is not the last has at least half of what it could hold.
  [[nodiscard]] HEED_INLINE index_t row_end(index_t seq, range heads, index_t first) const noexcept {
    const index_t all = c_.p.extents.rows(seq), most = capacity(seq, heads);
    if (first + most >= all) return all;
    if constexpr (divided) {
      const index_t end = c_.m.tile_end(seq, first, first + most);
      HEED_EXPECTS(end > first + most / 2 && end <= first + most);
      return end;
    } else {
      return first + most;
    }
  }

  const Call& c_;
};

} // namespace plan_detail
} // namespace HEED_ISA
} // namespace heed
