// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Blocks of keys: every live visible slot once, none across a chunk, the same from any chunk on.
#include <heed/stream/key_blocks.hpp>

#include <gtest/gtest.h>
#include <stream/slotted.hpp>

namespace {
using namespace heed;
using namespace heed::test;

struct block {
  std::vector<index_t> slots;
  index_t chunk;
};
using stream = key_blocks<table_mask, slotted_source>;

void expect_rows(const stream_case& c, const key_block& b) {
  bool partial = false;
  ASSERT_GE(b.count, 1);
  for (index_t j = 0; j < b.count + key_block::padding; ++j) {
    const auto slot = static_cast<std::size_t>(b.slot[std::min(j, b.count - 1)]);
    ASSERT_EQ(b.slot[j], static_cast<index_t>(slot));
    ASSERT_EQ(b.key[j], reinterpret_cast<const std::byte*>(c.kv.keys.data() + 3 * slot));
    ASSERT_EQ(b.value[j], reinterpret_cast<const std::byte*>(c.kv.values.data() + 2 * slot));
    ASSERT_EQ(b.k[j], c.kv.position[slot]);
    ASSERT_EQ(b.bias[j], c.kv.biased ? c.kv.bias[slot] : 0.f);
    if (j >= b.count) continue;
    ASSERT_EQ(b.partial[j], c.wanted(b.slot[j]) == coverage::partial);
    partial = partial || b.partial[j];
  }
  EXPECT_EQ(b.any_partial, partial);
  EXPECT_EQ(b.any_bias, c.kv.biased);
}

std::vector<block> walk(const stream_case& c, const tile& t, index_t block_keys, index_t chunk_slots, index_t chunk) {
  std::vector<block> list;
  stream s(c.m, c.kv, t, block_keys, chunk_slots);
  key_block b;
  for (; s.next_chunk(); ++chunk)
    while (s.next(b)) {
      EXPECT_LE(b.count, block_keys);
      expect_rows(c, b);
      list.push_back({{b.slot, b.slot + b.count}, chunk});
    }
  EXPECT_FALSE(s.next_chunk());
  return list;
}

/// The definition: visited slots cut into chunks, the live ones of a chunk in order.
std::vector<block> wanted(const stream_case& c, index_t chunk_slots, std::vector<index_t>& starts) {
  std::vector<block> list;
  index_t visited = 0;
  for (index_t i = 0; i < static_cast<index_t>(c.kv.position.size()); ++i) {
    if (c.wanted(i) == coverage::none) continue;
    if (visited++ % chunk_slots == 0) {
      starts.push_back(i);
      list.push_back({{}, static_cast<index_t>(starts.size()) - 1});
    }
    if (c.kv.live(static_cast<std::size_t>(i))) list.back().slots.push_back(i);
  }
  return list;
}

TEST(stream_key_blocks, hold_each_live_visible_slot_once_and_never_cross_a_chunk) {
  int many = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed)
    for (const bool ordered : {true, false})
      for (const bool biased : {false, true}) {
        const stream_case c(seed, static_cast<index_t>(seed * 2), ordered, biased);
        for (const auto& [keys, chunk] : {std::pair<index_t, index_t>{8, 24}, {32, 50}, {128, 4096}, {1, 1}}) {
          std::vector<index_t> starts;
          const auto chunks = wanted(c, chunk, starts);
          const auto blocks = walk(c, c.t, keys, chunk, 0);
          std::vector<block> joined(chunks.size());
          for (const block& b : blocks) {
            ASSERT_LT(b.chunk, static_cast<index_t>(joined.size()));
            auto& to = joined[static_cast<std::size_t>(b.chunk)].slots;
            to.insert(to.end(), b.slots.begin(), b.slots.end());
          }
          for (std::size_t i = 0; i < chunks.size(); ++i)
            ASSERT_EQ(joined[i].slots, chunks[i].slots) << "seed " << seed;
          for (std::size_t i = 0; i < starts.size(); i += 1 + starts.size() / 5) {
            const auto later =
                walk(c, clip(c.t, c.kv, {starts[i], c.t.slots.end}), keys, chunk, static_cast<index_t>(i));
            std::size_t at = 0;
            while (at < blocks.size() && blocks[at].chunk < static_cast<index_t>(i)) ++at;
            ASSERT_EQ(later.size(), blocks.size() - at) << "seed " << seed << ", from chunk " << i;
            for (std::size_t n = 0; n < later.size(); ++n) {
              ASSERT_EQ(later[n].slots, blocks[at + n].slots) << "the same keys in the same blocks";
              ASSERT_EQ(later[n].chunk, blocks[at + n].chunk);
            }
            many += i > 0;
          }
        }
      }
  EXPECT_GT(many, 500);
}

TEST(stream_key_blocks, a_chunk_of_holes_has_no_block_but_counts) {
  test::random gen(1);
  stream_case c(3, 40, true, false);
  std::fill(c.m.sees.begin(), c.m.sees.end(), char{1});
  std::fill(c.kv.hole.begin(), c.kv.hole.end(), char{0});
  std::fill_n(c.kv.hole.begin() + 10, 10, char{1});
  stream s(c.m, c.kv, clip(c.t, c.kv, {0, 40}), 32, 10);
  key_block b;
  for (index_t chunk = 0; chunk < 4; ++chunk) {
    ASSERT_TRUE(s.next_chunk());
    EXPECT_EQ(s.next(b), chunk != 1);
    EXPECT_EQ(b.count, chunk != 1 ? 10 : 0);
    if (chunk != 1) {
      EXPECT_FALSE(s.next(b));
    }
  }
  EXPECT_FALSE(s.next_chunk());
}
} // namespace
