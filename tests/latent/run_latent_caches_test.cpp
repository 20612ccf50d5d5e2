// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// A layer on caches of any kind and in any batch: the same bits.
#include <heed/exec/sequential.hpp>
#include <heed/exec/thread_pool.hpp>
#include <heed/kv/gathered.hpp>
#include <heed/kv/latent_cache.hpp>

#include <latent/layer_under_test.hpp>

namespace heed {
extern template class test::layer_under_test<float, float, float, float>; // compiled by run_latent_test.cpp

namespace {

using test::erased_executor;
using test::erased_latent;
using test::erased_tiler;
using layer = test::layer_under_test<float, float, float, float>;
using indices = std::vector<index_t>;

constexpr latent_shape small{.heads = 3, .rank = 40, .nope = 20, .rope = 8, .value = 24};
const erased_tiler below{causal{}};
constexpr latent_form forms[] = {latent_form::naive, latent_form::absorbed};

erased_executor alone() {
  static sequential one;
  return erased_executor(one);
}

TEST(latent_run_latent_caches, pages_workers_and_batch_change_no_bit) {
  const layer l(small, {{1, 40, 0, 1, 7}, {150, 90, 33, 0, 100}}, 6);
  const auto kv = l.contiguous();
  for (const latent_form form : {latent_form::naive, latent_form::absorbed, latent_form::by_cost}) {
    const latent_options options{.form = form, .expand_slots = 48};
    const auto whole = l.run(alone(), options, kv, below);
    ASSERT_EQ(whole.code, errc::ok);
    EXPECT_LE(l.worst(whole, kv, below), 1);
    for (const int workers : {2, 3, 8}) {
      thread_pool pool{workers};
      EXPECT_EQ(l.run(erased_executor(pool), options, kv, below), whole) << workers;
    }
    for (const index_t page : {1, 7, 16}) {
      // Pages in an order of their own, and numbers that no one may read between them.
      indices ids, lengths;
      index_t most = 0, used = 0;
      for (const index_t n : l.batch.slots) most = greater(most, (n + page - 1) / page);
      for (const index_t n : l.batch.slots) {
        lengths.push_back(n);
        for (index_t i = 0; i < most; ++i) ids.push_back(i < (n + page - 1) / page ? used++ : -1);
      }
      for (index_t& id : ids) id = id < 0 ? -1 : used - 1 - id;
      std::vector<float> pool(static_cast<std::size_t>(used * page * small.key_dim()), __builtin_nanf(""));
      for (std::size_t seq = 0; seq < lengths.size(); ++seq)
        for (index_t i = 0; i < lengths[seq]; ++i)
          for (index_t e = 0; e < small.key_dim(); ++e) {
            const index_t id = ids[seq * static_cast<std::size_t>(most) + static_cast<std::size_t>(i / page)];
            pool[static_cast<std::size_t>((id * page + i % page) * small.key_dim() + e)] =
                l.cache[static_cast<std::size_t>((l.slot_offsets[seq] + i) * small.key_dim() + e)];
          }
      const auto paged = latent(view(pool.data(), used, page, small.key_dim()), small.row(),
                                block_table{.pages = ids, .max_pages = most, .lengths = lengths});
      EXPECT_EQ(l.run(alone(), options, erased_latent<float>(paged), below), whole) << page;
    }
    // Each sequence by itself.
    const index_t row = small.heads * small.value;
    for (std::size_t seq = 0; seq < l.batch.rows.size(); ++seq) {
      layer one = l;
      one.batch = {{l.batch.rows[seq]}, {l.batch.slots[seq]}};
      one.q.assign(l.q.begin() + l.row_offsets[seq] * small.heads * small.head_dim(),
                   l.q.begin() + l.row_offsets[seq + 1] * small.heads * small.head_dim());
      one.cache.assign(l.cache.begin() + l.slot_offsets[seq] * small.key_dim(),
                       l.cache.begin() + l.slot_offsets[seq + 1] * small.key_dim());
      one.row_offsets = {0, l.batch.rows[seq]};
      one.slot_offsets = {0, l.batch.slots[seq]};
      const auto got = one.run(alone(), options, one.contiguous(), below);
      const std::vector<float> want(whole.o.begin() + l.row_offsets[seq] * row,
                                    whole.o.begin() + l.row_offsets[seq + 1] * row);
      EXPECT_EQ(got.o, want) << seq;
    }
  }
}

TEST(latent_run_latent_caches, what_a_sequence_without_rows_holds_is_not_expanded) {
  // More slots than a plan expands at a time, before, between and behind those that have rows.
  const layer l(small, {{0, 40, 0, 30, 0}, {200, 40, 200, 30, 200}}, 16), few(small, {{40, 30}, {40, 30}}, 16);
  layer same = few; // the same rows without the others
  same.q = l.q;
  same.weights = l.weights;
  same.sinks = l.sinks;
  const auto row = [&](index_t slot) { return l.cache.begin() + slot * small.key_dim(); };
  same.cache.assign(row(200), row(240));
  same.cache.insert(same.cache.end(), row(440), row(470));
  for (const latent_form form : forms) {
    const latent_options options{.form = form, .expand_slots = 80};
    const auto got = l.run(alone(), options, l.contiguous(), below);
    ASSERT_EQ(got.code, errc::ok);
    EXPECT_LE(l.worst(got, l.contiguous(), below), 1);
    EXPECT_EQ(got, same.run(alone(), options, same.contiguous(), below));
  }
}

TEST(latent_run_latent_caches, a_sequence_without_rows_in_the_cache_gives_zeros) {
  const layer l(small, {{2, 0}, {0, 5}}, 7);
  for (const latent_form form : forms) {
    const auto got = l.run(alone(), {.form = form}, l.contiguous(), below);
    ASSERT_EQ(got.code, errc::ok);
    for (const float x : got.o) EXPECT_EQ(x, 0.f);
    for (const float x : got.lse) EXPECT_EQ(x, -__builtin_inff());
  }
}

TEST(latent_run_latent_caches, a_cache_that_has_shrunk_equals_its_rows_read_in_place_bit_by_bit) {
  const layer l(small, {{9, 1}, {150, 120}}, 18);
  const auto whole = latent(view(l.cache.data(), l.slot_offsets.back(), small.key_dim()), small.row(),
                            index_list(std::span<const index_t>(l.slot_offsets)));
  constexpr index_t width = 110, last = 9; // tokens that come once the others have been evicted
  indices lists, lengths;
  for (const index_t n : l.batch.slots) {
    indices kept;
    for (index_t i = 0; i < n; ++i)
      if (i % 3 != 1 || i < 4 || i >= n - last) kept.push_back(i);
    lengths.push_back(static_cast<index_t>(kept.size()));
    kept.resize(width, -1);
    lists.insert(lists.end(), kept.begin(), kept.end());
  }
  const erased_latent<float> in_place(
      gathered(whole, {.indices = lists, .width = width, .lengths = lengths, .order = slot_order::ascending}));
  for (const index_t page : {1, 7, 16}) {
    const index_t pages = 2 * ((150 + page - 1) / page);
    std::vector<float> pool(static_cast<std::size_t>(pages * page * small.key_dim()), __builtin_nanf(""));
    indices ids(static_cast<std::size_t>(pages)), held(2), free = ids, seen(2),
                                                           positions(static_cast<std::size_t>(pages * page));
    auto cache = latent_cache(view(pool.data(), pages, page, small.key_dim()), small.row(),
                              {.pages = ids,
                               .max_pages = pages / 2,
                               .lengths = held,
                               .free_pages = free,
                               .seen = seen,
                               .positions = positions});
    const auto rows = view(l.cache.data(), l.slot_offsets.back(), 1, small.key_dim());
    for (index_t seq = 0; seq < 2; ++seq) {
      const index_t first = l.slot_offsets[static_cast<std::size_t>(seq)],
                    n = l.batch.slots[static_cast<std::size_t>(seq)];
      ASSERT_FALSE(cache.append(seq, rows.slice(0, first, n - last)));
      ASSERT_FALSE(cache.keep(seq, 0,
                              std::span<const index_t>(lists).subspan(
                                  static_cast<std::size_t>(seq * width),
                                  static_cast<std::size_t>(lengths[static_cast<std::size_t>(seq)] - last))));
      ASSERT_FALSE(cache.append(seq, rows.slice(0, first + n - last, last)));
    }
    const erased_latent<float> shrunk(cache.source());
    for (const latent_form form : {latent_form::naive, latent_form::absorbed, latent_form::by_cost}) {
      const latent_options options{.form = form, .expand_slots = 48};
      const auto got = l.run(alone(), options, shrunk, below);
      ASSERT_EQ(got.code, errc::ok);
      EXPECT_LE(l.worst(got, shrunk, below), 1);
      EXPECT_EQ(got, l.run(alone(), options, in_place, below)) << "page " << page;
    }
  }
}

} // namespace
} // namespace heed
