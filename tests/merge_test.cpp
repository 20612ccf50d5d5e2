// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/heed.hpp>
#include <heed/merge.hpp>
#include <heed/reference/attention.hpp>

#include <support/random.hpp>
#include <support/tolerance.hpp>

#include <gtest/gtest.h>
#include <support/refusal.hpp>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace heed::test {
namespace {

constexpr float inf = std::numeric_limits<float>::infinity();
std::size_t at(index_t i) { return static_cast<std::size_t>(i); }

struct part {
  std::vector<float> o, lse;
  part(index_t tokens, index_t heads, index_t dim) : o(at(tokens * heads * dim), 0.f), lse(at(tokens * heads), -inf) {}
};

std::vector<float> noise(index_t n, unsigned seed) {
  std::mt19937 g(seed);
  std::normal_distribution<float> x;
  std::vector<float> v(at(n));
  for (float& e : v) e = x(g);
  return v;
}

TEST(merge_merge, split_keys_equal_one_pass_within_the_bound) {
  for (const index_t dim : {1, 7, 16, 33, 128}) {
    const index_t tokens = 5, heads = 3, slots = 200;
    const auto q = noise(tokens * heads * dim, 1), k = noise(slots * heads * dim, 2), v = noise(slots * heads * dim, 3);
    const auto attend_to = [&](index_t first, index_t count, part& p) {
      const float* keys = k.data() + first * heads * dim;
      const float* values = v.data() + first * heads * dim;
      attend(sequential{}, view(q.data(), tokens, heads, dim),
             contiguous(view(keys, count, heads, dim), view(values, count, heads, dim)),
             view(p.o.data(), tokens, heads, dim), lse<float>(view(p.lse.data(), tokens, heads)));
    };
    part whole(tokens, heads, dim);
    attend_to(0, slots, whole);
    for (const index_t cut : {0, 1, 63, 100, 200}) {
      part a(tokens, heads, dim), b(tokens, heads, dim);
      attend_to(0, cut, a);
      attend_to(cut, slots - cut, b);
      merge(view(a.o.data(), tokens, heads, dim), view(a.lse.data(), tokens, heads),
            view(b.o.data(), tokens, heads, dim), view(b.lse.data(), tokens, heads));
      for (std::size_t i = 0; i < a.o.size(); ++i) EXPECT_NEAR(a.o[i], whole.o[i], 2e-6) << dim << " cut " << cut;
      for (std::size_t i = 0; i < a.lse.size(); ++i) EXPECT_NEAR(a.lse[i], whole.lse[i], 2e-6);
      if (cut == 0 || cut == slots) {
        EXPECT_EQ(a.o, whole.o) << "the identity changes no bit";
        EXPECT_EQ(a.lse, whole.lse);
      }
    }
  }
}

/// Partial results of 2 to 8 disjoint sets of keys, stored as T, folded into the first.
template <class T> void expect_folds_of_any_count() {
  using A = accum_t<T>;
  const index_t tokens = 5, heads = 3, dim = 24, slots = 203;
  random gen(4);
  const auto q = gen.numbers<T>(tokens * heads * dim), k = gen.numbers<T>(slots * heads * dim),
             v = gen.numbers<T>(slots * heads * dim);
  const auto keys = view(k.data(), slots, heads, dim), values = view(v.data(), slots, heads, dim);
  const auto queries = view(q.data(), tokens, heads, dim);
  const reference::result want =
      reference::attend(queries, contiguous(keys, values), full{}, reference::unchanged{},
                        {.scale = 1 / std::sqrt(static_cast<double>(dim)), .rows_each = tokens});
  for (index_t splits = 2; splits <= 8; ++splits) {
    std::vector<T> o(at(tokens * heads * dim)), part_o(o.size());
    std::vector<A> z(at(tokens * heads)), part_z(z.size());
    std::vector<double> rounded(o.size()); // half an ulp of each stored result, the parts and the merged ones
    for (index_t i = 0; i < splits; ++i) {
      const range part{i * i * slots / (splits * splits), (i + 1) * (i + 1) * slots / (splits * splits)};
      auto& into = i == 0 ? o : part_o;
      auto& logs = i == 0 ? z : part_z;
      attend(sequential{}, queries,
             contiguous(keys.slice(0, part.begin, part.size()), values.slice(0, part.begin, part.size())),
             view(into.data(), tokens, heads, dim), lse<A>(view(logs.data(), tokens, heads)));
      if (i > 0)
        merge(view(o.data(), tokens, heads, dim), view(z.data(), tokens, heads),
              view(part_o.data(), tokens, heads, dim), view(part_z.data(), tokens, heads));
      for (std::size_t x = 0; x < o.size(); ++x)
        rounded[x] += half_ulp<T>(static_cast<double>(widen(into[x]))) + half_ulp<T>(static_cast<double>(widen(o[x])));
    }
    margin outputs, logs;
    for (std::size_t row = 0; row < z.size(); ++row) {
      const row_facts facts{static_cast<double>(slots), static_cast<double>(dim), want.score_magnitude[row]};
      const auto times = static_cast<double>(splits); // each merge errs once more
      EXPECT_TRUE(logs.add(static_cast<double>(z[row]), want.lse[row], times * lse_bound<A>(facts))) << splits;
      for (std::size_t d = 0; d < at(dim); ++d) {
        const std::size_t x = row * at(dim) + d;
        EXPECT_TRUE(outputs.add(static_cast<double>(widen(o[x])), want.o[x],
                                times * output_bound<A, A>(facts, want.magnitude[x], want.o[x]) + rounded[x]))
            << splits << " splits, row " << row << ", " << d;
      }
    }
  }
}
TEST(merge_merge, two_to_eight_splits_equal_the_whole_in_16_bits_too) {
  expect_folds_of_any_count<float>();
  expect_folds_of_any_count<bf16>();
  expect_folds_of_any_count<f16>();
}

TEST(merge_merge, weighs_by_exp_lse) {
  float o[2] = {1.f, -2.f}, z[1] = {std::log(3.f)};
  const float other[2] = {5.f, 2.f}, y[1] = {0.f};
  merge(view(o, 1, 1, 2), view(z, 1, 1), view(other, 1, 1, 2), view(y, 1, 1));
  EXPECT_NEAR(o[0], 2.f, 1e-6f);
  EXPECT_NEAR(o[1], -1.f, 1e-6f);
  EXPECT_NEAR(z[0], std::log(4.f), 1e-6f);
}

TEST(merge_merge, a_row_without_keys_is_not_read) {
  for (const float empty : {-inf, inf}) {
    float o[2] = {1.f, 2.f}, z[1] = {0.5f};
    const float bad[2] = {NAN, inf}, none[1] = {empty};
    merge(view(o, 1, 1, 2), view(z, 1, 1), view(bad, 1, 1, 2), view(none, 1, 1));
    EXPECT_EQ(o[0], 1.f);
    EXPECT_EQ(o[1], 2.f);
    EXPECT_EQ(z[0], 0.5f);
    float into[2] = {NAN, inf}, y[1] = {empty};
    merge(view(into, 1, 1, 2), view(y, 1, 1), view(o, 1, 1, 2), view(z, 1, 1));
    EXPECT_EQ(into[0], 1.f);
    EXPECT_EQ(into[1], 2.f);
    EXPECT_EQ(y[0], 0.5f);
  }
}

TEST(merge_merge, two_empty_rows_give_zeros_and_minus_infinity) {
  float o[2] = {NAN, 3.f}, z[1] = {-inf};
  const float other[2] = {NAN, NAN}, y[1] = {-inf};
  merge(view(o, 1, 1, 2), view(z, 1, 1), view(other, 1, 1, 2), view(y, 1, 1));
  EXPECT_EQ(o[0], 0.f);
  EXPECT_EQ(o[1], 0.f);
  EXPECT_EQ(z[0], -inf);
}

TEST(merge_merge, sixteen_bit_rows_and_double) {
  bf16 o[3] = {narrow<bf16>(1.f), narrow<bf16>(2.f), narrow<bf16>(4.f)};
  const bf16 other[3] = {narrow<bf16>(3.f), narrow<bf16>(2.f), narrow<bf16>(0.f)};
  float z[1] = {1.f};
  const float y[1] = {1.f};
  merge(view(o, 1, 1, 3), view(z, 1, 1), view(other, 1, 1, 3), view(y, 1, 1));
  for (const bf16 x : o) EXPECT_EQ(widen(x), 2.f);
  double d[1] = {1.}, dz[1] = {0.};
  const double e[1] = {2.}, ez[1] = {0.};
  merge(view(d, 1, 1, 1), view(dz, 1, 1), view(e, 1, 1, 1), view(ez, 1, 1));
  EXPECT_NEAR(d[0], 1.5, 1e-15);
  EXPECT_NEAR(dz[0], std::log(2.), 1e-15);
}

TEST(merge_merge, refuses_what_does_not_fit_and_writes_nothing) {
  std::vector<float> x(64);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i);
  const std::vector<float> before = x;
  float* const o = x.data();
  float *const z = o + 8, *const other = o + 16, *const y = o + 24;
  const auto merged = [&](const tensor_view<float, 3>& a, const tensor_view<float, 2>& a_lse,
                          const tensor_view<float, 3>& b, const tensor_view<float, 2>& b_lse) {
    const refusal r = refusal_of([&] { merge(a, a_lse, b, b_lse); });
    EXPECT_EQ(x, before);
    return r;
  };
  const auto rows = [](float* p, index_t dim = 2) { return view(p, 1, 2, dim); };
  const auto logs = [](float* p, index_t heads = 2) { return view(p, 1, heads); };
  EXPECT_EQ(merged(rows(o), logs(z), rows(other, 1), logs(y)),
            refusal(errc::bad_extent, "other: extent[2] is 1, but o has 2"));
  EXPECT_EQ(merged(rows(o), logs(z, 3), rows(other), logs(y)),
            refusal(errc::bad_extent, "lse: extent[1] is 3, but o has 2"));
  EXPECT_EQ(merged(rows(o), logs(z), rows(other), logs(y, 1)),
            refusal(errc::bad_extent, "other_lse: extent[1] is 1, but o has 2"));
  EXPECT_EQ(merged(rows(nullptr), logs(z), rows(other), logs(y)),
            refusal(errc::null_pointer, "o: data is 0, but the elements in view are 4"));
  EXPECT_EQ(merged(rows(o), logs(z), rows(other), logs(nullptr)),
            refusal(errc::null_pointer, "other_lse: data is 0, but the elements in view are 2"));
  const index_t extents[3] = {1, 2, 2}, one_place[3] = {4, 0, 1};
  EXPECT_EQ(merged(tensor_view<float, 3>(o, extents, one_place), logs(z), rows(other), logs(y)),
            refusal(errc::bad_stride, "o: stride[1] is 0, rows are written, so the least is 2"));
  const auto overlap = [](const char* text) { return refusal(errc::overlap, text); };
  EXPECT_EQ(merged(rows(o), logs(o + 3), rows(other), logs(y)),
            overlap("lse: buffers shared with o is 1, the limit is 0"));
  EXPECT_EQ(merged(rows(o), logs(z), rows(o + 2), logs(y)),
            overlap("o: buffers shared with other is 1, the limit is 0"));
  EXPECT_EQ(merged(rows(o), logs(z), rows(o), logs(y)), overlap("o: buffers shared with other is 1, the limit is 0"));
  EXPECT_EQ(merged(rows(o), logs(z), rows(other), logs(o)),
            overlap("o: buffers shared with other_lse is 1, the limit is 0"));
  EXPECT_EQ(merged(rows(o), logs(other + 3), rows(other), logs(y)),
            overlap("lse: buffers shared with other is 1, the limit is 0"));
  EXPECT_EQ(merged(rows(o), logs(z), rows(other), logs(z)),
            overlap("lse: buffers shared with other_lse is 1, the limit is 0"));
  // Heads of one buffer side by side share nothing.
  const index_t side[3] = {8, 2, 1};
  merge(tensor_view<float, 3>(o, extents, side), logs(z), tensor_view<float, 3>(o + 4, extents, side), logs(y));
  EXPECT_NE(x, before);
}

