// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// The front door itself: roles, defaults, and what it refuses before anything is written.
#include <heed/attention.hpp>

#include <heed/epilogue/lse.hpp>
#include <heed/epilogue/sink_logit.hpp>
#include <heed/exec/sequential.hpp>
#include <heed/kv/biased.hpp>
#include <heed/kv/contiguous.hpp>
#include <heed/kv/gathered.hpp>
#include <heed/mask/all_of.hpp>
#include <heed/mask/any_of.hpp>
#include <heed/mask/byte_matrix.hpp>
#include <heed/mask/causal.hpp>
#include <heed/mask/key_lengths.hpp>
#include <heed/mask/none_of.hpp>
#include <heed/mask/sliding_window.hpp>
#include <heed/observe/key_sums.hpp>
#include <heed/observe/probability_rows.hpp>
#include <heed/score/chain.hpp>
#include <heed/score/dense_bias.hpp>
#include <heed/score/soft_cap.hpp>

#include <attention/sample.hpp>
#include <support/refusal.hpp>

#include <algorithm>
#include <string>
#include <utility>

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

/// Everything that a call may read, in o or in what another role stores.
TEST(attention, nothing_is_stored_where_a_role_or_a_source_reads) {
  call c;
  const auto text = [&](const auto& kv, const auto&... roles) {
    return refusal(diagnose(ragged(c.q, c.offsets), kv, ragged(c.out, c.offsets), roles...));
  };
  const auto shared = [](const std::string& argument, const char* with) {
    return refusal(errc::overlap, argument + ": buffers shared with " + with + " is 1, the limit is 0");
  };
  const auto kv = c.s.kv();
  const float* const in_o = c.o.data() + 11;
  const auto as_bytes = reinterpret_cast<const unsigned char*>(in_o);
  const dense_bias bias(strided(in_o, {1, 1, 1, 1}, {0, 0, 0, 1}));
  EXPECT_EQ(text(kv, bias), shared("o", "the score modifier"));
  EXPECT_EQ(text(kv, chain(soft_cap{5.f}, bias)), shared("o", "the score modifier"));
  EXPECT_EQ(text(kv, sink_logit(std::span<const float>(in_o, 4))), shared("o", "what an epilogue or observer reads"));
  EXPECT_EQ(text(kv, byte_matrix(strided(as_bytes, {1, 1, 1, 1}, {0, 0, 0, 1}))), shared("o", "the mask"));
  std::fill(c.o.begin(), c.o.end(), 0.f); // all bits 0: in o lie positions, lengths and flags that are right
  const auto* const indices = reinterpret_cast<const std::int32_t*>(in_o);
  const index_list list(std::span<const std::int32_t>(indices, 2));
  const auto* const wide = reinterpret_cast<const index_t*>(c.o.data());
  EXPECT_EQ(text(kv, key_lengths{.lengths = list}), shared("o", "the mask"));
  EXPECT_EQ(text(kv, all_of(causal{}, any_of(full{}, none_of(key_lengths{.lengths = list})))), shared("o", "the mask"));
  EXPECT_EQ(text(kv, query_positions::listed({wide, 6})), shared("o", "query_positions"));
  EXPECT_EQ(text(kv, prompt_rows::listed({as_bytes, 2})), shared("o", "prompt_rows"));
  EXPECT_EQ(text(biased(kv, strided(in_o, {2, 2, 6}, {0, 0, 1}))), shared("o", "kv"));
  EXPECT_EQ(text(gathered(kv, {.indices = index_list(std::span<const std::int32_t>(indices, 6)), .width = 1})),
            shared("o", "kv"));
  // The offsets of q.
  c.o.assign(c.o.size(), 0.f);
  const auto o_bytes = reinterpret_cast<index_t*>(c.o.data());
  o_bytes[1] = 4, o_bytes[2] = 6;
  const std::span<const index_t> offsets(o_bytes, 3);
  EXPECT_EQ(refusal(diagnose(ragged(c.q, offsets), kv, ragged(c.out, c.offsets))), shared("o", "the offsets of q"));
  // Roles among themselves.
  std::vector<float> x(200, 9.f);
  const auto logs = lse(view(x.data(), 6, 4));
  EXPECT_EQ(text(kv, logs, key_sums<float>(view(x.data() + 23, 2, 4, 6))),
            shared("key_sums", "what another role stores"));
  EXPECT_EQ(text(kv, logs, dense_bias(strided(std::as_const(x).data() + 3, {1, 1, 1, 1}, {0, 0, 0, 1}))),
            shared("lse", "the score modifier"));
  EXPECT_EQ(x, std::vector<float>(200, 9.f));
  EXPECT_EQ(text(kv, logs, key_sums<float>(view(x.data() + 24, 2, 4, 6))), refusal()) << "side by side";
}

