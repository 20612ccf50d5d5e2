// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/mask/full.hpp>

#include "mask_checks.hpp"

namespace heed::test {
namespace {

// What is no mask, and why.
struct without_runs {
  bool allows(cell) const noexcept;
};
struct without_allows {
  index_t runs(const tile&, std::span<key_run>) const noexcept;
};
struct that_may_throw {
  bool allows(cell) const;
  index_t runs(const tile&, std::span<key_run>) const noexcept;
};
struct that_answers_with_int {
  int allows(cell) const noexcept;
  index_t runs(const tile&, std::span<key_run>) const noexcept;
};
struct that_changes_itself {
  bool allows(cell) noexcept;
  index_t runs(const tile&, std::span<key_run>) noexcept;
};
struct that_is_not_copied : full {
  that_is_not_copied() = default;
  that_is_not_copied(const that_is_not_copied&) = delete;
};
struct with_bits_only {
  void bits(const tile&, std::span<const index_t>, std::span<const index_t>, std::span<std::uint64_t>) const noexcept;
};
static_assert(!mask<int> && !mask<without_runs> && !mask<without_allows> && !mask<that_may_throw>);
static_assert(!mask<that_answers_with_int> && !mask<that_changes_itself> && !mask<that_is_not_copied>);
static_assert(!bit_mask<with_bits_only> && !bit_mask<without_runs> && !query_tiler<full> && !head_aware<full>);

// What is a mask, but not a tight one, nor one with bits.
struct plain {
  static constexpr bool tight = false;
  bool allows(cell) const noexcept { return true; }
  index_t runs(const tile& t, std::span<key_run> out) const noexcept { return full{}.runs(t, out); }
};
static_assert(mask<plain> && !tight_mask<plain> && !bit_mask<plain>);

TEST(mask_full, allows_every_cell) { EXPECT_EQ(picture(full{}, last_at_end(2, 3), 3), "111/111"); }
TEST(mask_full, is_one_full_run) {
  EXPECT_EQ(runs_of(full{}, {5, 0}, {3, 9}), "[3,9)full");
  EXPECT_EQ(runs_of(full{}, {5, 0}, {3, 3}), "");
}
TEST(mask_full, keeps_the_laws) { expect_laws(full{}); }
} // namespace
} // namespace heed::test
