// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Core-context attention of a prompt against its definition; its mask's laws; dense where nothing is pooled.
#include <heed/select/core_context.hpp>

#include <mask/mask_checks.hpp>
#include <select/core_context.hpp>

namespace {
using namespace heed;
using namespace heed::test;

template <class... Role>
context_output attended(const core_context& how, const context_input& x, const Role&... roles) {
  const index_t groups = x.keys / how.group;
  std::vector<double> k(place(groups * x.kv_heads * x.dim)), v(place(groups * x.kv_heads * x.value_dim));
  context_output out{std::vector<double>(place(x.keys * x.heads() * x.value_dim)),
                     std::vector<double>(place(x.keys * x.heads()))};
  thread_pool pool(2);
  select_scratch<double> s;
  attend_core_context(pool, how, x.q_view(), x.k_view(), x.v_view(), view(out.o.data(), x.keys, x.heads(), x.value_dim),
                      view(k.data(), groups, x.kv_heads, x.dim), view(v.data(), groups, x.kv_heads, x.value_dim), s,
                      heed::lse(view(out.lse.data(), x.keys, x.heads())), roles...);
  return out;
}

TEST(select_core_context, equals_the_definition) {
  for (const index_t tokens : {1, 7, 64, 131})
    for (const core_context how : {core_context{4, 9}, core_context{16, 32}, core_context{8, 0}, core_context{1, 5}}) {
      const context_input x(static_cast<std::uint64_t>(tokens), tokens, 2, 2, 8, 6);
      expect_near(attended(how, x), slow_core_context(how, x));
    }
}

TEST(select_core_context, a_prompt_of_at_most_local_tokens_gets_dense_attention) {
  const context_input x(3, 48, 2, 2, 8, 6);
  expect_near(attended({8, 48}, x), slow_core_context({1000, 1000}, x));
}

// Queries twice as large at half the scale are the same queries, to the pooling too.
TEST(select_core_context, the_scale_serves_pooling_and_attention) {
  const context_input x(5, 64, 2, 2, 8, 6);
  context_input twice = x;
  for (double& y : twice.q) y *= 2;
  const scale half{0.5 / std::sqrt(8.)};
  for (const core_context how : {core_context{4, 9}, core_context{8, 0}}) {
    expect_near(attended(how, twice, half), slow_core_context(how, x));
  }
}

TEST(select_core_context, each_token_is_covered_once) {
  for (const core_context how : {core_context{4, 9}, core_context{8, 0}, core_context{3, 3}})
    for (index_t i = 0; i < 100; ++i) {
      const index_t groups = 100 / how.group, j = how.pooled(i);
      const auto m = all_of(causal{}, none_of(core_context_gap{groups, how}));
      std::vector<int> covered(100);
      for (index_t key = 0; key < groups + 100; ++key) {
        if (!m.allows({0, 0, groups + i, key, i, key})) continue;
        if (key >= groups)
          ++covered[place(key - groups)];
        else
          for (index_t t = key * how.group; t < (key + 1) * how.group; ++t) ++covered[place(t)];
      }
      for (index_t t = 0; t < 100; ++t)
        EXPECT_EQ(covered[place(t)], t <= i ? 1 : 0) << "query " << i << ", token " << t;
      EXPECT_LE(j * how.group, std::max<index_t>(0, i - how.local)) << "the last `local` tokens are never pooled";
    }
}

TEST(select_core_context, gap_is_a_mask) { expect_laws(core_context_gap{12, {4, 9}}); }

TEST(select_core_context, has_the_defaults_of_its_source) {
  EXPECT_EQ(core_context{}.group, 16);
  EXPECT_EQ(core_context{}.local, 1024);
}

TEST(select_core_context, refused_with_code_and_text) {
  const context_input x(4, 16, 2, 2, 8, 6);
  std::vector<double> k(place(4 * 2 * 8)), v(place(4 * 2 * 6));
  thread_pool pool(1);
  select_scratch<double> s;
  const auto of = [&](const core_context& how, const auto& q, const auto& values) {
    return refusal_of([&] {
      pool_groups(pool, how, q, x.k_view(), values, view(k.data(), 16 / std::max<index_t>(how.group, 4), 2, 8),
                  view(v.data(), 16 / std::max<index_t>(how.group, 4), 2, 6), s);
    });
  };
  EXPECT_EQ(of({4, 4}, x.q_view(), x.v_view()), refusal());
  EXPECT_EQ(of({0, 4}, x.q_view(), x.v_view()), refusal(errc::bad_value, "core_context: group is 0, the least is 1"));
  EXPECT_EQ(of({4, -1}, x.q_view(), x.v_view()), refusal(errc::bad_value, "core_context: local is -1, the least is 0"));
  EXPECT_EQ(of({4, index_t{1} << 41}, x.q_view(), x.v_view()),
            refusal(errc::limit_exceeded, "core_context: local is 2199023255552, the limit is 1099511627776"));
  EXPECT_EQ(of({index_t{1} << 41, 4}, x.q_view(), x.v_view()),
            refusal(errc::limit_exceeded, "core_context: group is 2199023255552, the limit is 1099511627776"));
  EXPECT_EQ(of({4, 4}, x.q_view(), view<const double>(nullptr, 16, 2, 6)),
            refusal(errc::null_pointer, "v: data is 0, but the elements in view are 192"));
  EXPECT_EQ(of({4, 4}, x.q_view().slice(0, 0, 8), x.v_view()),
            refusal(errc::bad_extent, "core_context: rows of q is 8, it pools whole prompts, whose keys are 16"));
  EXPECT_EQ(of({4, 4}, x.q_view(), x.v_view().slice(1, 0, 1)),
            refusal(errc::bad_extent, "v: rows times heads is 16, but k has 32"));
}
} // namespace
