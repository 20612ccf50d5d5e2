// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/testing/structured_sequence.hpp>

#include <heed/kv/contiguous.hpp>
#include <heed/mask/all_of.hpp>
#include <heed/mask/causal.hpp>
#include <heed/mask/first_keys.hpp>
#include <heed/reference/attention.hpp>

#include <gtest/gtest.h>

namespace heed::test {
namespace {
using testing::structure;
using testing::structured_sequence;

/// Mean attention mass of a head on the keys that counts names, over the rows behind the first quarter.
template <class F> double mass(const structured_sequence& s, index_t head, F counts) {
  const structure& d = s.drawn;
  const auto kv =
      contiguous(view(s.k.data(), d.tokens, d.kv_heads, d.dim), view(s.v.data(), d.tokens, d.kv_heads, d.dim));
  reference::call call;
  call.scale = 1 / std::sqrt(static_cast<double>(d.dim));
  call.rows_each = d.tokens;
  double sum = 0;
  const auto see = [&](const query_row& row, index_t slot, double p) {
    if (row.head == head && row.row >= d.tokens / 4 && counts(row.row, slot)) sum += p;
  };
  static_cast<void>(
      reference::attend(view(s.q.data(), d.tokens, d.q_heads, d.dim), kv, causal{}, reference::unchanged{}, call, see));
  return sum / static_cast<double>(d.tokens - d.tokens / 4);
}

TEST(testing_structured_sequence, is_the_same_for_the_same_seed) {
  const structure d{.tokens = 100, .q_heads = 4, .kv_heads = 2, .dim = 32, .seed = 7, .segment = 30};
  const structured_sequence a(d), b(d);
  EXPECT_TRUE(a.q == b.q && a.k == b.k && a.v == b.v && a.verticals == b.verticals && a.slashes == b.slashes);
  structure other = d;
  other.seed = 8;
  EXPECT_FALSE(structured_sequence(other).q == a.q);
  EXPECT_EQ(a.q.size(), 100u * 4 * 32);
  EXPECT_EQ(a.v.size(), 100u * 2 * 32);
  EXPECT_EQ(a.topic_of.size(), 4u);
}
TEST(testing_structured_sequence, attention_lies_where_it_was_put) {
  structure d{.tokens = 512, .q_heads = 2, .kv_heads = 1, .dim = 64, .verticals = 6, .slashes = 3, .segment = 64};
  const structured_sequence s(d);
  const auto& columns = s.verticals[0];
  const auto& distances = s.slashes[0];
  const auto in = [](const auto& list, index_t x) { return std::binary_search(list.begin(), list.end(), x); };
  for (const index_t head : {0, 1}) {
    // Many times what the same number of keys would get by chance.
    const double sinks = mass(s, head, [&](index_t, index_t k) { return k < d.sinks; });
    const double verticals = mass(s, head, [&](index_t, index_t k) { return in(columns, k); });
    const double slashes = mass(s, head, [&](index_t q, index_t k) { return in(distances, q - k); });
    EXPECT_GT(sinks, 10. * 4 / 320);
    EXPECT_GT(verticals, 5. * 6 / 320);
    EXPECT_GT(slashes, 10. * 3 / 320);
    EXPECT_GT(sinks + verticals + slashes, .3);
  }
  d.sink = d.vertical = d.slash = 0;
  const structured_sequence topics(d);
  const auto same = [&](index_t q, index_t k) {
    return topics.topic_of[static_cast<std::size_t>(q / 64)] == topics.topic_of[static_cast<std::size_t>(k / 64)];
  };
  EXPECT_GT(mass(topics, 0, same), .6);
}
} // namespace
} // namespace heed::test
