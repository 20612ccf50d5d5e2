// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Whole evictions on bf16 queries and caches, with tokens that provoke: no key at all, all keys one, one key that takes
// everything. No NaN comes up, as many slots stay as the budget has, and attention over them is what it must be.
#include <heed/epilogue/lse.hpp>
#include <heed/evict/ada_kv.hpp>
#include <heed/evict/cache_driver.hpp>
#include <heed/evict/compress_kv.hpp>
#include <heed/evict/duo_attention.hpp>
#include <heed/evict/h2o.hpp>
#include <heed/evict/pyramid_kv.hpp>
#include <heed/evict/razor_attention.hpp>
#include <heed/evict/snap_kv.hpp>
#include <heed/evict/streaming.hpp>
#include <heed/evict/tova.hpp>
#include <heed/exec/sequential.hpp>
#include <heed/mask/causal.hpp>

#include <gtest/gtest.h>

#include <kv/cache_owners.hpp>
#include <support/random.hpp>
#include <support/tolerance.hpp>

namespace heed::test {
namespace {

constexpr index_t q_heads = 4, kv_heads = 2, dim = 8, room = 64, budget = 12;
enum class tokens { random, without_keys, all_alike, one_takes_all };

/// One layer in bf16, with all that it ever saw.
struct sixteen_bit_layer {
  contiguous_owner<bf16> owner{cache_size{1, kv_heads, room, dim, dim}};
  sequential one = {};
  std::vector<bf16> q = {}, k = {}, v = {}, all_k = {}, all_v = {}, o = {};
  std::vector<float> lse = {};

  void draw(random& gen, tokens kind, index_t rows) {
    q = gen.numbers<bf16>(rows * q_heads * dim);
    k = gen.numbers<bf16>(rows * kv_heads * dim);
    v = gen.numbers<bf16>(rows * kv_heads * dim);
    for (bf16& x : q) x = kind == tokens::all_alike ? narrow<bf16>(3.f) : narrow<bf16>(4 * widen(x));
    for (std::size_t i = 0; i < k.size(); ++i) {
      const index_t position = owner.cache.seen(0) + static_cast<index_t>(i) / (kv_heads * dim);
      if (kind == tokens::without_keys) k[i] = narrow<bf16>(0.f);
      if (kind == tokens::all_alike) k[i] = narrow<bf16>(5.f);
      if (kind == tokens::one_takes_all && position == 5) k[i] = narrow<bf16>(40.f);
    }
    if (kind == tokens::one_takes_all)
      for (bf16& x : q) x = narrow<bf16>(std::fabs(widen(x)) + 1);
  }
  void attend_rows(index_t rows) {
    ASSERT_FALSE(owner.cache.append(0, view(std::as_const(k).data(), rows, kv_heads, dim),
                                    view(std::as_const(v).data(), rows, kv_heads, dim)));
    all_k.insert(all_k.end(), k.begin(), k.end());
    all_v.insert(all_v.end(), v.begin(), v.end());
    o.assign(q.size(), narrow<bf16>(9.f));
    lse.assign(many(rows * q_heads), 9.f);
    attend(one, queries(rows), owner.cache.source(), view(o.data(), rows, q_heads, dim), causal{},
           heed::lse(view(lse.data(), rows, q_heads)));
  }
  [[nodiscard]] tensor_view<const bf16, 3> queries(index_t rows) const { return view(q.data(), rows, q_heads, dim); }

