// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// What a bound call says of itself.
#include <heed/kernel/call.hpp>

#include <plan/bound_call.hpp>

namespace {
using namespace heed;
using namespace heed::test;

struct twice {
  float operator()(float x, cell) const noexcept { return 2 * x; }
};

TEST(kernel_call, scores_are_in_base_two_unless_a_modifier_runs) {
  const sample<> s(1, {4}, {9}, 2, 2, 16, 8);
  const bound_call<> b(s);
  const auto c = b.get();
  const double factor = .25 * 1.44269504088896340735992468100189214;
  EXPECT_EQ(c.query_factor().high, static_cast<float>(factor));
  EXPECT_NEAR(static_cast<double>(c.query_factor().low), factor - static_cast<double>(static_cast<float>(factor)),
              factor * 0x1p-46);
  const twice mod;
  using modified = kernel::call<float, float, float, bound_call<>::source, causal, twice, epilogue_list<>>;
  const auto natural = modified{c.p, c.kv, c.m, mod, c.epi, c.shape, c.dims}.query_factor();
  EXPECT_EQ(natural.high, .25f);
  EXPECT_EQ(natural.low, 0.f);
  EXPECT_TRUE(modified::modified && modified::unit == kernel::score_unit::natural);
  EXPECT_FALSE(bound_call<>::call_type::modified);
  EXPECT_EQ(bound_call<>::call_type::unit, kernel::score_unit::base_two);
}

TEST(kernel_call, positions_are_those_of_the_problem) {
  const sample<> s(2, {4, 3}, {9, 3}, 1, 1, 4, 4);
  bound_call<> b(s);
  EXPECT_EQ(b.get().position(0, 1), 6);
  EXPECT_EQ(b.get().position(1, 2), 2);
  b.p.positions = query_positions::top_left();
  EXPECT_EQ(b.get().position(0, 1), 1);
  const std::vector<index_t> list{9, 8, 7, 6, 5, 4, 3};
  b.p.positions = query_positions::listed(list);
  EXPECT_EQ(b.get().position(1, 2), 3);
}

TEST(kernel_call, rows_are_read_in_place_where_they_are_accumulators) {
  const std::vector<bf16> x(8);
  const auto kv = contiguous(view(x.data(), 1, 1, 4), view(x.data(), 1, 1, 4));
  using half = kernel::call<float, float, float, decltype(kv), causal, no_score_mod, epilogue_list<>>;
  EXPECT_FALSE(half::keys_in_place || half::values_in_place);
  EXPECT_TRUE(bound_call<>::call_type::keys_in_place && bound_call<>::call_type::values_in_place);
}
} // namespace
