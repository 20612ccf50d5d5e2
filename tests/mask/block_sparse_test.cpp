// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/mask/block_sparse.hpp>

#include "mask_checks.hpp"

namespace heed::test {
namespace {

/// Lists with their memory.
struct drawn_table {
  std::vector<std::int32_t> full, partial, stripes;
  std::vector<std::int64_t> full_begin, full_end, partial_begin, partial_end, stripe_begin, stripe_end;
  std::vector<block_head> heads;
  block_table t;

  block_table table() {
    t.full = {full, full_begin, full_end};
    t.partial = {partial, partial_begin, partial_end};
    t.stripes = {stripes, stripe_begin, stripe_end};
    t.heads = heads;
    return t;
  }
};

struct drawn_shape {
  index_t rows = 130, keys = 200, block_rows = 16, block_keys = 16, lists = 1, heads_per_list = 4, sequences = 1;
  double density = 0.4;
  index_t stripe_rows = 0;
};

drawn_table draw(const drawn_shape& s, std::uint64_t seed) {
  random numbers(seed);
  drawn_table d;
  const auto parts = [](index_t n, index_t of) { return of > 0 ? (n + of - 1) / of : 0; };
  d.t = {.block_rows = s.block_rows,
         .block_keys = s.block_keys,
         .row_blocks = parts(s.rows, s.block_rows),
         .lists = s.lists,
         .heads_per_list = s.heads_per_list,
         .sequences = s.sequences,
         .stripe_rows = s.stripe_rows,
         .stripe_groups = parts(s.rows, s.stripe_rows)};
  const auto drawn = [&](double p) { return static_cast<double>(numbers.integer(0, 999)) < p * 1000; };
  for (index_t r = 0; r < s.sequences * s.lists * d.t.row_blocks; ++r) {
    d.full_begin.push_back(static_cast<std::int64_t>(d.full.size()));
    d.partial_begin.push_back(static_cast<std::int64_t>(d.partial.size()));
    for (index_t b = 0; b < parts(s.keys, s.block_keys); ++b)
      if (drawn(s.density)) (drawn(0.6) ? d.full : d.partial).push_back(static_cast<std::int32_t>(b));
    d.full_end.push_back(static_cast<std::int64_t>(d.full.size()));
    d.partial_end.push_back(static_cast<std::int64_t>(d.partial.size()));
  }
  for (index_t g = 0; g < s.sequences * s.lists * d.t.stripe_groups; ++g) {
    d.stripe_begin.push_back(static_cast<std::int64_t>(d.stripes.size()));
    for (index_t k = 0; k < s.keys; ++k)
      if (drawn(0.1)) d.stripes.push_back(static_cast<std::int32_t>(k));
    d.stripe_end.push_back(static_cast<std::int64_t>(d.stripes.size()));
  }
  return d;
}

TEST(mask_block_sparse, keeps_the_laws) {
  for (const index_t r : {1, 4, 16, 100})
    for (const index_t c : {1, 4, 16, 100})
      for (const index_t stripes : {0, 40}) {
        SCOPED_TRACE(std::to_string(r) + " x " + std::to_string(c) + ", stripes of " + std::to_string(stripes));
        drawn_table d = draw({.block_rows = r, .block_keys = c, .stripe_rows = stripes}, seed_or(1));
        const testing::mask_cases cases{.rows = {5, 66, 130}, .seen = {7, 131, 200}, .tiles = 60};
        expect_laws(block_sparse(d.table()), cases);
        expect_laws(block_sparse(d.table(), causal{}), cases);
      }
}
} // namespace
} // namespace heed::test
