// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// batch.hpp reads and writes 16-bit floats and users' own elements as element_traits does, with FTZ and DAZ or without.
#include <heed/simd/batch.hpp>

#include <gtest/gtest.h>
#include <support/flush_to_zero.hpp>
#include <support/guarded_buffer.hpp>
#include <support/random.hpp>

#include <bit>
#include <cmath>
#include <limits>

namespace {

using heed::bf16;
using heed::element_traits;
using heed::f16;
using heed::index_t;
using B = heed::simd::batch<float>;

/// Sixteenths from -8 to 8: an element that the library does not know.
struct sixteenth {
  std::int8_t n;
};

// Out of line, so that the state of FTZ and DAZ is the one at the call.
template <class T> HEED_NOINLINE void widen_all(const T* from, float* to, index_t count) {
  for (index_t i = 0; i < count; i += B::lanes) B::widen(from + i).store(to + i);
}
template <class T> HEED_NOINLINE void narrow_all(const float* from, T* to, index_t count) {
  for (index_t i = 0; i < count; i += B::lanes) B::load(from + i).narrow_to(to + i);
}
std::uint32_t bits(float x) { return std::bit_cast<std::uint32_t>(x); }

template <class T> bool is_nan(T x) { return std::isnan(element_traits<T>::widen(x)); }
template <class T> std::vector<T> all_patterns() {
  std::vector<T> list;
  for (std::uint32_t u = 0; u < 65536; ++u) list.push_back({static_cast<std::uint16_t>(u)});
  return list;
}
/// Every number that T holds, every border between two, their neighbours in float, and random patterns.
template <class T> std::vector<float> floats_to_narrow() {
  std::vector<float> list;
  heed::test::random random(11);
  for (std::uint32_t u = 0; u < 65536; ++u) {
    const float x = element_traits<T>::widen({static_cast<std::uint16_t>(u)});
    const float y = element_traits<T>::widen({static_cast<std::uint16_t>(u + 1)});
    const auto middle = static_cast<float>((static_cast<double>(x) + static_cast<double>(y)) / 2);
    for (const float z : {x, middle}) {
      list.push_back(z);
      if (!std::isfinite(z)) continue;
      list.push_back(std::bit_cast<float>(bits(z) + 1));
      list.push_back(std::bit_cast<float>(bits(z) - (z == 0 ? 0 : 1)));
    }
  }
  for (const float x : {65504.f, 65519.f, 65520.f, 65536.f, 0x1.fffffep127f, 0x1p-25f, 0x1.000002p-25f, 0x1p-149f})
    for (const float sign : {1.f, -1.f}) list.push_back(sign * x);
  while (list.size() % 64 != 0 || list.size() < 1'500'000)
    list.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(random.bits())));
  return list;
}

template <class T> void expect_widened(const std::vector<T>& from, const std::vector<float>& to) {
  for (std::size_t i = 0; i < from.size(); ++i) {
    const float right = element_traits<T>::widen(from[i]);
    ASSERT_TRUE(bits(to[i]) == bits(right) || (std::isnan(to[i]) && is_nan(from[i]))) << std::hex << from[i].bits;
  }
}
template <class T> void expect_narrowed(const std::vector<float>& from, const std::vector<T>& to) {
  for (std::size_t i = 0; i < from.size(); ++i) {
    const bool nan = (bits(from[i]) & 0x7fffffffu) > 0x7f800000u;
    if (nan)
      ASSERT_TRUE(is_nan(to[i])) << std::hex << bits(from[i]);
    else
      ASSERT_EQ(to[i].bits, element_traits<T>::narrow(from[i]).bits) << std::hex << bits(from[i]);
  }
}

} // namespace

template <> struct heed::element_traits<sixteenth> {
  static float widen(sixteenth x) noexcept { return static_cast<float>(x.n) / 16; }
  static sixteenth narrow(float x) noexcept { return {static_cast<std::int8_t>(std::nearbyint(x * 16))}; }
};

