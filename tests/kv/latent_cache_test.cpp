// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/kv/latent_cache.hpp>

#include <heed/testing/eviction_laws.hpp>

#include <kv/source_probe.hpp>

namespace heed {
namespace {

using test::expect_lawful;
using test::key_at;
using test::numbered;
using test::text;
using test::value_at;

constexpr index_t dim = 12, value_dim = 8;

/// Two sequences in one pool; row n of all appended ones starts with dim n.
template <class T> struct pool_under_test {
  index_t page, pages, max_pages = pages;
  std::vector<T> rows = std::vector<T>(static_cast<std::size_t>(pages * page * dim));
  std::vector<index_t> ids = std::vector<index_t>(static_cast<std::size_t>(2 * max_pages)),
                       lengths = std::vector<index_t>(2), free = std::vector<index_t>(static_cast<std::size_t>(pages));
  auto cache(index_t value_offset) {
    return latent_cache(view(rows.data(), pages, page, dim), {.value_dim = value_dim, .value_offset = value_offset},
                        {.pages = ids, .max_pages = max_pages, .lengths = lengths, .free_pages = free});
  }
};

template <class T> void round_trip(index_t page, index_t value_offset) {
  pool_under_test<T> pool{page, 10};
  auto cache = pool.cache(value_offset);
  ASSERT_EQ(text(cache.check()), "ok");
  const auto kv = cache.source();
  static_assert(decltype(kv)::values_alias_keys);
  const auto fresh = numbered(30 * dim); // f32 rows are rounded into the pool's type
  for (index_t i = 0; i < 15; ++i)
    for (index_t s = 0; s < 2; ++s) {
      const index_t row = s == 0 ? i : 29 - i;
      if (i < 4 * page) {
        ASSERT_EQ(text(cache.append(s, view(fresh.data(), 30, 1, dim).slice(0, row, 1))), "ok");
      }
    }
  const index_t n = lesser(15, 4 * page);
  expect_lawful(kv);
  EXPECT_EQ(kv.dims().key_dim, dim);
  EXPECT_EQ(kv.dims().value_dim, value_dim);
  EXPECT_EQ(kv.slots(0, 0), n);
  for (index_t i = 0; i < n; ++i)
    for (index_t e = 0; e < dim; ++e) {
      const index_t row = 29 - i;
      ASSERT_EQ(key_at(kv, 1, 0, i, e), widen(narrow<T>(static_cast<float>(row * dim + e))));
      if (e < value_dim) {
        ASSERT_EQ(value_at(kv, 0, 0, i, e), key_at(kv, 0, 0, i, e + value_offset));
      }
    }
}

TEST(kv_latent_cache, rows_come_back_in_both_orders_for_any_page_and_type) {
  for (const index_t page : {1, 3, 16})
    for (const index_t offset : {index_t{0}, dim - value_dim}) {
      round_trip<float>(page, offset);
      round_trip<bf16>(page, offset);
      round_trip<f16>(page, offset);
    }
}

TEST(kv_latent_cache, a_token_costs_one_row_and_no_more) {
  // A pool of exactly n rows takes n tokens: the bytes of a token are dim x element size.
  pool_under_test<bf16> pool{1, 5};
  auto cache = pool.cache(0);
  const auto fresh = numbered<bf16>(6 * dim);
  ASSERT_EQ(pool.rows.size() * sizeof(bf16), static_cast<std::size_t>(5 * dim * 2));
  EXPECT_EQ(text(cache.append(0, view(fresh.data(), 5, 1, dim))), "ok");
  EXPECT_EQ(cache.free_pages(), 0);
  EXPECT_EQ(cache.bytes_held(), 5 * dim * 2);
  EXPECT_EQ(text(cache.append(0, view(fresh.data(), 1, 1, dim))),
            "append: tokens is 1, the slots left in the page list are 0");
}

TEST(kv_latent_cache, released_and_rolled_back_pages_are_used_again) {
  pool_under_test<float> pool{4, 4};
  auto cache = pool.cache(dim - value_dim);
  const auto fresh = numbered(16 * dim);
  ASSERT_EQ(text(cache.append(0, view(fresh.data(), 10, 1, dim))), "ok");
  ASSERT_EQ(text(cache.rollback(0, 3)), "ok");
  EXPECT_EQ(cache.free_pages(), 2);
  ASSERT_EQ(text(cache.append(1, view(fresh.data(), 8, 1, dim))), "ok");
  EXPECT_EQ(text(cache.append(1, view(fresh.data(), 1, 1, dim))),
            "append: pages wanted is 1, but the free pages are 0");
  ASSERT_EQ(text(cache.release(0)), "ok");
  ASSERT_EQ(text(cache.append(1, view(fresh.data() + 8 * dim, 8, 1, dim))), "ok");
  expect_lawful(cache.source());
  EXPECT_EQ(key_at(cache.source(), 1, 0, 15, dim - 1), static_cast<float>(16 * dim - 1));
}

template <class T> void keeps_the_laws_of_eviction(index_t page, index_t value_offset) {
  pool_under_test<T> pool{page, (70 + page - 1) / page + 1};
  const auto slots = static_cast<std::size_t>(page * pool.pages);
  std::vector<index_t> seen(2), positions(slots);
  std::vector<float> bias(slots);
  auto cache = latent_cache(view(pool.rows.data(), pool.pages, page, dim), {value_dim, value_offset},
                            {.pages = pool.ids,
                             .max_pages = pool.max_pages,
                             .lengths = pool.lengths,
                             .free_pages = pool.free,
                             .seen = seen,
                             .positions = positions,
                             .bias = bias});
  const auto fresh = numbered(70 * dim);
  // Pages of the two take turns.
  for (index_t i = 0; i < 70; ++i)
    ASSERT_EQ(text(cache.append(i % 9 == 0 ? 0 : 1, view(fresh.data(), 70, 1, dim).slice(0, i, 1))), "ok");
  const index_t free = cache.free_pages();
  const auto r = testing::check_eviction(cache, 1, {.draws = 12, .seed = 5});
  EXPECT_FALSE(r) << r.broken << ", draw " << r.draw;
  const auto kv = cache.source();
  expect_lawful(kv);
  const index_t left = cache.slots(1, 0);
  EXPECT_EQ(cache.free_pages() - free, (62 + page - 1) / page - (left + page - 1) / page) << "pages go back";
  EXPECT_EQ(cache.bytes_held(),
            ((8 + page - 1) / page + (left + page - 1) / page) * page * (dim * static_cast<index_t>(sizeof(T)) + 12));
  for (index_t i = 0; i < 8; ++i) // the other one is as it was
    EXPECT_EQ(key_at(kv, 0, 0, i, 3), widen(narrow<T>(static_cast<float>(9 * i * dim + 3))));
  // What is kept goes on as any sequence does.
  ASSERT_EQ(text(cache.append(1, view(fresh.data(), 1, 1, dim))), "ok");
  EXPECT_EQ(kv.rows(1, 0, {left, left + 1}).positions[0], 62);
  EXPECT_EQ(value_at(kv, 1, 0, left, 2), widen(narrow<T>(static_cast<float>(value_offset + 2))));
  EXPECT_EQ(text(cache.keep(1, 0, {}, dropped_rows::folded)),
            "keep: number of means is 0, to fold rows the least is 1");
  EXPECT_EQ(cache.slots(1, 0), left + 1);
}

TEST(kv_latent_cache, keeps_the_laws_of_eviction_in_both_orders_for_any_page_and_type) {
  for (const index_t page : {1, 3, 16})
    for (const index_t offset : {index_t{0}, dim - value_dim}) {
      keeps_the_laws_of_eviction<float>(page, offset);
      keeps_the_laws_of_eviction<bf16>(page, offset);
      keeps_the_laws_of_eviction<f16>(page, offset);
    }
}

TEST(kv_latent_cache, refuses_means) {
  pool_under_test<float> pool{4, 4};
  std::vector<float> bias(16), keys(2 * dim), values(2 * value_dim);
  std::vector<index_t> seen(2), positions(16), counts(2), places(2);
  const auto cache = latent_cache(view(pool.rows.data(), 4, 4, dim), {.value_dim = value_dim},
                                  {.pages = pool.ids,
                                   .max_pages = 4,
                                   .lengths = pool.lengths,
                                   .free_pages = pool.free,
                                   .seen = seen,
                                   .positions = positions,
                                   .bias = bias,
                                   .means = {keys, values, counts, places}});
  EXPECT_EQ(text(cache.check()), "means: number of slots is 2, latent rows allow 0");
}

TEST(kv_latent_cache, refuses_rows_and_pools_that_do_not_fit) {
  pool_under_test<float> pool{4, 4};
  auto cache = pool.cache(0);
  const auto fresh = numbered(2 * dim);
  EXPECT_EQ(text(cache.append(2, view(fresh.data(), 1, 1, dim))), "append: seq is 2, but the sequences are 2");
  EXPECT_EQ(text(cache.append(0, view(fresh.data(), 1, 1, dim - 1))), "k: extent[2] is 11, the key_dim is 12");
  EXPECT_EQ(text(cache.append(0, view(fresh.data(), 1, 2, dim))), "k: extent[1] is 2, the kv_heads are 1");
  EXPECT_EQ(cache.free_pages(), 4);
  const auto empty =
      latent_cache(view(pool.rows.data(), 4, 0, dim), {.value_dim = value_dim},
                   {.pages = pool.ids, .max_pages = 4, .lengths = pool.lengths, .free_pages = pool.free});
  EXPECT_EQ(text(empty.check()), "k: extent[1] is 0, the least page is 1");
}

} // namespace
} // namespace heed
