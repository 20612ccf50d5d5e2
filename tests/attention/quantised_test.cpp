// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Rows in ggml's q8_0 blocks through prefill and decode: a quantised row is one more row format, and no more.
#include <attention/sample.hpp>

#include <heed/mask/causal.hpp>
#include <support/q8_0_source.hpp>

namespace {
using namespace heed;
using namespace heed::test;

TEST(attention_quantised, rows_of_q8_0_equal_the_oracle_and_the_unpacked_rows_bit_by_bit) {
  for (const index_t rows : {1, 3, 70})                  // decode, decode of several rows, prefill
    for (const index_t dim : {8, 31, 32, 33, 64, 128}) { // around a block, and several
      sample<> s(static_cast<std::uint64_t>(rows * dim), {rows, 2}, {300, 17}, 2, 4, dim, dim);
      const q8_0_source kv(s.keys(), s.values(), s.key_offsets);
      const auto got = s.run_from(kv, causal{});
      expect_within(s, got, s.exact_from(kv, causal{}));
      for (std::vector<float>* side : {&s.k, &s.v})
        for (auto row = side->begin(); row != side->end(); row += dim) {
          std::vector<std::byte> packed(place(q8_0{}.row_bytes(dim)));
          q8_0::pack(&*row, dim, packed.data());
          q8_0{}.unpack(packed.data(), nullptr, {&*row, place(dim)});
        }
      EXPECT_EQ(got, s.run(causal{})) << rows << " rows, dim " << dim;
    }
}

} // namespace
