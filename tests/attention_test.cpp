// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// The front door itself: roles, defaults, and what it refuses before anything is written.
#include <heed/attention.hpp>

#include <heed/epilogue/lse.hpp>
#include <heed/epilogue/sink_logit.hpp>
#include <heed/exec/sequential.hpp>
#include <heed/kv/contiguous.hpp>
#include <heed/mask/causal.hpp>
#include <heed/mask/sliding_window.hpp>
#include <heed/observe/key_sums.hpp>
#include <heed/observe/probability_rows.hpp>
#include <heed/score/soft_cap.hpp>

#include <attention/sample.hpp>
#include <support/refusal.hpp>

#include <string>

namespace {
using namespace heed;
using namespace heed::test;

TEST(attention, roles_come_in_any_order) {
  const sample<> s(1, {20}, {30}, 2, 2, 16, 8);
  std::vector<float> o(20 * 4 * 8), o2 = o, lse_a(20 * 4), lse_b = lse_a, sums_a(4 * 30), sums_b = sums_a;
  const std::vector<float> sinks{0.f, 1.f, -1.f, 2.f};
  const auto q = s.queries();
  const auto logs = [&](std::vector<float>& x) { return lse(view(x.data(), 20, 4)); };
  const auto sums = [&](std::vector<float>& x) { return key_sums<float>(view(x.data(), 1, 4, 30)); };
  attend(sequential{}, q, s.kv(), view(o.data(), 20, 4, 8), causal{}, soft_cap{5.f}, scale{.3}, sink_logit(sinks),
         logs(lse_a), sums(sums_a));
  attend(sequential{}, q, s.kv(), view(o2.data(), 20, 4, 8), sums(sums_b), logs(lse_b), scale{.3}, sink_logit(sinks),
         soft_cap{5.f}, causal{});
  EXPECT_TRUE(same_bits(o, o2));
  EXPECT_TRUE(same_bits(lse_a, lse_b));
  EXPECT_TRUE(same_bits(sums_a, sums_b));
}

TEST(attention, by_default_full_with_scale_one_over_the_root_of_key_dim) {
  const sample<> s(2, {3}, {9}, 1, 1, 16, 8);
  std::vector<float> o(3 * 8), o2 = o;
  attend(sequential{}, s.queries(), s.kv(), view(o.data(), 3, 1, 8));
  attend(sequential{}, s.queries(), s.kv(), view(o2.data(), 3, 1, 8), full{}, scale{.25}, query_positions{});
  EXPECT_TRUE(same_bits(o, o2));
}

/// A call of valid sizes, to be spoilt in one place at a time.
struct call {
  sample<> s{3, {4, 2}, {6, 5}, 2, 2, 8, 6};
  std::vector<float> o = std::vector<float>(6 * 4 * 6, 9.f);
  std::vector<index_t> offsets{0, 4, 6};
  tensor_view<const float, 3> q = s.queries();
  tensor_view<float, 3> out = view(o.data(), 6, 4, 6);
  template <class... Role> errc validate(const Role&... roles) const {
    return heed::validate(ragged(q, offsets), s.kv(), ragged(out, offsets), roles...);
  }
};

TEST(attention, what_is_wrong_is_refused_with_its_code) {
  EXPECT_EQ(call{}.validate(), errc::ok);
  call c;
  c.q = tensor_view<const float, 3>(nullptr, {6, 4, 8}, {32, 8, 1});
  EXPECT_EQ(c.validate(), errc::null_pointer);
  c = {};
  c.q = c.q.slice(2, 0, 7);
  EXPECT_EQ(c.validate(), errc::dim_mismatch);
  c = {};
  c.out = c.out.slice(2, 0, 5);
  EXPECT_EQ(c.validate(), errc::dim_mismatch);
  c = {};
  c.q = c.q.slice(1, 0, 2);
  EXPECT_EQ(c.validate(), errc::bad_extent);
  c = {};
  c.q = c.q.slice(1, 0, 3);
  c.out = c.out.slice(1, 0, 3);
  EXPECT_EQ(c.validate(), errc::heads_not_divisible);
  c = {};
  c.q = c.q.slice(0, 0, 5);
  EXPECT_EQ(c.validate(), errc::length_out_of_range);
  c = {};
  c.q = tensor_view<const float, 3>(c.s.q.data(), {6, 4, 8}, {32, 8, 2});
  EXPECT_EQ(c.validate(), errc::bad_stride);
  c.q = tensor_view<const float, 3>(c.s.q.data(), {6, 4, 8}, {-32, 8, 1});
  EXPECT_EQ(c.validate(), errc::bad_stride);
  c.q = tensor_view<const float, 3>(c.s.q.data(), {-6, 4, 8}, {32, 8, 1});
  EXPECT_EQ(c.validate(), errc::bad_extent);
  c.q = tensor_view<const float, 3>(c.s.q.data(), {6, 4, 8}, {PTRDIFF_MAX / 4, 8, 1});
  EXPECT_EQ(c.validate(), errc::size_overflow);
  c = {};
  c.out = tensor_view<float, 3>(c.o.data(), {6, 4, 6}, {0, 6, 1});
  EXPECT_EQ(c.validate(), errc::bad_stride) << "rows of the output lie over each other";
  c = {};
  c.out = tensor_view<float, 3>(c.s.q.data(), {6, 4, 6}, {32, 8, 1});
  EXPECT_EQ(c.validate(), errc::overlap);
  for (const std::vector<index_t>& offsets :
       {std::vector<index_t>{0, 7, 6}, {1, 4, 6}, {0, -1, 6}, {0, 4, 7}, {0, 4}, {}, {0, 2, 4, 6}}) {
    c = {};
    c.offsets = offsets;
    EXPECT_NE(c.validate(), errc::ok);
  }
}

TEST(attention, roles_refuse_bad_parameters) {
  const call c;
  const std::vector<float> sinks(3);
  std::vector<float> logs(24), sums(2 * 4 * 6);
  const std::vector<index_t> positions(5);
  EXPECT_EQ(c.validate(sliding_window{-2, 0}), errc::bad_value);
  EXPECT_EQ(c.validate(soft_cap{0.f}), errc::bad_value);
  EXPECT_EQ(c.validate(scale{std::nan("")}), errc::bad_value);
  EXPECT_EQ(c.validate(scale{std::numeric_limits<double>::infinity()}), errc::bad_value);
  EXPECT_EQ(c.validate(query_positions::listed(positions)), errc::bad_extent);
  EXPECT_EQ(c.validate(sink_logit(sinks)), errc::bad_extent);
  EXPECT_EQ(c.validate(lse(view(logs.data(), 5, 4))), errc::bad_extent);
  EXPECT_EQ(c.validate(key_sums<float>(view(sums.data(), 2, 4, 5))), errc::bad_extent);
  EXPECT_EQ(c.validate(lse(view(logs.data(), 6, 4)), key_sums<float>(view(sums.data(), 2, 4, 6))), errc::ok);
  given_shape::shape.block_keys = 0;
  EXPECT_EQ(c.validate(given_shape{}), errc::bad_value);
  given_shape::shape = tile_shape{};
}

TEST(attention, what_a_role_stores_shares_no_memory_with_operands) {
  call c;
  const auto text = [&](const auto&... roles) {
    return refusal_of(
        [&] { attend(sequential{}, ragged(c.q, c.offsets), c.s.kv(), ragged(c.out, c.offsets), roles...); });
  };
  EXPECT_EQ(text(lse(view(c.s.q.data(), 6, 4))),
            refusal(errc::overlap, "lse: buffers shared with q is 1, the limit is 0"));
  EXPECT_EQ(text(lse(view(c.o.data(), 6, 4))),
            refusal(errc::overlap, "lse: buffers shared with o is 1, the limit is 0"));
  EXPECT_EQ(text(key_sums<float>(view(c.s.k.data(), 2, 4, 6))),
            refusal(errc::overlap, "key_sums: buffers shared with kv is 1, the limit is 0"));
  EXPECT_EQ(text(probability_rows<float>(view(c.s.v.data(), 2, 4, 1, 6), row_choice::last(1))),
            refusal(errc::overlap, "probability_rows: buffers shared with kv is 1, the limit is 0"));
}

TEST(attention, attend_throws_a_line_and_run_returns_a_code_and_neither_writes) {
  call c;
  c.q = c.q.slice(2, 0, 7);
  const auto q = ragged(c.q, c.offsets);
  const auto o = ragged(c.out, c.offsets);
  try {
    attend(sequential{}, q, c.s.kv(), o, causal{});
    FAIL() << "it was accepted";
  } catch (const error& e) {
    EXPECT_EQ(e.code(), errc::dim_mismatch);
    EXPECT_STREQ(e.what(), "kv: key_dim is 8, but q has dim 7");
  }
  const auto made = make_plan(batch_shape{2, 6, 4, 6, 4}, c.s.kv(), causal{});
  std::vector<std::byte> workspace(place(made.workspace_bytes(1)));
  EXPECT_EQ(run(sequential{}, made, q, c.s.kv(), o, workspace, causal{}), errc::dim_mismatch);
  for (const float x : c.o) EXPECT_EQ(x, 9.f);
}

TEST(attention, plans_refuse_impossible_limits_and_say_what_they_chose) {
  const call c;
  const auto code = [&](const batch_shape& limits) {
    try {
      return make_plan(limits, c.s.kv(), causal{}).valid() ? errc::ok : errc::bad_value;
    } catch (const error& e) {
      return e.code();
    }
  };
  EXPECT_EQ(code({2, 6, 4, 6, 4}), errc::ok);
  EXPECT_EQ(code({-1, 6, 4, 6, 4}), errc::bad_extent);
  EXPECT_EQ(code({2, -6, 4, 6, 4}), errc::bad_extent);
  EXPECT_EQ(code({2, 6, 0, 6, 4}), errc::bad_extent);
  EXPECT_EQ(code({2, 6, 3, 6, 4}), errc::heads_not_divisible);
  EXPECT_EQ(code({2, 6, 4, PTRDIFF_MAX, 4}), errc::limit_exceeded);
  const std::string text = explain(make_plan(batch_shape{2, 6, 4, 6, 6}, c.s.kv(), causal{}), 2).c_str();
  for (const char* part : {"prefill", "decode", "isa ", "workers", "workspace", "bytes"})
    EXPECT_NE(text.find(part), std::string::npos) << part;
  EXPECT_EQ(text.find('\n'), std::string::npos);
  const std::string decode = explain(make_plan(decode_shape{2, 4, 6}, c.s.kv(), causal{})).c_str();
  EXPECT_EQ(decode.find("prefill"), std::string::npos);
}
} // namespace
