// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Sinks and recent tokens.
#include <heed/evict/streaming.hpp>

#include <evict/traces.hpp>
#include <support/refusal.hpp>

namespace heed::test {
namespace {

struct slow : no_memory {
  index_t sinks, budget;
  [[nodiscard]] lists keep(const slot_list& slots, const head_rows&) const {
    lists out;
    for (const index_t n : slots) out.push_back(first_and_last(n, sinks, budget));
    return out;
  }
};

TEST(evict_streaming, keeps_what_the_reference_keeps) {
  run_traces("streaming", 100000, [](random& draw) {
    const index_t sinks = draw.integer(0, 4), recent = draw.integer(1, 9);
    const index_t budget = sinks + draw.integer(1, recent);
    return trace<streaming, slow>(draw, {sinks, recent}, drawn_heads(draw), budget, {{}, sinks, budget}).run(12);
  });
}

TEST(evict_streaming, has_the_defaults_of_its_source_and_uses_no_more) {
  EXPECT_EQ(streaming{}.sinks, 4);
  EXPECT_EQ(streaming{}.recent, 512);
  slot_list lengths{1000}, budgets{0};
  EXPECT_FALSE(streaming{}.allocate(score_view(nullptr, 1, 0, lengths.data()), 800, budgets));
  EXPECT_EQ(budgets[0], 516);
}

TEST(evict_streaming, refuses_budgets_that_hold_only_sinks) {
  EXPECT_EQ(refusal((streaming{4, 8}.check(1, 1, 4))),
            (refusal{errc::bad_value, "streaming: budget is 4, but the sinks alone are 4"}));
  EXPECT_EQ(refusal((streaming{-1, 8}.check(1, 1, 4))),
            (refusal{errc::bad_value, "streaming: sinks is -1, the least is 0"}));
  EXPECT_EQ(refusal((streaming{0, 0}.check(1, 1, 4))),
            (refusal{errc::bad_value, "streaming: recent is 0, the least is 1"}));
}
} // namespace
} // namespace heed::test
