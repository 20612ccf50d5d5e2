// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// The cache shows each query what the definition says, in constant memory, and appends without allocating
// once a group is pooled.
#include <heed/select/core_context_cache.hpp>

#include <select/core_context.hpp>
#include <support/allocation_scope.hpp>

namespace {
using namespace heed;
using namespace heed::test;

using cache_type = core_context_cache<double>;

/// Decodes token by token after a prompt of `first` tokens that is appended at once.
template <class... Scale>
context_output decoded(cache_type& cache, const context_input& x, index_t first, const Scale&... scale) {
  context_output out{std::vector<double>(place(x.keys * x.heads() * x.value_dim)),
                     std::vector<double>(place(x.keys * x.heads()))};
  thread_pool pool(1);
  if (first > 0)
    cache.append(pool, x.q_view().slice(0, 0, first), x.k_view().slice(0, 0, first), x.v_view().slice(0, 0, first),
                 scale...);
  for (index_t i = first; i < x.keys; ++i) {
    const auto q = x.q_view().slice(0, i, 1);
    cache.append(pool, q, x.k_view().slice(0, i, 1), x.v_view().slice(0, i, 1), scale...);
    attend(pool, q, cache.kv(), view(out.o.data() + i * x.heads() * x.value_dim, 1, x.heads(), x.value_dim),
           heed::lse(view(out.lse.data() + i * x.heads(), 1, x.heads())), scale...);
  }
  return out;
}

TEST(select_core_context_cache, shows_each_query_what_it_sees) {
  for (const core_context how : {core_context{4, 9}, core_context{16, 32}, core_context{8, 0}, core_context{1, 5}}) {
    const context_input x(5, 131, 2, 2, 8, 6);
    cache_type cache(how, 2, 8, 6, 131);
    const context_output want = slow_core_context(how, x);
    expect_near(decoded(cache, x, 0), want);
    cache.clear();
    context_output got = decoded(cache, x, 70);
    std::copy(want.o.begin(), want.o.begin() + 70 * 4 * 6, got.o.begin());
    std::copy(want.lse.begin(), want.lse.begin() + 70 * 4, got.lse.begin());
    expect_near(got, want);
  }
}

TEST(select_core_context_cache, the_scale_serves_pooling_and_attention) {
  const context_input x(5, 64, 2, 2, 8, 6);
  context_input twice = x;
  for (double& y : twice.q) y *= 2;
  cache_type cache({4, 9}, 2, 8, 6, 64);
  expect_near(decoded(cache, twice, 0, scale{0.5 / std::sqrt(8.)}), slow_core_context({4, 9}, x));
}

TEST(select_core_context_cache, holds_pooled_rows_and_a_window_only) {
  const context_input x(6, 400, 1, 2, 4, 4);
  cache_type cache({8, 20}, 1, 4, 4, 400);
  thread_pool pool(1);
  EXPECT_EQ(cache.bytes(), (400 / 8 + 20 + 3 * 8) * 8 * 8) << "rows of 8 numbers of 8 bytes";
  EXPECT_EQ(cache.rows(), 0);
  for (index_t i = 0; i < 400; ++i) {
    cache.append(pool, x.q_view().slice(0, i, 1), x.k_view().slice(0, i, 1), x.v_view().slice(0, i, 1));
    EXPECT_EQ(cache.tokens(), i + 1);
    const index_t pooled = i < 20 ? 0 : (i - 20) / 8;
    EXPECT_EQ(cache.rows(), pooled + i + 1 - pooled * 8);
    EXPECT_EQ(cache.kv().slots(0, 0), cache.rows());
    EXPECT_LE(cache.rows() - pooled, 28);
  }
}

TEST(select_core_context_cache, allocates_once_when_it_pools_its_first_group) {
  const context_input x(6, 400, 1, 2, 4, 4);
  cache_type cache({8, 20}, 1, 4, 4, 400);
  thread_pool pool(1);
  const auto step = [&](index_t i) {
    cache.append(pool, x.q_view().slice(0, i, 1), x.k_view().slice(0, i, 1), x.v_view().slice(0, i, 1));
  };
  for (int again = 0; again < 2; ++again) { // a cleared cache keeps what it took
    const allocation_scope first;
    for (index_t i = 0; i < 8; ++i) step(i);
    EXPECT_EQ(first.count(), again == 0 ? 1 : 0) << "the workspace of pooling";
    const allocation_scope scope;
    for (index_t i = 8; i < 400; ++i) step(i);
    EXPECT_EQ(scope.count(), 0);
    cache.clear();
  }
}

TEST(select_core_context_cache, refused_with_code_and_text_and_nothing_is_taken) {
  const auto made = [](const core_context& how, index_t heads, index_t dk, index_t dv, index_t most) {
    return refusal_of([&] { cache_type c(how, heads, dk, dv, most); });
  };
  EXPECT_EQ(made({0, 4}, 2, 8, 6, 9), refusal(errc::bad_value, "core_context: group is 0, the least is 1"));
  EXPECT_EQ(made({4, 4}, 0, 8, 6, 9), refusal(errc::bad_value, "core_context_cache: kv_heads is 0, the least is 1"));
  EXPECT_EQ(made({4, 4}, 2, 0, 6, 9), refusal(errc::bad_value, "core_context_cache: key_dim is 0, the least is 1"));
  EXPECT_EQ(made({4, 4}, 2, 8, 0, 9), refusal(errc::bad_value, "core_context_cache: value_dim is 0, the least is 1"));
  EXPECT_EQ(made({4, 4}, 2, 8, 6, -1),
            refusal(errc::bad_value, "core_context_cache: max_tokens is -1, the least is 0"));
  const context_input x(7, 12, 2, 2, 8, 6), narrow_keys(7, 12, 2, 2, 7, 6), other_heads(7, 12, 1, 2, 8, 6);
  cache_type cache({4, 4}, 2, 8, 6, 20);
  thread_pool pool(1);
  const auto of = [&](const context_input& y, index_t n = 12) {
    return refusal_of(
        [&] { cache.append(pool, y.q_view().slice(0, 0, n), y.k_view().slice(0, 0, n), y.v_view().slice(0, 0, n)); });
  };
  EXPECT_EQ(of(x), refusal());
  EXPECT_EQ(of(x, 9), refusal(errc::limit_exceeded, "core_context_cache: tokens is 21, the limit is 20"));
  EXPECT_EQ(of(narrow_keys, 2), refusal(errc::bad_extent, "core_context_cache: key_dim is 7, but it holds 8"));
  EXPECT_EQ(of(other_heads, 2), refusal(errc::bad_extent, "core_context_cache: kv_heads is 1, but it holds 2"));
  const context_input wide_values(7, 12, 2, 2, 8, 7);
  EXPECT_EQ(of(wide_values, 2), refusal(errc::bad_extent, "core_context_cache: value_dim is 7, but it holds 6"));
  EXPECT_EQ(refusal_of([&] {
              cache.append(pool, x.q_view().slice(0, 0, 4), x.k_view().slice(0, 0, 4), x.v_view().slice(0, 0, 4),
                           scale{std::numeric_limits<double>::infinity()});
            }).code,
            errc::bad_value);
  EXPECT_EQ(refusal_of([&] {
              cache.append(pool, x.q_view().slice(0, 0, 4), x.k_view().slice(0, 0, 4),
                           view<const double>(nullptr, 4, 2, 6));
            }).text,
            "v: data is 0, but the elements in view are 48");
  EXPECT_EQ(cache.tokens(), 12);
}
} // namespace
