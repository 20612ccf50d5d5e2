// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The laws of masks as checks, for the library's masks and for users' own; no test framework is needed.
#include <heed/testing/random_bits.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace heed::testing {
inline namespace HEED_ISA {

/// Where the queries of the checked tiles stand: the last row at the last position seen, or at any positions at all, in
/// any order, repeated, before the first key and behind the last. (Masks on a grid define only the first.)
enum class query_places : unsigned char { last_at_end, anywhere };

/// The calls that a mask is checked on.
///
/// Shapes    rows, seen: [sequences], query rows and tokens
struct mask_cases {
  std::vector<index_t> rows, seen;
  index_t q_heads = 1, kv_heads = 1;
  query_places places = query_places::anywhere;
  index_t tiles = 200; ///< random tiles beside those on the borders
  std::uint64_t seed = 1;
};

/// The text of the first law that a mask breaks, with the tile; false if it keeps all. With GoogleTest:
/// `const auto r = check_mask(m, cases); EXPECT_FALSE(r) << r.broken;`
struct mask_report {
  std::string broken;
  explicit operator bool() const noexcept { return !broken.empty(); }
};

} // namespace HEED_ISA

namespace detail {
inline namespace HEED_ISA {

template <mask M> class mask_checker {
public:
  mask_checker(const M& m, const mask_cases& cases) : m_(m), cases_(cases), random_{cases.seed} {}

  mask_report operator()() {
    for (std::size_t s = 0; s < cases_.rows.size() && ok(); ++s) {
      seq_ = static_cast<index_t>(s);
      rows_ = cases_.rows[s];
      seen_ = cases_.seen[s];
      borders();
      if constexpr (query_tiler<M>) tiler();
    }
    for (index_t i = 0; i < cases_.tiles && ok() && !cases_.rows.empty(); ++i) {
      seq_ = random_.in(0, static_cast<index_t>(cases_.rows.size()));
      rows_ = cases_.rows[static_cast<std::size_t>(seq_)];
      seen_ = cases_.seen[static_cast<std::size_t>(seq_)];
      random_tile();
    }
    return {broken_};
  }

private:
  bool ok() const noexcept { return broken_.empty(); }
  index_t group() const noexcept { return cases_.q_heads / cases_.kv_heads; }
  index_t place(index_t row) const noexcept { return seen_ - rows_ + row; }

  void borders() {
    const index_t ends[] = {0, 1, 2, 63, 64, 65, 95, 96, 97, 127, 128, 129, seen_ - 1, seen_};
    for (const index_t size : {1, 2, 63, 64, 65, 96, 97})
      for (const index_t first : {index_t{0}, index_t{63}, rows_ - size}) {
        if (first < 0 || size > rows_ - first) continue;
        std::vector<index_t> rows, q;
        for (index_t r = first; r < first + size; ++r) {
          rows.push_back(r);
          q.push_back(place(r));
        }
        for (int i = 0; i < 6 && ok(); ++i) {
          index_t a = i == 0 ? 0 : ends[random_.in(0, 14)], b = i == 0 ? seen_ : ends[random_.in(0, 14)];
          if (a > b) std::swap(a, b);
          check(rows, q, {std::max<index_t>(a, 0), std::min(b, seen_)}, some_heads());
        }
      }
  }

  void random_tile() {
    std::vector<index_t> rows, q;
    const index_t density = random_.in(0, 3), size = random_.in(1, random_.in(0, 4) == 0 ? 140 : 65);
    for (index_t r = random_.in(0, rows_); r < rows_ && static_cast<index_t>(rows.size()) < size; ++r)
      if (density == 0 || random_.in(0, 1 + 3 * density) == 0) rows.push_back(r);
    if (rows.empty()) return;
    const index_t kind = cases_.places == query_places::last_at_end ? 0 : random_.in(0, 5);
    const index_t from = random_.in(-8, seen_ + 8), step = random_.in(0, 4);
    for (std::size_t i = 0; i < rows.size(); ++i)
      q.push_back(kind == 0   ? place(rows[i])
                  : kind == 1 ? from + step * static_cast<index_t>(i)
                  : kind == 2 ? from - step * static_cast<index_t>(i)
                  : kind == 3 ? random_.in(-8, seen_ + 8)
                              : from + random_.in(0, 4));
    const index_t a = random_.in(0, seen_ + 1), b = random_.in(0, seen_ + 1);
    check(rows, q, random_.in(0, 3) == 0 ? range{0, seen_} : range{std::min(a, b), std::max(a, b)}, some_heads());
  }

  range some_heads() {
    const index_t first = random_.in(0, cases_.kv_heads) * group();
    if (random_.in(0, 2) == 0) return {first, first + group()};
    const index_t head = random_.in(first, first + group());
    return {head, random_.in(head + 1, first + group() + 1)};
  }

  void tiler() {
    for (const index_t capacity : {1, 3, 16, 64}) {
      std::vector<int> times(static_cast<std::size_t>(rows_));
      const index_t n = m_.query_tiles(seq_, rows_, capacity);
      if constexpr (bounded_query_tiler<M>) tile_bound(capacity);
      for (index_t i = 0; i < n && ok(); ++i) {
        std::vector<index_t> rows(static_cast<std::size_t>(capacity)), q;
        const index_t count = m_.query_tile(seq_, rows_, capacity, i, rows);
        if (count < 0 || count > capacity) return fail("query_tile writes more rows than its capacity", i);
        rows.resize(static_cast<std::size_t>(count));
        for (std::size_t r = 0; r < rows.size(); ++r) {
          if (rows[r] < 0 || rows[r] >= rows_) return fail("query_tile names a row that is not there", rows[r]);
          if (r > 0 && rows[r] <= rows[r - 1]) return fail("the rows of a query_tile do not ascend", rows[r]);
          ++times[static_cast<std::size_t>(rows[r])];
          q.push_back(place(rows[r]));
        }
        if (count > 0 && random_.in(0, 8) == 0) check(rows, q, {0, seen_}, some_heads());
      }
      for (std::size_t r = 0; r < times.size() && ok(); ++r)
        if (times[r] != 1)
          return fail("the query tiles are no partition: not once in them is row", static_cast<index_t>(r));
    }
  }

  void tile_bound(index_t capacity) {
    index_t tiles = 0, rows = 0, n = 0;
    for (std::size_t s = 0; s < cases_.rows.size(); ++s) {
      const index_t own = m_.query_tiles(static_cast<index_t>(s), cases_.rows[s], capacity);
      for (const index_t less : {capacity, (capacity + 1) / 2})
        if (own > m_.most_query_tiles(1, cases_.rows[s], less))
          return fail("most_query_tiles is less than the tiles of one sequence at a capacity of", less);
      tiles += own;
      rows += cases_.rows[s];
      ++n;
    }
    if (tiles > m_.most_query_tiles(n, rows, capacity))
      fail("most_query_tiles is less than the tiles of all sequences at a capacity of", capacity);
  }

  // ---- one tile --------------------------------------------------------------------------------------------------

  void check(const std::vector<index_t>& rows, const std::vector<index_t>& q, range k, range heads) {
    if (!ok() || rows.empty()) return;
    const auto [least, greatest] = std::minmax_element(q.begin(), q.end());
    tile_ = {seq_, heads.begin / group(), heads, rows, q, {*least, *greatest + 1}, k, k};
    const std::vector<key_run> runs = collect(40);
    for (const index_t size : {1, 2, 3})
      if (ok() && !equal(runs, collect(size))) return fail("runs differ between buffers of 40 and", size);
    if (ok()) cells(runs);
    if (ok()) check_heads();
    tile_ = {}; // its rows are the caller's
  }

  static bool equal(const std::vector<key_run>& a, const std::vector<key_run>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const key_run& x, const key_run& y) { return x.k == y.k && x.cover == y.cover; });
  }

