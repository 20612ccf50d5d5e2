// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The mask axis: each type draws a mask for a case and owns the lists that it points to.
#include <heed/mask/all_of.hpp>
#include <heed/mask/any_of.hpp>
#include <heed/mask/bit_matrix.hpp>
#include <heed/mask/byte_matrix.hpp>
#include <heed/mask/causal.hpp>
#include <heed/mask/chunked_local.hpp>
#include <heed/mask/document.hpp>
#include <heed/mask/first_keys.hpp>
#include <heed/mask/full.hpp>
#include <heed/mask/key_lengths.hpp>
#include <heed/mask/prefix_lm.hpp>
#include <heed/mask/sliding_window.hpp>
#include <heed/mask/tree.hpp>

#include <differential/drawn_case.hpp>
#include <support/row_pool.hpp>

namespace heed::test::masks {

struct full {
  explicit full(drawn_case&) {}
  auto get() const noexcept { return heed::full{}; }
};
struct causal {
  explicit causal(drawn_case&) {}
  auto get() const noexcept { return heed::causal{}; }
};
struct sliding_window {
  index_t left, right;
  explicit sliding_window(drawn_case& c)
      : left(c.gen.chance(4) ? -1 : c.gen.integer(0, c.most_seen() + 1)),
        right(c.gen.chance(4) ? -1 : c.gen.integer(0, c.gen.chance(2) ? 1 : c.most_seen() + 1)) {}
  auto get() const noexcept { return heed::sliding_window{left, right}; }
};
struct key_lengths {
  drawn_list lengths;
  explicit key_lengths(drawn_case& c) {
    std::vector<index_t> n;
    for (const index_t seen : c.cache.seen) n.push_back(c.gen.chance(3) ? seen : c.gen.integer(0, seen));
    lengths = {c.gen, n};
  }
  auto get() const noexcept { return heed::key_lengths{lengths.get()}; }
};
/// Documents, or padding with a negative id; ids ascend or come in any order.
struct document_causal {
  drawn_list queries, keys, query_offsets, key_offsets;
  explicit document_causal(drawn_case& c) {
    std::vector<index_t> q, k, k_offsets{0};
    const bool ascending = c.gen.chance(2);
    const index_t length = c.gen.integer(1, 60);
    for (index_t s = 0; s < c.sequences(); ++s) {
      const index_t seen = c.cache.seen[at(s)], n = c.rows[at(s)], first = k_offsets.back();
      index_t id = c.gen.integer(0, 2);
      for (index_t i = 0; i < seen; ++i) {
        if (c.gen.chance(length)) id = ascending ? id + c.gen.integer(1, 2) : c.gen.integer(-1, 3);
        k.push_back(id);
      }
      for (index_t r = 0; r < n; ++r) {
        const index_t p = seen - n + r;
        q.push_back(p >= 0 && p < seen && !c.gen.chance(16) ? k[at(first + p)] : c.gen.integer(-1, 3));
      }
      k_offsets.push_back(first + seen);
    }
    queries = {c.gen, q};
    keys = {c.gen, k};
    query_offsets = {c.gen, c.offsets};
    key_offsets = {c.gen, k_offsets};
  }
  auto get() const noexcept {
    return heed::all_of(heed::document(document_ids{queries.get(), keys.get(), query_offsets.get(), key_offsets.get()}),
                        heed::causal{});
  }
};
struct prefix_lm {
  drawn_list prefix;
  explicit prefix_lm(drawn_case& c) {
    std::vector<index_t> n;
    for (const index_t seen : c.cache.seen) n.push_back(c.gen.integer(0, seen + 2));
    prefix = {c.gen, n};
  }
  auto get() const noexcept { return heed::prefix_lm{prefix.get()}; }
};
struct chunked_local {
  index_t chunk;
  explicit chunked_local(drawn_case& c) : chunk(c.gen.integer(1, c.most_seen() + 1)) {}
  auto get() const noexcept { return heed::chunked_local{chunk}; }
};
struct sinks_window {
  index_t sinks, left;
  explicit sinks_window(drawn_case& c) : sinks(c.gen.integer(0, 6)), left(c.gen.integer(0, c.most_seen())) {}
  auto get() const noexcept {
    return heed::all_of(heed::causal{}, heed::any_of(heed::first_keys{sinks}, heed::sliding_window{left, 0}));
  }
};
/// A draft tree behind each sequence's prefix.
struct tree {
  drawn_list prefix, nodes;
  std::vector<std::uint64_t> ancestors;
  index_t words;
  explicit tree(drawn_case& c) : words(c.gen.integer(1, 2)) {
    std::vector<index_t> before, first{0};
    for (const index_t seen : c.cache.seen) {
      const index_t drafts = c.gen.integer(0, std::min<index_t>(64 * words, seen));
      const index_t count = std::min<index_t>(64 * words, drafts + c.gen.integer(0, 2));
      before.push_back(seen - drafts);
      first.push_back(first.back() + count);
      const std::size_t root = ancestors.size();
      ancestors.resize(root + at(count * words), 0);
      for (index_t n = 0; n < count; ++n) {
        if (n > 0 && !c.gen.chance(8)) { // else a root of its own
          const index_t parent = c.gen.integer(0, n - 1);
          for (index_t w = 0; w < words; ++w)
            ancestors[root + at(n * words + w)] = ancestors[root + at(parent * words + w)];
        }
        ancestors[root + at(n * words + n / 64)] |= std::uint64_t{1} << (n % 64);
      }
    }
    prefix = {c.gen, before};
    nodes = {c.gen, first};
  }
  auto get() const noexcept { return heed::tree{prefix.get(), ancestors, words, nodes.get()}; }
};
/// Bits with rows that see nothing, stretches and single keys.
struct bit_matrix {
  std::vector<std::uint8_t> packed;
  drawn_list columns, offsets;
  explicit bit_matrix(drawn_case& c) {
    std::vector<index_t> width, first{0};
    for (index_t s = 0; s < c.sequences(); ++s) {
      width.push_back(std::max<index_t>(0, c.cache.seen[at(s)] - c.gen.integer(0, 2) + c.gen.integer(0, 2)));
      const index_t bits = c.rows[at(s)] * width.back();
      std::vector<std::uint8_t> part(at((bits + 7) / 8 + c.gen.integer(0, 2)), 0xff);
      index_t flip = 0;
      bool on = false;
      for (index_t b = 0; b < bits; ++b) {
        if (b == flip) {
          on = !on;
          flip = b + (c.gen.chance(2) ? c.gen.integer(1, 4) : c.gen.integer(1, 150));
        }
        const auto mask = static_cast<std::uint8_t>(1u << (b % 8));
        if (!on) part[at(b / 8)] = static_cast<std::uint8_t>(part[at(b / 8)] & ~mask);
      }
      packed.insert(packed.end(), part.begin(), part.end());
      first.push_back(static_cast<index_t>(packed.size()));
    }
    columns = {c.gen, width};
    offsets = {c.gen, first};
  }
  auto get() const noexcept { return heed::bit_matrix{packed, columns.get(), offsets.get()}; }
};
/// Bytes per sequence, head, row and key; axes broadcast by extent 1.
struct byte_matrix {
  std::vector<std::uint8_t> bytes;
  index_t extent[4];
  explicit byte_matrix(drawn_case& c)
      : extent{c.gen.chance(2) ? 1 : c.sequences(), c.gen.chance(2) ? 1 : c.heads(),
               c.gen.chance(8) ? 1 : c.most_rows(), c.most_seen() + c.gen.integer(0, 2)} {
    index_t left = 0;
    std::uint8_t value = 0;
    bytes.resize(at(extent[0] * extent[1] * extent[2] * extent[3]));
    for (auto& b : bytes) {
      if (left-- == 0) {
        left = c.gen.chance(2) ? c.gen.integer(0, 4) : c.gen.integer(1, 150);
        value = value != 0 ? std::uint8_t{0} : static_cast<std::uint8_t>(c.gen.integer(1, 255));
      }
      b = value;
    }
  }
  auto get() const noexcept {
    return heed::byte_matrix(view(bytes.data(), extent[0], extent[1], extent[2], extent[3]));
  }
};
/// A mask of one's own that has only what the concept asks for: every third key or so, and one run over all.
struct user {
  struct comb {
    index_t period, kept;
    bool allows(cell at) const noexcept { return (at.k + at.head) % period < kept; }
    bool alike(range heads) const noexcept { return heads.size() <= 1; }
    index_t runs(const tile& t, std::span<key_run> out) const noexcept {
      if (t.k.empty() || t.rows.empty()) return 0;
      out[0] = {t.k, coverage::partial};
      return 1;
    }
  };
  comb c;
  explicit user(drawn_case& d) : c{d.gen.integer(1, 9), 0} { c.kept = d.gen.integer(0, c.period); }
  comb get() const noexcept { return c; }
};

} // namespace heed::test::masks
