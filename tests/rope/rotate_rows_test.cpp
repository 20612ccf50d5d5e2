// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// rotate_rows: angles at far positions, exchanged lanes, and views that can't be turned.
#include <heed/rope/rotate_rows.hpp>

#include "rope_checks.hpp"

#include <support/refusal.hpp>

namespace {

using heed::errc;
using heed::index_t;
using heed::test::refusal;

TEST(rope_rotate_rows, angles_are_right_to_a_millionth_at_position_2_to_the_20) {
  for (const auto& [dims, theta] : {std::pair<index_t, double>{128, 10000}, {64, 150000}, {128, 500000}, {64, 1e6}})
    for (const index_t position :
         {index_t{1}, index_t{12345}, (index_t{1} << 20) - 1, index_t{1} << 20, -(index_t{1} << 20)}) {
      const heed::rope r{.dims = dims, .theta = theta};
      for (index_t l = 0; l < dims / 2; ++l) {
        const double f = r.frequency(l);
        double c = 0, s = 0;
        heed::detail::rope_angles(static_cast<double>(position), &f, 1, 1., &c, &s);
        const long double angle = static_cast<long double>(position) *
                                  std::pow(static_cast<long double>(theta),
                                           -2.L * static_cast<long double>(l) / static_cast<long double>(dims));
        const long double error =
            std::hypot(static_cast<long double>(c) - std::cos(angle), static_cast<long double>(s) - std::sin(angle));
        EXPECT_LT(static_cast<double>(error), 1e-9) << dims << ' ' << theta << ' ' << l;
        float cf = 0, sf = 0;
        heed::detail::rope_angles(static_cast<double>(position), &f, 1, 1., &cf, &sf);
        EXPECT_LT(std::fabs(static_cast<double>(std::atan2(
                      std::sin(angle - std::atan2(static_cast<long double>(sf), static_cast<long double>(cf))),
                      std::cos(angle - std::atan2(static_cast<long double>(sf), static_cast<long double>(cf)))))),
                  1e-6);
      }
    }
}

template <class A> void expect_swapped() {
  using batch = heed::simd::batch<A>;
  if constexpr (batch::lanes > 1) {
    const batch x = batch::generate([](index_t i) { return static_cast<A>(i); });
    const batch y = heed::detail::swap_pairs(x, std::make_index_sequence<static_cast<std::size_t>(batch::lanes)>{});
    for (index_t i = 0; i < batch::lanes; ++i) EXPECT_EQ(y[i], static_cast<A>(i ^ 1));
  }
}
TEST(rope_rotate_rows, swap_pairs_exchanges_neighbours) {
  expect_swapped<float>();
  expect_swapped<double>();
}

TEST(rope_rotate_rows, check_refuses_views_that_overlap_or_differ) {
  std::vector<float> a(400), b(400);
  const float* p = a.data();
  const auto check = [](index_t dims, heed::tensor_view<const float, 3> in, heed::tensor_view<float, 3> out) {
    return refusal(heed::detail::check_rope_rows(dims, in, out));
  };
  const refusal shared(errc::overlap, "out: bytes shared with in, other than in place is 1, the limit is 0");
  const auto stride = [](const char* text) { return refusal(errc::bad_stride, text); };
  const auto in = heed::view(p, 4, 3, 8);
  EXPECT_EQ(check(8, in, heed::view(b.data(), 4, 3, 8)), refusal());
  EXPECT_EQ(check(8, in, heed::view(a.data(), 4, 3, 8)), refusal());      // in place
  EXPECT_EQ(check(8, in, heed::view(a.data() + 96, 4, 3, 8)), refusal()); // behind it
  EXPECT_EQ(check(8, in, heed::view(a.data() + 95, 4, 3, 8)), shared);    // into its last number
  EXPECT_EQ(check(8, in, heed::strided(a.data(), {4, 3, 8}, {24, 9, 1})),
            stride("out: stride[0] is 24, rows overlap, the least is 26"));
  EXPECT_EQ(check(8, in, heed::strided(a.data(), {4, 3, 8}, {32, 8, 1})), shared);    // in place with other strides
  EXPECT_EQ(check(8, in, heed::strided(b.data(), {4, 3, 8}, {8, 32, 1})), refusal()); // heads outermost
  EXPECT_EQ(check(8, in, heed::strided(b.data(), {4, 3, 8}, {8, 31, 1})),
            stride("out: stride[1] is 31, rows overlap, the least is 32"));
  EXPECT_EQ(check(8, in, heed::strided(b.data(), {4, 3, 8}, {24, 7, 1})),
            stride("out: stride[1] is 7, rows overlap, the least is 8"));
  EXPECT_EQ(check(8, in, heed::strided(b.data(), {4, 3, 8}, {0, 8, 1})),
            stride("out: stride[0] is 0, rows overlap, the least is 8"));
  EXPECT_EQ(check(8, heed::strided(p, {4, 3, 8}, {0, 8, 1}), heed::view(b.data(), 4, 3, 8)), refusal());
  EXPECT_EQ(check(10, in, heed::view(b.data(), 4, 3, 8)),
            refusal(errc::dim_mismatch, "rope: dims is 10, but the rows have dim 8"));
  EXPECT_EQ(check(8, in, heed::view(b.data(), 4, 2, 8)),
            refusal(errc::bad_extent, "out: extent[1] is 2, but that of in is 3"));
  EXPECT_EQ(check(8, in, heed::view(static_cast<float*>(nullptr), 4, 3, 8)).code, errc::null_pointer);
  EXPECT_EQ(check(8, heed::view(static_cast<const float*>(nullptr), 0, 3, 8),
                  heed::view(static_cast<float*>(nullptr), 0, 3, 8)),
            refusal());
  EXPECT_EQ(check(8, heed::view(p, 1, 1, 8), heed::strided(b.data(), {1, 1, 8}, {0, 0, 1})), refusal());
}

} // namespace
