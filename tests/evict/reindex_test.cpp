// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/evict/reindex.hpp>

#include <heed/evict/compact.hpp>
#include <heed/kv/latent_cache.hpp>

#include <kv/cache_owners.hpp>
#include <kv/source_probe.hpp>
#include <support/random.hpp>

namespace heed {
namespace {

using test::text;
using indices = std::vector<index_t>;

static_assert(renumbering_cache<contiguous_cache<float, float>> && renumbering_cache<paged_cache<bf16, bf16>>);
static_assert(renumbering_cache<paged_cache<float, float, true>>);

/// Keys as they come from the model, rotated at their positions on the way in.
template <class Owner> void keys_are_as_if_they_stood_at_their_slots() {
  const rope r{.dims = 8, .theta = 100};
  const index_t n = 30, heads = 2, dim = 10;
  test::random gen(4);
  std::vector<float> raw = gen.numbers<float>(n * heads * dim), turned = raw;
  indices positions;
  for (index_t i = 0; i < n; ++i) positions.push_back(i);
  rotate(r, positions, view(turned.data(), n, heads, dim));
  Owner o({1, heads, n, dim, dim, 4, heads * 8});
  const auto rows = view(static_cast<const float*>(turned.data()), n, heads, dim);
  ASSERT_EQ(text(o.cache.append(0, rows, rows)), "ok");
  reindex(o.cache, 0, r); // nothing was evicted: no bit changes
  for (index_t i = 0; i < n; ++i) ASSERT_EQ(test::key_at(o.cache.source(), 0, 1, i, 3), rows(i, 1, 3));
  kept_lists kept(heads, n);
  indices list{0, 1, 2, 3};
  for (index_t i = 19; i < n; ++i) list.push_back(i); // sinks and the window
  for (index_t h = 0; h < heads; ++h)
    for (const index_t i : list) kept.push(h, i);
  ASSERT_EQ(text(compact(o.cache, 0, kept)), "ok");
  reindex(o.cache, 0, r);
  test::expect_lawful(o.cache.source());
  EXPECT_EQ(o.cache.seen(0), 15); // the next token, and its query, stand here
  std::vector<float> want;
  for (const index_t i : list)
    want.insert(want.end(), raw.begin() + i * heads * dim, raw.begin() + (i + 1) * heads * dim);
  indices slots(positions.begin(), positions.begin() + 15);
  const auto fresh = view(want.data(), 15, heads, dim);
  rotate(r, slots, fresh);
  for (index_t i = 0; i < 15; ++i)
    for (index_t h = 0; h < heads; ++h) {
      EXPECT_EQ(test::position_at(o.cache.source(), 0, h, i), i);
      EXPECT_EQ(test::value_at(o.cache.source(), 0, h, i, 2), rows(list[test::many(i)], h, 2));
      for (index_t e = 0; e < dim; ++e) // three roundings of numbers up to 2
        EXPECT_NEAR(test::key_at(o.cache.source(), 0, h, i, e), fresh(i, h, e), 6 * 0x1p-23);
    }
}
TEST(evict_reindex, keys_are_as_if_they_stood_at_their_slots) {
  keys_are_as_if_they_stood_at_their_slots<test::contiguous_owner<float>>();
  keys_are_as_if_they_stood_at_their_slots<test::ragged_owner<float>>();
  keys_are_as_if_they_stood_at_their_slots<test::paged_owner<float, true>>();
  keys_are_as_if_they_stood_at_their_slots<test::paged_owner<float, false>>();
}

/// A cache of latent rows with its memory.
template <class T> struct latent_owner {
  index_t dim;
  std::vector<T> pool;
  indices ids = indices(8), lengths = indices(1), free = indices(8), seen = indices(1), positions = indices(32);
  paged_cache<T, T, true> cache;
  latent_owner(index_t row, index_t value_dim, index_t value_offset)
      : dim(row), pool(test::many(32 * row)),
        cache(latent_cache(view(pool.data(), 8, 4, dim), {.value_dim = value_dim, .value_offset = value_offset},
                           {.pages = ids,
                            .max_pages = 8,
                            .lengths = lengths,
                            .free_pages = free,
                            .seen = seen,
                            .positions = positions})) {}
};

TEST(evict_reindex, latent_rows_turn_beside_their_value) {
  const rope r{.dims = 4, .theta = 100};
  constexpr index_t n = 30, dim = 12, value_dim = 8;
  for (const index_t offset : {index_t{0}, dim - value_dim}) {
    const index_t first = offset == 0 ? value_dim : 0; // of the dims that turn
    test::random gen(4);
    const std::vector<float> raw = gen.numbers<float>(n * dim);
    std::vector<float> turned = raw;
    indices positions;
    for (index_t i = 0; i < n; ++i) positions.push_back(i);
    const auto rows = view(turned.data(), n, 1, dim);
    rotate(r, positions, rows.slice(2, first, 4));
    latent_owner<float> o(dim, value_dim, offset);
    ASSERT_EQ(text(o.cache.append(0, view(std::as_const(turned).data(), n, 1, dim))), "ok");
    const indices list{0, 1, 17, 20, 21, 29}, slots{0, 1, 2, 3, 4, 5};
    ASSERT_EQ(text(o.cache.keep(0, 0, list)), "ok");
    reindex(o.cache, 0, r);
    EXPECT_EQ(o.cache.seen(0), 6);
    const auto kv = o.cache.source();
    test::expect_lawful(kv);
    for (index_t i = 0; i < 6; ++i) {
      std::vector<float> want(raw.begin() + list[test::many(i)] * dim, raw.begin() + (list[test::many(i)] + 1) * dim);
      rotate(r, indices{i}, view(want.data(), 1, 1, dim).slice(2, first, 4));
      for (index_t e = 0; e < value_dim; ++e)
        EXPECT_EQ(test::value_at(kv, 0, 0, i, e), want[test::many(offset + e)]) << "values do not turn";
      for (index_t e = 0; e < dim; ++e) // three roundings of numbers up to 2
        EXPECT_NEAR(test::key_at(kv, 0, 0, i, e), want[test::many(e)], 6 * 0x1p-23);
      EXPECT_EQ(test::position_at(kv, 0, 0, i), i);
    }
  }
}

TEST(evict_reindex, refuses_to_turn_the_value_of_latent_rows) {
  for (const index_t offset : {0, 4}) {
    latent_owner<bf16> o(12, 8, offset);
    const std::vector<float> x(2 * 12, 1.f);
    ASSERT_EQ(text(o.cache.append(0, view(x.data(), 2, 1, 12))), "ok");
    ASSERT_EQ(text(o.cache.keep(0, 0, indices{1})), "ok");
    try {
      reindex(o.cache, 0, rope{.dims = 6});
      ADD_FAILURE() << "taken";
    } catch (const error& e) {
      EXPECT_EQ(std::string(e.what()), "rope: dims is 6, but the dims beside the value are 4");
    }
    for (index_t e = 0; e < 12; ++e) EXPECT_EQ(test::key_at(o.cache.source(), 0, 0, 0, e), 1.f);
    EXPECT_EQ(o.cache.seen(0), 2);
  }
}

TEST(evict_reindex, refuses_what_does_not_fit) {
  test::contiguous_owner<float> o({1, 1, 4, 6, 2});
  const auto refusal = [&](index_t seq, const rope& r) -> std::string {
    try {
      reindex(o.cache, seq, r);
    } catch (const error& e) {
      return e.what();
    }
    return "ok";
  };
  EXPECT_EQ(refusal(0, {.dims = 6}), "ok");
  EXPECT_EQ(refusal(1, {.dims = 6}), "reindex: seq is 1, but the sequences are 1");
  EXPECT_EQ(refusal(-1, {.dims = 6}), "reindex: seq is -1, but the sequences are 1");
  EXPECT_EQ(refusal(0, {.dims = 8}), "rope: dims is 8, but the rows have dim 6");
  EXPECT_EQ(refusal(0, {.dims = 3}), "rope: dims is 3, must be even and at least 0");
  const std::vector<float> x(18, 1.f);
  const auto rows = view(x.data(), 3, 1, 6);
  ASSERT_EQ(text(o.cache.append(0, rows, rows.slice(2, 0, 2))), "ok");
  ASSERT_EQ(text(o.cache.keep(0, 0, indices{2}, dropped_rows::folded)), "ok");
  EXPECT_EQ(refusal(0, {.dims = 6}), "reindex: compensated slot[0] is 0, to turn keys it must be -1");
  EXPECT_EQ(test::key_at(o.cache.source(), 0, 0, 1), 1.f);
}

} // namespace
} // namespace heed
