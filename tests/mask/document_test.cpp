// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/mask/all_of.hpp>
#include <heed/mask/causal.hpp>
#include <heed/mask/document.hpp>

#include "mask_checks.hpp"

#include <algorithm>

namespace heed::test {
namespace {
using ids = std::vector<std::int32_t>;

TEST(mask_document, query_sees_keys_of_its_own_id) {
  const ids x{7, 7, 3, 3, 7};
  EXPECT_EQ(picture(document{{.queries = x, .keys = x}}, {0, 1, 2, 3, 4}, 5), "11001/11001/00110/00110/11001");
}
TEST(mask_document, negative_id_sees_nothing_and_is_seen_by_nothing) {
  const ids q{-1, 0, -2}, k{-1, 0, -2, 0};
  EXPECT_EQ(picture(document{{.queries = q, .keys = k}}, {0, 1, 2}, 4), "0000/0101/0000");
}
TEST(mask_document, query_ids_go_by_row_and_key_ids_by_position) {
  const ids q{5, 5}, k{4, 4, 5, 5}; // a chunk of two rows behind two cached tokens
  EXPECT_EQ(picture(document{{.queries = q, .keys = k}}, {2, 3}, 4), "0011/0011");
}
TEST(mask_document, sequences_have_their_own_stretch_of_ids) {
  const ids q{0, 1, 1}, k{0, 0, 1, 1, 0};
  const std::vector<std::int32_t> q_at{0, 1, 3}, k_at{0, 2, 5};
  const document m{{.queries = q, .keys = k, .query_offsets = q_at, .key_offsets = k_at}};
  EXPECT_EQ(picture(m, {0}, 4, 0), "1100"); // keys behind a sequence's own are seen by none
  EXPECT_EQ(picture(m, {0, 1}, 4, 1), "1100/1100");
  EXPECT_EQ(runs_of(m, {0, 1}, {0, 4}, {0, 1}, 1), "[0,2)full");
}
TEST(mask_document, runs_skip_foreign_documents_exactly) {
  ids x;
  for (std::int32_t i = 0; i < 64; ++i) x.insert(x.end(), 10, 3 * i);
  const document sorted{{.queries = x, .keys = x}};
  const auto tile_at = [&](const document& m, index_t first, index_t n) {
    std::vector<index_t> rows, q;
    for (index_t r = first; r < first + n; ++r) rows.push_back(r), q.push_back(r);
    std::vector<key_run> out(64);
    out.resize(static_cast<std::size_t>(m.runs({0, 0, {0, 1}, rows, q, {first, first + n}, {0, 640}, {0, 640}}, out)));
    return out;
  };
  EXPECT_NE(sorted.key_order(), document::order::none);
  auto runs = tile_at(sorted, 120, 10);
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0].k, (range{120, 130}));
  EXPECT_EQ(runs[0].cover, coverage::full);
  runs = tile_at(sorted, 125, 10);
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0].k, (range{120, 140}));
  EXPECT_EQ(runs[0].cover, coverage::partial);
  // The same documents, halves shuffled: two stretches, foreign ones between them.
  std::rotate(x.begin() + 5, x.begin() + 625, x.end());
  const document shuffled{{.queries = x, .keys = x}};
  EXPECT_EQ(shuffled.key_order(), document::order::none);
  EXPECT_EQ(runs_of(shuffled, {0, 1, 2}, {0, 640}), "[0,5)full [20,25)full");
}
TEST(mask_document, knows_ids_that_ascend_with_padding_at_either_end) {
  const ids first{-1, -1, 0, 0, 5}, last{0, 0, 5, -1, -1}, both{-1, 0, 5, -1}, down{5, 0};
  EXPECT_EQ((document{{.queries = first, .keys = first}}.key_order()), document::order::padding_first);
  EXPECT_EQ((document{{.queries = last, .keys = last}}.key_order()), document::order::padding_last);
  EXPECT_EQ((document{{.queries = both, .keys = both}}.key_order()), document::order::none);
  EXPECT_EQ((document{{.queries = down, .keys = down}}.key_order()), document::order::none);
}

struct packed {
  std::vector<index_t> rows{5, 66, 130}, seen{7, 131, 200}, q_at{0, 5, 71, 201}, k_at{0, 7, 138, 338};
  ids q, k;
  packed(std::uint64_t seed, std::int32_t least, std::int32_t documents) {
    random numbers(seed);
    for (index_t i = 0; i < 201; ++i) q.push_back(static_cast<std::int32_t>(numbers.integer(least, documents)));
    for (index_t i = 0; i < 338; ++i) k.push_back(static_cast<std::int32_t>(numbers.integer(least, documents - 1)));
  }
  template <class Less> void sort(ids& list, const std::vector<index_t>& at, Less less) {
    for (std::size_t s = 0; s < 3; ++s) std::sort(list.begin() + at[s], list.begin() + at[s + 1], less);
  }
  document mask() const { return document{{.queries = q, .keys = k, .query_offsets = q_at, .key_offsets = k_at}}; }
};
const auto padding_last = [](std::int32_t a, std::int32_t b) {
  return static_cast<std::uint32_t>(a) < static_cast<std::uint32_t>(b);
};