namespace {

template <class T> struct simd_batch_elements : testing::Test {};
using sixteen_bits = testing::Types<f16, bf16>;
TYPED_TEST_SUITE(simd_batch_elements, sixteen_bits);

TYPED_TEST(simd_batch_elements, every_pattern_widens_exactly) {
  const auto from = all_patterns<TypeParam>();
  std::vector<float> to(from.size());
  widen_all(from.data(), to.data(), static_cast<index_t>(from.size()));
  expect_widened(from, to);
}

TYPED_TEST(simd_batch_elements, every_pattern_widens_exactly_when_subnormals_are_flushed) {
  const auto from = all_patterns<TypeParam>();
  std::vector<float> to(from.size());
  {
    const heed::test::flush_to_zero flushed;
    widen_all(from.data(), to.data(), static_cast<index_t>(from.size()));
  }
  expect_widened(from, to);
}

TYPED_TEST(simd_batch_elements, narrowing_rounds_to_nearest_even) {
  const auto from = floats_to_narrow<TypeParam>();
  std::vector<TypeParam> to(from.size());
  narrow_all(from.data(), to.data(), static_cast<index_t>(from.size()));
  expect_narrowed(from, to);
}

TYPED_TEST(simd_batch_elements, narrowing_does_not_change_when_subnormals_are_flushed) {
  const auto from = floats_to_narrow<TypeParam>();
  std::vector<TypeParam> to(from.size());
  {
    const heed::test::flush_to_zero flushed;
    narrow_all(from.data(), to.data(), static_cast<index_t>(from.size()));
  }
  expect_narrowed(from, to);
}

TYPED_TEST(simd_batch_elements, a_part_touches_no_memory_beyond_it) {
  using T = TypeParam;
  for (index_t n = 0; n <= B::lanes; ++n)
    for (const auto side : {heed::test::guard::after, heed::test::guard::before}) {
      heed::test::guarded_buffer<T> from(n, side), to(n, side);
      for (index_t i = 0; i < n; ++i) from.data()[i] = element_traits<T>::narrow(1.5f + static_cast<float>(i));
      const B x = B::widen_first(from.data(), n);
      (x + x).narrow_first(to.data(), n);
      for (index_t i = 0; i < B::lanes; ++i)
        EXPECT_EQ(bits(x[i]), bits(i < n ? 1.5f + static_cast<float>(i) : 0.f)) << "lane " << i << " of " << n;
      for (index_t i = 0; i < n; ++i)
        EXPECT_EQ(element_traits<T>::widen(to.data()[i]), 3.f + 2.f * static_cast<float>(i));
      T whole[B::lanes]{};
      B(2.f).narrow_first(whole, n); // what stands behind the part stays
      for (index_t i = 0; i < B::lanes; ++i) EXPECT_EQ(element_traits<T>::widen(whole[i]), i < n ? 2.f : 0.f);
    }
}

TYPED_TEST(simd_batch_elements, rows_in_plain_bytes_are_read_as_numbers) {
  using T = TypeParam;
  alignas(64) std::byte bytes[(B::lanes + 1) * sizeof(T)];
  for (std::size_t i = 0; i <= static_cast<std::size_t>(B::lanes); ++i) {
    const T x = element_traits<T>::narrow(static_cast<float>(i) - 2.f);
    std::memcpy(bytes + i * sizeof(T), &x, sizeof(T));
  }
  const B x = B::widen(reinterpret_cast<const T*>(bytes + sizeof(T)));
  const B y = B::broadcast(reinterpret_cast<const T*>(bytes + sizeof(T)));
  for (index_t i = 0; i < B::lanes; ++i) {
    EXPECT_EQ(x[i], static_cast<float>(i) - 1.f);
    EXPECT_EQ(y[i], -1.f);
  }
}

TYPED_TEST(simd_batch_elements, one_element_fills_a_batch) {
  for (std::uint32_t u = 0; u < 65536; u += 5) {
    const TypeParam x{static_cast<std::uint16_t>(u)};
    const B all = B::broadcast(&x);
    const float right = element_traits<TypeParam>::widen(x);
    for (index_t i = 0; i < B::lanes; i += 3)
      ASSERT_TRUE(bits(all[i]) == bits(right) || (std::isnan(all[i]) && std::isnan(right)));
  }
}

TEST(simd_batch_elements, elements_of_a_user_go_through_their_traits) {
  for (index_t n = 0; n <= B::lanes; ++n) {
    heed::test::guarded_buffer<sixteenth> from(n), to(n);
    for (index_t i = 0; i < n; ++i) from.data()[i] = {static_cast<std::int8_t>(i - 3)};
    const B x = B::widen_first(from.data(), n);
    (x + x).narrow_first(to.data(), n);
    for (index_t i = 0; i < B::lanes; ++i) EXPECT_EQ(x[i], i < n ? static_cast<float>(i - 3) / 16 : 0.f);
    for (index_t i = 0; i < n; ++i) EXPECT_EQ(to.data()[i].n, 2 * (i - 3));
    if (n != B::lanes) continue;
    EXPECT_EQ(B::widen(from.data())[n - 1], static_cast<float>(n - 4) / 16);
    EXPECT_EQ(B::broadcast(from.data())[0], -3.f / 16);
    x.narrow_to(to.data());
    EXPECT_EQ(to.data()[n - 1].n, n - 4);
  }
}

} // namespace