  std::vector<key_run> collect(index_t size) {
    std::vector<key_run> all;
    tile part = tile_;
    for (index_t last = part.k.begin; part.k.begin < part.k.end;) {
      std::vector<key_run> buffer(static_cast<std::size_t>(size + 1), {{-7, -7}, coverage::none});
      const index_t n = m_.runs(part, std::span<key_run>(buffer.data(), static_cast<std::size_t>(size)));
      if (n < 0 || n > size) return fail("runs answers with a count that its buffer does not hold:", n), all;
      if (buffer.back().k.begin != -7) return fail("runs writes behind its buffer of", size), all;
      for (index_t i = 0; i < n; ++i) {
        const key_run r = buffer[static_cast<std::size_t>(i)];
        if (r.k.empty() || r.cover == coverage::none)
          return fail("a run is empty or covers nothing at", r.k.begin), all;
        if (r.k.begin < last) return fail("runs overlap, descend or begin before the tile's keys at", r.k.begin), all;
        if (r.k.end > tile_.k.end) return fail("a run ends behind the tile's keys at", r.k.end), all;
        last = r.k.end;
        if (!all.empty() && all.back().k.end == r.k.begin && all.back().cover == r.cover)
          all.back().k.end = r.k.end;
        else
          all.push_back(r);
      }
      if (n < size) break;
      part.k.begin = last;
    }
    return all;
  }

  bool allows(index_t head, std::size_t i, index_t k, index_t slot) const {
    return m_.allows({seq_, head, tile_.q[i], k, tile_.rows[i], slot});
  }