/// A plan's workspace neither.
TEST(attention, a_workspace_shares_no_memory_with_what_a_role_reads) {
  call c;
  const auto made = make_plan({2, 6, 4, 6, 4}, c.s.kv());
  std::vector<float> w(static_cast<std::size_t>(made.workspace_bytes(1)) / sizeof(float) + 1, 0.f);
  const dense_bias bias(strided(std::as_const(w).data() + 5, {1, 1, 1, 1}, {0, 0, 0, 1}));
  EXPECT_EQ(refusal(diagnose_run(sequential{}, made, ragged(c.q, c.offsets), c.s.kv(), ragged(c.out, c.offsets),
                                 std::as_writable_bytes(std::span(w)), bias)),
            refusal(errc::overlap, "workspace: buffers shared with the score modifier is 1, the limit is 0"));
  EXPECT_EQ(w, std::vector<float>(w.size(), 0.f));
  EXPECT_EQ(c.o, std::vector<float>(c.o.size(), 9.f));
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

/// What run's code does not say.
TEST(attention, diagnose_tells_argument_value_and_limit_without_running) {
  call c;
  const auto kv = c.s.kv();
  const auto q = ragged(c.q, c.offsets);
  const auto o = ragged(c.out, c.offsets);
  EXPECT_FALSE(diagnose(q, kv, o));
  const refusal dims(errc::dim_mismatch, "kv: key_dim is 8, but q has dim 7");
  const auto narrow = ragged(c.q.slice(2, 0, 7), c.offsets);
  EXPECT_EQ(refusal(diagnose(narrow, kv, o)), dims);
  EXPECT_EQ(refusal(diagnose(q, kv, o, soft_cap{-.5f})),
            refusal(errc::bad_value, "soft_cap: cap is -0.5, must be finite and above 0"));

  const auto made = make_plan(batch_shape{2, 6, 4, 6, 6}, kv);
  std::vector<std::byte> workspace(place(made.workspace_bytes(1)));
  const auto of_run = [&](const plan& p, std::span<std::byte> w, const auto& queries, const auto&... roles) {
    const failure f = diagnose_run(sequential{}, p, queries, kv, o, w, roles...);
    EXPECT_EQ(run(sequential{}, p, queries, kv, o, w, roles...), f.code) << "not what run says";
    EXPECT_EQ(f ? refusal_of([&] { expect(f); }) : refusal(), refusal(f));
    return refusal(f);
  };
  EXPECT_EQ(of_run(made, workspace, narrow), dims);
  const std::string bytes = std::to_string(workspace.size());
  EXPECT_EQ(of_run(made, std::span(workspace).first(9), q),
            refusal(errc::workspace_too_small, "workspace: bytes is 9, but the plan needs " + bytes));
  const auto small = make_plan(batch_shape{2, 5, 4, 6, 6}, kv);
  EXPECT_EQ(of_run(small, workspace, q), refusal(errc::limit_exceeded, "q: tokens is 6, but the plan's limit is 5"));
  EXPECT_EQ(c.o, std::vector<float>(c.o.size(), 9.f));
  EXPECT_EQ(of_run(made, workspace, q), refusal());
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
