// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Every refusal of views and sizes at the front door: code, text, and an output that stays as it was.
#include <heed/attention.hpp>

#include <heed/exec/sequential.hpp>
#include <heed/kv/biased.hpp>
#include <heed/kv/contiguous.hpp>
#include <heed/kv/gathered.hpp>
#include <heed/kv/head_split.hpp>
#include <heed/kv/joined.hpp>
#include <heed/kv/paged.hpp>
#include <heed/kv/ragged_heads.hpp>
#include <heed/kv/sink_ring.hpp>

#include <gtest/gtest.h>
#include <support/refusal.hpp>

#include <algorithm>
#include <vector>

namespace {
using namespace heed;
using heed::test::refusal;
using heed::test::refusal_of;

/// Two sequences of 4 and 2 rows, of 6 and 5 keys; 4 heads on 2. Valid, to be spoilt in one place at a time.
struct call {
  std::vector<float> memory = std::vector<float>(4096, .5f), out = std::vector<float>(4096, 9.f);
  std::vector<index_t> q_offsets{0, 4, 6}, o_offsets{0, 4, 6}, k_offsets{0, 6, 11};
  tensor_view<const float, 3> q = view<const float>(memory.data(), 6, 4, 8);
  tensor_view<float, 3> o = view(out.data(), 6, 4, 6);
  tensor_view<const float, 3> k = view<const float>(memory.data() + 1000, 11, 2, 8);
  tensor_view<const float, 3> v = view<const float>(memory.data() + 2000, 11, 2, 6);

