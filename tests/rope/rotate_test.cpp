// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// rotate: the definition in long double for every type, layout and size; relative positions, inverse, re-rotation.
#include <heed/rope/rotate.hpp>

#include "rope_checks.hpp"

#include <support/refusal.hpp>

#include <cstring>

namespace {

using heed::bf16;
using heed::errc;
using heed::f16;
using heed::index_t;
using heed::rope;
using heed::rope_layout;
using heed::rope_scaling;
using heed::test::half_ulp_of_one;
using heed::test::refusal;
using heed::test::refusal_of;

constexpr rope_layout layouts[] = {rope_layout::interleaved, rope_layout::half};

template <class T> double as_double(T x) { return static_cast<double>(heed::widen(x)); }

template <class T> void expect_the_definition(index_t tokens, index_t heads, index_t dim, index_t dims) {
  heed::test::random random(static_cast<std::uint64_t>(dims * 7 + heads));
  for (const rope_layout layout : layouts)
    for (const double magnitude : {1., 1.25}) {
      std::vector<float> ones(static_cast<std::size_t>(dims / 2), 1.f);
      const rope r{.dims = dims, .layout = layout, .scaling = rope_scaling::divisors(ones, magnitude)};
      std::vector<index_t> positions(static_cast<std::size_t>(tokens));
      for (index_t& p : positions) p = random.integer(-5, 1 << 20);
      const std::vector<T> in = random.numbers<T>(tokens * heads * dim);
      std::vector<T> out(in.size()), place = in;
      heed::rotate(r, positions, heed::view(in.data(), tokens, heads, dim), heed::view(out.data(), tokens, heads, dim));
      heed::rotate(r, positions, heed::view(place.data(), tokens, heads, dim));
      EXPECT_TRUE(heed::test::same_bits(place, out));
      for (index_t t = 0; t < tokens; ++t)
        for (index_t h = 0; h < heads; ++h) {
          std::vector<long double> row(static_cast<std::size_t>(dim));
          const auto first = static_cast<std::size_t>((t * heads + h) * dim);
          for (std::size_t i = 0; i < row.size(); ++i) row[i] = static_cast<long double>(as_double(in[first + i]));
          const auto want = heed::test::turned_row(row, dims, layout, 10000, positions[static_cast<std::size_t>(t)],
                                                   static_cast<long double>(magnitude));
          for (std::size_t i = 0; i < row.size(); ++i) {
            if (static_cast<index_t>(i) >= dims) {
              EXPECT_EQ(std::memcmp(&out[first + i], &in[first + i], sizeof(T)), 0);
            } else {
              ASSERT_NEAR(as_double(out[first + i]), static_cast<double>(want[i]),
                          heed::test::rotation_bound<T>(magnitude))
                  << "dims " << dims << ", dim " << i;
            }
          }
        }
    }
}

template <class T> void expect_the_definition() {
  // Around vectors of 16, 8 and 4 and the chunk of 64 pairs; unturned dims behind; no rows at all.
  for (const index_t dims : {0, 2, 4, 6, 8, 14, 16, 18, 30, 32, 34, 64, 70, 126, 128, 130, 256, 270})
    expect_the_definition<T>(3, 2, dims + (dims % 4 == 0 ? 0 : 3), dims);
  for (const index_t heads : {1, 4, 7}) expect_the_definition<T>(2, heads, 70, 64);
  expect_the_definition<T>(0, 3, 8, 8);
  expect_the_definition<T>(3, 0, 8, 8);
}

TEST(rope_rotate, is_the_definition_in_float) { expect_the_definition<float>(); }
TEST(rope_rotate, is_the_definition_in_double) { expect_the_definition<double>(); }
TEST(rope_rotate, is_the_definition_in_bf16) { expect_the_definition<bf16>(); }
TEST(rope_rotate, is_the_definition_in_f16) { expect_the_definition<f16>(); }

TEST(rope_rotate, products_depend_on_the_distance_only) {
  constexpr index_t dim = 64;
  heed::test::random random(11);
  for (const rope_layout layout : layouts)
    for (const auto& scaling : {rope_scaling{}, rope_scaling::linear(4), rope_scaling::llama3(),
                                rope_scaling::yarn({.factor = 32, .magnitude = heed::yarn_magnitude(32)})}) {
      const rope r{.dims = dim, .layout = layout, .theta = 150000, .scaling = scaling};
      const std::vector<double> q = random.numbers<double>(dim), k = random.numbers<double>(dim);
      const auto product = [&](index_t at_q, index_t at_k) {
        std::vector<double> a = q, b = k;
        heed::rotate(r, std::vector<index_t>{at_q}, heed::view(a.data(), 1, 1, dim));
        heed::rotate(r, std::vector<index_t>{at_k}, heed::view(b.data(), 1, 1, dim));
        double sum = 0;
        for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
        return sum;
      };
      for (const index_t distance : {0, 1, 77, 4000}) {
        const double want = product(distance, 0);
        // Two angles, each right to 1e-9, on 32 pairs of size up to 2 (times the squared magnitude).
        for (const index_t shift : {1, 1000, 1 << 20})
          EXPECT_NEAR(product(distance + shift, shift), want, 32 * 2 * 2e-9 * 1.9) << distance << ' ' << shift;
      }
    }
}

TEST(rope_rotate, layouts_agree_bit_for_bit_under_the_permutation) {
  heed::test::random random(12);
  for (const index_t dims : {2, 6, 34, 64, 130}) {
    const index_t tokens = 3, heads = 2, dim = dims + 1;
    const std::vector<index_t> positions{0, 5, 99999};
    const auto pairs = random.numbers<float>(tokens * heads * dim);
    std::vector<float> halves(pairs.size()), turned_pairs(pairs.size()), back(pairs.size());
    const auto v = [&](auto& x) { return heed::view(x.data(), tokens, heads, dim); };
    heed::convert_layout(rope_layout::interleaved, rope_layout::half, dims, v(pairs), v(halves));
    heed::rotate(rope{.dims = dims, .layout = rope_layout::half}, positions, v(halves));
    heed::rotate(rope{.dims = dims, .layout = rope_layout::interleaved}, positions, v(pairs), v(turned_pairs));
    heed::convert_layout(rope_layout::half, rope_layout::interleaved, dims, v(halves), v(back));
    EXPECT_TRUE(heed::test::same_bits(back, turned_pairs)) << dims;
  }
}

TEST(rope_rotate, negative_positions_turn_back) {
  constexpr index_t dim = 40;
  heed::test::random random(13);
  for (const rope_layout layout : layouts) {
    const rope r{.dims = dim, .layout = layout, .scaling = rope_scaling::yarn({.factor = 8})};
    const auto x = random.numbers<float>(3 * dim);
    std::vector<float> y = x;
    const std::vector<index_t> there{1, 4097, 1 << 20}, back{-1, -4097, -(1 << 20)};
    heed::rotate(r, there, heed::view(y.data(), 3, 1, dim));
    EXPECT_FALSE(heed::test::same_bits(x, y));
    heed::rotate(r, back, heed::view(y.data(), 3, 1, dim));
    for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(y[i], x[i], 2 * heed::test::rotation_bound<float>());
  }
}

TEST(rope_rotate, zero_is_the_identity) {
  heed::test::random random(14);
  const auto x = random.numbers<float>(2 * 3 * 20);
  std::vector<float> y = x;
  heed::rotate(rope{.dims = 16}, std::vector<index_t>{0, 0}, heed::view(y.data(), 2, 3, 20));
  EXPECT_TRUE(heed::test::same_bits(x, y));
}

TEST(rope_rotate, takes_any_strides) {
  // Queries and keys are slices of one fused buffer [tokens][heads + 2 kv_heads][dim]; keys go to [heads][tokens][dim].
  constexpr index_t tokens = 5, all = 8, kv = 2, dim = 24;
  heed::test::random random(15);
  const std::vector<index_t> positions{3, 1, 4, 1, 5};
  const auto fused = random.numbers<float>(tokens * all * dim);
  const auto keys = heed::view(fused.data(), tokens, all, dim).slice(1, 4, kv);
  std::vector<float> plain(tokens * kv * dim), by_head(plain.size());
  for (index_t t = 0; t < tokens; ++t)
    for (index_t h = 0; h < kv; ++h)
      for (index_t i = 0; i < dim; ++i) heed::view(plain.data(), tokens, kv, dim)(t, h, i) = keys(t, h, i);
  const rope r{.dims = 20, .layout = rope_layout::interleaved};
  heed::rotate(r, positions, heed::view(plain.data(), tokens, kv, dim));
  const auto out = heed::view(by_head.data(), kv, tokens, dim).swapped(0, 1);
  heed::rotate(r, positions, keys, out);
  for (index_t t = 0; t < tokens; ++t)
    for (index_t h = 0; h < kv; ++h)
      for (index_t i = 0; i < dim; ++i) EXPECT_EQ(out(t, h, i), heed::view(plain.data(), tokens, kv, dim)(t, h, i));
}

TEST(rope_rotate, rerotate_moves_keys_and_keeps_their_magnitude) {
  constexpr index_t dim = 48;
  heed::test::random random(16);
  const std::vector<index_t> from{0, 7, 100000, 5}, to{3, 2, 1 << 20, 0};
  for (const rope_layout layout : layouts) {
    const rope r{.dims = dim,
                 .layout = layout,
                 .scaling = rope_scaling::yarn({.factor = 32, .magnitude = heed::yarn_magnitude(32)})};
    const auto raw = random.numbers<float>(4 * 2 * dim);
    std::vector<float> moved = raw, direct = raw;
    heed::rotate(r, from, heed::view(moved.data(), 4, 2, dim));
    heed::rerotate(r, from, to, heed::view(moved.data(), 4, 2, dim));
    heed::rotate(r, to, heed::view(direct.data(), 4, 2, dim));
    for (std::size_t i = 0; i < raw.size(); ++i)
      EXPECT_NEAR(moved[i], direct[i], 3 * heed::test::rotation_bound<float>(heed::yarn_magnitude(32)));
    // Not moved: not changed.
    const std::vector<float> before = moved;
    heed::rerotate(r, to, to, heed::view(moved.data(), 4, 2, dim));
    EXPECT_TRUE(heed::test::same_bits(moved, before));
  }
}

TEST(rope_rotate, refuses_before_it_writes) {
  std::vector<float> x(4 * 2 * 8, 0.5f), y(x.size());
  const std::vector<float> before = x;
  const auto v = heed::view(x.data(), 4, 2, 8);
  const std::vector<index_t> four{1, 2, 3, 4}, three{1, 2, 3}, far{PTRDIFF_MIN, 0, 0, 0};
  const rope r{.dims = 8};
  const refusal one_short(errc::bad_extent, "positions: number of positions is 3, but the tokens are 4");
  EXPECT_EQ(refusal_of([&] { heed::rotate(r, three, v); }), one_short);
  EXPECT_EQ(refusal_of([&] { heed::rotate(rope{.dims = 7}, four, v); }),
            refusal(errc::bad_value, "rope: dims is 7, must be even and at least 0"));
  EXPECT_EQ(refusal_of([&] { heed::rotate(rope{.dims = 10}, four, v); }),
            refusal(errc::dim_mismatch, "rope: dims is 10, but the rows have dim 8"));
  EXPECT_EQ(refusal_of([&] { heed::rotate(r, four, v, heed::view(y.data(), 4, 2, 7)); }),
            refusal(errc::bad_extent, "out: extent[2] is 7, but that of in is 8"));
  EXPECT_EQ(refusal_of([&] { heed::rerotate(r, three, four, v); }),
            refusal(errc::bad_extent, "from: number of positions is 3, but to has 4"));
  EXPECT_EQ(refusal_of([&] { heed::rerotate(r, far, four, v); }),
            refusal(errc::size_overflow, "from: position[0] is -9223372036854775808, is too far from 1"));
  EXPECT_EQ(refusal_of([&] { heed::convert_layout(rope_layout::half, rope_layout::interleaved, 8, v, v); }),
            refusal(errc::overlap, "out: bytes shared with in is 1, the limit is 0"));
  EXPECT_EQ(refusal_of([&] { heed::convert_layout(rope_layout::half, rope_layout::interleaved, 9, v, v); }),
            refusal(errc::bad_value, "rope: dims is 9, must be even and at least 0"));
  EXPECT_TRUE(heed::test::same_bits(x, before));
  EXPECT_EQ(refusal(heed::check_rotate(r, three, v, v)), one_short);
  EXPECT_FALSE(heed::check_rotate(r, four, v, v));
}

} // namespace
