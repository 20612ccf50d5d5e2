// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/kv/gathered.hpp>
#include <heed/kv/latent.hpp>

#include <kv/source_probe.hpp>
#include <support/guarded_buffer.hpp>

namespace heed {
namespace {

using test::expect_lawful;
using test::key_at;
using test::numbered;
using test::text;
using test::value_at;

/// Values are the part of the key that the row says, in every slot; nothing else is read.
template <class K> void expect_parts(const K& kv, index_t offset) {
  expect_lawful(kv);
  static_assert(K::values_alias_keys);
  const kv_dims d = kv.dims();
  EXPECT_EQ(d.value_offset, offset);
  EXPECT_EQ(d.value_dim, 8);
  for (index_t s = 0; s < d.sequences; ++s)
    for (index_t h = 0; h < d.kv_heads; ++h)
      for (index_t i = 0; i < kv.slots(s, h); ++i)
        for (index_t e = 0; e < d.value_dim; ++e) ASSERT_EQ(value_at(kv, s, h, i, e), key_at(kv, s, h, i, e + offset));
}

template <class T> void every_layout(index_t offset) {
  constexpr index_t dim = 12;
  const latent_row row{.value_dim = 8, .value_offset = offset};
  const test::guarded_buffer<T> x(numbered<T>(30 * dim));
  const std::vector<int> offsets{0, 4, 4, 30}, ids{3, 0, 4, 1}, lengths{9, 6}, table_offsets{0, 2, 4}, last{3, 1};

  const auto one = latent(view(x.data(), 30, dim), row);
  expect_parts(one, offset);
  EXPECT_EQ(key_at(one, 0, 0, 7), widen(narrow<T>(static_cast<accum_t<T>>(7 * dim))));
  const auto batch = latent(view(x.data(), 3, 10, dim), row);
  expect_parts(batch, offset);
  EXPECT_EQ(key_at(batch, 2, 0, 9, 11), widen(x.data()[30 * dim - 1]));
  const auto heads = latent(view(x.data(), 3, 5, 2, dim), row);
  expect_parts(heads, offset);
  EXPECT_EQ(heads.dims().kv_heads, 2);
  EXPECT_EQ(key_at(heads, 2, 1, 4, 11), widen(x.data()[30 * dim - 1]));

  const auto packed = latent(view(x.data(), 30, dim), row, offsets);
  expect_parts(packed, offset);
  EXPECT_EQ(packed.dims().sequences, 3);
  EXPECT_EQ(packed.slots(1, 0), 0);
  EXPECT_EQ(key_at(packed, 2, 0, 25, 11), widen(x.data()[30 * dim - 1]));
  const std::vector<int> held{2, 0, 5};
  const auto shorter = latent(view(x.data(), 30, dim), row, contiguous_layout{.offsets = offsets, .lengths = held});
  expect_parts(shorter, offset);
  EXPECT_EQ(shorter.slots(2, 0), 5);

  for (const index_t page : {1, 5, 6}) {
    const auto pool = view(x.data(), 30 / page, page, dim);
    const std::vector<int> fit{static_cast<int>(2 * page - page / 2), static_cast<int>(page)};
    const auto blocks = latent(pool, row, block_table{.pages = ids, .max_pages = 2, .lengths = fit});
    expect_parts(blocks, offset);
    EXPECT_EQ(key_at(blocks, 0, 0, 0, 1), widen(x.data()[3 * page * dim + 1]));
    const std::vector<int> last_page{static_cast<int>(page), 1};
    expect_parts(latent(pool, row, page_table{.offsets = table_offsets, .pages = ids, .last_page_len = last_page}),
                 offset);
  }
  const std::vector<int> of_heads{0, 2}, head_lengths{4, 1};
  expect_parts(latent(view(x.data(), 3, 5, 2, dim), row,
                      head_page_table{.kv_heads = 2, .pages = of_heads, .max_pages = 1, .lengths = head_lengths}),
               offset);

  const auto ring = latent(view(x.data(), 10, dim), row, sink_ring_layout{.sinks = 2, .seen = 23});
  expect_parts(ring, offset);
  EXPECT_EQ(key_at(ring, 0, 0, 9), widen(x.data()[6 * dim])); // position 22 lies in row 2 + (22 - 2) % 8
}

TEST(kv_latent, values_are_a_part_of_their_rows_in_every_layout_order_and_type) {
  for (const index_t offset : {0, 4}) {
    every_layout<float>(offset);
    every_layout<bf16>(offset);
    every_layout<f16>(offset);
  }
  every_layout<double>(4);
}

TEST(kv_latent, a_rope_of_no_numbers_makes_the_whole_row_the_value) {
  const auto x = numbered(6 * 8);
  const auto kv = latent(view(x.data(), 6, 8), {.value_dim = 8});
  expect_parts(kv, 0);
  EXPECT_EQ(kv.dims().key_dim, kv.dims().value_dim);
}

TEST(kv_latent, rows_with_strides_and_lists_over_them_stay_latent) {
  const auto x = numbered(6 * 20);
  const index_t extents[2] = {6, 12}, strides[2] = {20, 1};
  const auto kv = latent(strided(x.data(), extents, strides), {.value_dim = 8, .value_offset = 4});
  expect_parts(kv, 4);
  EXPECT_EQ(value_at(kv, 0, 0, 5), 5 * 20 + 4);
  const std::vector<int> picked{4, 0, 2};
  const auto some = gathered(kv, {.indices = picked, .width = 3});
  EXPECT_EQ(value_at(some, 0, 0, 1), 4);
  EXPECT_EQ(value_at(some, 0, 0, 0), 4 * 20 + 4);
  static_assert(decltype(some)::values_alias_keys);
}

TEST(kv_latent, refuses_rows_that_cannot_be_walked) {
  const auto x = numbered(6 * 12);
  EXPECT_EQ(text(latent(view(x.data(), 6, 12), {.value_dim = 0}).check()), "v: extent[2] is 0, the least dim is 1");
  EXPECT_EQ(text(latent(view(static_cast<const float*>(nullptr), 6, 12), {.value_dim = 8}).check()),
            "k: data is 0, but the elements in view are 72");
  const std::vector<int> ids{7}, lengths{1};
  EXPECT_EQ(text(latent(view(x.data(), 3, 2, 12), {.value_dim = 8},
                        block_table{.pages = ids, .max_pages = 1, .lengths = lengths})
                     .check()),
            "block_table: pages[0] is 7, but the pool has 3");
}

} // namespace
} // namespace heed
