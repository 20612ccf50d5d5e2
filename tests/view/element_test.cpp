// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Number types: every 16-bit pattern, and narrowing against an exact double.
#include <heed/view/element.hpp>

#include <gtest/gtest.h>
#include <support/flush_to_zero.hpp>
#include <support/random.hpp>

#include <cmath>
#include <limits>

namespace {
using namespace heed;

template <class T> struct format;
template <> struct format<f16> { static constexpr int fraction = 10, bias = 15; };
template <> struct format<bf16> { static constexpr int fraction = 7, bias = 127; };

/// The number that a pattern stands for, by the definition of the format.
template <class T> double number(std::uint32_t bits) {
  constexpr int n = format<T>::fraction, bias = format<T>::bias;
  const std::uint32_t fraction = bits & ((1u << n) - 1u), exponent = (bits & 0x7fffu) >> n;
  const double sign = (bits & 0x8000u) != 0 ? -1 : 1;
  if (exponent == 0x7fffu >> n)
    return fraction != 0 ? std::numeric_limits<double>::quiet_NaN() : sign * std::numeric_limits<double>::infinity();
  if (exponent == 0) return sign * std::ldexp(fraction, 1 - bias - n);
  return sign * std::ldexp((1u << n) + fraction, static_cast<int>(exponent) - bias - n);
}
/// The nearest storable number, ties to even; exact in double.
template <class T> double nearest(double x) {
  constexpr int n = format<T>::fraction, bias = format<T>::bias;
  if (std::isinf(x) || std::isnan(x) || x == 0) return x;
  const int exponent = std::max(std::ilogb(x), 1 - bias);
  const double y = std::ldexp(std::nearbyint(std::ldexp(x, n - exponent)), exponent - n);
  const double most = std::ldexp(2 - std::ldexp(1., -n), bias);
  return std::fabs(y) > most ? std::copysign(std::numeric_limits<double>::infinity(), x) : y;
}
bool same_number(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) || (a == b && std::signbit(a) == std::signbit(b));
}
std::uint32_t bits_of(float x) { return std::bit_cast<std::uint32_t>(x); }

// Out of line and through memory, so that FTZ and DAZ are those of the call.
template <class T> HEED_NOINLINE void widen_all(const std::vector<T>& from, std::vector<float>& to) {
  for (std::size_t i = 0; i < from.size(); ++i) to[i] = widen(from[i]);
}
template <class T> HEED_NOINLINE void narrow_all(const std::vector<float>& from, std::vector<T>& to) {
  for (std::size_t i = 0; i < from.size(); ++i) to[i] = narrow<T>(from[i]);
}

template <class T> class view_element : public testing::Test {};
using sixteen_bits = testing::Types<f16, bf16>;
TYPED_TEST_SUITE(view_element, sixteen_bits);

TYPED_TEST(view_element, every_pattern_widens_exactly_and_comes_back) {
  std::vector<TypeParam> all;
  for (std::uint32_t u = 0; u < 65536; ++u) all.push_back({static_cast<std::uint16_t>(u)});
  std::vector<float> wide(all.size()), flushed(all.size());
  widen_all(all, wide);
  {
    const test::flush_to_zero on;
    widen_all(all, flushed);
  }
  std::vector<TypeParam> back(all.size());
  narrow_all(wide, back);
  for (std::uint32_t u = 0; u < 65536; ++u) {
    ASSERT_TRUE(same_number(static_cast<double>(wide[u]), number<TypeParam>(u))) << std::hex << u;
    ASSERT_EQ(bits_of(flushed[u]), bits_of(wide[u])) << std::hex << u;
    if (std::isnan(wide[u])) {
      ASSERT_TRUE(std::isnan(widen(back[u]))) << std::hex << u;
    } else {
      ASSERT_EQ(back[u].bits, u) << std::hex << u;
    }
  }
}

/// Every storable number, every tie between neighbours, what lies beside both, and random patterns.
template <class T> std::vector<float> to_narrow() {
  std::vector<float> list;
  for (std::uint32_t u = 0; u < 65536; ++u) {
    const double x = number<T>(u), y = number<T>(u + 1 == 65536 ? u : u + 1);
    for (const double z : {x, (x + y) / 2}) {
      const auto f = static_cast<float>(z);
      list.push_back(f);
      if (std::isnan(f) || std::isinf(f)) continue;
      list.push_back(std::nextafter(f, std::numeric_limits<float>::infinity()));
      list.push_back(std::nextafter(f, -std::numeric_limits<float>::infinity()));
    }
  }
  // The tie between the greatest number and infinity, and its neighbours.
  const double most = std::ldexp(2 - std::ldexp(1., -format<T>::fraction), format<T>::bias);
  const auto edge = static_cast<float>(most + std::ldexp(1., format<T>::bias - format<T>::fraction - 1));
  for (const float sign : {1.f, -1.f})
    for (const float x : {edge, std::nextafter(edge, 0.f)}) list.push_back(sign * x);
  test::random gen(3);
  for (int i = 0; i < 500000; ++i) list.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(gen.bits())));
  return list;
}

TYPED_TEST(view_element, narrow_is_the_nearest_and_ties_go_to_even) {
  const std::vector<float> list = to_narrow<TypeParam>();
  std::vector<TypeParam> got(list.size()), flushed(list.size());
  narrow_all(list, got);
  {
    const test::flush_to_zero on;
    narrow_all(list, flushed);
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    const double want = nearest<TypeParam>(static_cast<double>(list[i]));
    ASSERT_TRUE(same_number(static_cast<double>(widen(got[i])), want)) << list[i] << " gave " << widen(got[i]);
    ASSERT_EQ(flushed[i].bits, got[i].bits) << list[i];
  }
}

TYPED_TEST(view_element, sums_up_in_float) {
  EXPECT_TRUE((std::is_same_v<accum_t<TypeParam>, float>));
  EXPECT_TRUE((std::is_same_v<accum_t<const double>, double>));
}

TEST(view_element_plain, float_and_double_are_kept) {
  for (const float x : {0.f, -0.f, 1e-45f, 3.5f, std::numeric_limits<float>::infinity()}) {
    EXPECT_EQ(bits_of(widen(x)), bits_of(x));
    EXPECT_EQ(bits_of(narrow<float>(x)), bits_of(x));
  }
  EXPECT_EQ(widen(1e-320), 1e-320);
  EXPECT_EQ(narrow<double>(-1e300), -1e300);
}

TEST(view_element_plain, rows_of_elements_unpack_as_they_widen) {
  const elements<bf16> format_of_rows;
  EXPECT_EQ(format_of_rows.row_bytes(7), 14);
  EXPECT_EQ(elements<double>{}.row_bytes(3), 24);
  const bf16 row[3] = {{0x3f80}, {0xc000}, {0x0001}};
  float out[4] = {9, 9, 9, 9};
  format_of_rows.unpack(reinterpret_cast<const std::byte*>(row), nullptr, std::span<float>(out, 3));
  EXPECT_EQ(out[0], 1.f);
  EXPECT_EQ(out[1], -2.f);
  EXPECT_EQ(bits_of(out[2]), 0x00010000u);
  EXPECT_EQ(out[3], 9.f) << "no more than asked for";
}
} // namespace
