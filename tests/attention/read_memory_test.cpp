// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Every list and table that a mask, modifier or source reads is known to the front door, which then keeps results off
// it: each alone, by its first and its last byte.
#include <heed/heed.hpp>

#include <gtest/gtest.h>
#include <support/refusal.hpp>

#include <string>
#include <vector>

namespace heed::test {
namespace {

using ints = std::vector<int>;
using longs = std::vector<index_t>;
using floats = std::vector<float>;
using bytes_read = std::span<const std::byte>;

/// What is read, as bytes; an empty one would show nothing.
template <class T> bytes_read all(const std::vector<T>& list) { return std::as_bytes(std::span(list)); }

template <class R> void expect_reads(const char* what, const R& r, std::initializer_list<bytes_read> lists) {
  static_assert(touching_source<R>);
  int n = 0;
  for (const bytes_read list : lists) {
    ASSERT_FALSE(list.empty());
    EXPECT_TRUE(r.touches(footprint_of(list.first(1)))) << what << ", first byte of list " << n;
    EXPECT_TRUE(r.touches(footprint_of(list.last(1)))) << what << ", last byte of list " << n;
    ++n;
  }
  const floats elsewhere(64);
  EXPECT_FALSE(r.touches(footprint_of(std::span(elsewhere)))) << what;
}

TEST(attention_read_memory, of_masks) {
  const ints a{0, 1, 2, 3}, b{0, 4}, c{0, 2}, d{3, 3}, e{1}, f{2}, g{0}, h{1}, i{3};
  const std::vector<std::uint8_t> packed(4);
  const std::vector<std::uint64_t> words(4);
  const std::vector<block_head> kinds(2);
  expect_reads("bit_matrix", bit_matrix{packed, e, b}, {all(packed), all(e), all(b)});
  expect_reads("byte_matrix", byte_matrix(view(packed.data(), 2, 2)), {all(packed)});
  expect_reads("document", document({.queries = a, .keys = d, .query_offsets = b, .key_offsets = c}),
               {all(a), all(d), all(b), all(c)});
  expect_reads("tree", tree{.prefix = e, .ancestors = words, .nodes = b}, {all(e), all(words), all(b)});
  expect_reads("key_lists", key_lists({.positions = a, .offsets = b, .query_offsets = c}), {all(a), all(b), all(c)});
  expect_reads("prefix_lm", prefix_lm{a}, {all(a)});
  expect_reads("key_lengths", key_lengths{a}, {all(a)});
  expect_reads("listed_rows", listed_rows(prefix_lm{a}, b, 9), {all(a), all(b)});
  expect_reads("neighborhood", neighborhood<2>{.window = 2, .grids = a}, {all(a)});
  const sparse_blocks table{.row_blocks = 1,
                            .full = {a, g, h},
                            .partial = {b, e, f},
                            .stripe_rows = 1,
                            .stripe_groups = 1,
                            .stripes = {d, c, i},
                            .heads = kinds};
  expect_reads("sparse_blocks", table,
               {all(a), all(g), all(h), all(b), all(e), all(f), all(d), all(c), all(i), all(kinds)});
  const ints cells{7};
  expect_reads("block_sparse", block_sparse(table, prefix_lm{cells}), {all(a), all(kinds), all(cells)});
  // What wraps a mask reads what that reads.
  expect_reads("all_of", all_of(causal{}, prefix_lm{a}, key_lengths{b}), {all(a), all(b)});
  expect_reads("any_of", any_of(first_keys{2}, prefix_lm{a}), {all(a)});
  expect_reads("none_of", none_of(prefix_lm{a}), {all(a)});
}

TEST(attention_read_memory, of_score_modifiers) {
  const floats slopes(2), table(2 * 5), plane(9), line(3);
  const longs offsets{0, 2};
  longs places(6);
  const neighborhood<2> m{.grid = {2, 3}, .window = 2};
  expect_reads("alibi", alibi(std::span(slopes)), {all(slopes)});
  expect_reads("relative_bias", relative_bias(view(table.data(), 2, 5)), {all(table)});
  expect_reads("dense_bias", dense_bias(view(table.data(), 1, 2, 1, 5)), {all(table)});
  expect_reads("row_scale by token", row_scale::by_token(slopes, offsets), {all(slopes), all(offsets)});
  expect_reads("row_scale by position", row_scale::by_position(slopes), {all(slopes)});
  expect_reads("neighborhood_bias", neighborhood_bias(m, view(plane.data(), 1, 3, 3), places),
               {all(plane), all(places)});
  const ints grids{4};
  const neighborhood_bias listed(neighborhood<1>{.window = 2, .grids = grids}, view(line.data(), 1, 3));
  expect_reads("neighborhood_bias with grids", listed, {all(line), all(grids)});
  expect_reads("chain", chain(alibi(std::span(slopes)), relative_bias(view(table.data(), 2, 5))),
               {all(slopes), all(table)});
  EXPECT_FALSE(alibi::standard(2).touches(footprint_of(std::span(slopes))));
}

TEST(attention_read_memory, of_sources) {
  const floats k(8 * 2), v(8 * 3), bias(8), part_bias(2);
  const longs positions{0, 1, 2, 3, 4, 5, 6, 7};
  const ints one{0, 4, 8}, two{0, 1, 2}, three{4, 4}, four{8, 8}, five{0, 1};
  const auto keys = view(k.data(), 8, 1, 2);
  const auto values = view(v.data(), 8, 1, 3);
  expect_reads("contiguous",
               contiguous(keys, values, {.offsets = one, .lengths = three, .positions = positions, .seen = four}),
               {all(k), all(v), all(one), all(three), all(positions), all(four)});
  const auto k_pool = view(k.data(), 2, 4, 1, 2);
  const auto v_pool = view(v.data(), 2, 4, 1, 3);
  const paged_slots slots{.positions = positions, .bias = bias, .seen = four};
  const auto expect_pool = [&](const char* what, const auto& kv, std::initializer_list<bytes_read> table) {
    expect_reads(what, kv, {all(k), all(v), all(positions), all(bias), all(four)});
    expect_reads(what, kv, table);
  };
  expect_pool("paged by page_table",
              paged(k_pool, v_pool, page_table{.offsets = two, .pages = five, .last_page_len = three}, slots),
              {all(two), all(five), all(three)});
  expect_pool("paged by block_table",
              paged(k_pool, v_pool, block_table{.pages = five, .max_pages = 1, .lengths = three}, slots),
              {all(five), all(three)});
  expect_pool(
      "paged by head_page_table",
      paged(k_pool, v_pool, head_page_table{.kv_heads = 1, .offsets = two, .pages = five, .lengths = three}, slots),
      {all(two), all(five), all(three)});
  expect_reads(
      "ragged_heads",
      ragged_heads(
          view(k.data(), 8, 2), view(v.data(), 8, 3),
          {.kv_heads = 1, .offsets = one, .lengths = three, .positions = positions, .seen = four, .bias = bias}),
      {all(k), all(v), all(one), all(three), all(positions), all(four), all(bias)});
  expect_reads("contiguous_heads",
               contiguous_heads(view(k.data(), 2, 4, 1, 2), view(v.data(), 2, 4, 1, 3),
                                {.lengths = three, .positions = positions, .bias = bias, .seen = four}),
               {all(k), all(v), all(three), all(positions), all(bias), all(four)});
  expect_reads("sink_ring", sink_ring(k_pool, v_pool, sink_ring_batch{.sinks = 1, .seen = four}),
               {all(k), all(v), all(four)});
  const auto base = contiguous(keys, values);
  expect_reads("gathered", gathered(base, {.indices = one, .offsets = two, .base_sequence = five}),
               {all(k), all(v), all(one), all(two), all(five)});
  expect_reads("biased", biased(base, slot_bias{.values = bias, .offsets = five}), {all(k), all(bias), all(five)});
  const std::vector<head_source> kinds{head_source::first, head_source::second};
  const floats second_k(8 * 2), second_v(8 * 3);
  const auto other = contiguous(view(second_k.data(), 8, 1, 2), view(second_v.data(), 8, 1, 3));
  expect_reads("head_split", head_split(base, other, kinds), {all(k), all(v), all(second_k), all(second_v)});
  expect_reads("joined", joined(base, other), {all(k), all(v), all(second_k), all(second_v)});
}

TEST(attention_read_memory, no_result_is_stored_there) {
  const floats q(16), k(16);
  floats slopes(16), plane(16);
  ints grids(16, 4), entries(16);
  const ints begin{0}, end{1};
  const auto rows = view(q.data(), 4, 1, 4), keys = view(k.data(), 4, 1, 4);
  const auto stored_at = [&](void* o, const auto& role) {
    return refusal(diagnose(rows, contiguous(keys, keys), view(static_cast<float*>(o), 4, 1, 4), role));
  };
  const refusal of_mask(errc::overlap, "o: buffers shared with the mask is 1, the limit is 0");
  const refusal of_score(errc::overlap, "o: buffers shared with the score modifier is 1, the limit is 0");
  const auto grid_list = std::span<const int>(grids).first(1);
  const neighborhood<1> m{.window = 3, .grids = grid_list};
  EXPECT_EQ(stored_at(grids.data(), m), of_mask);
  EXPECT_EQ(stored_at(entries.data(),
                      block_sparse({.row_blocks = 1, .full = {std::span<const int>(entries).first(1), begin, end}})),
            of_mask);
  EXPECT_EQ(stored_at(slopes.data(), alibi(std::span<const float>(slopes).first(1))), of_score);
  const neighborhood_bias bias(m, view(std::as_const(plane).data(), 1, 5));
  EXPECT_EQ(stored_at(plane.data(), bias), of_score);
  EXPECT_EQ(stored_at(grids.data(), bias), of_score);
  floats o(16);
  EXPECT_EQ(stored_at(o.data(), m), refusal());
  EXPECT_EQ(stored_at(o.data(), bias), refusal());
}

} // namespace
} // namespace heed::test
