// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/mask/all_of.hpp>
#include <heed/mask/bit_matrix.hpp>
#include <heed/mask/causal.hpp>

#include "mask_checks.hpp"

#include <memory>

namespace heed::test {
namespace {
using bytes = std::vector<std::uint8_t>;

TEST(mask_bit_matrix, bits_count_from_the_low_end_row_by_row) {
  // FlashInfer: bit i * columns + j. Rows 10100 / 01111, packed: bits 0, 2, 6, 7, 8, 9.
  const bytes packed{0b11000101, 0b00000011};
  const std::vector<index_t> columns{5};
  EXPECT_EQ(picture(bit_matrix{.packed = packed, .columns = columns}, {0, 1}, 6), "101000/011110");
}
TEST(mask_bit_matrix, sequences_begin_at_their_byte) {
  const bytes packed{0b00000101, 0b00001010};
  const std::vector<std::int32_t> columns{3, 2}, offsets{0, 1, 2};
  const bit_matrix m{.packed = packed, .columns = columns, .offsets = offsets};
  EXPECT_EQ(picture(m, {0}, 3, 0), "101");
  EXPECT_EQ(picture(m, {0, 1}, 3, 1), "010/010");
}
TEST(mask_bit_matrix, runs_are_tight) {
  const bytes packed{0b11000101, 0b00000011};
  const std::vector<index_t> columns{5};
  EXPECT_EQ(runs_of(bit_matrix{.packed = packed, .columns = columns}, {0, 1}, {0, 9}), "[0,2)part [2,3)full [3,5)part");
}

struct random_matrix {
  std::vector<index_t> rows{5, 66, 130}, seen{7, 131, 200}, columns{7, 131, 190}, offsets{0};
  bytes packed;
  /// One bit in 2^rarity is set, or, if negative, clear.
  random_matrix(std::uint64_t seed, int rarity) {
    random numbers(seed);
    for (std::size_t s = 0; s < 3; ++s) offsets.push_back(offsets.back() + (rows[s] * columns[s] + 7) / 8);
    for (index_t i = 0; i < offsets.back(); ++i) {
      std::uint64_t x = ~std::uint64_t{0};
      for (int r = 0; r < std::abs(rarity); ++r) x &= numbers.bits();
      packed.push_back(static_cast<std::uint8_t>(rarity < 0 ? ~x : x));
    }
  }
  bit_matrix mask() const { return {.packed = packed, .columns = columns, .offsets = offsets}; }
};

TEST(mask_bit_matrix, keeps_the_laws) {
  for (const int rarity : {-8, -1, 1, 3, 7}) {
    const random_matrix m(seed_or(2), rarity);
    expect_laws(m.mask());
    expect_laws(all_of(m.mask(), causal{}));
  }
}
TEST(mask_bit_matrix, reads_no_byte_behind_its_own) {
  for (index_t rows = 1; rows < 4; ++rows)
    for (index_t n = 1; n < 140; ++n) {
      const auto size = static_cast<std::size_t>((rows * n + 7) / 8);
      const std::unique_ptr<std::uint8_t[]> exact(new std::uint8_t[size]()); // sanitizers watch its end
      exact[size - 1] = 0xff;
      const std::vector<index_t> columns{n};
      const bit_matrix m{.packed = {exact.get(), size}, .columns = columns};
      EXPECT_TRUE(m.allows({0, 0, 0, n - 1, rows - 1, n - 1}));
      for (index_t k = 0; k < n; ++k)
        for (index_t b = 0; b < 64; ++b)
          ASSERT_EQ((m.keys_from({0, 0, 0, k, rows - 1, k}) >> b & 1) != 0, m.allows({0, 0, 0, k + b, rows - 1, k}))
              << rows << " rows, " << n << " columns, from " << k << ", bit " << b;
    }
}
TEST(mask_bit_matrix, refuses_what_does_not_fit_the_call) {
  const sample_call call{.rows = {3, 1}, .seen = {9, 4}};
  const bytes packed(6);
  const std::vector<index_t> columns{9, 4}, few{9}, negative{9, -4}, wide{9, 9}, huge{index_t{1} << 61, 4};
  const std::vector<index_t> offsets{0, 4, 5}, down{0, 4, 3}, late{0, 4, 7};
  const auto says = [&](const std::vector<index_t>& c, const std::vector<index_t>& o) {
    return objection(bit_matrix{.packed = packed, .columns = c, .offsets = o}, call);
  };
  EXPECT_EQ(says(columns, offsets), "");
  EXPECT_EQ(says(few, offsets), "bit_matrix: count of columns is 1, the sequences are 2");
  EXPECT_EQ(says(negative, offsets), "bit_matrix: columns[1] is -4, the least is 0");
  EXPECT_EQ(says(columns, {}), "bit_matrix: count of offsets is 0, one more than sequences is 3");
  EXPECT_EQ(says(columns, down), "bit_matrix: offsets[2] is 3, the entry before is 4");
  EXPECT_EQ(says(columns, late), "bit_matrix: offsets[2] is 7, the limit is 6");
  EXPECT_EQ(says(wide, offsets), "bit_matrix: count of bytes[1] is 1, rows and columns need 2");
  EXPECT_EQ(says(huge, offsets), "bit_matrix: columns[0] is 2305843009213693952, too many for query rows 3");
}
} // namespace
} // namespace heed::test
