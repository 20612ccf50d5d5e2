// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Views: where an index leads, and every view that is refused, with its text.
#include <heed/view/tensor_view.hpp>

#include <gtest/gtest.h>
#include <support/refusal.hpp>

#include <vector>

namespace {
using namespace heed;
using heed::test::refusal;

TEST(view_tensor_view, row_major_strides_and_addresses) {
  std::vector<float> x(2 * 3 * 4 * 5);
  const auto v = view(x.data(), 2, 3, 4, 5);
  EXPECT_EQ(v.size(), 120);
  const index_t strides[4] = {60, 20, 5, 1};
  for (int i = 0; i < 4; ++i) EXPECT_EQ(v.stride(i), strides[i]);
  for (index_t a = 0, n = 0; a < 2; ++a)
    for (index_t b = 0; b < 3; ++b)
      for (index_t c = 0; c < 4; ++c)
        for (index_t d = 0; d < 5; ++d) EXPECT_EQ(&v(a, b, c, d), x.data() + n++);
  EXPECT_EQ(view(x.data(), 120).stride(0), 1);
  EXPECT_EQ(view(x.data(), 0, 5).size(), 0);
}

TEST(view_tensor_view, slice_and_swapped_lead_to_the_same_elements) {
  std::vector<int> x(3 * 4 * 5);
  const auto v = view(x.data(), 3, 4, 5);
  const auto s = v.slice(1, 1, 2);
  EXPECT_EQ(s.extent(1), 2);
  EXPECT_EQ(&s(2, 1, 3), &v(2, 2, 3));
  EXPECT_EQ(v.slice(0, 3, 0).size(), 0);
  const auto t = v.swapped(0, 1);
  EXPECT_EQ(t.extent(0), 4);
  EXPECT_EQ(t.stride(0), 5);
  EXPECT_EQ(&t(3, 2, 4), &v(2, 3, 4));
  EXPECT_EQ(&t.swapped(0, 1)(2, 3, 4), &v(2, 3, 4));
  EXPECT_EQ(&v.swapped(0, 0)(2, 3, 4), &v(2, 3, 4));
}

TEST(view_tensor_view, strided_repeats_and_skips) {
  std::vector<float> x(40);
  const auto v = strided(x.data(), {4, 3, 2}, {0, 7, 1});
  EXPECT_EQ(&v(3, 2, 1), x.data() + 15);
  EXPECT_EQ(&v(0, 2, 1), x.data() + 15) << "stride 0 repeats";
}

TEST(view_tensor_view, const_elements_from_mutable_ones) {
  std::vector<float> x(6);
  const tensor_view<const float, 2> v = view(x.data(), 2, 3);
  EXPECT_EQ(&v(1, 2), x.data() + 5);
  EXPECT_FALSE((std::is_convertible_v<tensor_view<const float, 2>, tensor_view<float, 2>>));
  EXPECT_EQ((tensor_view<float, 2>().data()), nullptr);
  EXPECT_TRUE((strided_view<tensor_view<float, 2>, 2>));
  EXPECT_FALSE((strided_view<tensor_view<float, 2>, 3>));
}

constexpr index_t huge = PTRDIFF_MAX / 2;
template <class T, int Rank> refusal check(const tensor_view<T, Rank>& v) { return detail::check_view("q", v); }

TEST(view_tensor_view, refused_with_code_and_text) {
  float x[64] = {};
  EXPECT_EQ(check(view(x, 4, 4, 4)), refusal());
  EXPECT_EQ(check(view(x, -4, 4)), refusal(errc::bad_extent, "q: extent[0] is -4, the least is 0"));
  EXPECT_EQ(check(view(x, 4, -1)), refusal(errc::bad_extent, "q: extent[1] is -1, the least is 0"));
  EXPECT_EQ(check(strided(x, {4, 4}, {-4, 1})), refusal(errc::bad_stride, "q: stride[0] is -4, the least is 0"));
  EXPECT_EQ(check(strided(x, {4, 4}, {8, 2})), refusal(errc::bad_stride, "q: stride[1] is 2, the last must be 1"));
  EXPECT_EQ(check(strided(x, {4, 4}, {8, 0})), refusal(errc::bad_stride, "q: stride[1] is 0, the last must be 1"));
  EXPECT_EQ(check(strided(x, {4, 1}, {8, 0})), refusal()) << "the stride of one element is never used";
  EXPECT_EQ(check(view<float>(nullptr, 2, 3)),
            refusal(errc::null_pointer, "q: data is 0, but the elements in view are 6"));
  EXPECT_EQ(check(view<float>(nullptr, 0, 3)), refusal()) << "nothing is read through it";
  const refusal overflow(errc::size_overflow,
                         "q: size in bytes is 9223372036854775807, or more; the limit is 4611686018427387904");
  EXPECT_EQ(check(strided(x, {3, 4}, {huge, 1})), overflow) << "stride x extent";
  EXPECT_EQ(check(strided(x, {huge, 2, 2}, {1, huge, 1})), overflow) << "the sum of two axes";
  EXPECT_EQ(check(strided(x, {2, 2, 2, 2}, {huge, huge, huge, 1})), overflow);
  EXPECT_EQ(check(strided(x, {index_t{1} << 60, 2}, {1, 1})), overflow) << "elements x bytes";
  EXPECT_EQ(check(strided(x, {(index_t{1} << 60) - 1, 2}, {1, 1})), refusal()) << "2^62 bytes are the most";
  EXPECT_EQ(check(strided(x, {huge, 2}, {0, 1})), refusal()) << "repeated, not large";
  EXPECT_EQ(check(strided(x, {huge, 0, 4}, {huge, huge, 1})), refusal()) << "nothing in it";
}

TEST(view_tensor_view, an_address_between_two_elements_is_refused) {
  alignas(16) std::byte bytes[64] = {};
  // Never read: only the address is looked at.
  const auto at = [&](index_t i) {
    return check(
        view(reinterpret_cast<float*>(reinterpret_cast<std::uintptr_t>(bytes) + static_cast<std::uintptr_t>(i)), 2, 3));
  };
  EXPECT_EQ(at(0), refusal());
  EXPECT_EQ(at(4), refusal());
  EXPECT_EQ(at(1), refusal(errc::misaligned, "q: address modulo the element's alignment is 1, it must be 0"));
  EXPECT_EQ(at(6), refusal(errc::misaligned, "q: address modulo the element's alignment is 2, it must be 0"));
}

template <class T, int Rank> refusal written(const tensor_view<T, Rank>& v) { return detail::check_written("o", v); }

/// By brute force: no two indices lead to one place.
template <int Rank> bool distinct(const tensor_view<float, Rank>& v, const float* base, std::size_t room) {
  std::vector<char> taken(room);
  index_t at[Rank] = {};
  for (index_t n = 0; n < v.size(); ++n) {
    index_t rest = n, offset = 0;
    for (int i = Rank; i-- > 0;) {
      at[i] = rest % v.extent(i);
      rest /= v.extent(i);
      offset += at[i] * v.stride(i);
    }
    char& x = taken[static_cast<std::size_t>(v.data() - base + offset)];
    if (x != 0) return false;
    x = 1;
  }
  return true;
}

TEST(view_tensor_view, written_rows_must_not_overlap) {
  float x[64] = {};
  EXPECT_EQ(written(view(x, 2, 3, 4)), refusal());
  EXPECT_EQ(written(view(x, 2, 3, 4).swapped(0, 1)), refusal());
  EXPECT_EQ(written(strided(x, {6, 4, 6}, {0, 6, 1})),
            refusal(errc::bad_stride, "o: stride[0] is 0, rows are written, so the least is 6"));
  EXPECT_EQ(written(strided(x, {2, 4, 6}, {12, 6, 1})),
            refusal(errc::bad_stride, "o: stride[0] is 12, rows are written, so the least is 24"));
  EXPECT_EQ(written(strided(x, {2, 4, 6}, {24, 5, 1})),
            refusal(errc::bad_stride, "o: stride[1] is 5, rows are written, so the least is 6"));
  EXPECT_EQ(written(strided(x, {1, 4, 6}, {0, 6, 1})), refusal()) << "one token";
  EXPECT_EQ(written(strided(x, {0, 4, 6}, {0, 0, 1})), refusal()) << "nothing is written";
  EXPECT_EQ(written(strided(x, {2, 2, 2, 2}, {4, 4, 2, 1})),
            refusal(errc::bad_stride, "o: stride[0] is 4, rows are written, so the least is 8"));
}

TEST(view_tensor_view, what_is_not_refused_as_written_has_distinct_elements) {
  float x[400] = {};
  int accepted = 0, nested = 0;
  for (index_t a = 0; a < 30; ++a)
    for (index_t b = 0; b < 30; ++b)
      for (index_t m = 1; m < 4; ++m)
        for (index_t n = 1; n < 4; ++n) {
          const auto v = strided(x, {m, n, 5}, {a, b, 1});
          const bool fine = distinct(v, x, 400);
          accepted += written(v) == refusal();
          nested += fine;
          if (written(v) == refusal()) {
            EXPECT_TRUE(fine) << m << " x " << n << " at strides " << a << ", " << b;
          }
        }
  EXPECT_GT(accepted, 1000);
  EXPECT_LT(nested - accepted, nested / 10) << "few that would be legal are refused";
}
} // namespace
