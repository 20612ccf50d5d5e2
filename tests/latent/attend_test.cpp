// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// attend on latent sources, any place of the value in its row, against the definition.
#include <heed/exec/thread_pool.hpp>
#include <heed/mask/full.hpp>
#include <heed/mask/sliding_window.hpp>

#include <latent/layer_under_test.hpp>

namespace heed {
namespace {

using test::erased_latent;
using test::erased_tiler;

/// A source of `slots` rows, by one of the layouts; memory that no row owns is NaN.
template <class T> struct drawn_source {
  std::vector<T> rows;
  std::vector<index_t> ids, lengths;
  erased_latent<T> make(test::random& gen, index_t slots, index_t kv_heads, index_t dim, const latent_row& row) {
    const auto nan = narrow<T>(static_cast<accum_t<T>>(__builtin_nan("")));
    const index_t layout = gen.integer(0, kv_heads > 1 ? 1 : 2);
    if (layout == 0) {
      rows = gen.numbers<T>(slots * kv_heads * dim);
      return erased_latent<T>(latent(view(rows.data(), 1, slots, kv_heads, dim), row));
    }
    if (layout == 1) {
      const index_t page = gen.one_of(std::vector<index_t>{1, 3, 16}), pages = (slots + page - 1) / page;
      rows.assign(static_cast<std::size_t>((pages + 2) * page * kv_heads * dim), nan);
      for (index_t i = 0; i < pages; ++i) ids.push_back(i + 1);
      gen.shuffle(ids);
      for (index_t i = 0; i < slots * kv_heads * dim; ++i) {
        const index_t slot = i / (kv_heads * dim), at = ids[static_cast<std::size_t>(slot / page)] * page + slot % page;
        rows[static_cast<std::size_t>(at * kv_heads * dim + i % (kv_heads * dim))] = gen.numbers<T>(1)[0];
      }
      lengths = {slots};
      return erased_latent<T>(latent(view(rows.data(), pages + 2, page, kv_heads, dim), row,
                                     block_table{.pages = ids, .max_pages = pages, .lengths = lengths}));
    }
    const index_t sinks = gen.integer(0, 4);
    rows = gen.numbers<T>((slots + sinks + 1) * dim);
    return erased_latent<T>(latent(view(rows.data(), slots + sinks + 1, dim), row,
                                   sink_ring_layout{.sinks = sinks, .seen = slots + gen.integer(0, 9)}));
  }
};

template <class T, class TQ> void expect_attention(std::uint64_t seed) {
  test::random gen(seed);
  thread_pool pool{2};
  test::margin seen;
  for (int i = 0; i < 60; ++i) {
    SCOPED_TRACE(i);
    const index_t kv_heads = gen.chance(4) ? 2 : 1,
                  heads = kv_heads * gen.one_of(std::vector<index_t>{1, 3, 8, 16, 33, 50});
    const index_t dim = gen.integer(1, 80), value_dim = gen.integer(1, dim);
    const latent_row row{value_dim, gen.one_of(std::vector<index_t>{0, dim - value_dim, (dim - value_dim) / 2})};
    const index_t slots = gen.integer(0, 260), rows = gen.one_of(std::vector<index_t>{1, 2, 7, 40});
    drawn_source<T> drawn;
    const auto kv = drawn.make(gen, slots, kv_heads, dim, row);
    const erased_tiler masks[] = {erased_tiler(full{}), erased_tiler(causal{}), erased_tiler(sliding_window{50, 3})};
    const erased_tiler& mask = masks[gen.integer(0, 2)];
    const auto q = gen.numbers<TQ>(rows * heads * dim);
    std::vector<float> o(static_cast<std::size_t>(rows * heads * value_dim), 9.f),
        z(static_cast<std::size_t>(rows * heads));
    const double factor = 3 / std::sqrt(static_cast<double>(dim));
    const test::erased_executor on(pool);
    attend(on, view(q.data(), rows, heads, dim), kv, view(o.data(), rows, heads, value_dim), mask, scale{factor},
           lse(view(z.data(), rows, heads)));
    reference::call call;
    call.scale = factor;
    call.rows_each = rows;
    const auto exact = reference::attend(view(q.data(), rows, heads, dim), kv, mask, reference::unchanged{}, call);
    for (std::size_t r = 0; r < z.size(); ++r) {
      const test::row_facts facts{static_cast<double>(exact.visible[r]), static_cast<double>(dim),
                                  exact.score_magnitude[r]};
      ASSERT_TRUE(seen.add(static_cast<double>(z[r]), exact.lse[r], test::lse_bound<float>(facts)));
      for (std::size_t e = r * static_cast<std::size_t>(value_dim); e < (r + 1) * static_cast<std::size_t>(value_dim);
           ++e)
        ASSERT_TRUE(seen.add(static_cast<double>(o[e]), exact.o[e],
                             test::output_bound<float, float>(facts, exact.magnitude[e], exact.o[e])));
    }
  }
}

TEST(latent_attend, f32_is_within_the_bound) { expect_attention<float, float>(test::seed_or(1)); }
TEST(latent_attend, bf16_rows_are_within_the_bound) { expect_attention<bf16, float>(test::seed_or(2)); }

} // namespace
} // namespace heed
