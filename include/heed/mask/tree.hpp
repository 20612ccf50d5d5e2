// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Draft trees of speculative decoding: a node sees the prefix, its ancestors and itself.
#include <heed/mask/check_list.hpp>
#include <heed/mask/key_words.hpp>
#include <heed/view/footprint.hpp>

namespace heed {

/// Draft trees, one per sequence or one for all. Node n of sequence s stands at position prefix[s] + n: the order in
/// which nodes were appended, not their depth (rotary angles use prefix + depth). A node sees all keys of the prefix
/// and, of the nodes, those in its ancestor bits, which hold itself too. A query inside the prefix is causal; one
/// beyond the last node sees nothing.
///
/// Shapes    prefix: [sequences]; ancestors: [nodes][words], bit i of a node's words is node i of the same tree;
///           nodes: [sequences + 1], offsets of the trees in ancestors, or empty: one tree, shared by all sequences
/// Requires  words >= 1; whole rows of words; parents before children: no bit above the node's own, and its own is set;
///           tokens seen <= prefix + nodes; else errc::bad_extent, errc::bad_value, errc::length_out_of_range
/// Laws      bit_mask, tight_mask, key_word_mask
/// Cost      runs: O(rows), and one word per row and 64 nodes; bits: per 64 nodes one word per row and a transposition
/// Source    Miao et al. 2023, SpecInfer, section 4.2; Cai et al. 2024, Medusa, section 3.1.2
struct tree {
  static constexpr bool tight = true;

  index_list prefix{};
  std::span<const std::uint64_t> ancestors{};
  index_t words = 1;
  index_list nodes{};

  [[nodiscard]] HEED_INLINE range nodes_of(index_t seq) const noexcept {
    return detail::part_of(nodes, static_cast<index_t>(ancestors.size()) / words, seq);
  }
  [[nodiscard]] HEED_INLINE std::uint64_t keys_from(cell at) const noexcept {
    const index_t p = prefix[at.seq], node = at.q - p;
    if (node < 0) return low_bits(greater(at.q + 1 - at.k, 0));
    const range n = nodes_of(at.seq);
    if (node >= n.size()) return 0;
    return low_bits(greater(p - at.k, 0)) | bits_from(ancestors.data() + (n.begin + node) * words, words, at.k - p);
  }
  [[nodiscard]] HEED_INLINE bool allows(cell at) const noexcept { return (keys_from(at) & 1) != 0; }
  [[nodiscard]] HEED_INLINE index_t runs(const tile& t, std::span<key_run> out) const noexcept {
    run_writer w{out, t.k};
    if (t.rows.empty()) return 0;
    // Below `whole` every row sees every key, from `last` on none sees any.
    const index_t p = prefix[t.seq], n = nodes_of(t.seq).size();
    index_t whole = t.k.end, last = t.k.begin;
    for (const index_t q : t.q) {
      whole = lesser(whole, q < p ? q + 1 : q < p + n ? p : t.k.begin);
      last = greater(last, q < p ? q + 1 : q < p + n ? p + 64 * words : t.k.begin);
    }
    whole = greater(whole, t.k.begin);
    if (w.put({t.k.begin, whole}, coverage::full)) static_cast<void>(put_words(w, *this, t, {whole, last}));
    return w.n;
  }
  HEED_INLINE void bits(const tile& t, std::span<const index_t> k, std::span<const index_t>,
                        std::span<std::uint64_t> rows) const noexcept {
    word_bits(*this, t, k, rows);
  }
  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept {
    return detail::any_shares(f, prefix, ancestors, nodes);
  }
  [[nodiscard]] HEED_INLINE failure check(const call_extents& e) const noexcept {
    const auto size = static_cast<index_t>(ancestors.size());
    if (words < 1) return {errc::bad_value, "tree", "words", words, "the least is", 1};
    if (size % words != 0) return {errc::bad_extent, "tree", "count of ancestor words", size, "no multiple of", words};
    if (const failure f = detail::check_per_sequence("tree", "prefix", "count of prefixes", prefix, 0, e)) return f;
    const index_t total = size / words;
    if (!nodes.empty())
      if (const failure f = detail::check_offsets("tree", "nodes", "count of node offsets", nodes, total, e)) return f;
    for (index_t s = 0; s < e.sequences; ++s) {
      const range n = nodes_of(s);
      if (n.size() > 64 * words)
        return {
            errc::length_out_of_range, "tree", "count of nodes", n.size(), "its words have bits for", 64 * words, s};
      if (e.seen(s) - prefix[s] > n.size())
        return {errc::length_out_of_range,
                "tree",
                "tokens seen after the prefix",
                e.seen(s) - prefix[s],
                "the nodes are",
                n.size(),
                s};
      if (s > 0 && nodes.empty()) continue;
      for (index_t i = n.begin; i < n.end; ++i)
        for (index_t w = 0; w < words; ++w) {
          const index_t own = i - n.begin - 64 * w; // the node's own bit, counted from this word's first
          const std::uint64_t word = ancestors[static_cast<std::size_t>(i * words + w)];
          const std::uint64_t late = own < 0 ? word : word & ~low_bits(own + 1);
          if (late != 0)
            return {errc::bad_value,
                    "tree",
                    "an ancestor of node",
                    64 * w + __builtin_ctzll(late),
                    "parents come before children, and the node is",
                    i - n.begin,
                    i};
          if (own >= 0 && own < 64 && (word >> own & 1) == 0)
            return {errc::bad_value, "tree", "a node's own ancestor bit", 0, "it must be", 1, i};
        }
    }
    return {};
  }
};

/// Fills the ancestor words of one tree from the parent of each node, -1 for a root.
///
/// Shapes    parents: [nodes]; ancestors: [nodes][words]
/// Requires  parents before children, words * 64 >= nodes, ancestors of nodes * words, else the failure says so
[[nodiscard]] HEED_INLINE failure tree_ancestors(index_list parents, index_t words,
                                                 std::span<std::uint64_t> ancestors) noexcept {
  const index_t n = parents.size();
  if (words < 1) return {errc::bad_value, "tree_ancestors", "words", words, "the least is", 1};
  if (n > 64 * words)
    return {errc::length_out_of_range, "tree_ancestors", "count of parents", n, "its words have bits for", 64 * words};
  if (static_cast<index_t>(ancestors.size()) != n * words)
    return {errc::bad_extent,       "tree_ancestors", "count of ancestor words", static_cast<index_t>(ancestors.size()),
            "nodes times words is", n * words};
  for (index_t i = 0; i < n; ++i)
    if (parents[i] < -1 || parents[i] >= i)
      return {errc::bad_value,
              "tree_ancestors",
              "parents",
              parents[i],
              "parents come before children: the limit is",
              i - 1,
              i};
  for (index_t i = 0; i < n; ++i) {
    for (index_t w = 0; w < words; ++w)
      ancestors[static_cast<std::size_t>(i * words + w)] =
          parents[i] < 0 ? 0 : ancestors[static_cast<std::size_t>(parents[i] * words + w)];
    ancestors[static_cast<std::size_t>(i * words + i / 64)] |= std::uint64_t{1} << (i % 64);
  }
  return {};
}

static_assert(bit_mask<tree> && tight_mask<tree> && key_word_mask<tree> && self_checking<tree>);

} // namespace heed
