// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// A learned sink: none, as large as all keys together, overwhelming; refusals.
#include <heed/epilogue/sink_logit.hpp>

#include <attention/sample.hpp>
#include <support/refusal.hpp>

namespace {
using namespace heed;
using namespace heed::test;
constexpr float inf = std::numeric_limits<float>::infinity();

TEST(epilogue_sink_logit, minus_infinity_is_none) {
  const sample<> s(1, {2, 20}, {30, 40}, 2, 2, 16, 8);
  const std::vector<float> none(4, -inf);
  EXPECT_TRUE(s.run(sink_logit(none)) == s.run());
}

TEST(epilogue_sink_logit, as_large_as_the_lse_halves_the_output) {
  const sample<> s(2, {1}, {33}, 2, 2, 16, 8);
  const auto plain = s.run();
  const auto got = s.run(sink_logit(plain.lse)); // one row: lse is [q_heads]
  EXPECT_TRUE(same_bits(got.lse, plain.lse)) << "the sink is no part of the lse";
  for (std::size_t i = 0; i < plain.o.size(); ++i)
    EXPECT_NEAR(got.o[i], plain.o[i] / 2, std::fabs(plain.o[i]) * 2 * epsilon<float>);
}

TEST(epilogue_sink_logit, takes_its_share_per_head_and_may_take_all) {
  const sample<> s(3, {3}, {10}, 2, 2, 8, 8);
  const auto plain = s.run();
  const std::vector<float> logits{-inf, 1.5f, -2.f, inf};
  const auto got = s.run(sink_logit(logits));
  for (std::size_t row = 0; row < plain.lse.size(); ++row) {
    const double sink = static_cast<double>(logits[row % 4]);
    const double share = 1 / (1 + std::exp(sink - static_cast<double>(plain.lse[row])));
    for (std::size_t d = 0; d < 8; ++d) {
      const double want = share * static_cast<double>(plain.o[row * 8 + d]);
      EXPECT_NEAR(static_cast<double>(got.o[row * 8 + d]), want, 8 * epsilon<float> * std::fabs(want));
    }
  }
}

TEST(epilogue_sink_logit, a_row_without_keys_stays_zero) {
  const sample<> s(4, {2}, {0}, 1, 2, 8, 4);
  for (const float logit : {-inf, 0.f, inf}) {
    const std::vector<float> logits(2, logit);
    const auto got = s.run(sink_logit(logits));
    for (const float x : got.o) EXPECT_EQ(x, 0.f);
    for (const float x : got.lse) EXPECT_EQ(x, -inf);
  }
}

TEST(epilogue_sink_logit, refused_with_code_and_text) {
  call_extents e;
  e.q_heads = 4;
  const auto check = [&](const std::vector<float>& x) { return refusal(sink_logit(x).check(e)); };
  EXPECT_EQ(check({0.f, -inf, inf, 3.f}), refusal());
  EXPECT_EQ(check({0.f, 0.f, 0.f}), refusal(errc::bad_extent, "sink_logit: size is 3, but the query heads are 4"));
  EXPECT_EQ(check({0.f, 0.f, std::nanf(""), 0.f}),
            refusal(errc::bad_value, "sink_logit: logits[2] is nan, must be a number; no sink is -inf"));
}
} // namespace