TEST(mask_document, keeps_the_laws_with_ids_in_no_order) {
  for (const std::int32_t documents : {1, 2, 5, 40}) {
    const packed p(seed_or(3), -1, documents);
    expect_laws(p.mask());
    expect_laws(all_of(p.mask(), causal{}));
  }
}
TEST(mask_document, keeps_the_laws_with_keys_sorted) {
  for (const std::int32_t documents : {1, 2, 5, 40, 150}) {
    packed p(seed_or(4), -3, documents);
    p.sort(p.k, p.k_at, std::less<>{});
    ASSERT_EQ(p.mask().key_order(), document::order::padding_first);
    expect_laws(p.mask());
    p.sort(p.k, p.k_at, padding_last);
    ASSERT_EQ(p.mask().key_order(), document::order::padding_last);
    expect_laws(p.mask()); // queries in no order
    p.sort(p.q, p.q_at, padding_last);
    expect_laws(p.mask());
    expect_laws(all_of(p.mask(), causal{}));
  }
}
TEST(mask_document, keeps_the_laws_with_64_bit_ids) {
  const std::vector<index_t> x{index_t{1} << 40, index_t{1} << 40, (index_t{1} << 40) + 1, -(index_t{1} << 50), 0, 0};
  expect_laws(document{{.queries = x, .keys = x}}, {.rows = {6}, .seen = {6}});
}

TEST(mask_document, tiles_end_behind_the_last_document_of_their_second_half) {
  const ids x{0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 3, 3, 3, 3, 3, 3};
  const document m{{.queries = x, .keys = x}};
  EXPECT_EQ(m.tile_end(0, 0, 4), 3);
  EXPECT_EQ(m.tile_end(0, 0, 8), 8) << "the end itself is a border";
  EXPECT_EQ(m.tile_end(0, 0, 6), 6) << "a border in the middle leaves too little";
  EXPECT_EQ(m.tile_end(0, 3, 9), 8);
  EXPECT_EQ(m.tile_end(0, 3, 12), 10) << "the last of two";
  EXPECT_EQ(m.tile_end(0, 10, 14), 14);
  EXPECT_EQ(all_of(causal{}, m).tile_end(0, 3, 12), 10) << "an intersection asks the part that knows";
  static_assert(!row_divider<decltype(all_of(causal{}, causal{}))>);
}

TEST(mask_document, refuses_lists_that_do_not_fit_the_call) {
  const sample_call call{.rows = {3, 1}, .seen = {4, 2}};
  const ids q{0, 0, 0, 1}, k{0, 0, 0, 0, 1, 1};
  const std::vector<index_t> q_at{0, 3, 4}, k_at{0, 4, 6}, late{0, 4, 7}, down{0, 4, 3}, negative{-1, 3, 4}, few{0, 3};
  const std::vector<index_t> short_q{0, 2, 4}, short_k{0, 3, 6};
  const auto says = [&](const std::vector<index_t>& a, const std::vector<index_t>& b) {
    return objection(document{{.queries = q, .keys = k, .query_offsets = a, .key_offsets = b}}, call);
  };
  EXPECT_EQ(says(q_at, k_at), "");
  EXPECT_EQ(says(few, k_at), "document: count of query_offsets is 2, one more than sequences is 3");
  EXPECT_EQ(says(q_at, {}), "document: count of key_offsets is 0, one more than sequences is 3");
  EXPECT_EQ(says(negative, k_at), "document: query_offsets[0] is -1, the least is 0");
  EXPECT_EQ(says(q_at, down), "document: key_offsets[2] is 3, the entry before is 4");
  EXPECT_EQ(says(q_at, late), "document: key_offsets[2] is 7, the limit is 6");
  EXPECT_EQ(says(short_q, k_at), "document: count of query ids[0] is 2, the query rows are 3");
  EXPECT_EQ(says(q_at, short_k), "document: count of key ids[0] is 3, the tokens seen are 4");
  EXPECT_EQ(objection(document{{.queries = q, .keys = k}}, {.rows = {4}, .seen = {6}}), "");
}
TEST(mask_document, refuses_ids_whose_order_was_lost_after_building) {
  ids x{0, 0, 5, 5};
  const document m{{.queries = x, .keys = x}};
  const sample_call call{.rows = {4}, .seen = {4}};
  x = {0, 1, 2, 2};
  EXPECT_EQ(objection(m, call), "");
  x = {0, 5, 2, 2};
  EXPECT_EQ(objection(m, call), "document: keys[2] is 2, when the mask was built its ids ascended; here from 5");
  EXPECT_EQ(objection_code(m, call), errc::not_monotone);
}
} // namespace
} // namespace heed::test
