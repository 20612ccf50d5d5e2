// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// rope_scaling: each rule against its published formula, written out again here, and what it refuses.
#include <heed/rope/rope.hpp>

#include <gtest/gtest.h>

#include <support/refusal.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

namespace {

using heed::errc;
using heed::index_t;
using heed::rope;
using heed::rope_scaling;
using heed::test::refusal;

constexpr double pi = std::numbers::pi;

double plain(index_t l, index_t dims, double theta) {
  return std::pow(theta, -2. * static_cast<double>(l) / static_cast<double>(dims));
}

TEST(rope_rope_scaling, none_and_linear) {
  const rope none{.dims = 64}, squeezed{.dims = 64, .scaling = rope_scaling::linear(4)};
  for (index_t l = 0; l < 32; ++l) {
    EXPECT_DOUBLE_EQ(none.frequency(l), plain(l, 64, 10000));
    EXPECT_DOUBLE_EQ(squeezed.frequency(l), plain(l, 64, 10000) / 4);
  }
  EXPECT_EQ(squeezed.scaling.magnitude(), 1.);
}

TEST(rope_rope_scaling, divisors_divide_each_frequency) {
  const std::vector<float> list{1.f, 2.f, 4.f, 64.f};
  const rope r{.dims = 8, .theta = 5e5, .scaling = rope_scaling::divisors(list, 1.25)};
  for (index_t l = 0; l < 4; ++l)
    EXPECT_DOUBLE_EQ(r.frequency(l), plain(l, 8, 5e5) / static_cast<double>(list[static_cast<std::size_t>(l)]));
  EXPECT_EQ(r.scaling.magnitude(), 1.25);
}

TEST(rope_rope_scaling, llama3_is_metas_code) {
  const auto meta = [](double freq, double factor, double low, double high, double original) {
    const double wavelen = 2 * pi / freq;
    if (wavelen < original / high) return freq;
    if (wavelen > original / low) return freq / factor;
    const double smooth = (original / wavelen - low) / (high - low);
    return (1 - smooth) * freq / factor + smooth * freq;
  };
  for (const heed::llama3_parameters& p :
       {heed::llama3_parameters{}, heed::llama3_parameters{.factor = 32}, heed::llama3_parameters{4, 2, 8, 1024}}) {
    const rope r{.dims = 128, .theta = 500000, .scaling = rope_scaling::llama3(p)};
    int kept = 0, divided = 0;
    for (index_t l = 0; l < 64; ++l) {
      const double f = plain(l, 128, 500000), want = meta(f, p.factor, p.low_freq_factor, p.high_freq_factor,
                                                          static_cast<double>(p.original_length));
      EXPECT_NEAR(r.frequency(l), want, 1e-14 * want) << l;
      kept += want == f ? 1 : 0;
      divided += want == f / p.factor ? 1 : 0;
    }
    // All three branches were taken.
    EXPECT_GT(kept, 0);
    EXPECT_GT(divided, 0);
    EXPECT_LT(kept + divided, 64);
  }
}

TEST(rope_rope_scaling, llama3_golden_frequencies) {
  // Llama 3.1 8B: head dim 128, theta 500000. Pair 0 is kept, the last is divided by 8.
  const rope r{.dims = 128, .theta = 500000, .scaling = rope_scaling::llama3()};
  EXPECT_EQ(r.frequency(0), 1.);
  EXPECT_NEAR(r.frequency(63), 2.4551e-6 / 8, 2e-10); // 500000^(-126/128) = 2.4551e-6
}

TEST(rope_rope_scaling, yarn_is_the_published_code) {
  const auto published = [](index_t l, index_t dims, double theta, const heed::yarn_parameters& p) {
    const auto correction = [&](double rotations) {
      return static_cast<double>(dims) * std::log(static_cast<double>(p.original_length) / (rotations * 2 * pi)) /
             (2 * std::log(theta));
    };
    double low = correction(p.beta_fast), high = correction(p.beta_slow);
    if (p.ramp == heed::yarn_ramp::whole) {
      low = std::floor(low);
      high = std::ceil(high);
    }
    low = std::max(low, 0.);
    high = std::min(high, static_cast<double>(dims - 1));
    if (low == high) high += 0.001;
    const double ramp = std::clamp((static_cast<double>(l) - low) / (high - low), 0., 1.);
    const double extrapolated = plain(l, dims, theta), interpolated = extrapolated / p.factor;
    return interpolated * ramp + extrapolated * (1 - ramp);
  };
  for (const heed::yarn_parameters& p :
       {heed::yarn_parameters{.factor = 32, .original_length = 4096, .ramp = heed::yarn_ramp::exact}, // gpt-oss
        heed::yarn_parameters{.factor = 40, .original_length = 4096},                                 // DeepSeek V3
        heed::yarn_parameters{.factor = 4, .original_length = 32768},                                 // Qwen
        heed::yarn_parameters{.factor = 8, .original_length = 64, .beta_fast = 16, .beta_slow = 0.5}})
    for (const auto& [dims, theta] : {std::pair<index_t, double>{64, 150000}, {128, 10000}, {64, 1e6}, {2, 10000}}) {
      const rope r{.dims = dims, .theta = theta, .scaling = rope_scaling::yarn(p)};
      for (index_t l = 0; l < dims / 2; ++l) {
        const double want = published(l, dims, theta, p);
        EXPECT_NEAR(r.frequency(l), want, 1e-14 * want) << dims << ' ' << l;
      }
    }
}

TEST(rope_rope_scaling, yarn_golden_values) {
  // DeepSeek V3: 64 dims, theta 10000, trained 4096: the ramp goes from floor(10.47) to ceil(22.51).
  const rope r{.dims = 64, .theta = 10000, .scaling = rope_scaling::yarn({.factor = 40, .original_length = 4096})};
  EXPECT_DOUBLE_EQ(r.frequency(10), plain(10, 64, 10000));
  EXPECT_DOUBLE_EQ(r.frequency(23), plain(23, 64, 10000) / 40);
  const double f = plain(17, 64, 10000), ramp = 7. / 13;
  EXPECT_NEAR(r.frequency(17), f / 40 * ramp + f * (1 - ramp), 1e-15);
  // gpt-oss: 0.1 ln 32 + 1
  EXPECT_NEAR(heed::yarn_magnitude(32), 1.3465735902799727, 1e-15);
  EXPECT_EQ(heed::yarn_magnitude(1), 1.);
  EXPECT_EQ(heed::yarn_magnitude(0.5), 1.);
}

TEST(rope_rope_scaling, refuses_what_gives_no_frequency) {
  const auto check = [](const rope_scaling& s) { return refusal(s.check(8)); };
  const auto wrong = [](const char* property, const char* value, const char* relation = "must be finite and above 0") {
    return refusal(errc::bad_value, std::string("rope_scaling: ") + property + " is " + value + ", " + relation);
  };
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(check({}), refusal());
  EXPECT_EQ(check(rope_scaling::linear(8)), refusal());
  const std::pair<double, const char*> bad[] = {{0., "0"}, {-0.25, "-0.25"}, {inf, "inf"}, {nan, "nan"}};
  for (const auto& [x, text] : bad) {
    EXPECT_EQ(check(rope_scaling::linear(x)), wrong("factor", text));
    EXPECT_EQ(check(rope_scaling::yarn({.factor = x})), wrong("factor", text));
    EXPECT_EQ(check(rope_scaling::yarn({.magnitude = x})), wrong("magnitude", text));
    EXPECT_EQ(check(rope_scaling::yarn({.beta_slow = x})), wrong("beta_slow", text));
    EXPECT_EQ(check(rope_scaling::yarn({.beta_fast = x})),
              wrong("beta_fast", text, "must be finite and above beta_slow 1"));
    EXPECT_EQ(check(rope_scaling::llama3({.factor = x})), wrong("factor", text));
    EXPECT_EQ(check(rope_scaling::llama3({.low_freq_factor = x})), wrong("low_freq_factor", text));
    EXPECT_EQ(check(rope_scaling::llama3({.high_freq_factor = x})),
              wrong("high_freq_factor", text, "must be finite and above low_freq_factor 1"));
  }
  EXPECT_EQ(check(rope_scaling::yarn({.original_length = 0})), wrong("original_length", "0"));
  EXPECT_EQ(check(rope_scaling::llama3({.original_length = -5})), wrong("original_length", "-5"));
  EXPECT_EQ(check(rope_scaling::llama3({.low_freq_factor = .9, .high_freq_factor = .7})),
            wrong("high_freq_factor", "0.7", "must be finite and above low_freq_factor 0.9"));
  EXPECT_EQ(check(rope_scaling::llama3({.low_freq_factor = 4, .high_freq_factor = 4})),
            wrong("high_freq_factor", "4", "must be finite and above low_freq_factor 4"));
  std::vector<float> list{1, 1, 1, 1};
  EXPECT_EQ(check(rope_scaling::divisors(list)), refusal());
  list[2] = 0;
  EXPECT_EQ(check(rope_scaling::divisors(list)), wrong("divisors[2]", "0"));
  list.pop_back();
  EXPECT_EQ(check(rope_scaling::divisors(list)),
            refusal(errc::bad_extent, "rope_scaling: number of divisors is 3, must be 4"));
}

} // namespace
