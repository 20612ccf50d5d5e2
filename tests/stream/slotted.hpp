// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A mask and a source drawn slot by slot, for the tests of streams: what must be visited is plain to see.
#include <heed/stream/key_blocks.hpp>
#include <heed/view/element.hpp>

#include <support/random.hpp>

#include <algorithm>
#include <limits>
#include <vector>

namespace heed::test {

/// One sequence and head. Slots may be holes, evicted by their bias, or stand in any order; stretches end anywhere.
struct slotted_source {
  using key_format = elements<float>;
  using value_format = elements<float>;
  static constexpr bool values_alias_keys = false;
  std::vector<index_t> position; ///< a hole has one too
  std::vector<char> hole;
  std::vector<float> bias, keys, values; ///< rows of 3 and 2 numbers
  index_t most = 0;
  bool ascends = true, biased = false;

  slotted_source(random& gen, index_t n, bool ordered, bool with_bias) : ascends(ordered), biased(with_bias) {
    index_t next = gen.integer(0, 3);
    for (index_t i = 0; i < n; ++i, next += gen.chance(3) ? gen.integer(1, 4) : 1) position.push_back(next);
    most = next;
    if (!ordered) gen.shuffle(position);
    for (index_t i = 0; i < n; ++i) {
      hole.push_back(!hole.empty() && hole.back() != 0 ? !gen.chance(3) : gen.chance(20));
      bias.push_back(gen.chance(6) ? -std::numeric_limits<float>::infinity() : gen.unit());
    }
    keys = gen.numbers<float>(3 * n);
    values = gen.numbers<float>(2 * n);
  }
  [[nodiscard]] kv_dims dims() const noexcept { return {1, 1, 3, 2, 0}; }
  [[nodiscard]] key_format keys_as() const noexcept { return {}; }
  [[nodiscard]] value_format values_as() const noexcept { return {}; }
  [[nodiscard]] index_t slots(index_t, index_t) const noexcept { return static_cast<index_t>(position.size()); }
  [[nodiscard]] index_t seen(index_t) const noexcept { return most; }
  [[nodiscard]] bool ordered(index_t, index_t) const noexcept { return ascends; }
  [[nodiscard]] index_t locate(index_t, index_t, index_t p) const noexcept {
    return std::lower_bound(position.begin(), position.end(), p) - position.begin();
  }
  [[nodiscard]] kv_rows rows(index_t, index_t, range at) const noexcept {
    const auto first = static_cast<std::size_t>(at.begin);
    const auto most_here = static_cast<std::size_t>(at.begin + std::min(at.size(), 1 + at.begin * 7 % 23));
    std::size_t n = 1;
    while (first + n < most_here && hole[first + n] == hole[first]) ++n;
    kv_rows r;
    r.count = static_cast<index_t>(n);
    r.first = position[first];
    if (hole[first] != 0) return r;
    r.key = reinterpret_cast<const std::byte*>(keys.data() + 3 * first);
    r.value = reinterpret_cast<const std::byte*>(values.data() + 2 * first);
    r.key_stride = 12;
    r.value_stride = 8;
    r.positions = position.data() + first;
    if (biased) r.bias = bias.data() + first;
    return r;
  }
  [[nodiscard]] bool live(std::size_t slot) const noexcept {
    return hole[slot] == 0 && !(biased && bias[slot] == -std::numeric_limits<float>::infinity());
  }
};
static_assert(kv_source<slotted_source>);

/// A bit for each row and position; runs are as tight as they can be.
struct table_mask {
  index_t rows, positions;
  std::vector<char> sees;
  table_mask(random& gen, index_t n, index_t count)
      : rows(n), positions(count), sees(static_cast<std::size_t>(n * count)) {
    for (index_t r = 0; r < rows; ++r)
      for (index_t k = 0; k < count; ++k) {
        char& x = sees[static_cast<std::size_t>(r * count + k)];
        const char before = k > 0 ? sees[static_cast<std::size_t>(r * count + k - 1)] : char{1};
        x = gen.chance(9) ? !before : before;
      }
    if (gen.chance(3)) std::fill(sees.begin(), sees.end(), char{1});
    if (gen.chance(9)) std::fill(sees.begin(), sees.end(), char{0});
  }
  [[nodiscard]] bool allows(cell at) const noexcept {
    return sees[static_cast<std::size_t>(at.row * positions + at.k)] != 0;
  }
  [[nodiscard]] coverage cover(const tile& t, index_t k) const noexcept {
    std::size_t n = 0;
    for (const index_t r : t.rows) n += allows({0, 0, 0, k, r, 0});
    return n == 0 ? coverage::none : n == t.rows.size() ? coverage::full : coverage::partial;
  }
  [[nodiscard]] index_t runs(const tile& t, std::span<key_run> out) const noexcept {
    index_t n = 0;
    for (index_t k = t.k.begin; k < t.k.end;) {
      const coverage c = cover(t, k);
      index_t end = k + 1;
      while (end < t.k.end && cover(t, end) == c) ++end;
      if (c != coverage::none) {
        if (n == static_cast<index_t>(out.size())) return n;
        out[static_cast<std::size_t>(n++)] = {{k, end}, c};
      }
      k = end;
    }
    return n;
  }
};
static_assert(mask<table_mask>);

/// A drawn case: a tile over all slots of a source.
struct stream_case {
  random gen;
  index_t rows;
  slotted_source kv;
  table_mask m;
  std::vector<index_t> row_list, q;
  tile t;

  stream_case(std::uint64_t seed, index_t slots, bool ordered, bool biased)
      : gen(seed), rows(gen.integer(1, 5)), kv(gen, slots, ordered, biased), m(gen, rows, kv.most) {
    for (index_t r = 0; r < rows; ++r) row_list.push_back(r);
    q.assign(row_list.size(), 0);
    t = clip(tile{0, 0, {0, 1}, row_list, q, {0, 1}, {0, 0}, {0, kv.most}}, kv, {0, slots});
  }
  /// What the stream must say about a slot.
  [[nodiscard]] coverage wanted(index_t slot) const {
    const coverage c = m.cover(t, kv.position[static_cast<std::size_t>(slot)]);
    if (kv.ascends) return c;
    bool any = false, all = true;
    for (index_t k = 0; k < kv.most; ++k) {
      any = any || m.cover(t, k) != coverage::none;
      all = all && m.cover(t, k) == coverage::full;
    }
    return all ? coverage::full : any ? coverage::partial : coverage::none;
  }
};

} // namespace heed::test
