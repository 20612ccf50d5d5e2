// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// The log-sum-exp of each row and head: values, strided views, refusals.
#include <heed/epilogue/lse.hpp>

#include <attention/sample.hpp>
#include <support/refusal.hpp>

namespace {
using namespace heed;
using namespace heed::test;

TEST(epilogue_lse, of_every_row_and_head_and_into_a_strided_view) {
  const sample<> s(1, {3, 40, 1}, {50, 40, 9}, 2, 3, 16, 8);
  const auto want = s.exact(full{});
  const auto got = s.run();
  expect_within(s, got, want);
  std::vector<float> wide(place(s.tokens() * 17 + 4), 9.f);
  std::vector<float> o(got.o);
  attend(sequential{}, ragged(s.queries(), s.offsets), s.kv(), ragged(view(o.data(), 44, 6, 8), s.offsets),
         lse(strided(wide.data() + 3, {44, 6}, {17, 1})));
  for (index_t i = 0; i < static_cast<index_t>(wide.size()); ++i) {
    const index_t token = (i - 3) / 17, head = (i - 3) % 17;
    const bool inside = i >= 3 && token < 44 && head < 6;
    EXPECT_EQ(wide[place(i)], inside ? got.lse[place(token * 6 + head)] : 9.f) << i;
  }
}

TEST(epilogue_lse, one_key_gives_its_score_and_none_gives_minus_infinity) {
  const std::vector<float> q{3.f, 1.f}, k{2.f, -1.f}, v{7.f};
  float o = 9, log = 9;
  const auto kv = contiguous(view(k.data(), 1, 1, 2), view(v.data(), 1, 1, 1));
  attend(sequential{}, view(q.data(), 1, 1, 2), kv, view(&o, 1, 1, 1), scale{.5}, lse(view(&log, 1, 1)));
  EXPECT_EQ(o, 7.f);
  EXPECT_NEAR(log, 2.5f, 4 * epsilon<float>);
  const auto none = contiguous(view(k.data(), 0, 1, 2), view(v.data(), 0, 1, 1));
  attend(sequential{}, view(q.data(), 1, 1, 2), none, view(&o, 1, 1, 1), lse(view(&log, 1, 1)));
  EXPECT_EQ(o, 0.f);
  EXPECT_EQ(log, -std::numeric_limits<float>::infinity());
}

TEST(epilogue_lse, refused_with_code_and_text) {
  call_extents e;
  e.tokens = 6;
  e.q_heads = 4;
  std::vector<float> x(100);
  const auto check = [&](const tensor_view<float, 2>& v) { return refusal(lse(v).check(e)); };
  EXPECT_EQ(check(view(x.data(), 6, 4)), refusal());
  EXPECT_EQ(check(view(x.data(), 5, 4)), refusal(errc::bad_extent, "lse: extent[0] is 5, but the query tokens are 6"));
  EXPECT_EQ(check(view(x.data(), 6, 3)), refusal(errc::bad_extent, "lse: extent[1] is 3, but the query heads are 4"));
  EXPECT_EQ(check(view<float>(nullptr, 6, 4)),
            refusal(errc::null_pointer, "lse: data is 0, but the elements in view are 24"));
  EXPECT_EQ(check(strided(x.data(), {6, 4}, {0, 1})),
            refusal(errc::bad_stride, "lse: stride[0] is 0, rows are written, so the least is 4"));
  EXPECT_EQ(check(strided(x.data(), {6, 4}, {3, 1})),
            refusal(errc::bad_stride, "lse: stride[0] is 3, rows are written, so the least is 4"));
}
} // namespace
