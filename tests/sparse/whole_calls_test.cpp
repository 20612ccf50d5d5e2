// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Block-sparse attention through the front door: all blocks equal dense bit by bit, any lists equal the definition
// with -inf outside, and the shapes, densities and head kinds that other libraries test.
#include <heed/mask/block_sparse.hpp>

#include <heed/exec/thread_pool.hpp>

#include <attention/sample.hpp>
#include <support/drawn_blocks.hpp>

namespace {
using namespace heed;
using namespace heed::test;
using list = std::vector<std::int32_t>;

template <class M> outcome<float> run(const sample<>& s, const M& m) { return s.run(erased_tiler(m)); }

template <class M> void expect_oracle(const sample<>& s, const M& m) { expect_within(s, run(s, m), s.exact(m)); }

/// Lists that keep everything: full blocks, or partial ones.
block_lists all_blocks(const block_shape& shape, coverage cover) {
  block_lists l(shape);
  list all;
  for (std::int32_t b = 0; b < static_cast<std::int32_t>(l.key_blocks()); ++b) all.push_back(b);
  for (index_t i = 0; i < shape.lists; ++i)
    for (index_t r = 0; r < l.row_blocks(); ++r)
      cover == coverage::full ? l.set_row(0, i, r, all) : l.set_row(0, i, r, {}, all);
  return l;
}

TEST(sparse_whole_calls, all_blocks_equal_dense_bit_by_bit) {
  struct shape {
    index_t rows, keys, heads, group, block_rows, block_keys, lists;
  };
  for (const shape& x : {shape{300, 2500, 2, 1, 128, 128, 1},
                         {300, 2500, 1, 4, 128, 128, 4},
                         {130, 1300, 2, 4, 100, 37, 2},
                         {64, 700, 2, 2, 16, 1, 1},
                         {50, 200, 1, 3, 1, 1, 3},
                         {1, 3000, 2, 4, 128, 128, 8},
                         {7, 3000, 2, 1, 4, 64, 2},
                         {192, 1152, 1, 1, 64, 96, 1}}) {
    SCOPED_TRACE(std::to_string(x.rows) + " rows in blocks of " + std::to_string(x.block_rows));
    const sample<> s(1, {x.rows}, {x.keys}, x.heads, x.group, 24, 40);
    const block_shape shape{.rows = x.rows,
                            .keys = x.keys,
                            .block_rows = x.block_rows,
                            .block_keys = x.block_keys,
                            .lists = x.lists,
                            .heads_per_list = x.heads * x.group / x.lists};
    for (const coverage cover : {coverage::full, coverage::partial}) {
      const block_lists l = all_blocks(shape, cover);
      EXPECT_TRUE(run(s, l.mask()) == run(s, full{}));
      EXPECT_TRUE(run(s, all_of(l.mask(), causal{})) == run(s, causal{}));
      if (cover == coverage::partial) {
        EXPECT_TRUE(run(s, l.mask(causal{})) == run(s, causal{}));
      }
    }
  }
}
TEST(sparse_whole_calls, dense_heads_equal_dense_bit_by_bit) {
  const sample<> s(2, {150}, {1500}, 2, 2, 16, 16);
  block_lists l({.rows = 150, .keys = 1500});
  l.set_heads(std::vector<block_head>(4, {head_kind::dense}));
  EXPECT_TRUE(run(s, all_of(l.mask(), causal{})) == run(s, causal{}));
}
TEST(sparse_whole_calls, the_real_types_give_the_bits_of_the_erased_ones) {
  const sample<> s(3, {200, 3}, {300, 500}, 2, 2, 16, 24);
  const block_lists l = drawn_blocks(
      {.rows = 200, .keys = 500, .block_rows = 32, .block_keys = 48, .lists = 4, .sequences = 2, .stripe_rows = 64}, {},
      seed_or(5));
  const auto m = all_of(l.mask(), causal{});
  thread_pool pool(3);
  const outcome<float> want = run(s, m);
  EXPECT_TRUE(s.run(m) == want);
  EXPECT_TRUE(s.run_on(pool, s.kv(), m) == want);
}
TEST(sparse_whole_calls, a_sequence_has_the_same_bits_alone_and_in_a_batch) {
  const std::vector<index_t> rows{130, 1, 60}, keys{300, 700, 60};
  const sample<> s(11, rows, keys, 2, 4, 16, 24);
  block_shape shape{.rows = 130, .keys = 700, .block_rows = 24, .block_keys = 20, .lists = 8, .sequences = 3};
  block_lists all = drawn_blocks(shape, {.4, 1, 0}, seed_or(12));
  const list everything{0, 2, 3, 5, 9};
  for (index_t h = 0; h < 8; ++h) all.set_row(1, h, 0, everything); // heads alike in this sequence only
  const outcome<float> batch = run(s, all_of(all.mask(), causal{}));
  shape.sequences = 1;
  for (index_t i = 0; i < 3; ++i) {
    sample<> one(0, {rows[place(i)]}, {keys[place(i)]}, 2, 4, 16, 24);
    one.q = cut(s.q, s.offsets[place(i)], rows[place(i)], 8 * 16);
    one.k = cut(s.k, s.key_offsets[place(i)], keys[place(i)], 2 * 16);
    one.v = cut(s.v, s.key_offsets[place(i)], keys[place(i)], 2 * 24);
    block_shape own_shape = shape;
    own_shape.rows = rows[place(i)];
    block_lists own(own_shape);
    for (index_t h = 0; h < 8; ++h)
      for (index_t r = 0; r < own.row_blocks(); ++r) {
        const auto row = all.full_row(i, h, r);
        own.set_row(0, h, r, row.first(static_cast<std::size_t>(std::count_if(row.begin(), row.end(), [&](index_t b) {
          return b * 20 < keys[place(i)];
        }))));
      }
    const outcome<float> alone = run(one, all_of(own.mask(), causal{}));
    EXPECT_TRUE(same_bits(alone.o, cut(batch.o, s.offsets[place(i)], rows[place(i)], 8 * 24))) << i;
    EXPECT_TRUE(same_bits(alone.lse, cut(batch.lse, s.offsets[place(i)], rows[place(i)], 8))) << i;
  }
}
TEST(sparse_whole_calls, empty_rows_give_zeros_and_minus_infinity) {
  const sample<> s(4, {40}, {64}, 1, 2, 8, 8);
  block_lists l({.rows = 40, .keys = 64, .block_rows = 8, .block_keys = 16, .lists = 2});
  l.set_row(0, 1, 2, list{1});
  const outcome<float> got = run(s, l.mask());
  for (index_t row = 0; row < 40; ++row)
    for (index_t h = 0; h < 2; ++h) {
      const bool seen = h == 1 && row / 8 == 2;
      const float lse = got.lse[place(row * 2 + h)];
      EXPECT_EQ(lse == -std::numeric_limits<float>::infinity(), !seen) << row;
      for (index_t d = 0; d < 8; ++d)
        if (!seen) {
          EXPECT_EQ(got.o[place((row * 2 + h) * 8 + d)], 0.f);
        }
    }
  expect_oracle(s, l.mask());
}
TEST(sparse_whole_calls, masked_keys_never_enter_arithmetic) {
  sample<> s(5, {100}, {200}, 1, 1, 16, 16);
  block_lists l({.rows = 100, .keys = 200, .block_rows = 30, .block_keys = 40, .stripe_rows = 60});
  l.set_row(0, 0, 0, list{0, 2});
  l.set_row(0, 0, 1, list{2}, list{0});
  l.set_stripes(0, 0, 0, list{55, 121});
  const outcome<float> want = run(s, l.mask());
  for (index_t k = 0; k < 200; ++k)
    if (!(k < 40 || (k >= 80 && k < 120) || k == 55 || k == 121))
      for (index_t d = 0; d < 16; ++d)
        s.k[place(k * 16 + d)] = s.v[place(k * 16 + d)] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(run(s, l.mask()) == want);
}

// Block-Sparse-Attention: lengths that are no multiples of 128, densities 0 to 1, kinds mixed within one call.
TEST(sparse_whole_calls, lengths_densities_and_kinds_of_block_sparse_attention) {
  struct lengths {
    index_t rows, keys, heads, group;
  };
  std::uint64_t seed = seed_or(6);
  for (const lengths& n : {lengths{113, 203, 3, 1},
                           {128, 217, 2, 3},
                           {113, 211, 1, 6},
                           {108, 256, 2, 2},
                           {256, 512, 1, 4},
                           {511, 512, 2, 1},
                           {512, 512, 1, 1}})
    for (const double density : {0., .1, .3, .7, 1.}) {
      SCOPED_TRACE(std::to_string(n.rows) + " rows, density " + std::to_string(density));
      const index_t heads = n.heads * n.group;
      const sample<> s(++seed, {n.rows}, {n.keys}, n.heads, n.group, 16, 16);
      block_lists l = drawn_blocks({.rows = n.rows, .keys = n.keys, .lists = heads}, {density, 1, 0}, seed);
      expect_oracle(s, all_of(l.mask(), causal{}));
      expect_oracle(s, l.mask());
      std::vector<block_head> kinds;
      for (index_t h = 0; h < heads; ++h)
        kinds.push_back(h % 3 == 0   ? block_head{head_kind::sparse, h}
                        : h % 3 == 1 ? block_head{head_kind::streaming, 0, 4, 64}
                                     : block_head{head_kind::dense});
      l.set_heads(kinds);
      expect_oracle(s, all_of(l.mask(), causal{}));
    }
}
TEST(sparse_whole_calls, the_longest_lengths_of_block_sparse_attention) {
  const sample<> s(16, {2048}, {2048}, 1, 2, 16, 16);
  block_lists l = drawn_blocks({.rows = 2048, .keys = 2048, .lists = 2}, {.3, 1, 0}, 16);
  expect_oracle(s, all_of(l.mask(), causal{}));
}
// More rows than keys: early rows stand before the first key.
TEST(sparse_whole_calls, more_rows_than_keys) {
  const sample<> s(7, {203}, {113}, 2, 2, 16, 16);
  expect_oracle(s,
                all_of(drawn_blocks({.rows = 203, .keys = 113, .lists = 2, .heads_per_list = 2}, {.7, 1, 0}, 1).mask(),
                       causal{}));
}
// FlashInfer: blocks of R x C with R and C of 1, 4, 16.
TEST(sparse_whole_calls, block_sizes_of_flashinfer) {
  std::uint64_t seed = seed_or(8);
  for (const index_t r : {1, 4, 16})
    for (const index_t c : {1, 4, 16})
      for (const auto& [m, n] : {std::pair<index_t, index_t>{64, 256}, {256, 64}, {128, 128}}) {
        SCOPED_TRACE(std::to_string(r) + " x " + std::to_string(c));
        const sample<> s(++seed, {m}, {n}, 2, 4, 16, 16);
        const block_shape shape{
            .rows = m, .keys = n, .block_rows = r, .block_keys = c, .lists = c == 4 ? 2 : 1, .heads_per_list = 4};
        const block_lists l = drawn_blocks(shape, {.25, 1, 0}, seed);
        expect_oracle(s, l.mask());
        expect_oracle(s, all_of(l.mask(), causal{}));
      }
}
// FlexAttention: full and partial blocks with a predicate, per batch and head, broadcast where there is one.
TEST(sparse_whole_calls, full_and_partial_blocks_of_flex_attention) {
  std::uint64_t seed = seed_or(9);
  for (const index_t sequences : {1, 2})
    for (const index_t lists : {1, 2, 8}) {
      const sample<> s(++seed, {150, 77}, {210, 77}, 2, 4, 16, 16);
      const block_shape shape{.rows = 150,
                              .keys = 210,
                              .block_rows = 32,
                              .block_keys = 64,
                              .lists = lists,
                              .heads_per_list = 8 / lists,
                              .sequences = sequences,
                              .stripe_rows = 96};
      const block_lists l = drawn_blocks(shape, {.5, .5, .05}, seed);
      expect_oracle(s, l.mask(causal{}));
      expect_oracle(s, l.mask(sliding_window{20, 30}));
    }
}
TEST(sparse_whole_calls, the_workspace_counts_tiles_by_row_blocks) {
  const std::vector<float> none;
  const auto kv = contiguous(view(none.data(), 0, 8, 128), view(none.data(), 0, 8, 128));
  const block_lists l({.rows = 8192, .keys = 8192, .lists = 32});
  const batch_shape limits{1, 8192, 32, 8192, 8192};
  const plan dense = make_plan(limits, kv, causal{}), sparse = make_plan(limits, kv, all_of(l.mask(), causal{}));
  const index_t capacity = sparse.numbers().shape.panels * sparse.numbers().panel_lanes / 4;
  EXPECT_LE(sparse.numbers().tiles, 32 * 65 * ((128 + capacity - 1) / capacity));
  EXPECT_LE(sparse.workspace_bytes(2) - dense.workspace_bytes(2), index_t{6} << 20);
  // A block for all rows, however large, is cut into the tiles that the rows need.
  const block_lists one({.rows = 8192, .keys = 8192, .block_rows = 0x7fffffff});
  const index_t tiles = make_plan(limits, kv, one.mask()).numbers().tiles;
  EXPECT_LE(tiles, 2 * dense.numbers().tiles * 4);
}
} // namespace