  void cells(const std::vector<key_run>& runs) {
    auto run = runs.begin();
    for (index_t k = tile_.k.begin; k < tile_.k.end; ++k) {
      while (run != runs.end() && run->k.end <= k) ++run;
      const coverage cover = run != runs.end() && run->k.begin <= k ? run->cover : coverage::none;
      bool some = false, every = true;
      for (index_t h = tile_.heads.begin; h < tile_.heads.end; ++h)
        for (std::size_t i = 0; i < tile_.rows.size(); ++i) {
          const bool a = allows(h, i, k, k);
          some = some || a;
          every = every && a;
        }
      if (some && cover == coverage::none) return fail("outside the runs a cell is allowed at key", k);
      if (!every && cover == coverage::full) return fail("in a full run a cell is not allowed at key", k);
      if constexpr (tight_mask<M>) {
        if (!some && cover != coverage::none) return fail("tight, but a run holds a key that no row sees:", k);
        if (every && cover != coverage::full) return fail("tight, but not full where every row sees the key:", k);
      }
    }
  }

  void check_heads() {
    const tile whole = tile_;
    for (index_t h = whole.heads.begin; h < whole.heads.end; ++h)
      if (!alike(m_, {h, h + 1})) return fail("alike is false for one head alone:", h);
    if (alike(m_, whole.heads) && !alike_in(m_, seq_, rows_, whole.heads))
      return fail("alike, but not alike_in its sequence: heads from", whole.heads.begin);
    if (alike_in(m_, seq_, rows_, whole.heads)) {
      bits(); // compared for every head
    } else {
      for (index_t h = whole.heads.begin; h < whole.heads.end && ok(); ++h) {
        tile_.heads = {h, h + 1};
        bits();
      }
    }
    tile_ = whole;
  }

  void bits() {
    std::vector<index_t> k;
    const index_t step = random_.in(0, 3) == 0 ? random_.in(2, 9) : 1;
    for (index_t x = tile_.k.begin; x < tile_.k.end; x += step) k.push_back(x);
    const index_t order = random_.in(0, 4);
    if (order == 1) std::reverse(k.begin(), k.end());
    if (order == 2)
      for (std::size_t i = k.size(); i > 1; --i)
        std::swap(k[i - 1], k[static_cast<std::size_t>(random_.in(0, static_cast<index_t>(i)))]);
    std::vector<index_t> slots = k;
    if constexpr (tight_mask<M>)
      for (index_t& s : slots) s += random_.in(-9, 9); // a tight mask looks at no slot
    tile panel = tile_;
    if (panel.rows.size() > 64) {
      const auto first = static_cast<std::size_t>(random_.in(0, static_cast<index_t>(panel.rows.size() - 63)));
      panel.rows = panel.rows.subspan(first, 64);
      panel.q = panel.q.subspan(first, 64);
      const auto [least, greatest] = std::minmax_element(panel.q.begin(), panel.q.end());
      panel.q_hull = {*least, *greatest + 1};
    }
    tile_ = panel;
    std::vector<std::uint64_t> rows(k.size(), 0x5555555555555555u);
    if constexpr (bit_mask<M>) m_.bits(panel, k, slots, rows);
    for (std::size_t j = 0; j < k.size(); ++j)
      for (std::size_t i = 0; i < panel.rows.size(); ++i)
        for (index_t h = panel.heads.begin; h < panel.heads.end; ++h) {
          const bool a = allows(h, i, k[j], slots[j]);
          if (a != allows(panel.heads.begin, i, k[j], slots[j])) return fail("alike, but heads differ at key", k[j]);
          if constexpr (bit_mask<M>)
            if (a != ((rows[j] >> i & 1) != 0)) return fail("bits differ from allows at key", k[j]);
        }
  }

  void fail(const char* what, index_t value) {
    if (!ok()) return;
    const auto list = [](std::span<const index_t> x) {
      std::string s;
      for (const index_t i : x) s += ' ' + std::to_string(i);
      return s;
    };
    broken_ = std::string(what) + ' ' + std::to_string(value) + "; seed " + std::to_string(cases_.seed) +
              ", sequence " + std::to_string(seq_) + ", heads [" + std::to_string(tile_.heads.begin) + ", " +
              std::to_string(tile_.heads.end) + "), keys [" + std::to_string(tile_.k.begin) + ", " +
              std::to_string(tile_.k.end) + "), rows" + list(tile_.rows) + ", at" + list(tile_.q);
  }

  const M& m_;
  const mask_cases& cases_;
  random_bits random_;
  std::string broken_;
  index_t seq_ = 0, rows_ = 0, seen_ = 0;
  tile tile_{};
};

} // namespace HEED_ISA
} // namespace detail

inline namespace HEED_ISA {

/// Checks the laws of mask, and those of bit_mask, head_aware, query_tiler and tight_mask where the mask claims to be
/// one, against its allows: on tiles whose rows and keys straddle 1, 64, 96 and 128, and on random ones.
///
/// Requires  allows, for the sequences, rows, heads and positions of the cases
/// Cost      O(tiles x rows x keys x heads) calls of allows
template <mask M> [[nodiscard]] mask_report check_mask(const M& m, const mask_cases& cases) {
  return detail::mask_checker<M>(m, cases)();
}

} // namespace HEED_ISA
} // namespace heed::testing
