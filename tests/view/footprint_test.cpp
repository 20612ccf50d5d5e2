// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Footprints: no shared byte goes unseen, and slices of a fused buffer are told apart.
#include <heed/view/footprint.hpp>

#include <gtest/gtest.h>
#include <support/random.hpp>

#include <vector>

namespace {
using namespace heed;

TEST(view_footprint, of_slices_in_one_fused_buffer) {
  std::vector<float> x(7 * 4 * 3 * 8);
  const auto fused = view(x.data(), 7, 12, 8); // [tokens][q 4 | k 4 | v 4][dim]
  const auto q = fused.slice(1, 0, 4), k = fused.slice(1, 4, 4), v = fused.slice(1, 8, 4);
  EXPECT_FALSE(may_share(footprint_of(q), footprint_of(k)));
  EXPECT_FALSE(may_share(footprint_of(v), footprint_of(k)));
  EXPECT_TRUE(may_share(footprint_of(fused.slice(1, 3, 4)), footprint_of(k)));
  EXPECT_TRUE(may_share(footprint_of(q), footprint_of(q)));
  // A token of its own among them.
  EXPECT_FALSE(may_share(footprint_of(q.slice(0, 3, 1)), footprint_of(k)));
  EXPECT_TRUE(may_share(footprint_of(k.slice(0, 3, 1)), footprint_of(k)));
  // A dense batch [sequences][rows][heads][dim] of the same buffer.
  const auto batch = strided(x.data(), {2, 3, 4, 8}, {3 * 96, 96, 8, 1});
  EXPECT_FALSE(may_share(footprint_of(batch), footprint_of(k)));
  EXPECT_TRUE(may_share(footprint_of(batch), footprint_of(q)));
}

TEST(view_footprint, of_two_axes_interleaved_in_one_buffer) {
  std::vector<float> x(7 * 5 * 3);
  const auto parts = view(x.data(), 7, 5, 3); // [tokens][parts][heads]
  const auto part = [&](index_t i) { return strided(x.data() + 3 * i, {7, 3}, {15, 1}); };
  EXPECT_FALSE(may_share(footprint_of(part(0)), footprint_of(part(1))));
  EXPECT_FALSE(may_share(footprint_of(part(4)), footprint_of(part(1))));
  EXPECT_FALSE(may_share(footprint_of(part(4)), footprint_of(parts.slice(1, 0, 4)))); // [o | lse] of a token
  EXPECT_TRUE(may_share(footprint_of(part(3)), footprint_of(parts.slice(1, 0, 4))));
  EXPECT_TRUE(may_share(footprint_of(strided(x.data() + 2, {7, 3}, {15, 1})), footprint_of(part(1))));
  EXPECT_TRUE(may_share(footprint_of(part(2)), footprint_of(part(2))));
  // Every other token, and all of one between two tokens of another.
  EXPECT_FALSE(may_share(footprint_of(strided(x.data(), {3, 3}, {30, 1})), footprint_of(part(1))));
  EXPECT_FALSE(may_share(footprint_of(strided(x.data() + 3, {2, 2}, {2, 1})), footprint_of(part(0))));
  EXPECT_FALSE(may_share(footprint_of(part(0)), footprint_of(strided(x.data() + 3, {2, 2}, {2, 1}))));
  EXPECT_TRUE(may_share(footprint_of(strided(x.data() + 13, {2, 2}, {2, 1})), footprint_of(part(0))));
}

TEST(view_footprint, of_nothing_shares_nothing) {
  std::vector<float> x(96);
  EXPECT_FALSE(may_share(footprint_of(view(x.data(), 0, 2, 3)), footprint_of(view(x.data(), 4, 4, 3))));
  EXPECT_FALSE(may_share(footprint_of(view(x.data(), 2, 2, 3)), footprint_of(view(x.data() + 12, 2, 2, 3))));
  EXPECT_TRUE(may_share(footprint_of(view(x.data(), 13)), footprint_of(view(x.data() + 12, 2, 2, 3))));
}

template <class T, int Rank> void mark(const tensor_view<T, Rank>& v, const std::byte* base, std::vector<char>& bytes) {
  for (index_t n = 0; n < v.size(); ++n) {
    index_t rest = n, offset = 0;
    for (int i = Rank; i-- > 0; rest /= v.extent(i)) offset += rest % v.extent(i) * v.stride(i);
    const auto first = static_cast<std::size_t>(reinterpret_cast<const std::byte*>(v.data() + offset) - base);
    for (std::size_t b = 0; b < sizeof(T); ++b) bytes[first + b] = 1;
  }
}

TEST(view_footprint, a_shared_byte_is_never_missed) {
  std::vector<float> x(4000);
  const auto* base = reinterpret_cast<const std::byte*>(x.data());
  test::random gen(test::seed_or(17));
  int apart = 0, sharing = 0;
  for (int i = 0; i < 20000; ++i) {
    const auto three = [&] {
      const index_t heads = gen.integer(1, 3), dim = gen.integer(1, 5);
      return strided(x.data() + gen.integer(0, 30), {gen.integer(1, 4), heads, dim},
                     {12 * gen.integer(0, 3), gen.chance(4) ? gen.integer(0, 9) : dim, 1});
    };
    const auto a = three(), b = three();
    const auto c = strided(x.data() + gen.integer(0, 30), {gen.integer(1, 3), gen.integer(1, 3), 2, 2},
                           {gen.chance(2) ? 48 : gen.integer(0, 50), 12, 2, 1});
    const auto d = strided(x.data() + gen.integer(0, 30), {gen.integer(1, 4), gen.integer(1, 3)},
                           {gen.chance(2) ? 12 : gen.integer(0, 30), gen.integer(0, 3)});
    std::vector<char> of_a(x.size() * 4), of_b(of_a), of_c(of_a), of_d(of_a);
    if (i % 50 == 0) { // marking is dear
      mark(a, base, of_a);
      mark(b, base, of_b);
      mark(c, base, of_c);
      mark(d, base, of_d);
      bool ab = false, ac = false, ad = false;
      for (std::size_t n = 0; n < of_a.size(); ++n) {
        ab = ab || (of_a[n] != 0 && of_b[n] != 0);
        ac = ac || (of_a[n] != 0 && of_c[n] != 0);
        ad = ad || (of_a[n] != 0 && of_d[n] != 0);
      }
      EXPECT_TRUE(!ab || may_share(footprint_of(a), footprint_of(b))) << "case " << i;
      EXPECT_TRUE(!ac || may_share(footprint_of(a), footprint_of(c))) << "case " << i;
      EXPECT_TRUE(!ac || may_share(footprint_of(c), footprint_of(a))) << "case " << i;
      EXPECT_TRUE(!ad || may_share(footprint_of(a), footprint_of(d))) << "case " << i;
      EXPECT_TRUE(!ad || may_share(footprint_of(d), footprint_of(a))) << "case " << i;
      sharing += ab;
    }
    apart += !may_share(footprint_of(a), footprint_of(b));
  }
  EXPECT_GT(apart, 1000);
  EXPECT_GT(sharing, 20);
}

struct silent {};
struct telling {
  bool touches(const footprint&) const noexcept { return true; }
};
TEST(view_footprint, a_source_may_say_or_not) {
  EXPECT_FALSE(touching_source<silent>);
  EXPECT_TRUE(touching_source<telling>);
  EXPECT_FALSE(detail::touches(silent{}, footprint{{0, 8}, 0, 8}));
  EXPECT_TRUE(detail::touches(telling{}, footprint{{0, 8}, 0, 8}));
}
} // namespace
