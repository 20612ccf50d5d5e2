// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/latent/latent_plan.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace heed {
namespace {

constexpr index_t thousands = 32768;

TEST(latent_plan, the_most_absorbed_rows_are_those_of_the_cost_rule) {
  const latent_shape s;
  const auto rows = [&](latent_form form, index_t slots, index_t most) {
    return detail::most_absorbed_rows(s, {.form = form}, {.tokens = most, .max_slots = slots});
  };
  EXPECT_EQ(rows(latent_form::absorbed, thousands, 4096), 4096);
  EXPECT_EQ(rows(latent_form::naive, thousands, 4096), 0);
  EXPECT_EQ(rows(latent_form::by_cost, index_t{1} << 40, 4096), 170);
  EXPECT_EQ(rows(latent_form::by_cost, index_t{1} << 40, 64), 64);
  const index_t some = rows(latent_form::by_cost, 1000, 4096);
  EXPECT_EQ(cheaper_form(s, some, 1000), latent_form::absorbed);
  EXPECT_EQ(cheaper_form(s, some + 1, 1000), latent_form::naive);
  // Where a latent is no wider than a head, absorbing always pays.
  EXPECT_EQ(detail::most_absorbed_rows({.rank = 16, .nope = 64, .rope = 0, .value = 64}, {}, {.tokens = 9}), 9);
}

TEST(latent_plan, the_most_naive_slots_are_those_of_the_cost_rule) {
  const latent_shape s;
  const auto slots = [&](latent_form form, index_t rows) {
    return detail::most_naive_slots(s, {.form = form}, {.tokens = rows, .max_slots = thousands});
  };
  EXPECT_EQ(slots(latent_form::naive, 1), thousands);
  EXPECT_EQ(slots(latent_form::absorbed, 500), -1);
  EXPECT_EQ(slots(latent_form::by_cost, 500), thousands);
  EXPECT_EQ(slots(latent_form::by_cost, 1), 1); // a decode plan holds no expanded cache
  EXPECT_EQ(cheaper_form(s, 16, slots(latent_form::by_cost, 16)), latent_form::naive);
  EXPECT_EQ(cheaper_form(s, 16, slots(latent_form::by_cost, 16) + 1), latent_form::absorbed);
}

/// Only what grouping asks for.
struct lengths {
  std::vector<index_t> held, unordered = {};
  [[nodiscard]] bool ordered(index_t seq, index_t) const noexcept {
    for (const index_t s : unordered)
      if (s == seq) return false;
    return true;
  }
  [[nodiscard]] index_t slots(index_t seq, index_t) const noexcept { return held[static_cast<std::size_t>(seq)]; }
};

TEST(latent_plan, sequences_go_together_by_form_and_room) {
  const std::vector<index_t> offsets{0, 1, 2, 2, 3, 203, 403, 603, 803};
  const lengths kv{{5000, 6000, 9, 7000, 200, 300, 3000, 200}};
  call_extents e;
  e.sequences = 8;
  e.tokens = 803;
  e.row_offsets = std::span<const index_t>(offsets);
  latent_plan::figures f;
  f.options.expand_slots = 600;
  f.expanded_room = 600;
  f.absorbed_tokens = 2;
  f.naive_tokens = 400;
  const latent_plan made(f);
  std::vector<range> groups;
  std::vector<latent_form> forms;
  for (index_t s = 0; s < 8; s = groups.back().end) {
    latent_form form{};
    groups.push_back(detail::group_from(made, kv, e, s, form));
    forms.push_back(form);
  }
  // Two tokens fill the absorbed form's room; the one in parts goes alone.
  const std::vector<range> want{{0, 3}, {3, 4}, {4, 6}, {6, 7}, {7, 8}};
  EXPECT_EQ(groups, want);
  const std::vector<latent_form> chosen{latent_form::absorbed, latent_form::absorbed, latent_form::naive,
                                        latent_form::naive, latent_form::naive};
  EXPECT_EQ(forms, chosen);
}

TEST(latent_plan, expanded_sequences_go_together_only_in_one_order) {
  const std::vector<index_t> offsets{0, 300, 600, 600, 900, 901, 902};
  const lengths kv{{300, 300, 300, 300, 9000, 9000}, {1, 2, 3, 5}};
  call_extents e;
  e.sequences = 6;
  e.tokens = 902;
  e.row_offsets = std::span<const index_t>(offsets);
  latent_plan::figures f;
  f.options.expand_slots = f.expanded_room = 10000;
  f.absorbed_tokens = f.naive_tokens = 10000;
  const latent_plan made(f);
  std::vector<range> groups;
  for (index_t s = 0; s < 6; s = groups.back().end) {
    latent_form form{};
    groups.push_back(detail::group_from(made, kv, e, s, form));
    EXPECT_EQ(form, s < 4 ? latent_form::naive : latent_form::absorbed);
  }
  // Nothing is expanded in the absorbed form: each of its sequences is asked for its order by itself.
  const std::vector<range> want{{0, 1}, {1, 4}, {4, 6}};
  EXPECT_EQ(groups, want);
}

TEST(latent_plan, without_rows_there_is_nothing_to_do) {
  const std::vector<index_t> offsets{0, 0, 0};
  const lengths kv{{5, 6}};
  call_extents e;
  e.sequences = 2;
  e.row_offsets = std::span<const index_t>(offsets);
  latent_form form = latent_form::naive;
  EXPECT_EQ(detail::group_from(latent_plan{}, kv, e, 0, form), (range{0, 2}));
  EXPECT_EQ(form, latent_form::by_cost);
}

} // namespace
} // namespace heed
