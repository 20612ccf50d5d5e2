// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/mask/interval_mask.hpp>

#include "mask_checks.hpp"

#include <cstdlib>

namespace heed::test {
namespace {

/// Any stretches at all: empty, far apart, nested, by position.
struct scattered {
  static constexpr bool tight = true;
  index_t longest, spread;
  range visible(index_t seq, index_t q) const noexcept {
    random numbers(static_cast<std::uint64_t>(q + 1000 * seq));
    const index_t begin = numbers.integer(-5, spread);
    return {begin, begin + numbers.integer(-2, longest)};
  }
  bool allows(cell at) const noexcept { return interval_allows(*this, at); }
  index_t runs(const tile& t, std::span<key_run> out) const noexcept { return interval_runs(*this, t, out); }
  void bits(const tile& t, std::span<const index_t> k, std::span<const index_t>,
            std::span<std::uint64_t> rows) const noexcept {
    interval_bits(*this, t, k, rows);
  }
};
static_assert(interval_mask<scattered> && bit_mask<scattered> && !interval_mask<int>);

TEST(mask_interval_mask, runs_and_bits_follow_from_any_stretches) {
  for (const index_t longest : {0, 1, 3, 20, 300})
    for (const index_t spread : {0, 50, 220}) expect_laws(scattered{longest, spread});
}
TEST(mask_interval_mask, no_rows_see_nothing) {
  key_run out[4];
  EXPECT_EQ(interval_runs(scattered{9, 9}, {0, 0, {0, 1}, {}, {}, {0, 0}, {0, 9}, {0, 9}}, out), 0);
}
} // namespace
} // namespace heed::test