/// Partial results of 3 sets of keys in one buffer, merged into the first: equal to those in buffers of their own.
struct interleaved {
  index_t token, o_part, o_head, lse, lse_part; // strides in elements; lse: where those of part 0 begin
};
void expect_merges_in_one_buffer(const char* what, const interleaved& at_) {
  const index_t tokens = 4, parts = 3, heads = 2, dim = 5;
  std::vector<float> x = noise(400, 7);
  const auto o_of = [&](index_t p) {
    return strided(x.data() + p * at_.o_part, {tokens, heads, dim}, {at_.token, at_.o_head, 1});
  };
  const auto lse_of = [&](index_t p) {
    return strided(x.data() + at_.lse + p * at_.lse_part, {tokens, heads}, {at_.token, 1});
  };
  std::vector<part> own(at(parts), part(tokens, heads, dim));
  for (index_t p = 0; p < parts; ++p)
    for (index_t t = 0; t < tokens; ++t)
      for (index_t h = 0; h < heads; ++h) {
        for (index_t d = 0; d < dim; ++d) own[at(p)].o[at((t * heads + h) * dim + d)] = o_of(p)(t, h, d);
        own[at(p)].lse[at(t * heads + h)] = lse_of(p)(t, h);
      }
  for (index_t p = 1; p < parts; ++p) {
    const auto merge_own = [&](part& a, part& b) {
      merge(view(a.o.data(), tokens, heads, dim), view(a.lse.data(), tokens, heads),
            view(b.o.data(), tokens, heads, dim), view(b.lse.data(), tokens, heads));
    };
    merge_own(own[0], own[at(p)]);
    merge(o_of(0), lse_of(0), o_of(p), lse_of(p));
  }
  for (index_t p = 0; p < parts; ++p) // the parts merged from are as before
    for (index_t t = 0; t < tokens; ++t)
      for (index_t h = 0; h < heads; ++h) {
        for (index_t d = 0; d < dim; ++d)
          EXPECT_EQ(o_of(p)(t, h, d), own[at(p)].o[at((t * heads + h) * dim + d)]) << what << p;
        EXPECT_EQ(lse_of(p)(t, h), own[at(p)].lse[at(t * heads + h)]) << what << p;
      }
  const std::vector<float> before = x;
  const auto refused = [&](const auto&... views) {
    const refusal r = refusal_of([&] { merge(views...); });
    EXPECT_EQ(r.code, errc::overlap) << what;
    EXPECT_EQ(x, before);
  };
  refused(o_of(0), lse_of(0), o_of(0), lse_of(1));
  refused(o_of(0), lse_of(0), o_of(1), lse_of(0));
  const auto onto_o = strided(&o_of(0)(0, heads - 1, dim - 1), {tokens, heads}, {at_.token, 1});
  refused(o_of(0), onto_o, o_of(1), lse_of(1));
  refused(o_of(0), lse_of(0), o_of(1), onto_o);
}
TEST(merge_merge, takes_results_interleaved_in_one_buffer) {
  expect_merges_in_one_buffer("[tokens][o of parts | lse of parts][heads] ", {36, 10, 5, 30, 2});
  expect_merges_in_one_buffer("[tokens][parts][o of heads | lse of heads] ", {36, 12, 5, 10, 12});
  expect_merges_in_one_buffer("[tokens][heads][parts][dim], then lse ", {45, 5, 15, 30, 2});
}

} // namespace
} // namespace heed::test
