// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Codes and texts: every number written, cut where the buffer ends, thrown as both types.
#include <heed/error.hpp>

#include <gtest/gtest.h>

#include <cfloat>
#include <cmath>
#include <cstdio>
#include <limits>
#include <random>
#include <string>
#include <type_traits>

namespace {
using namespace heed;

std::string text(const failure& f) { return error(f).what(); }

TEST(error, names_argument_value_and_limit) {
  EXPECT_EQ(text({errc::dim_mismatch, "kv", "key_dim", 96, "but q has dim", 128}),
            "kv: key_dim is 96, but q has dim 128");
  EXPECT_EQ(text({errc::not_monotone, "q", "offsets", 7, "but the one before is", 9, 3}),
            "q: offsets[3] is 7, but the one before is 9");
  EXPECT_EQ(text({errc::bad_value, "a", "b", PTRDIFF_MIN, "c", PTRDIFF_MAX, 0}),
            "a: b[0] is -9223372036854775808, c 9223372036854775807");
  EXPECT_EQ(text({errc::bad_value, "a", "b", 0, "c", -10}), "a: b is 0, c -10");
}

TEST(error, real_numbers_are_told_as_they_are) {
  const auto told = [](double x) {
    const std::string all = text({errc::bad_value, "a", "b", x, "must be above", x});
    const std::size_t comma = all.find(',');
    const std::string value = all.substr(8, comma - 8);
    EXPECT_EQ(all, "a: b is " + value + ", must be above " + value);
    return value;
  };
  for (const double x : {0.,
                         1.,
                         -0.4,
                         0.7,
                         0.9,
                         10.,
                         30.,
                         123456.,
                         999999.4,
                         999999.6,
                         1234567.,
                         1e5,
                         1e6,
                         9.2e18,
                         1e300,
                         DBL_MAX,
                         -DBL_MAX,
                         DBL_MIN,
                         1e-4,
                         0.00012345678,
                         9.9999996e-5,
                         1e-5,
                         1.5e-7,
                         -2.5e-300,
                         100.25,
                         0.1 + 0.2,
                         3.14159265,
                         -1e-310,
                         static_cast<double>(0.1f),
                         HUGE_VAL,
                         -HUGE_VAL}) {
    char expected[40];
    std::snprintf(expected, sizeof expected, "%g", x);
    EXPECT_EQ(told(x), expected);
  }
  std::mt19937_64 draw(7);
  for (int i = 0; i < 20000; ++i) { // every exponent, and numbers near those that people write
    const double mantissa = static_cast<double>(draw() >> 11) * 0x1p-53 * (i % 2 ? 1 : -1);
    const double x = std::ldexp(mantissa, static_cast<int>(draw() % (i % 4 ? 2000 : 60)) - (i % 4 ? 1000 : 30));
    char expected[40];
    std::snprintf(expected, sizeof expected, "%g", x);
    ASSERT_EQ(told(x), expected);
  }
  EXPECT_EQ(told(std::nan("")), "nan");
  EXPECT_EQ(told(-0.), "-0");
  EXPECT_EQ(text({errc::bad_value, "soft_cap", "cap", -0.4f, "must be finite and above", 0}),
            "soft_cap: cap is -0.4, must be finite and above 0");
}

TEST(error, a_figure_keeps_its_kind) {
  constexpr failure whole{errc::bad_value, "a", "b", 3, "c", PTRDIFF_MIN};
  static_assert(whole.value == 3 && !whole.value.is_real() && whole.value.real() == 3. && whole.limit == PTRDIFF_MIN);
  constexpr failure real{errc::bad_value, "a", "b", 2.75, "c", -2.75f};
  static_assert(real.value.is_real() && real.value.real() == 2.75 && real.limit.real() == -2.75);
  static_assert(static_cast<index_t>(real.value) == 2 && static_cast<index_t>(real.limit) == -2);
  static_assert(static_cast<index_t>(figure(1e30)) == PTRDIFF_MAX &&
                static_cast<index_t>(figure(-1e30)) == PTRDIFF_MIN);
  static_assert(static_cast<index_t>(figure(std::numeric_limits<double>::quiet_NaN())) == PTRDIFF_MIN);
  static_assert(std::is_trivially_copyable_v<failure>);
}

TEST(error, a_long_text_is_cut_and_terminated) {
  const std::string longer(500, 'x');
  const std::string got = text({errc::bad_value, longer.c_str(), "b", 0, "c", 1});
  EXPECT_EQ(got, longer.substr(0, 199));
  char room[4] = {'a', 'b', 'c', 'd'};
  detail::text_buffer b{room, 3};
  b.put(index_t{12345});
  EXPECT_STREQ(room, "12");
  EXPECT_EQ(room[3], 'd') << "nothing behind its room";
  b.put("more");
  EXPECT_STREQ(room, "12");
}

TEST(error, is_thrown_as_itself_and_as_a_standard_exception) {
  const failure f{errc::overlap, "o", "bytes", 4, "the limit is", 0};
  EXPECT_TRUE(f);
  EXPECT_FALSE(failure{});
  try {
    detail::report(f);
    FAIL();
  } catch (const std::exception& e) {
    EXPECT_STREQ(e.what(), "o: bytes is 4, the limit is 0");
  }
  try {
    detail::report(f);
    FAIL();
  } catch (const error& e) {
    EXPECT_EQ(e.code(), errc::overlap);
    EXPECT_STREQ(e.what(), "o: bytes is 4, the limit is 0");
  }
}

TEST(error, expect_throws_unless_ok) {
  EXPECT_NO_THROW(expect(errc::ok));
  try {
    expect(errc::overlap);
    FAIL();
  } catch (const error& e) {
    EXPECT_EQ(e.code(), errc::overlap);
    EXPECT_STREQ(e.what(), "run: its errc is 6, expected 0");
  }
  EXPECT_NO_THROW(expect(failure{}));
}

TEST(error, the_handler_is_replaced_and_given_back) {
  const error_handler mine = [](const error&) noexcept {};
  const error_handler before = set_error_handler(mine);
  EXPECT_EQ(set_error_handler(before), mine);
}
} // namespace
