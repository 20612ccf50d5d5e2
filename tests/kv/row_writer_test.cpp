// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/kv/row_writer.hpp>

#include <kv/source_probe.hpp>

namespace heed {
namespace {

using test::numbered;
using test::text;

static_assert(storable_as<float, float> && storable_as<const float, bf16> && storable_as<f16, bf16>);
static_assert(storable_as<double, double> && !storable_as<double, float> && !storable_as<float, double>);
static_assert(!storable_as<double, bf16> && !storable_as<int, float>);

TEST(kv_row_writer, copies_equal_types_and_rounds_others) {
  const std::vector<float> from{1.f, 1.f + 1.f / 256, 3.0078125f, -0.f};
  std::vector<float> same(4);
  std::vector<bf16> rounded(4);
  detail::store_row(same.data(), from.data(), 4);
  detail::store_row(rounded.data(), from.data(), 4);
  EXPECT_EQ(same, from);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(rounded[i], narrow<bf16>(from[i]));
  EXPECT_EQ(widen(rounded[1]), 1.f); // a tie goes to even
}

TEST(kv_row_writer, rows_that_share_memory_are_not_written) {
  auto x = numbered(1000);
  float* p = x.data();
  const auto refusal = [](const auto& v) {
    return text(detail::check_writable("k", detail::as_rank_4(v), 4 - std::remove_reference_t<decltype(v)>::rank));
  };
  EXPECT_EQ(refusal(view(p, 5, 4, 3, 2)), "ok");
  EXPECT_EQ(refusal(view(p, 5, 4, 3, 2).swapped(1, 2)), "ok");
  EXPECT_EQ(refusal(view(p, 5, 4, 3, 1).swapped(0, 2)), "ok");
  EXPECT_EQ(refusal(view(p, 1, 1, 1, 1)), "ok");
  EXPECT_EQ(refusal(view(p, 0, 4, 3, 2)), "ok");
  EXPECT_EQ(refusal(view(p, 5, 12, 2).slice(1, 4, 4)), "ok"); // a slice leaves gaps
  EXPECT_EQ(refusal(strided(p, {5, 3, 2}, {0, 2, 1})),
            "k: stride[0] is 0, rows that are written may not overlap, the least is 1");
  EXPECT_EQ(refusal(strided(p, {5, 3, 2}, {5, 2, 1})),
            "k: stride[0] is 5, rows that are written may not overlap, the least is 6");
  EXPECT_EQ(refusal(strided(p, {1, 3, 2}, {0, 2, 1})), "ok"); // a stride that no index uses
  EXPECT_EQ(refusal(strided(p, {5, 3, 2}, {-6, 2, 1})), "k: stride[0] is -6, the least is 0");
}

TEST(kv_row_writer, fresh_rows_that_do_not_fit_are_refused) {
  const auto x = numbered(100);
  const auto refusal = [&](index_t seq, index_t heads, index_t key, index_t value) {
    return text(detail::check_fresh(seq, 3, view(x.data(), 2, heads, key), view(x.data(), 2, heads, value), 2, 4, 5));
  };
  EXPECT_EQ(refusal(2, 2, 4, 5), "ok");
  EXPECT_EQ(refusal(-1, 2, 4, 5), "append: seq is -1, the least is 0");
  EXPECT_EQ(refusal(3, 2, 4, 5), "append: seq is 3, but the sequences are 3");
  EXPECT_EQ(refusal(0, 1, 4, 5), "k: extent[1] is 1, the kv_heads are 2");
  EXPECT_EQ(refusal(0, 2, 3, 5), "k: extent[2] is 3, the key_dim is 4");
  EXPECT_EQ(refusal(0, 2, 4, 6), "v: extent[2] is 6, the value_dim is 5");
  const auto three = view(x.data(), 3, 2, 5);
  EXPECT_EQ(text(detail::check_fresh(0, 3, view(x.data(), 2, 2, 4), three, 2, 4, 5)), "v: extent[0] is 3, but k has 2");
}

} // namespace
} // namespace heed
