// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/mask/all_of.hpp>
#include <heed/mask/byte_matrix.hpp>
#include <heed/mask/causal.hpp>

#include "mask_checks.hpp"

#include <memory>

namespace heed::test {
namespace {
using bytes = std::vector<std::uint8_t>;
using view4 = tensor_view<const std::uint8_t, 4>;

bytes random_bytes(index_t n, index_t one_in, std::uint64_t seed) {
  random numbers(seed);
  bytes b;
  for (index_t i = 0; i < n; ++i)
    b.push_back(static_cast<std::uint8_t>(numbers.chance(one_in) ? numbers.integer(1, 255) : 0));
  return b;
}

TEST(mask_byte_matrix, any_byte_but_zero_is_seen) {
  const bytes b{1, 0, 255, 0, 128, 2};
  EXPECT_EQ(picture(byte_matrix(view(b.data(), 2, 3)), {0, 1}, 4), "1010/0110");
}
TEST(mask_byte_matrix, heads_and_sequences_have_their_own_or_share) {
  const bytes b{1, 0, /**/ 0, 1, /**/ 1, 1, /**/ 0, 0}; // [2 sequences][2 heads][1 row][2 keys]
  const byte_matrix m(view(b.data(), 2, 2, 1, 2));
  EXPECT_TRUE(m.allows({0, 0, 0, 0, 0, 0}));
  EXPECT_FALSE(m.allows({0, 1, 0, 0, 0, 0}));
  EXPECT_TRUE(m.allows({1, 0, 0, 1, 5, 1})); // one row serves all
  EXPECT_FALSE(m.alike({0, 2}));
  EXPECT_TRUE(m.alike({1, 2}));
  EXPECT_TRUE(byte_matrix(view(b.data(), 2, 1, 2, 2)).alike({0, 8}));
  EXPECT_TRUE(byte_matrix(view4(b.data(), {2, 2, 1, 2}, {4, 0, 2, 1})).alike({0, 2}));
}
TEST(mask_byte_matrix, runs_are_tight) {
  const bytes b{1, 0, 1, 1, /**/ 1, 0, 0, 1};
  EXPECT_EQ(runs_of(byte_matrix(view(b.data(), 2, 4)), {9, 9}, {0, 8}), "[0,1)full [2,3)part [3,4)full");
  EXPECT_EQ(runs_of(byte_matrix(view(b.data(), 1, 2, 1, 4)), {9, 9}, {0, 8}, {0, 2}), "[0,1)full [2,3)part [3,4)full");
}
TEST(mask_byte_matrix, keeps_the_laws) {
  const testing::mask_cases cases{
      .rows = {5, 66, 130}, .seen = {7, 131, 200}, .q_heads = 4, .kv_heads = 2, .tiles = 80};
  for (const index_t one_in : {1, 2, 9, 150}) {
    const bytes b = random_bytes(3 * 4 * 130 * 190, one_in, seed_or(6));
    expect_laws(byte_matrix(view(b.data(), 3, 4, 130, 190)), cases);
    expect_laws(byte_matrix(view(b.data(), 1, 4, 130, 190)), cases);
    expect_laws(byte_matrix(view(b.data(), 3, 1, 1, 200)), cases);
    expect_laws(byte_matrix(view(b.data(), 130, 200)), cases);
    expect_laws(byte_matrix(view4(b.data(), {3, 4, 130, 190}, {11, 0, 190, 1})), cases);
    expect_laws(all_of(byte_matrix(view(b.data(), 3, 4, 130, 190)), causal{}), cases);
  }
}
TEST(mask_byte_matrix, reads_no_byte_behind_its_own) {
  for (index_t n = 1; n < 140; ++n) {
    const std::unique_ptr<std::uint8_t[]> exact(new std::uint8_t[static_cast<std::size_t>(n)]());
    exact[static_cast<std::size_t>(n - 1)] = 3;
    const byte_matrix m(view(exact.get(), 1, n));
    for (index_t k = 0; k < n; ++k)
      EXPECT_EQ(m.keys_from({0, 0, 0, k, 0, k}), n - 1 - k < 64 ? std::uint64_t{1} << (n - 1 - k) : 0);
  }
}
TEST(mask_byte_matrix, refuses_what_does_not_fit_the_call) {
  const sample_call call{.rows = {3, 1}, .seen = {9, 4}, .q_heads = 4};
  const bytes b(3 * 5 * 3 * 9);
  const auto says = [&](index_t s, index_t h, index_t r) {
    return objection(byte_matrix(view(b.data(), s, h, r, 9)), call);
  };
  EXPECT_EQ(says(2, 4, 3), "");
  EXPECT_EQ(says(1, 1, 1), "");
  EXPECT_EQ(says(3, 1, 3), "byte_matrix: extent[0] is 3, 1 or the sequences, 2");
  EXPECT_EQ(says(1, 5, 3), "byte_matrix: extent[1] is 5, 1 or the query heads, 4");
  EXPECT_EQ(says(1, 1, 2), "byte_matrix: extent[2] is 2, 1 or at least the query rows, 3");
  EXPECT_EQ(objection_code(byte_matrix(view4(b.data(), {1, 1, 3, 4}, {0, 0, 8, 2})), call), errc::bad_stride);
  EXPECT_EQ(objection_code(byte_matrix(view4(nullptr, {1, 1, 3, 4}, {0, 0, 4, 1})), call), errc::null_pointer);
}
} // namespace
} // namespace heed::test