  /// Through attend: what it throws. Checks that nothing was written.
  refusal attend() {
    const std::vector<float> before = out, inputs = memory;
    const refusal r = refusal_of(
        [&] { heed::attend(sequential{}, ragged(q, q_offsets), contiguous(k, v, k_offsets), ragged(o, o_offsets)); });
    if (r.code != errc::ok) {
      EXPECT_EQ(out, before) << r.text;
      EXPECT_EQ(memory, inputs) << r.text;
    } else {
      EXPECT_NE(out, before);
    }
    return r;
  }
};
/// The refusal of a call without running one.
template <class Q, class K, class O> refusal check(const Q& q, const K& kv, const O& o) {
  typename detail::call_types<Q, K, O>::problem_type p;
  const refusal r = detail::check_call(q, kv, o, p);
  EXPECT_EQ(validate(q, kv, o, scale{1}), r.code);
  return r;
}
template <class F> refusal spoilt(const F& f) {
  call c;
  f(c);
  return c.attend();
}
float* between_elements(const float* p) { return reinterpret_cast<float*>(reinterpret_cast<std::uintptr_t>(p) + 2); }

TEST(problem_validate, a_valid_call_writes) { EXPECT_EQ(call{}.attend(), refusal()); }

TEST(problem_validate, views_of_q_and_o) {
  EXPECT_EQ(spoilt([](call& c) {
              c.q = {nullptr, {6, 4, 8}, {32, 8, 1}};
            }),
            refusal(errc::null_pointer, "q: data is 0, but the elements in view are 192"));
  EXPECT_EQ(spoilt([](call& c) {
              c.o = {nullptr, {6, 4, 6}, {24, 6, 1}};
            }),
            refusal(errc::null_pointer, "o: data is 0, but the elements in view are 144"));
  EXPECT_EQ(spoilt([](call& c) {
              c.q = {c.memory.data(), {6, -4, 8}, {32, 8, 1}};
            }),
            refusal(errc::bad_extent, "q: extent[1] is -4, the least is 0"));
  EXPECT_EQ(spoilt([](call& c) {
              c.o = {c.out.data(), {6, 4, 6}, {24, -6, 1}};
            }),
            refusal(errc::bad_stride, "o: stride[1] is -6, the least is 0"));
  EXPECT_EQ(spoilt([](call& c) {
              c.q = {c.memory.data(), {6, 4, 8}, {32, 8, 2}};
            }),
            refusal(errc::bad_stride, "q: stride[2] is 2, the last must be 1"));
  EXPECT_EQ(spoilt([](call& c) {
              c.o = {c.out.data(), {6, 4, 6}, {PTRDIFF_MAX / 4, 6, 1}};
            }),
            refusal(errc::size_overflow,
                    "o: size in bytes is 9223372036854775807, or more; the limit is 4611686018427387904"));
  EXPECT_EQ(spoilt([](call& c) {
              c.q = {between_elements(c.memory.data()), {6, 4, 8}, {32, 8, 1}};
            }),
            refusal(errc::misaligned, "q: address modulo the element's alignment is 2, it must be 0"));
  EXPECT_EQ(spoilt([](call& c) {
              c.o = {between_elements(c.out.data()), {6, 4, 6}, {24, 6, 1}};
            }),
            refusal(errc::misaligned, "o: address modulo the element's alignment is 2, it must be 0"));
}

TEST(problem_validate, views_of_k_and_v) {
  EXPECT_EQ(spoilt([](call& c) {
              c.k = {nullptr, {11, 2, 8}, {16, 8, 1}};
            }),
            refusal(errc::null_pointer, "k: data is 0, but the elements in view are 176"));
  EXPECT_EQ(spoilt([](call& c) {
              c.v = {between_elements(c.memory.data()), {11, 2, 6}, {12, 6, 1}};
            }),
            refusal(errc::misaligned, "v: address modulo the element's alignment is 2, it must be 0"));
  EXPECT_EQ(spoilt([](call& c) { c.v = c.v.slice(0, 0, 10); }),
            refusal(errc::bad_extent, "v: extent[0] is 10, but k has 11"));
  EXPECT_EQ(spoilt([](call& c) {
              c.k_offsets = {0, 6, 12};
            }),
            refusal(errc::length_out_of_range, "offsets: offsets[2] is 12, the most is 11"));
}

TEST(problem_validate, sizes_that_do_not_fit) {
  EXPECT_EQ(spoilt([](call& c) { c.q = c.q.slice(2, 0, 7); }),
            refusal(errc::dim_mismatch, "kv: key_dim is 8, but q has dim 7"));
  EXPECT_EQ(spoilt([](call& c) { c.o = c.o.slice(2, 0, 5); }),
            refusal(errc::dim_mismatch, "o: dim is 5, but kv has value_dim 6"));
  EXPECT_EQ(spoilt([](call& c) { c.q = c.q.slice(1, 0, 2); }),
            refusal(errc::bad_extent, "o: heads is 4, but q has heads 2"));
  EXPECT_EQ(spoilt([](call& c) {
              c.q = c.q.slice(1, 0, 3);
              c.o = c.o.slice(1, 0, 3);
            }),
            refusal(errc::heads_not_divisible, "q: heads is 3, which is no multiple of kv_heads 2"));
  EXPECT_EQ(spoilt([](call& c) {
              c.q = c.q.slice(1, 0, 0);
              c.o = c.o.slice(1, 0, 0);
            }),
            refusal(errc::bad_extent, "q: heads is 0, the least is 1"));
  EXPECT_EQ(spoilt([](call& c) {
              c.o = c.o.slice(0, 0, 5);
              c.o_offsets = {0, 4, 5};
            }),
            refusal(errc::bad_extent, "o: tokens is 5, but q has tokens 6"));
  EXPECT_EQ(spoilt([](call& c) {
              c.q_offsets = {0, 2, 4, 6};
            }),
            refusal(errc::bad_extent, "q: sequences is 3, but kv has sequences 2"));
  EXPECT_EQ(spoilt([](call& c) {
              c.o_offsets = {0, 2, 4, 6};
            }),
            refusal(errc::bad_extent, "o: sequences is 3, but kv has sequences 2"));
  EXPECT_EQ(spoilt([](call& c) {
              c.o_offsets = {0, 3, 6};
            }),
            refusal(errc::bad_extent, "o: rows of sequence[0] is 3, but q has 4"));
}

TEST(problem_validate, offsets) {
  EXPECT_EQ(spoilt([](call& c) { c.q_offsets = {}; }),
            refusal(errc::bad_extent, "q: offsets size is 0, one more than the sequences, so the least is 1"));
  EXPECT_EQ(spoilt([](call& c) {
              c.q_offsets = {1, 4, 6};
            }),
            refusal(errc::not_monotone, "q: offsets[0] is 1, the first must be 0"));
  EXPECT_EQ(spoilt([](call& c) {
              c.q_offsets = {0, 7, 6};
            }),
            refusal(errc::not_monotone, "q: offsets[2] is 6, but the one before is 7"));
  EXPECT_EQ(spoilt([](call& c) {
              c.q_offsets = {0, -1, 6};
            }),
            refusal(errc::not_monotone, "q: offsets[1] is -1, but the one before is 0"));
  EXPECT_EQ(spoilt([](call& c) {
              c.o_offsets = {0, 4, 7};
            }),
            refusal(errc::length_out_of_range, "o: offsets[2] is 7, the last must be the tokens, 6"));
  EXPECT_EQ(spoilt([](call& c) {
              c.q_offsets = {0, 4};
            }),
            refusal(errc::length_out_of_range, "q: offsets[1] is 4, the last must be the tokens, 6"));
}

TEST(problem_validate, written_rows_lie_apart) {
  EXPECT_EQ(spoilt([](call& c) {
              c.o = {c.out.data(), {6, 4, 6}, {0, 6, 1}};
            }),
            refusal(errc::bad_stride, "o: stride[0] is 0, rows are written, so the least is 6"));
  EXPECT_EQ(spoilt([](call& c) {
              c.o = {c.out.data(), {6, 4, 6}, {23, 6, 1}};
            }),
            refusal(errc::bad_stride, "o: stride[0] is 23, rows are written, so the least is 24"));
  EXPECT_EQ(spoilt([](call& c) {
              c.o = {c.out.data(), {6, 4, 6}, {6, 30, 1}};
            }),
            refusal(errc::bad_stride, "o: stride[1] is 30, rows are written, so the least is 36"));
  EXPECT_EQ(spoilt([](call& c) { c.o = {c.out.data(), {6, 4, 6}, {6, 36, 1}}; }), refusal()) << "heads outermost";
}

TEST(problem_validate, the_output_shares_no_memory_with_what_is_read) {
  EXPECT_EQ(spoilt([](call& c) {
              c.o = {c.memory.data() + 191, {6, 4, 6}, {24, 6, 1}};
            }),
            refusal(errc::overlap, "o: bytes shared with q is 4, the limit is 0"));
  EXPECT_EQ(spoilt([](call& c) {
              c.o = {c.memory.data() + 1175, {6, 4, 6}, {24, 6, 1}};
            }),
            refusal(errc::overlap, "o: buffers shared with kv is 1, the limit is 0"));
  EXPECT_EQ(spoilt([](call& c) {
              c.o = {c.memory.data() + 2000 - 143, {6, 4, 6}, {24, 6, 1}};
            }),
            refusal(errc::overlap, "o: buffers shared with kv is 1, the limit is 0"));
  // Side by side in one fused buffer [tokens][q 32 | k 16 | v 12 | o 24].
  call c;
  c.q_offsets = c.o_offsets = {0, 4, 11};
  c.q = {c.out.data(), {11, 4, 8}, {84, 8, 1}};
  c.k = {c.out.data() + 32, {11, 2, 8}, {84, 8, 1}};
  c.v = {c.out.data() + 48, {11, 2, 6}, {84, 6, 1}};
  c.o = {c.out.data() + 60, {11, 4, 6}, {84, 6, 1}};
  for (index_t t = 0; t < 11; ++t) std::fill_n(&c.o(t, 0, 0), 24, 3.f);
  EXPECT_EQ(c.attend(), refusal());
  for (std::size_t t = 0; t < 11; ++t)
    for (std::size_t i = 0; i < 60; ++i) EXPECT_EQ(c.out[t * 84 + i], 9.f) << "what is read stays";
  c.o = {c.out.data() + 59, {11, 4, 6}, {84, 6, 1}};
  EXPECT_EQ(c.attend(), refusal(errc::overlap, "o: buffers shared with kv is 1, the limit is 0"));
}

TEST(problem_validate, the_output_lies_in_no_page) {
  std::vector<float> k(4 * 4 * 2 * 8), v(4 * 4 * 2 * 6), q(2 * 4 * 8), o(2 * 4 * 6);
  const std::vector<std::int32_t> offsets{0, 2, 3}, pages{3, 0, 1}, last{2, 4};
  const auto kv = paged(view(k.data(), 4, 4, 2, 8), view(v.data(), 4, 4, 2, 6), page_table{offsets, pages, last});
  EXPECT_EQ(check(view(q.data(), 2, 4, 8), kv, view(o.data(), 2, 4, 6)), refusal());
  EXPECT_EQ(check(view(q.data(), 2, 4, 8), kv, view(k.data() + 64, 2, 4, 6)),
            refusal(errc::overlap, "o: buffers shared with kv is 1, the limit is 0"));
  EXPECT_EQ(check(view(q.data(), 2, 4, 8), kv, view(v.data() + 100, 2, 4, 6)),
            refusal(errc::overlap, "o: buffers shared with kv is 1, the limit is 0"));
}

TEST(problem_validate, dense_batches) {
  const call c;
  std::vector<float> out(500);
  const auto kv = contiguous(view(c.memory.data(), 2, 5, 2, 8), view(c.memory.data(), 2, 5, 2, 6));
  const auto q = view(c.memory.data(), 2, 3, 4, 8);
  EXPECT_EQ(check(q, kv, view(out.data(), 2, 3, 4, 6)), refusal());
  EXPECT_EQ(check(q, kv, view(out.data(), 6, 4, 6)), refusal()) << "packed outputs take the cut of the queries";
  EXPECT_EQ(check(q, kv, view(out.data(), 3, 2, 4, 6)),
            refusal(errc::bad_extent, "o: sequences is 3, but kv has sequences 2"));
  EXPECT_EQ(check(view(c.memory.data(), 3, 2, 4, 8), kv, view(out.data(), 3, 2, 4, 6)),
            refusal(errc::bad_extent, "q: sequences is 3, but kv has sequences 2"));
  EXPECT_EQ(check(view(c.memory.data(), 5, 4, 8), kv, view(out.data(), 5, 4, 6)),
            refusal(errc::bad_extent, "q: tokens is 5, without offsets it must be a multiple of the sequences, 2"));
  EXPECT_EQ(check(q, kv, strided(out.data(), {2, 3, 4, 6}, {24, 24, 6, 1})),
            refusal(errc::bad_stride, "o: stride[0] is 24, rows are written, so the least is 72"));
  EXPECT_EQ(check(q, kv, strided(out.data(), {2, 3, 4, 6}, {144, 0, 6, 1})),
            refusal(errc::bad_stride, "o: stride[1] is 0, rows are written, so the least is 6"));
  constexpr index_t many = index_t{1} << 40;
  EXPECT_EQ(check(strided(c.memory.data(), {many, many, 4, 8}, {0, 0, 8, 1}), kv, view(out.data(), 6, 4, 6)),
            refusal(errc::size_overflow,
                    "q: number of tokens is 9223372036854775807, or more; the limit is 9223372036854775807"));
  const auto none = contiguous(view(c.memory.data(), 0, 5, 2, 8), view(c.memory.data(), 0, 5, 2, 6));
  EXPECT_EQ(check(view(c.memory.data(), 0, 4, 8), none, view(out.data(), 0, 4, 6)), refusal());
  EXPECT_EQ(check(view(c.memory.data(), 1, 4, 8), none, view(out.data(), 1, 4, 6)),
            refusal(errc::bad_extent, "q: tokens is 1, without offsets it must be a multiple of the sequences, 0"));
}

/// Sources that wrap others, and those with buffers of their own.
TEST(problem_validate, the_output_lies_in_no_buffer_of_any_source) {
  std::vector<float> k(16 * 2 * 8), v(16 * 2 * 6), bias(2 * 16), q(2 * 4 * 8), o(2 * 4 * 6);
  const auto all = contiguous(view(k.data(), 16, 2, 8), view(v.data(), 16, 2, 6));
  const std::vector<index_t> list{3, 1, 7}, offsets{0, 5, 16};
  const auto expect_refused = [&](const auto& kv) {
    static_assert(touching_source<std::remove_cvref_t<decltype(kv)>>);
    const index_t heads = 2 * kv.dims().kv_heads;
    const auto queries = view(q.data(), 1, heads, 8);
    EXPECT_EQ(check(queries, kv, view(o.data(), 1, heads, 6)), refusal());
    const refusal shared(errc::overlap, "o: buffers shared with kv is 1, the limit is 0");
    EXPECT_EQ(check(queries, kv, view(k.data() + 20, 1, heads, 6)), shared);
    EXPECT_EQ(check(queries, kv, view(v.data() + 20, 1, heads, 6)), shared);
  };
  expect_refused(all);
  expect_refused(biased(all, tensor_view<const float, 3>(view(bias.data(), 1, 2, 16))));
  expect_refused(gathered(all, gather_lists{.indices = list, .offsets = {}, .width = 3}));
  expect_refused(joined(contiguous(view(k.data(), 9, 2, 8), view(v.data(), 9, 2, 6)),
                        contiguous(view(k.data() + 144, 7, 2, 8), view(v.data() + 108, 7, 2, 6))));
  const head_source choice[2] = {head_source::second, head_source::first};
  expect_refused(head_split(contiguous(view(k.data(), 9, 1, 8), view(v.data(), 9, 1, 6)),
                            contiguous(view(k.data() + 100, 9, 1, 8), view(v.data() + 100, 9, 1, 6)), choice));
  expect_refused(ragged_heads(view(k.data(), 16, 8), view(v.data(), 16, 6),
                              ragged_heads_layout{.kv_heads = 2, .offsets = offsets}));
  expect_refused(
      sink_ring(view(k.data(), 16, 2, 8), view(v.data(), 16, 2, 6), sink_ring_layout{.sinks = 2, .seen = 9}));
}

/// A source of a user's that checks nothing itself.
struct plain_source {
  using key_format = elements<float>;
  using value_format = elements<float>;
  static constexpr bool values_alias_keys = true;
  kv_dims d;
  kv_dims dims() const noexcept { return d; }
  key_format keys_as() const noexcept { return {}; }
  value_format values_as() const noexcept { return {}; }
  index_t slots(index_t, index_t) const noexcept { return 0; }
  index_t seen(index_t) const noexcept { return 0; }
  bool ordered(index_t, index_t) const noexcept { return true; }
  index_t locate(index_t, index_t, index_t) const noexcept { return 0; }
  kv_rows rows(index_t, index_t, range) const noexcept { return {}; }
};
static_assert(kv_source<plain_source>);

TEST(problem_validate, dims_of_any_source) {
  std::vector<float> q(2 * 4 * 8), out(2 * 4 * 6);
  const auto with = [&](const kv_dims& d) {
    return check(view(q.data(), 2, 4, 8), plain_source{d}, view(out.data(), 2, 4, 6));
  };
  EXPECT_EQ(with({1, 2, 8, 6, 2}), refusal());
  EXPECT_EQ(with({-1, 2, 8, 6, 2}), refusal(errc::bad_extent, "kv: sequences is -1, the least is 0"));
  EXPECT_EQ(with({1, 0, 8, 6, 2}), refusal(errc::bad_extent, "kv: kv_heads is 0, the least is 1"));
  EXPECT_EQ(with({1, 2, 0, 6, 2}), refusal(errc::bad_extent, "kv: key_dim is 0, the least is 1"));
  EXPECT_EQ(with({1, 2, 8, -6, 2}), refusal(errc::bad_extent, "kv: value_dim is -6, the least is 1"));
  EXPECT_EQ(with({1, 2, 1 << 25, 6, 2}), refusal(errc::bad_extent, "kv: key_dim is 33554432, the most is 16777216"));
  EXPECT_EQ(with({1, 2, 8, PTRDIFF_MAX, 2}),
            refusal(errc::bad_extent, "kv: value_dim is 9223372036854775807, the most is 16777216"));
  EXPECT_EQ(with({1, 2, 8, 6, 3}), refusal(errc::dim_mismatch, "kv: value_offset is 3, key_dim less value_dim is 2"));
  EXPECT_EQ(with({1, 2, 8, 6, PTRDIFF_MAX}),
            refusal(errc::dim_mismatch, "kv: value_offset is 9223372036854775807, key_dim less value_dim is 2"));
  EXPECT_EQ(with({1, 2, 8, 6, -1}), refusal(errc::dim_mismatch, "kv: value_offset is -1, the least is 0"));
  std::vector<float> wide(2 * 4 * 9);
  EXPECT_EQ(check(view(q.data(), 2, 4, 8), plain_source{{1, 2, 8, 9, 0}}, view(wide.data(), 2, 4, 9)),
            refusal(errc::dim_mismatch, "kv: value_dim is 9, a value is a part of its key, but key_dim is 8"));
}
} // namespace
