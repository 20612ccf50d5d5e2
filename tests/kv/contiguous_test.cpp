// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/kv/contiguous.hpp>

#include <kv/source_probe.hpp>
#include <support/guarded_buffer.hpp>

namespace heed {
namespace {

using test::expect_lawful;
using test::key_at;
using test::numbered;
using test::position_at;
using test::text;
using test::value_at;

TEST(kv_contiguous, one_sequence_is_read_as_one_stretch) {
  for (const index_t tokens : {0, 1, 15, 16, 17, 35}) {
    const auto k = numbered(tokens * 2 * 8), v = numbered(tokens * 2 * 3);
    const auto kv = contiguous(view(k.data(), tokens, 2, 8), view(v.data(), tokens, 2, 3));
    expect_lawful(kv);
    EXPECT_EQ(kv.dims().sequences, 1);
    EXPECT_EQ(kv.dims().key_dim, 8);
    EXPECT_EQ(kv.dims().value_dim, 3);
    EXPECT_EQ(kv.slots(0, 1), tokens);
    EXPECT_EQ(kv.seen(0), tokens);
    if (tokens == 0) continue;
    EXPECT_EQ(kv.rows(0, 1, {0, tokens}).count, tokens);
    EXPECT_EQ(key_at(kv, 0, 1, tokens - 1, 2), k[static_cast<std::size_t>((tokens - 1) * 16 + 8 + 2)]);
    EXPECT_EQ(value_at(kv, 0, 1, tokens - 1, 2), v[static_cast<std::size_t>((tokens - 1) * 6 + 3 + 2)]);
  }
}

TEST(kv_contiguous, strides_of_any_kind_are_followed) {
  const auto x = numbered(2 * 5 * 3 * 8);
  // [kv_heads][tokens][dim]
  const auto heads_first = contiguous(view(x.data(), 2, 5, 8).swapped(0, 1), view(x.data(), 2, 5, 8).swapped(0, 1));
  expect_lawful(heads_first);
  EXPECT_EQ(key_at(heads_first, 0, 1, 3), 40 + 24);
  // A fused buffer [tokens][q | k | v][dim]: a slice of it.
  const auto fused = view(x.data(), 5, 6, 8);
  const auto sliced = contiguous(fused.slice(1, 2, 2), fused.slice(1, 4, 2));
  expect_lawful(sliced);
  EXPECT_EQ(key_at(sliced, 0, 1, 3), 3 * 48 + 3 * 8);
  EXPECT_EQ(value_at(sliced, 0, 1, 3), 3 * 48 + 5 * 8);
  // Stride 0: all heads, all tokens read the same row.
  const auto repeated = strided(x.data(), {7, 4, 8}, {0, 0, 1});
  const auto same = contiguous(repeated, repeated);
  EXPECT_EQ(text(same.check()), "ok");
  EXPECT_EQ(key_at(same, 0, 3, 6, 5), 5);
}

TEST(kv_contiguous, a_dense_batch_has_a_length_per_sequence) {
  const auto x = numbered(3 * 5 * 2 * 4);
  const std::vector<int> lengths{5, 0, 2};
  const auto b = view(x.data(), 3, 5, 2, 4);
  const auto whole = contiguous(b, b), cut = contiguous(b, b, {.lengths = lengths});
  expect_lawful(whole);
  expect_lawful(cut);
  EXPECT_EQ(whole.slots(1, 0), 5);
  EXPECT_EQ(cut.slots(1, 0), 0);
  EXPECT_EQ(cut.slots(2, 0), 2);
  EXPECT_EQ(cut.seen(2), 2);
  EXPECT_EQ(key_at(cut, 2, 1, 1), 2 * 40 + 8 + 4);
}

TEST(kv_contiguous, packed_sequences_start_at_their_offsets) {
  const auto x = numbered(9 * 2 * 4);
  const std::vector<int> offsets{1, 4, 4, 9};
  const auto rows = view(x.data(), 9, 2, 4);
  const auto kv = contiguous(rows, rows, offsets);
  expect_lawful(kv);
  EXPECT_EQ(kv.dims().sequences, 3);
  EXPECT_EQ(kv.slots(0, 0), 3);
  EXPECT_EQ(kv.slots(1, 0), 0);
  EXPECT_EQ(key_at(kv, 2, 1, 4), 8 * 8 + 4);
  EXPECT_EQ(position_at(kv, 2, 1, 4), 4);
  const std::vector<index_t> lengths{1, 0, 4};
  const auto reserved = contiguous(rows, rows, {.offsets = offsets, .lengths = lengths});
  expect_lawful(reserved);
  EXPECT_EQ(reserved.slots(2, 0), 4);
}

TEST(kv_contiguous, explicit_positions_are_kept_and_found) {
  const auto x = numbered(6 * 4);
  const auto rows = view(x.data(), 6, 1, 4);
  const std::vector<index_t> positions{0, 1, 7, 2, 3, 90};
  const std::vector<int> offsets{0, 3, 6}, seen{10, 100};
  const auto kv = contiguous(rows, rows, {.offsets = offsets, .positions = positions, .seen = seen});
  expect_lawful(kv);
  EXPECT_EQ(kv.locate(0, 0, 2), 2);
  EXPECT_EQ(kv.locate(1, 0, 4), 2);
  EXPECT_EQ(kv.locate(1, 0, 91), 3);
  EXPECT_EQ(kv.seen(0), 10);
  const auto last = contiguous(rows, rows, {.offsets = offsets, .positions = positions});
  expect_lawful(last);
  EXPECT_EQ(last.seen(0), 8);
  EXPECT_EQ(last.seen(1), 91);
  const std::vector<index_t> shuffled{5, 1, 7, 2, 3, 0};
  const std::vector<int> six{8};
  const auto any = contiguous(rows, rows, {.positions = shuffled, .seen = six, .order = slot_order::any});
  expect_lawful(any);
  EXPECT_FALSE(any.ordered(0, 0));
}

TEST(kv_contiguous, tables_may_change_in_place) {
  const auto x = numbered(6 * 4);
  std::vector<int> lengths{1};
  const auto kv = contiguous(view(x.data(), 6, 1, 4), view(x.data(), 6, 1, 4), {.lengths = lengths});
  lengths[0] = 6;
  EXPECT_EQ(kv.slots(0, 0), 6);
}

TEST(kv_contiguous, keys_and_values_may_differ_in_type) {
  const auto k = numbered<bf16>(6 * 4);
  const auto v = numbered<float>(6 * 4);
  const auto kv = contiguous(view(k.data(), 6, 1, 4), view(v.data(), 6, 1, 4));
  static_assert(std::same_as<decltype(kv.keys_as()), elements<bf16>>);
  static_assert(std::same_as<decltype(kv.values_as()), elements<float>>);
  expect_lawful(kv);
  EXPECT_EQ(key_at(kv, 0, 0, 5, 3), 23);
  EXPECT_EQ(value_at(kv, 0, 0, 5, 3), 23);
}

TEST(kv_contiguous, aliased_values_are_a_part_of_the_key_row) {
  auto x = numbered(5 * 12);
  const auto k = detail::as_rank_4(view(x.data(), 5, 1, 12));
  const auto v = k.slice(3, 2, 8);
  const contiguous_source<float, float, true> kv(k, v, 1, 1, {}, 2);
  expect_lawful(kv);
  EXPECT_EQ(value_at(kv, 0, 0, 4, 0), 4 * 12 + 2);
}

TEST(kv_contiguous, reads_no_byte_beside_its_buffers) {
  for (const auto side : {test::guard::after, test::guard::before}) {
    const test::guarded_buffer<float> k(17 * 3 * 5, side), v(17 * 3 * 7, side);
    const std::vector<int> offsets{0, 16, 16, 17};
    const auto kv = contiguous(view(k.data(), 17, 3, 5), view(v.data(), 17, 3, 7), offsets);
    EXPECT_EQ(text(kv.check()), "ok");
    EXPECT_EQ(test::read_all(kv), 17 * 3);
  }
}

TEST(kv_contiguous, refuses_layouts_that_do_not_fit) {
  const auto x = numbered(64);
  const auto rows = view(x.data(), 6, 1, 4);
  const auto batch = view(x.data(), 2, 3, 1, 4);
  const auto refusal = [&](const contiguous_layout& l) { return text(contiguous(rows, rows, l).check()); };
  const std::vector<int> none, one{1}, two{1, 2}, minus{-1}, seven{7}, down{0, 4, 3}, up{0, 3, 7}, fine{0, 3, 6};
  const std::vector<index_t> few{0, 1}, same{0, 1, 1, 2, 3, 4}, far{0, 1, 2, 3, 4, 50}, below{0, 1, 2, 3, 4, -5};
  EXPECT_EQ(refusal({}), "ok");
  EXPECT_EQ(text(contiguous(rows, rows, none).check()), "offsets: number of offsets is 0, the least is 1");
  EXPECT_EQ(refusal({.offsets = down}), "offsets: offsets[2] is 3, the least is 4");
  EXPECT_EQ(refusal({.offsets = up}), "offsets: offsets[2] is 7, the most is 6");
  EXPECT_EQ(text(contiguous(batch, batch, {.offsets = fine}).check()),
            "offsets: batch extent of k is 2, packed rows need 1");
  EXPECT_EQ(refusal({.lengths = two}), "lengths: number of entries is 2, it must be 1");
  EXPECT_EQ(refusal({.lengths = minus}), "lengths: lengths[0] is -1, the least is 0");
  EXPECT_EQ(refusal({.lengths = seven}), "lengths: lengths[0] is 7, the rows are 6");
  EXPECT_EQ(refusal({.seen = two}), "seen: number of entries is 2, it must be 1");
  EXPECT_EQ(refusal({.seen = one}), "seen: seen[0] is 1, the least is 6");
  EXPECT_EQ(refusal({.positions = few}), "positions: number of entries is 2, the rows are 6");
  EXPECT_EQ(refusal({.positions = same}), "positions: positions[2] is 1, it must be above 1");
  EXPECT_EQ(refusal({.positions = far, .seen = seven}), "positions: positions[5] is 50, but the tokens seen are 7");
  EXPECT_EQ(refusal({.positions = below, .seen = seven, .order = slot_order::any}),
            "positions: positions[5] is -5, the least is 0");
  EXPECT_EQ(refusal({.positions = far, .order = slot_order::any}),
            "seen: number of entries is 0, slot_order::any needs one per sequence: 1");
  EXPECT_EQ(text(contiguous(rows, rows.slice(0, 0, 5)).check()), "v: extent[0] is 5, but k has 6");
  EXPECT_EQ(text(contiguous(rows, rows.slice(0, 0, 5)).check(call_extents{})), "v: extent[0] is 5, but k has 6");
  const index_t huge = index_t{1} << 32;
  const auto endless = strided(x.data(), {huge, huge, 1, 4}, {0, 0, 0, 1});
  EXPECT_EQ(text(contiguous(endless, endless, {.positions = few}).check()),
            "k: number of rows is -1, the limit is 2 to the power of 63");
}

} // namespace
} // namespace heed
