// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/kv/slot_moves.hpp>

#include <kv/source_probe.hpp>

#include <cmath>
#include <limits>

namespace heed {
namespace {

using test::text;
using indices = std::vector<index_t>;

/// Two lists of 6 slots with two heads of one element.
struct rows_under_test {
  indices positions = indices(12), counts = indices(2), where = indices(2, -1);
  std::vector<float> keys = std::vector<float>(24), values = std::vector<float>(24), biases = std::vector<float>(12),
                     key_means = std::vector<float>(4), value_means = std::vector<float>(4);
  index_t heads = 2, key_dim = 1, value_dim = 1;
  slot_means means{key_means, value_means, counts, where};
  rows_under_test() {
    for (index_t l = 0; l < 2; ++l)
      for (index_t i = 0; i < 6; ++i) {
        *position(l, i) = i;
        for (index_t h = 0; h < 2; ++h)
          *key(l, i, h) = static_cast<float>(100 * l + 10 * i + h), *value(l, i, h) = -*key(l, i, h);
      }
  }
  rows_under_test(const rows_under_test&) = delete;
  float* key(index_t l, index_t i, index_t h) const { return const_cast<float*>(&keys[place(l, i) * 2 + size_t(h)]); }
  float* value(index_t l, index_t i, index_t h) const {
    return const_cast<float*>(&values[place(l, i) * 2 + size_t(h)]);
  }
  index_t* position(index_t l, index_t i) const { return const_cast<index_t*>(&positions[place(l, i)]); }
  float* bias(index_t l, index_t i) const { return const_cast<float*>(&biases[place(l, i)]); }
  static std::size_t place(index_t l, index_t i) { return static_cast<std::size_t>(l * 6 + i); }
  using size_t = std::size_t;
};

TEST(kv_slot_moves, kept_slots_take_everything_along) {
  rows_under_test r;
  *r.bias(1, 5) = 2;
  ASSERT_EQ(detail::keep_slots(r, 1, indices{1, 2, 5}), 3);
  const index_t from[] = {1, 2, 5};
  for (index_t i = 0; i < 3; ++i) {
    EXPECT_EQ(*r.position(1, i), from[i]);
    EXPECT_EQ(*r.key(1, i, 1), static_cast<float>(100 + 10 * from[i] + 1));
    EXPECT_EQ(*r.value(1, i, 0), static_cast<float>(-100 - 10 * from[i]));
    EXPECT_EQ(*r.bias(1, i), i == 2 ? 2.f : 0.f);
  }
  EXPECT_EQ(*r.key(0, 5, 0), 50.f); // the other list stays
}

TEST(kv_slot_moves, dropped_slots_fold_into_the_last_of_them) {
  rows_under_test r;
  ASSERT_EQ(detail::keep_folding(r, 0, indices{0, 2, 5}, 6), 4); // drops 1, 3, 4
  EXPECT_EQ(r.where[0], 2);
  EXPECT_EQ(r.counts[0], 3);
  const index_t positions[] = {0, 2, 4, 5};
  for (index_t i = 0; i < 4; ++i) EXPECT_EQ(*r.position(0, i), positions[i]);
  EXPECT_FLOAT_EQ(*r.key(0, 2, 1), (11.f + 31.f + 41.f) / 3);
  EXPECT_FLOAT_EQ(*r.value(0, 2, 0), -80.f / 3);
  EXPECT_EQ(*r.bias(0, 2), std::log(3.f));
  EXPECT_EQ(*r.key(0, 3, 0), 50.f);
  // Nothing new is dropped: the compensated slot stays though it is not listed.
  ASSERT_EQ(detail::keep_folding(r, 0, indices{0, 1, 3}, 4), 4);
  EXPECT_EQ(r.where[0], 2);
  EXPECT_EQ(*r.position(0, 2), 4);
  // The newest goes too: the compensated slot moves to its place and position.
  ASSERT_EQ(detail::keep_folding(r, 0, indices{1}, 4), 2);
  EXPECT_EQ(r.where[0], 1);
  EXPECT_EQ(r.counts[0], 5);
  EXPECT_EQ(*r.position(0, 1), 5);
  EXPECT_FLOAT_EQ(*r.key(0, 1, 0), (10.f + 30 + 40 + 0 + 50) / 5);
  // An older one goes: the position stays.
  ASSERT_EQ(detail::keep_folding(r, 0, indices{}, 2), 1);
  EXPECT_EQ(r.where[0], 0);
  EXPECT_EQ(*r.position(0, 0), 5);
  EXPECT_FLOAT_EQ(*r.key(0, 0, 0), (10.f + 30 + 40 + 0 + 50 + 20) / 6);
  // Forgetting drops it like any slot.
  ASSERT_EQ(detail::keep_slots(r, 0, indices{}), 0);
  EXPECT_EQ(r.where[0], -1);
  EXPECT_EQ(r.counts[0], 0);
}

TEST(kv_slot_moves, a_slot_folds_with_the_weight_of_its_bias) {
  rows_under_test r;
  *r.bias(0, 1) = std::log(7.f); // as copied out of a cache that folded 7 tokens into it
  *r.bias(0, 3) = -std::numeric_limits<float>::infinity();
  ASSERT_EQ(detail::keep_folding(r, 0, indices{0, 5}, 6), 3); // drops 1, 2, 3, 4
  EXPECT_EQ(r.counts[0], 9);
  EXPECT_FLOAT_EQ(*r.key(0, 1, 0), (7 * 10.f + 20 + 40) / 9);
  EXPECT_FLOAT_EQ(*r.value(0, 1, 1), -(7 * 11.f + 21 + 41) / 9);
  EXPECT_EQ(*r.bias(0, 1), std::log(9.f));
  // Nothing but a slot that counts for nothing: the means are not what the memory held before.
  r.key_means[2] = r.value_means[2] = 99;
  *r.bias(1, 3) = -std::numeric_limits<float>::infinity();
  ASSERT_EQ(detail::keep_folding(r, 1, indices{0, 1, 2, 4, 5}, 6), 6);
  EXPECT_EQ(r.counts[1], 0);
  EXPECT_EQ(*r.key(1, 3, 0), 0.f);
  EXPECT_EQ(*r.bias(1, 3), -std::numeric_limits<float>::infinity());
  EXPECT_EQ(detail::tokens_of(100.f), index_t{1} << 40);
}

TEST(kv_slot_moves, means_of_sixteen_bit_rows_stay_in_single_precision) {
  // 1 + 2^-8 is no bf16: a mean kept in bf16 would never move from 1.
  std::vector<float> mean(1);
  const bf16 one = narrow<bf16>(1.f), more = narrow<bf16>(1.0078125f);
  for (index_t n = 1; n <= 1000; ++n)
    simd::running_mean(mean.data(), n % 2 == 1 ? &one : &more, 1, static_cast<float>(n));
  EXPECT_NEAR(mean[0], 1.00390625f, 1e-5f);
}

TEST(kv_slot_moves, refuses_means_that_do_not_fit) {
  std::vector<float> keys(6), values(4);
  indices counts(2), slots(2);
  const slot_means good{keys, values, counts, slots};
  const auto refusal = [](const slot_means& m, index_t biases = 1) {
    return text(detail::check_means(m, 2, 1, 3, 2, biases));
  };
  EXPECT_EQ(refusal(good), "ok");
  EXPECT_EQ(refusal({}), "ok");
  EXPECT_EQ(refusal(good, 0), "bias: number of entries is 0, to fold rows the least is 1");
  slot_means m = good;
  m.keys = m.keys.first(5);
  EXPECT_EQ(refusal(m), "means: number of keys is 5, it must be 6");
  m = good;
  m.values = {};
  EXPECT_EQ(refusal(m), "means: number of values is 0, it must be 4");
  m = good;
  m.counts = m.counts.first(1);
  EXPECT_EQ(refusal(m), "means: number of counts is 1, it must be 2");
  m = good;
  m.slots = m.slots.first(1);
  EXPECT_EQ(refusal(m), "means: number of slots is 1, it must be 2");
}

TEST(kv_slot_moves, memory_to_fold_that_cannot_be_counted_is_refused) {
  rows_under_test r;
  EXPECT_EQ(text(detail::check_means(r.means, 2, 2, 1, 1, 12)), "ok");
  EXPECT_EQ(text(detail::check_means(r.means, 2, index_t{1} << 62, 1, 1, 12)),
            "means: lists is 2, too many for heads: 4611686018427387904");
  EXPECT_EQ(text(detail::check_means(r.means, 2, index_t{1} << 61, 1, 4, 12)),
            "means: lists is 2, too many for heads: 2305843009213693952");
}

} // namespace
} // namespace heed
