// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// DuoAttention: full heads keep all, streaming heads their ends.
#include <heed/evict/duo_attention.hpp>

#include <evict/traces.hpp>
#include <support/refusal.hpp>

namespace heed::test {
namespace {

struct slow : no_memory {
  std::vector<head_source> kinds;
  index_t sinks, budget;
  [[nodiscard]] lists keep(const slot_list& slots, const head_rows&) const {
    lists out;
    for (std::size_t h = 0; h < kinds.size(); ++h)
      out.push_back(first_and_last(slots[h], sinks, kinds[h] == head_source::first ? slots[h] : budget));
    return out;
  }
};

TEST(evict_duo_attention, keeps_what_the_reference_keeps) {
  run_traces("duo_attention", 800000, [](random& draw) {
    const layer_heads heads = drawn_heads(draw);
    slow s{{}, std::vector<head_source>(at(heads.kv_heads)), draw.integer(0, 4), 0};
    for (head_source& k : s.kinds) k = draw.chance(2) ? head_source::first : head_source::second;
    const index_t recent = draw.integer(1, 9);
    s.budget = s.sinks + recent;
    const std::vector<head_source> kinds = s.kinds;
    return trace<duo_attention, slow>(draw, {kinds, s.sinks, recent}, heads, s.budget + draw.integer(0, 2), s).run(12);
  });
}

TEST(evict_duo_attention, holds_what_its_formula_says) {
  const std::vector<head_source> kinds{head_source::first, head_source::second, head_source::second};
  slot_list lengths{5000, 5000, 5000}, budgets(3);
  const duo_attention p{kinds};
  EXPECT_EQ(p.sinks, 64);
  EXPECT_EQ(p.recent, 256);
  ASSERT_FALSE(p.allocate(score_view(nullptr, 3, 0, lengths.data()), 320, budgets));
  EXPECT_EQ(budgets, (slot_list{5000, 320, 320})) << "full heads * tokens + streaming heads * (sinks + recent)";
}

TEST(evict_duo_attention, refuses_a_pattern_of_other_heads) {
  const std::vector<head_source> kinds(3);
  EXPECT_EQ(refusal(duo_attention{kinds}.check(8, 4, 320)),
            (refusal{errc::bad_extent, "duo_attention: number of kinds is 3, the kv_heads are 4"}));
  EXPECT_EQ(refusal((duo_attention{kinds, -1, 2}.check(3, 3, 320))),
            (refusal{errc::bad_value, "duo_attention: sinks is -1, the least is 0"}));
  EXPECT_EQ(refusal((duo_attention{kinds, 1, 0}.check(3, 3, 320))),
            (refusal{errc::bad_value, "duo_attention: recent is 0, the least is 1"}));
  EXPECT_EQ(refusal((duo_attention{kinds, 4, 8}.check(3, 3, 4))),
            (refusal{errc::bad_value, "duo_attention: budget is 4, but the sinks alone are 4"}));
}
} // namespace
} // namespace heed::test
