// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/mask/key_words.hpp>

#include "mask_checks.hpp"

namespace heed::test {
namespace {

TEST(mask_key_words, transposition_exchanges_rows_and_columns) {
  random numbers(seed_or(8));
  std::uint64_t a[64], b[64];
  for (int i = 0; i < 64; ++i) a[i] = b[i] = numbers.bits();
  transpose_bits(b);
  for (int i = 0; i < 64; ++i)
    for (int j = 0; j < 64; ++j) ASSERT_EQ(a[i] >> j & 1, b[j] >> i & 1) << i << ' ' << j;
}
TEST(mask_key_words, bits_from_any_place_of_a_list) {
  random numbers(seed_or(8));
  const std::uint64_t list[3] = {numbers.bits(), numbers.bits(), numbers.bits()};
  for (index_t first = -200; first < 300; ++first) {
    const std::uint64_t word = bits_from(list, 3, first);
    for (index_t b = 0; b < 64; ++b) {
      const index_t at = first + b;
      const std::uint64_t bit = at >= 0 && at < 192 ? list[at / 64] >> (at % 64) & 1 : 0;
      ASSERT_EQ(word >> b & 1, bit) << first << ' ' << b;
    }
  }
}

/// A bit for each key, row and head, hashed.
struct hashed {
  static constexpr bool tight = true;
  index_t heads_alike, most;
  bool allows(cell at) const noexcept {
    random numbers(static_cast<std::uint64_t>((at.seq * 7 + at.head / heads_alike) * 100000 + at.row * 1000 + at.k));
    return numbers.integer(0, 9) < most;
  }
  std::uint64_t keys_from(cell at) const noexcept {
    std::uint64_t word = 0;
    for (index_t b = 0; b < 64; ++b, ++at.k) word |= std::uint64_t{allows(at)} << b;
    return word;
  }
  bool alike(range heads) const noexcept { return heads.begin / heads_alike == (heads.end - 1) / heads_alike; }
  index_t runs(const tile& t, std::span<key_run> out) const noexcept {
    run_writer w{out, t.k};
    static_cast<void>(put_words(w, *this, t, t.k));
    return w.n;
  }
  void bits(const tile& t, std::span<const index_t> k, std::span<const index_t>,
            std::span<std::uint64_t> rows) const noexcept {
    word_bits(*this, t, k, rows);
  }
};
static_assert(key_word_mask<hashed> && bit_mask<hashed> && head_aware<hashed> && !key_word_mask<int>);

TEST(mask_key_words, runs_and_bits_follow_from_words) {
  for (const index_t most : {0, 1, 9, 10})
    for (const index_t heads : {1, 2, 4})
      expect_laws(hashed{heads, most}, {.rows = {3, 66}, .seen = {70, 100}, .q_heads = 4, .kv_heads = 1, .tiles = 60});
}
} // namespace
} // namespace heed::test
