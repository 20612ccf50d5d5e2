// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/kv/checks.hpp>

#include <kv/source_probe.hpp>

#include <limits>

namespace heed {
namespace {

using test::text;

TEST(kv_checks, lower_bound_finds_the_first_at_or_above) {
  for (index_t n = 0; n < 20; ++n) {
    std::vector<index_t> p;
    for (index_t i = 0; i < n; ++i) p.push_back(3 * i + 1);
    for (index_t x = -1; x < 3 * n + 3; ++x) {
      index_t expected = 0;
      while (expected < n && p[static_cast<std::size_t>(expected)] < x) ++expected;
      EXPECT_EQ(detail::lower_bound(p.data(), n, x), expected);
    }
  }
}

TEST(kv_checks, offsets_are_refused_with_their_entry) {
  const auto refusal = [](std::vector<int> offsets, index_t count, index_t limit) {
    return text(detail::check_offsets("table", offsets, count, limit));
  };
  EXPECT_EQ(refusal({0, 2, 2, 5}, 3, 5), "ok");
  EXPECT_EQ(refusal({1, 2}, 1, 5), "ok");
  EXPECT_EQ(refusal({0}, 0, 0), "ok");
  EXPECT_EQ(refusal({}, -1, 5), "table: number of offsets is 0, the least is 1");
  EXPECT_EQ(refusal({0, 1}, 2, 5), "table: number of offsets is 2, it must be 3");
  EXPECT_EQ(refusal({-1, 1}, 1, 5), "table: offsets[0] is -1, the least is 0");
  EXPECT_EQ(refusal({0, 3, 2}, 2, 5), "table: offsets[2] is 2, the least is 3");
  EXPECT_EQ(refusal({0, 6}, 1, 5), "table: offsets[1] is 6, the most is 5");
}

TEST(kv_checks, positions_are_refused_with_their_entry) {
  const auto refusal = [](std::vector<index_t> p, index_t seen, slot_order order) {
    index_t last = -1;
    return text(detail::check_positions("kv", p.data(), static_cast<index_t>(p.size()), seen, order, 10, last));
  };
  EXPECT_EQ(refusal({0, 4, 9}, 10, slot_order::ascending), "ok");
  EXPECT_EQ(refusal({4, 0, 9}, 10, slot_order::any), "ok");
  EXPECT_EQ(refusal({4, -1}, 10, slot_order::any), "kv: positions[11] is -1, the least is 0");
  EXPECT_EQ(refusal({4, 10}, 10, slot_order::any), "kv: positions[11] is 10, but the tokens seen are 10");
  EXPECT_EQ(refusal({4, 4}, 10, slot_order::ascending), "kv: positions[11] is 4, it must be above 4");
}

TEST(kv_checks, an_unused_stride_never_overflows) {
  float x = 0;
  const index_t huge = std::numeric_limits<index_t>::max();
  const auto v = detail::as_rank_4(strided(&x, {1, 1, 1}, {huge, huge, 1}));
  EXPECT_EQ(v.stride(1), 0);
  EXPECT_EQ(v.stride(2), 0);
  EXPECT_EQ(v.stride(3), 1);
  EXPECT_EQ(text(detail::check_pair(v, v, 1)), "ok");
}

TEST(kv_checks, pairs_that_do_not_fit_are_refused) {
  std::vector<float> x(1000);
  const auto refusal = [&](auto k, auto v) {
    const index_t front = 4 - decltype(k)::rank;
    return text(detail::check_pair(detail::as_rank_4(k), detail::as_rank_4(v), front));
  };
  float* p = x.data();
  float* none = nullptr;
  const index_t huge = index_t{1} << 60;
  EXPECT_EQ(refusal(view(p, 5, 2, 8), view(p, 5, 2, 3)), "ok");
  EXPECT_EQ(refusal(view(none, 0, 2, 8), view(none, 0, 2, 8)), "ok");
  EXPECT_EQ(refusal(view(none, 5, 2, 8), view(p, 5, 2, 8)), "k: data is 0, but the elements in view are 80");
  EXPECT_EQ(refusal(view(p, 5, 2, 8), view(none, 5, 2, 8)), "v: data is 0, but the elements in view are 80");
  EXPECT_EQ(refusal(view(p, 5, 2, 8), view(p, 4, 2, 8)), "v: extent[0] is 4, but k has 5");
  EXPECT_EQ(refusal(view(p, 5, 2, 8), view(p, 5, 3, 8)), "v: extent[1] is 3, but k has 2");
  EXPECT_EQ(refusal(view(p, 2, 5, 2, 8), view(p, 3, 5, 2, 8)), "v: extent[0] is 3, but k has 2");
  EXPECT_EQ(refusal(view(p, -1, 2, 8), view(p, -1, 2, 8)), "k: extent[0] is -1, the least is 0");
  EXPECT_EQ(refusal(view(p, 5, 0, 8), view(p, 5, 0, 8)), "k: extent[1] is 0, the least number of heads is 1");
  EXPECT_EQ(refusal(view(p, 5, 2, 0), view(p, 5, 2, 8)), "k: extent[2] is 0, the least dim is 1");
  EXPECT_EQ(refusal(view(p, 5, 2, 8), view(p, 5, 2, 0)), "v: extent[2] is 0, the least dim is 1");
  EXPECT_EQ(refusal(strided(p, {5, 2, 8}, {-16, 8, 1}), view(p, 5, 2, 8)), "k: stride[0] is -16, the least is 0");
  EXPECT_EQ(refusal(view(p, 5, 2, 8), strided(p, {5, 2, 8}, {16, 8, 2})), "v: stride[2] is 2, the last must be 1");
  EXPECT_EQ(refusal(strided(p, {5, 2, 8}, {huge, 8, 1}), view(p, 5, 2, 8)),
            "k: size in bytes is 9223372036854775807, or more; the limit is 4611686018427387904");
  EXPECT_EQ(refusal(strided(p, {huge, 2, 8}, {16, huge, 1}), view(p, 5, 2, 8)),
            "k: size in bytes is 9223372036854775807, or more; the limit is 4611686018427387904");
}

} // namespace
} // namespace heed
