// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// The observers' pass alone sees what it sees in attend, and takes any number in the place of the log-sum-exp.
#include <heed/observe.hpp>

#include <attention/sample.hpp>

#include <heed/exec/thread_pool.hpp>
#include <heed/mask/causal.hpp>
#include <heed/observe/key_sums.hpp>
#include <heed/observe/probability_rows.hpp>
#include <heed/score/soft_cap.hpp>
#include <support/refusal.hpp>

namespace heed::test {
namespace {

constexpr index_t heads = 6, slots = 211;

struct seen {
  std::vector<float> sums = std::vector<float>(place(2 * heads * slots), 9.f);
  std::vector<float> rows = std::vector<float>(place(2 * heads * 4 * slots), 9.f);
  [[nodiscard]] auto key_sums_of_all() { return key_sums<float>(view(sums.data(), 2, heads, slots)); }
  [[nodiscard]] auto last_rows() {
    return probability_rows<float>(view(rows.data(), 2, heads, 4, slots), row_choice::last(4));
  }
};

TEST(observe_observe, sees_the_bits_that_attend_shows) {
  const sample<> s(1, {33, 5}, {slots, 17}, 2, 3, 16, 8);
  seen whole, alone, planned;
  const auto got = s.run(causal{}, soft_cap{5.f}, whole.key_sums_of_all(), whole.last_rows());
  thread_pool pool(2);
  const auto q = ragged(s.queries(), s.offsets);
  const auto known = view(got.lse.data(), s.tokens(), heads);
  observe(pool, q, s.kv(), known, causal{}, soft_cap{5.f}, alone.key_sums_of_all(), alone.last_rows());
  EXPECT_TRUE(same_bits(alone.sums, whole.sums));
  EXPECT_TRUE(same_bits(alone.rows, whole.rows));

  const plan p =
      make_plan({.sequences = 2, .tokens = s.tokens(), .q_heads = heads, .max_slots = slots}, s.kv(), causal{});
  std::vector<std::byte> workspace(place(p.workspace_bytes(2)));
  EXPECT_EQ(run_observers(pool, p, q, s.kv(), known, workspace, causal{}, soft_cap{5.f}, planned.key_sums_of_all(),
                          planned.last_rows()),
            errc::ok);
  EXPECT_TRUE(same_bits(planned.sums, whole.sums));
  EXPECT_TRUE(same_bits(planned.rows, whole.rows));
  EXPECT_EQ(run_observers(pool, p, q, s.kv(), known, std::span(workspace).first(10), planned.key_sums_of_all()),
            errc::workspace_too_small);
  // As attend stored it: a view of mutable numbers.
  std::vector<float> stored = got.lse;
  seen mutable_view;
  EXPECT_EQ(run_observers(pool, p, q, s.kv(), view(stored.data(), s.tokens(), heads), workspace, causal{},
                          soft_cap{5.f}, mutable_view.key_sums_of_all(), mutable_view.last_rows()),
            errc::ok);
  EXPECT_TRUE(same_bits(mutable_view.sums, whole.sums));
  EXPECT_TRUE(same_bits(mutable_view.rows, whole.rows));
  EXPECT_EQ(stored, got.lse);
}

TEST(observe_observe, the_last_rows_of_a_prompt_need_only_their_own_lse) {
  const sample<> s(2, {40}, {40}, 2, 3, 16, 8);
  std::vector<float> whole(place(heads * 40), 9.f), alone = whole;
  const auto got = s.run(causal{}, key_sums<float>(view(whole.data(), 1, heads, 40), row_choice::last(8)));
  observe(sequential{}, view(s.q.data() + 32 * heads * 16, 8, heads, 16), s.kv(),
          view(got.lse.data() + 32 * heads, 8, heads), causal{}, key_sums<float>(view(alone.data(), 1, heads, 40)));
  EXPECT_TRUE(same_bits(alone, whole));
}

TEST(observe_observe, any_number_may_stand_for_the_lse) {
  const sample<> s(3, {3}, {70}, 1, 1, 8, 8);
  std::vector<float> p(3 * 70, 9.f);
  constexpr float infinite = std::numeric_limits<float>::infinity();
  const std::vector<float> anchor{-2.5f, infinite, -infinite};
  observe(sequential{}, s.queries(), s.kv(), view(anchor.data(), 3, 1),
          probability_rows<float>(view(p.data(), 1, 1, 3, 70)));
  index_t above_one = 0;
  for (index_t j = 0; j < 70; ++j) {
    double score = 0, terms = 0;
    for (index_t d = 0; d < 8; ++d) {
      const double x = static_cast<double>(s.q[place(d)]) * static_cast<double>(s.k[place(j * 8 + d)]) * s.call.scale;
      score += x;
      terms += std::fabs(x);
    }
    const double exact = std::exp(score + 2.5);
    EXPECT_NEAR(static_cast<double>(p[place(j)]), exact, (8 + std::sqrt(8.) * (terms + 2.5)) * epsilon<float> * exact);
    if (exact > 1) ++above_one;
    EXPECT_EQ(p[place(70 + j)], 0.f) << "+inf: a row that saw no key";
    EXPECT_EQ(p[place(140 + j)], 0.f) << "-inf: likewise";
  }
  EXPECT_GT(above_one, 35);
}

TEST(observe_observe, refused_with_code_and_text_and_nothing_is_written) {
  const sample<> s(4, {4}, {6}, 2, 2, 8, 6);
  std::vector<float> x(200, 9.f), known(20, 0.f);
  const auto run = [&](const tensor_view<const float, 2>& l, index_t sums = 6) {
    const refusal r =
        refusal_of([&] { observe(sequential{}, s.queries(), s.kv(), l, key_sums<float>(view(x.data(), 1, 4, sums))); });
    EXPECT_EQ(x, std::vector<float>(200, 9.f));
    return r;
  };
  const float* l = known.data();
  EXPECT_EQ(run(view(l, 3, 4)), refusal(errc::bad_extent, "lse: extent[0] is 3, but the query tokens are 4"));
  EXPECT_EQ(run(view(l, 4, 5)), refusal(errc::bad_extent, "lse: extent[1] is 5, but the query heads are 4"));
  EXPECT_EQ(run(view<const float>(nullptr, 4, 4)),
            refusal(errc::null_pointer, "lse: data is 0, but the elements in view are 16"));
  EXPECT_EQ(run(view<const float>(x.data(), 4, 4)),
            refusal(errc::overlap, "key_sums: buffers shared with lse is 1, the limit is 0"));
  EXPECT_EQ(run(view(l, 4, 4), 5), refusal(errc::bad_extent, "key_sums: extent[2] is 5, but the slots are 6"));
  // A workspace that holds what the call reads or what it is to store.
  const auto made = make_plan({1, 4, 4, 6, 4}, s.kv());
  const auto bytes = static_cast<std::size_t>(made.workspace_bytes(1));
  std::vector<float> w(bytes / sizeof(float) + 1, 9.f);
  const auto with = [&](const float* logs, float* sums) {
    const errc code = run_observers(sequential{}, made, s.queries(), s.kv(), view(logs, 4, 4),
                                    std::as_writable_bytes(std::span(w)), key_sums<float>(view(sums, 1, 4, 6)));
    return code;
  };
  EXPECT_EQ(with(w.data(), x.data()), errc::overlap);
  EXPECT_EQ(with(l, w.data() + w.size() - 24), errc::overlap);
  EXPECT_EQ(x, std::vector<float>(200, 9.f));
  EXPECT_EQ(w, std::vector<float>(w.size(), 9.f));
}

} // namespace
} // namespace heed::test
