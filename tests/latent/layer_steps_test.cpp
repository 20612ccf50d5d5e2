// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/exec/sequential.hpp>
#include <heed/exec/thread_pool.hpp>
#include <heed/latent/layer_steps.hpp>

#include <support/random.hpp>
#include <support/tolerance.hpp>

#include <gtest/gtest.h>

namespace heed {
namespace {

std::size_t place(index_t i) { return static_cast<std::size_t>(i); }
constexpr latent_shape forward{.heads = 3, .rank = 37, .nope = 20, .rope = 6, .value = 33};
constexpr latent_shape swapped{
    .heads = 3, .rank = 37, .nope = 20, .rope = 6, .value = 33, .order = latent_order::rope_first};

struct folded {
  latent_shape s;
  std::vector<float> uk, uv, memory;
  latent_weights<float> weights;
  explicit folded(const latent_shape& shape) : s(shape) {
    test::random gen(1);
    uk = gen.numbers<float>(s.heads * s.nope * s.rank);
    uv = gen.numbers<float>(s.heads * s.value * s.rank);
    memory.resize(place(latent_weights<float>::numbers(s)));
    const failure f = weights.fold(s, view(static_cast<const float*>(uk.data()), s.heads, s.nope, s.rank),
                                   view(static_cast<const float*>(uv.data()), s.heads, s.value, s.rank), memory);
    EXPECT_FALSE(f);
  }
  double k(index_t h, index_t n, index_t r) const {
    return static_cast<double>(uk[place((h * s.nope + n) * s.rank + r)]);
  }
  double v(index_t h, index_t e, index_t r) const {
    return static_cast<double>(uv[place((h * s.value + e) * s.rank + r)]);
  }
};
/// A sum of n products, each at most 1.
void expect_sum(double got, double want, index_t n) {
  EXPECT_NEAR(got, want, static_cast<double>(n * n) * test::epsilon<float>);
}

TEST(latent_layer_steps, queries_are_absorbed_and_their_rope_part_moves_along) {
  for (const latent_shape& s : {forward, swapped}) {
    const folded f(s);
    test::random gen(2);
    constexpr index_t tokens = 70;
    const auto q = gen.numbers<float>(tokens * s.heads * s.head_dim());
    const packed_rows<const float> rows{q.data(), s.heads * s.head_dim(), s.head_dim(), 0, 0};
    std::vector<float> out(place(50 * s.heads * s.key_dim())), again(out);
    sequential one;
    detail::absorb_queries<float>(one, f.weights, rows, {15, 65}, out.data());
    for (index_t t = 0; t < 50; t += 7)
      for (index_t h = 0; h < s.heads; ++h) {
        const float* query = q.data() + ((t + 15) * s.heads + h) * s.head_dim();
        const float* got = out.data() + (t * s.heads + h) * s.key_dim();
        for (index_t r = 0; r < s.rank; ++r) {
          double want = 0;
          for (index_t n = 0; n < s.nope; ++n) want += static_cast<double>(query[n]) * f.k(h, n, r);
          expect_sum(static_cast<double>(got[s.latent_begin() + r]), want, s.nope);
        }
        for (index_t r = 0; r < s.rope; ++r) EXPECT_EQ(got[s.rope_begin() + r], query[s.nope + r]);
      }
    thread_pool pool{3};
    detail::absorb_queries<float>(pool, f.weights, rows, {15, 65}, again.data());
    EXPECT_EQ(out, again);
  }
}

TEST(latent_layer_steps, rows_are_expanded_per_head) {
  for (const latent_shape& s : {forward, swapped}) {
    const folded f(s);
    test::random gen(3);
    constexpr index_t count = 41, room = 43;
    const auto cache = gen.numbers<bf16>(count * s.key_dim());
    std::vector<const std::byte*> list;
    for (index_t j = 0; j < count; ++j)
      list.push_back(reinterpret_cast<const std::byte*>(cache.data() + (count - 1 - j) * s.key_dim()));
    std::vector<float> keys(place(s.heads * room * s.head_dim()), 9.f), values(place(s.heads * room * s.value), 9.f);
    const detail::expanded_rows<float>::memory into{keys.data(), values.data(), room, nullptr, nullptr, nullptr};
    sequential one;
    detail::expand_rows<bf16, float>(one, f.weights, list.data(), count, into);
    EXPECT_EQ(keys.back(), 9.f);
    for (index_t j = 0; j < count; j += 8)
      for (index_t h = 0; h < s.heads; ++h) {
        const bf16* row = reinterpret_cast<const bf16*>(list[place(j)]);
        const float* key = keys.data() + (h * room + j) * s.head_dim();
        const float* value = values.data() + (h * room + j) * s.value;
        const auto latent = [&](index_t r) { return static_cast<double>(widen(row[s.latent_begin() + r])); };
        for (index_t n = 0; n < s.nope; ++n) {
          double want = 0;
          for (index_t r = 0; r < s.rank; ++r) want += f.k(h, n, r) * latent(r);
          expect_sum(static_cast<double>(key[n]), want, s.rank);
        }
        for (index_t r = 0; r < s.rope; ++r) EXPECT_EQ(key[s.nope + r], widen(row[s.rope_begin() + r]));
        for (index_t e = 0; e < s.value; ++e) {
          double want = 0;
          for (index_t r = 0; r < s.rank; ++r) want += f.v(h, e, r) * latent(r);
          expect_sum(static_cast<double>(value[e]), want, s.rank);
        }
      }
  }
}

TEST(latent_layer_steps, outputs_are_projected_where_the_call_counts_its_tokens) {
  const latent_shape s = forward;
  const folded f(s);
  test::random gen(4);
  const auto u = gen.numbers<float>(5 * s.heads * s.rank);
  std::vector<float> o(place(9 * s.heads * s.value), 9.f);
  sequential one;
  detail::project_outputs(one, f.weights, u.data(), {3, 8},
                          packed_rows<float>{o.data(), s.heads * s.value, s.value, 0, 0});
  for (index_t t = 0; t < 9; ++t)
    for (index_t h = 0; h < s.heads; ++h)
      for (index_t e = 0; e < s.value; ++e) {
        const float got = o[place((t * s.heads + h) * s.value + e)];
        if (t < 3 || t >= 8) {
          EXPECT_EQ(got, 9.f);
          continue;
        }
        double want = 0;
        for (index_t r = 0; r < s.rank; ++r)
          want += f.v(h, e, r) * static_cast<double>(u[place(((t - 3) * s.heads + h) * s.rank + r)]);
        expect_sum(static_cast<double>(got), want, s.rank);
      }
}

TEST(latent_layer_steps, every_row_of_every_head_is_met_once) {
  thread_pool pool{2};
  for (const index_t rows : {0, 1, 31, 32, 33, 100}) {
    std::vector<int> met(place(4 * rows));
    detail::for_head_blocks(pool, 4, rows, 1000000, [&](index_t head, range part) HEED_BODY {
      for (index_t r = part.begin; r < part.end; ++r) ++met[place(head * rows + r)];
    });
    for (const int n : met) EXPECT_EQ(n, 1);
  }
}

} // namespace
} // namespace heed