  /// The last pass had one row: its output, head by head, beside a softmax in double over what is held.
  void check_output(const char* name) const {
    const auto kv = owner.cache.source();
    for (index_t head = 0; head < q_heads; ++head) {
      const index_t h = head / (q_heads / kv_heads), n = owner.cache.slots(0, h);
      if (owner.cache.compensated_slot(0, h) >= 0) continue; // means are rounded where they are stored
      std::vector<double> scores, out(dim), magnitude(dim);
      std::vector<index_t> held;
      double top = -INFINITY, sum = 0, terms = 0;
      for (index_t i = 0; i < n; ++i) {
        held.push_back(*kv.rows(0, h, {i, i + 1}).positions);
        double score = 0, absolute = 0;
        for (index_t d = 0; d < dim; ++d) {
          const double x = static_cast<double>(widen(q[many(head * dim + d)])) *
                           static_cast<double>(widen(all_k[many((held.back() * kv_heads + h) * dim + d)]));
          score += x / std::sqrt(static_cast<double>(dim));
          absolute += std::fabs(x) / std::sqrt(static_cast<double>(dim));
        }
        scores.push_back(score);
        top = std::fmax(top, score);
        terms = std::fmax(terms, absolute);
      }
      for (const double s : scores) sum += std::exp(s - top);
      for (std::size_t i = 0; i < held.size(); ++i)
        for (index_t d = 0; d < dim; ++d) {
          const double x = static_cast<double>(widen(all_v[many((held[i] * kv_heads + h) * dim + d)])) *
                           std::exp(scores[i] - top) / sum;
          out[many(d)] += x;
          magnitude[many(d)] += std::fabs(x);
        }
      for (index_t d = 0; d < dim; ++d)
        EXPECT_NEAR(static_cast<double>(widen(o[many(head * dim + d)])), out[many(d)],
                    (output_bound<float, bf16>({static_cast<double>(n), dim, terms}, magnitude[many(d)], out[many(d)])))
            << name << ", head " << head;
    }
  }
};

template <class P> void lives_in_sixteen_bits(const P& policy, const char* name) {
  const bool streams = std::is_same_v<P, duo_attention> || std::is_same_v<P, razor_attention>;
  for (const tokens kind : {tokens::random, tokens::without_keys, tokens::all_alike, tokens::one_takes_all}) {
    random gen(9);
    sixteen_bit_layer layer;
    auto& cache = layer.owner.cache;
    const driver_shape shape{1, q_heads, kv_heads, dim, room, 16};
    cache_driver<P, bf16> driver(shape, std::span<const P>(&policy, 1), {.after_chunk = true, .every_steps = 1});
    driver.prepare(layer.one, cache.source(), causal{});
    ASSERT_FALSE(driver.begin(std::vector<index_t>{budget}));
    const auto cache_of = [&](index_t) -> auto& { return cache; };
    for (const index_t rows : {9, 14, 1, 1, 1, 1}) {
      layer.draw(gen, kind, rows);
      layer.attend_rows(rows);
      for (const bf16 x : layer.o) EXPECT_TRUE(std::isfinite(widen(x))) << name;
      for (const float x : layer.lse) EXPECT_TRUE(std::isfinite(x)) << name;
      if (rows == 1) layer.check_output(name);
      const auto lse = view(std::as_const(layer.lse).data(), rows, q_heads);
      ASSERT_FALSE(driver.attended(layer.one, 0, layer.queries(rows), cache.source(), lse, causal{})) << name;
      ASSERT_FALSE(driver.reached(layer.one, rows > 1 ? engine_point::chunk : engine_point::step, cache_of, causal{}));
      const index_t seen = cache.seen(0), each = lesser(seen, budget);
      EXPECT_EQ(cache.slots(0, 0) + cache.slots(0, 1), streams ? each + seen : 2 * each) << name;
      if constexpr (scoring_policy<P>) {
        for (index_t h = 0; h < kv_heads; ++h)
          for (const float s : driver.scores(0).row(h)) EXPECT_TRUE(std::isfinite(s) && s >= 0) << name;
      }
    }
  }
}

TEST(evict_driven_sixteen_bit, every_policy_keeps_its_budget_and_attention_stays_right) {
  const std::vector<head_source> kinds{head_source::second, head_source::first};
  const std::vector<index_t> voters{0, 3};
  lives_in_sixteen_bits(streaming{2, 10}, "streaming");
  lives_in_sixteen_bits(tova{}, "tova");
  lives_in_sixteen_bits(h2o{6, 6, {}}, "h2o");
  lives_in_sixteen_bits(snap_kv{4, {pooling::kind::average, 5}, {}}, "snap_kv");
  lives_in_sixteen_bits(pyramid_kv{4, {pooling::kind::maximum, 7}, {}}, "pyramid_kv");
  lives_in_sixteen_bits(ada_kv{4, {pooling::kind::maximum, 7}, {}, .2}, "ada_kv");
  lives_in_sixteen_bits(compress_kv{voters, 4, {pooling::kind::average, 5}}, "compress_kv");
  lives_in_sixteen_bits(duo_attention{kinds, 2, 10}, "duo_attention");
  lives_in_sixteen_bits(razor_attention{kinds, 2, 9, 5}, "razor_attention");
}

} // namespace
} // namespace heed::test
