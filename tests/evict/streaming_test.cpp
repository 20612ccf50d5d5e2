// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Sinks and recent tokens.
#include <heed/evict/streaming.hpp>

#include <evict/traces.hpp>
#include <heed/evict/compact.hpp>
#include <heed/evict/reindex.hpp>
#include <support/refusal.hpp>
#include <support/tolerance.hpp>

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

/// Keys of a text after a life of chunks: appended at their place in the cache, evicted down to the budget and counted
/// anew after each.
std::vector<float> streamed(const std::vector<float>& raw, index_t tokens, index_t chunk, const streaming& p) {
  constexpr index_t dim = 8, room = 40;
  const rope r{.dims = dim, .theta = 100};
  std::vector<float> k(at(room * dim)), v(k);
  slot_list lengths(1), positions(at(room)), seen(1), budgets(1);
  contiguous_cache<float, float> cache(view(k.data(), 1, room, 1, dim), view(v.data(), 1, room, 1, dim),
                                       {lengths, positions, seen});
  kept_lists kept(1, room);
  for (index_t t = 0; t < tokens; t += chunk) {
    const index_t n = std::min(chunk, tokens - t);
    std::vector<float> fresh(raw.begin() + t * dim, raw.begin() + (t + n) * dim);
    slot_list places;
    for (index_t i = 0; i < n; ++i) places.push_back(cache.seen(0) + i);
    rotate(r, places, view(fresh.data(), n, 1, dim));
    const auto rows = view(std::as_const(fresh).data(), n, 1, dim);
    EXPECT_FALSE(cache.append(0, rows, rows));
    const score_view none(nullptr, 1, 0, lengths.data());
    EXPECT_FALSE(p.allocate(none, 1000, budgets));
    EXPECT_FALSE(p.keep(none, budgets, kept));
    EXPECT_FALSE(compact(cache, 0, kept));
    reindex(cache, 0, r);
  }
  EXPECT_EQ(cache.slots(0, 0), p.sinks + p.recent);
  EXPECT_EQ(cache.seen(0), p.sinks + p.recent) << "the next query stands at the end of the cache";
  return {k.begin(), k.begin() + (p.sinks + p.recent) * dim};
}

TEST(evict_streaming, sees_only_places_in_the_cache) {
  // Two texts with the same sinks and the same end, one longer: the caches are the same but for roundings.
  constexpr index_t dim = 8;
  const streaming p{3, 9};
  random draw(17);
  const std::vector<float> sinks = draw.numbers<float>(3 * dim), end = draw.numbers<float>(9 * dim);
  const auto text = [&](index_t between) {
    std::vector<float> raw = sinks;
    const std::vector<float> middle = draw.numbers<float>(between * dim);
    raw.insert(raw.end(), middle.begin(), middle.end());
    raw.insert(raw.end(), end.begin(), end.end());
    return raw;
  };
  const std::vector<float> reference = streamed(text(0), 12, 12, p);
  for (const index_t between : {1, 20, 97})
    for (const index_t chunk : {1, 4, 7}) {
      const std::vector<float> got = streamed(text(between), 12 + between, chunk, p);
      // A token that stays is turned at most once for each of the 9 that push it down: two products and a sum of
      // numbers up to 1 each.
      for (std::size_t i = 0; i < got.size(); ++i)
        EXPECT_NEAR(static_cast<double>(got[i]), static_cast<double>(reference[i]), 10 * 3 * epsilon<float>)
            << between << " tokens between, chunks of " << chunk;
    }
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
