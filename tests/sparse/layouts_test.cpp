// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Block lists over every way in which heed reads rows: pages, rings, lists in any order, rows of evicted caches, holes.
#include <attention/sample.hpp>

#include <heed/mask/block_sparse.hpp>

#include <support/cache_wrappers.hpp>
#include <support/drawn_blocks.hpp>

namespace {
using namespace heed;
using namespace heed::test;

template <template <class> class Layout> void expect_the_definition(const char* name) {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    SCOPED_TRACE(std::string(name) + ", seed " + std::to_string(seed));
    test::random gen(seed);
    const sample<> s(seed, {60, gen.integer(0, 3)}, {150, gen.integer(0, 200)}, 2, 2, 20, 12);
    auto cache = make_cache<double>(gen, {150, s.key_offsets[2] - 150}, 2, 20, 12);
    for (auto& h : cache.heads) {
      for (double& x : h.keys) x = static_cast<double>(static_cast<float>(x));
      for (double& x : h.values) x = static_cast<double>(static_cast<float>(x));
    }
    const Layout<float> layout(gen, cache);
    const erased_source<float> source(layout.source());
    const index_t lists = gen.integer(1, 3) == 3 ? 4 : gen.integer(1, 2);
    const block_shape shape{.rows = 60,
                            .keys = std::max(cache.seen[0], cache.seen[1]),
                            .block_rows = gen.integer(1, 40),
                            .block_keys = gen.integer(1, 50),
                            .lists = lists,
                            .heads_per_list = 4 / lists,
                            .sequences = gen.integer(1, 2),
                            .stripe_rows = gen.integer(0, 1) * gen.integer(1, 40)};
    const block_lists blocks = drawn_blocks(shape, {.5, .6, .1}, seed);
    for (const erased_tiler& m : {erased_tiler(blocks.mask(causal{})), erased_tiler(all_of(blocks.mask(), causal{}))})
      expect_within(s, s.run_from(source, m), s.exact_from(source, m));
  }
}
TEST(sparse_layouts, every_layout_gives_what_the_definition_gives) {
  expect_the_definition<contiguous_rows>("contiguous");
  expect_the_definition<paged_rows>("paged");
  expect_the_definition<ring_rows>("ring");
  expect_the_definition<ragged_rows>("ragged");
  expect_the_definition<gathered_rows>("gathered");
  expect_the_definition<joined_rows>("joined");
  expect_the_definition<split_rows>("head_split");
}
} // namespace
