// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Which rows of a tile see which keys of a grid, in words of 64 rows.
#include <heed/mask/exact_runs.hpp>
#include <heed/mask/token_grid.hpp>

namespace heed::detail {
inline namespace HEED_ISA {

/// Bits of up to 64 rows for keys in pieces: per axis one word for each coordinate that occurs, and a key's answer is
/// their intersection. A position outside the grid sees everything and is seen by all.
///
/// Cost      O(rows + keys) additions where rows and keys ascend and the keys' coordinates span at most `room`
///           numbers, else O(rows x keys)
template <int Rank> class grid_bits {
public:
  HEED_INLINE grid_bits(const token_grid<Rank>& g, const tile& t) noexcept
      : g_(g), n_(lesser(static_cast<index_t>(t.q.size()), 64)) {
    grid_walk<Rank> walk(g);
    for (index_t i = 0; i < n_; ++i) {
      const index_t q = t.q[static_cast<std::size_t>(i)];
      const std::uint64_t bit = std::uint64_t{1} << i;
      if (!g.holds(q)) {
        outside_ |= bit;
        continue;
      }
      inside_ |= bit;
      const per_axis<Rank>& c = walk.go(q);
      for (int a = 0; a < Rank; ++a) row_[a][i] = c[a];
    }
  }

  void operator()(std::span<const index_t> k, std::span<std::uint64_t> rows) const noexcept {
    for (std::size_t j = 0; j < k.size(); j += piece) {
      const std::size_t n = k.size() - j < piece ? k.size() - j : piece;
      answer(k.subspan(j, n), rows.subspan(j, n));
    }
  }

private:
  static constexpr std::size_t piece = 128;
  static constexpr index_t room = 1024;

  /// Consecutive keys of one line.
  struct stretch {
    index_t first, count;
    per_axis<Rank> at;
  };

  HEED_NOINLINE void answer(std::span<const index_t> k, std::span<std::uint64_t> rows) const noexcept {
    constexpr int last = Rank - 1;
    const auto keys = static_cast<index_t>(k.size());
    stretch s[piece];
    index_t stretches = 0;
    range hull[Rank];
    grid_walk<Rank> walk(g_);
    for (index_t j = 0; j < keys;) {
      const index_t first = k[static_cast<std::size_t>(j)];
      if (!g_.holds(first)) {
        rows[static_cast<std::size_t>(j++)] = inside_ | outside_;
        continue;
      }
      const per_axis<Rank>& c = walk.go(first);
      const index_t most = lesser(keys - j, g_.axis[last].length - c[last]);
      index_t n = 1;
      while (n < most && k[static_cast<std::size_t>(j + n)] == first + n) ++n;
      for (int a = 0; a < Rank; ++a) {
        const range here{c[a], c[a] + (a == last ? n : 1)};
        hull[a] = stretches == 0 ? here : range{lesser(hull[a].begin, here.begin), greater(hull[a].end, here.end)};
      }
      s[stretches++] = {j, n, c};
      j += n;
    }
    if (stretches == 0) return;
    index_t numbers = 0;
    for (const range& h : hull) numbers += h.size();
    if (numbers > room) return cell_by_cell(s, stretches, rows);

    std::uint64_t words[room];
    std::uint64_t* table[Rank];
    index_t used = 0;
    for (int a = 0; a < Rank; ++a) {
      table[a] = words + used;
      used += hull[a].size();
      fill(a, hull[a], table[a]);
    }
    for (index_t i = 0; i < stretches; ++i) {
      std::uint64_t outer = inside_;
      for (int a = 0; a < last; ++a) outer &= table[a][s[i].at[a] - hull[a].begin];
      const std::uint64_t* along = table[last] + (s[i].at[last] - hull[last].begin);
      std::uint64_t* out = rows.data() + s[i].first;
      for (index_t x = 0; x < s[i].count; ++x) out[x] = (outer & along[x]) | outside_;
    }
  }

  /// table[c - at.begin]: the rows that see coordinate c along axis a.
  HEED_INLINE void fill(int a, range at, std::uint64_t* table) const noexcept {
    const grid_axis& axis = g_.axis[a];
    for (index_t x = 0; x < at.size(); ++x) table[x] = 0;
    // Where a row's window begins and where it ends; the rest follows by adding up.
    const auto mark = [&](std::uint64_t bits, index_t c) HEED_BODY {
      const index_t group = axis.group(c), d = axis.dilation;
      const range r = axis.seen(c);
      index_t begin = group + d * r.begin;
      const index_t end = group + d * r.end;
      if (begin < at.begin) begin += (at.begin - begin + d - 1) / d * d;
      if (begin >= lesser(end, at.end)) return;
      table[begin - at.begin] ^= bits;
      if (end < at.end) table[end - at.begin] ^= bits;
    };
    range rows{g_.axis[a].length, 0};
    for (std::uint64_t left = inside_; left != 0; left &= left - 1) {
      const index_t c = row_[a][__builtin_ctzll(left)];
      rows = {lesser(rows.begin, c), greater(rows.end, c + 1)};
    }
    if (rows.size() <= 64) { // rows of a box share coordinates
      std::uint64_t at_place[64] = {};
      for (std::uint64_t left = inside_; left != 0; left &= left - 1)
        at_place[row_[a][__builtin_ctzll(left)] - rows.begin] |= left & (~left + 1);
      for (index_t x = 0; x < rows.size(); ++x)
        if (at_place[x] != 0) mark(at_place[x], rows.begin + x);
    } else
      for (std::uint64_t left = inside_; left != 0; left &= left - 1)
        mark(left & (~left + 1), row_[a][__builtin_ctzll(left)]);
    for (index_t x = axis.dilation; x < at.size(); ++x) table[x] ^= table[x - axis.dilation];
  }

  HEED_NOINLINE void cell_by_cell(const stretch* s, index_t stretches, std::span<std::uint64_t> rows) const noexcept {
    range seen[Rank][64];
    for (std::uint64_t left = inside_; left != 0; left &= left - 1)
      for (int a = 0; a < Rank; ++a) seen[a][__builtin_ctzll(left)] = g_.axis[a].seen(row_[a][__builtin_ctzll(left)]);
    for (index_t i = 0; i < stretches; ++i)
      for (index_t x = 0; x < s[i].count; ++x) {
        std::uint64_t word = inside_;
        for (int a = 0; a < Rank; ++a) {
          const grid_axis& axis = g_.axis[a];
          const index_t c = s[i].at[a] + (a == Rank - 1 ? x : 0), number = axis.number(c), group = axis.group(c);
          for (std::uint64_t left = word; left != 0; left &= left - 1) {
            const int row = __builtin_ctzll(left);
            if (!holds(seen[a][row], number) || axis.group(row_[a][row]) != group) word &= ~(std::uint64_t{1} << row);
          }
        }
        rows[static_cast<std::size_t>(s[i].first + x)] = word | outside_;
      }
  }

  const token_grid<Rank>& g_;
  index_t n_;
  std::uint64_t inside_ = 0, outside_ = 0;
  index_t row_[Rank][64];
};

template <int Rank>
HEED_NOINLINE void answer_bits(const token_grid<Rank>& g, const tile& t, std::span<const index_t> k,
                               std::span<std::uint64_t> rows) noexcept {
  grid_bits<Rank>(g, t)(k, rows);
}

} // namespace HEED_ISA
} // namespace heed::detail
