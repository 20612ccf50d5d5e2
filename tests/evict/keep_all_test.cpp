// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Nothing is evicted.
#include <heed/evict/keep_all.hpp>

#include <evict/traces.hpp>
#include <support/refusal.hpp>

namespace heed::test {
namespace {

struct slow : no_memory {
  [[nodiscard]] lists keep(const slot_list& slots, const head_rows&) const {
    lists out;
    for (const index_t n : slots) out.push_back(first_and_last(n, 0, n));
    return out;
  }
};

TEST(evict_keep_all, keeps_all_whatever_the_budget) {
  run_traces("keep_all", 1000000, [](random& draw) {
    return trace<keep_all, slow>(draw, {}, drawn_heads(draw), draw.integer(0, 9), {}).run(5);
  });
}
} // namespace
} // namespace heed::test
