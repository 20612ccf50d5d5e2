// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// What a driver does with each of its layers, beside drivers of one layer; and from queries and keys to the slots that
// stay, beside a softmax in double.
#include <evict/driven.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <support/tolerance.hpp>

namespace heed::test {
namespace {

constexpr head_source full = head_source::first, stream = head_source::second;
const std::vector<head_source> kinds{stream, full}, other_kinds{full, stream};
const std::vector<index_t> voters{0, 3}, other_voters{1};

/// f(policies, name): of each method two that differ, one for each layer.
template <class F> void for_each_pair(const F& f) {
  const pooling flat{pooling::kind::average, 5}, peaks{pooling::kind::maximum, 3};
  using list = std::vector<any_policy>;
  f(list{streaming{2, 10}, streaming{1, 7}}, "streaming");
  f(list{tova{}, tova{3}}, "tova");
  f(list{h2o{6, 6, {}}, h2o{9, 3, {reduce_by::max}}}, "h2o");
  f(list{snap_kv{4, flat, {}}, snap_kv{2, peaks, {}}}, "snap_kv");
  f(list{pyramid_kv{2, peaks, {}}, pyramid_kv{4, flat, {}}}, "pyramid_kv");
  f(list{ada_kv{4, peaks, {}, .2}, ada_kv{3, flat, {}, .5}}, "ada_kv");
  f(list{compress_kv{voters, 4, flat}, compress_kv{other_voters, 3, flat}}, "compress_kv");
  f(list{duo_attention{kinds, 2, 10}, duo_attention{other_kinds, 1, 6}}, "duo_attention");
  f(list{razor_attention{kinds, 2, 9, 5}, razor_attention{other_kinds, 1, 6, 5}}, "razor_attention");
}

TEST(evict_driven_layers, every_layer_is_as_if_it_were_alone) {
  const engine_shape two{2, 4, 2, 8, 80}, one{1, 4, 2, 8, 80};
  const std::vector<index_t> budgets{12, 9};
  constexpr eviction_schedule often{.after_chunk = true, .after_prefill = true, .every_steps = 1};
  for_each_pair([&](const std::vector<any_policy>& policies, const char* name) {
    small_engine both(two, 0), first(one, 0), second(one, 0);
    const std::array<small_engine*, 2> alone{&first, &second};
    const auto driver = driver_of(policies, both.driven(16), often);
    driver->prepare(both.pool, both.cache(0).source());
    ASSERT_FALSE(driver->begin(budgets)) << name;
    std::vector<std::unique_ptr<any_driver>> single;
    for (std::size_t l = 0; l < 2; ++l) {
      single.push_back(driver_of(policies[l], alone[l]->driven(16), often));
      single[l]->prepare(alone[l]->pool, alone[l]->cache(0).source());
      ASSERT_FALSE(single[l]->begin(std::vector<index_t>{budgets[l]}));
    }
    random draw(7);
    for (const index_t rows : {9, 14, 1, 1, 1, 1}) {
      for (std::size_t l = 0; l < 2; ++l) {
        both.q = draw.numbers<float>(rows * 4 * 8);
        for (float& x : both.q) x *= 4;
        both.k = draw.numbers<float>(rows * 2 * 8);
        both.v = draw.numbers<float>(rows * 2 * 8);
        small_engine& e = *alone[l];
        e.q = both.q, e.k = both.k, e.v = both.v;
        ASSERT_FALSE(both.attend_layer(*driver, static_cast<index_t>(l), rows)) << name;
        ASSERT_FALSE(e.attend_layer(*single[l], 0, rows)) << name;
        EXPECT_EQ(both.o, e.o) << name << ", layer " << l;
      }
      const engine_point point = rows > 1 ? engine_point::chunk : engine_point::step;
      ASSERT_FALSE(both.reached(*driver, point)) << name;
      for (std::size_t l = 0; l < 2; ++l) {
        ASSERT_FALSE(alone[l]->reached(*single[l], point));
        for (index_t h = 0; h < 2; ++h)
          EXPECT_EQ(held_positions(both.cache(static_cast<index_t>(l)), h), held_positions(alone[l]->cache(0), h))
              << name << ", layer " << l;
      }
    }
    EXPECT_NE(held_positions(both.cache(0), 0), held_positions(both.cache(1), 0)) << name << ": the layers tell apart";
  });
}

TEST(evict_driven_layers, chunks_are_cut_to_the_budget_where_the_schedule_says_so) {
  for_each_pair([](const std::vector<any_policy>& policies, const char* name) {
    small_engine e({2, 4, 2, 8, 80}, 3);
    const auto driver = driver_of(policies, e.driven(16), {.after_chunk = true, .after_prefill = false});
    driver->prepare(e.pool, e.cache(0).source());
    ASSERT_FALSE(driver->begin(std::vector<index_t>{7, 6}));
    // Of two heads: together the budget, or one that streams beside one that keeps all.
    const bool streams = policies[0].index() >= any_policy(duo_attention{}).index();
    for (const index_t seen : {10, 24, 25}) {
      ASSERT_FALSE(e.pass(*driver, seen - e.cache(0).seen(0)));
      ASSERT_FALSE(e.reached(*driver, engine_point::chunk));
      for (const index_t l : {0, 1})
        EXPECT_EQ(e.cache(l).slots(0, 0) + e.cache(l).slots(0, 1), streams ? 7 - l + seen : 2 * (7 - l))
            << name << ", layer " << l << ", tokens " << seen;
    }
    ASSERT_FALSE(e.pass(*driver, 3));
    ASSERT_FALSE(e.reached(*driver, engine_point::step));
    ASSERT_FALSE(e.reached(*driver, engine_point::prefill));
    for (const index_t l : {0, 1})
      EXPECT_EQ(e.cache(l).slots(0, 0) + e.cache(l).slots(0, 1), streams ? 7 - l + 3 + 28 : 2 * (7 - l + 3))
          << name << ": neither steps nor the prompt's end are in the schedule";
  });
}

TEST(evict_driven_layers, full_heads_first_in_two_calls_are_the_layer_with_an_index_map) {
  constexpr index_t tokens = 24, rows = 3, group = 2, dim = 8;
  const std::vector<head_source> of_layer{stream, full, stream, full};
  std::vector<index_t> order(4);
  ASSERT_EQ(full_heads_first(of_layer, order), 2);
  random draw(5);
  const auto q = draw.numbers<float>(rows * 4 * group * dim), k = draw.numbers<float>(tokens * 4 * dim),
             v = draw.numbers<float>(tokens * 4 * dim);
  thread_pool pool(1);
  // Attention of the named heads, in this order, over a cache of their own that DuoAttention shrank.
  const auto attended = [&](const std::vector<index_t>& heads) {
    const auto n = static_cast<index_t>(heads.size());
    const auto chosen = [&](const std::vector<float>& x, index_t count, index_t width) {
      std::vector<float> out;
      for (index_t t = 0; t < count; ++t)
        for (const index_t h : heads)
          out.insert(out.end(), x.begin() + (t * 4 + h) * width, x.begin() + (t * 4 + h + 1) * width);
      return out;
    };
    const auto own_q = chosen(q, rows, group * dim), own_k = chosen(k, tokens, dim), own_v = chosen(v, tokens, dim);
    layer_cache layer({1, n * group, n, dim, tokens});
    EXPECT_FALSE(layer.cache.append(0, view(own_k.data(), tokens, n, dim), view(own_v.data(), tokens, n, dim)));
    std::vector<head_source> own_kinds;
    for (const index_t h : heads) own_kinds.push_back(of_layer[at(h)]);
    small_engine owner({1, n * group, n, dim, tokens}, 0);
    const auto driver = driver_of(duo_attention{own_kinds, 2, 8}, owner.driven(tokens));
    EXPECT_FALSE(driver->begin(std::vector<index_t>{10}));
    EXPECT_FALSE(driver->evict(pool, 0, layer.cache));
    for (index_t i = 0; i < n; ++i) EXPECT_EQ(layer.cache.slots(0, i), own_kinds[at(i)] == full ? tokens : 10);
    std::vector<float> o(own_q.size()), lse(at(rows * n * group));
    attend_to(pool, view(own_q.data(), rows, n * group, dim), layer.cache.source(),
              view(o.data(), rows, n * group, dim), view(lse.data(), rows, n * group));
    return o;
  };
  for (std::size_t i = 0; i < 4; ++i) ASSERT_EQ(of_layer[at(order[i])], i < 2 ? full : stream);
  const std::vector<float> mapped = attended({0, 1, 2, 3}), first = attended({order[0], order[1]}),
                           second = attended({order[2], order[3]});
  for (index_t t = 0; t < rows; ++t)
    for (index_t i = 0; i < 4; ++i)
      for (index_t e = 0; e < group * dim; ++e)
        EXPECT_EQ((i < 2 ? first : second)[at((t * 2 + i % 2) * group * dim + e)],
                  mapped[at((t * 4 + order[at(i)]) * group * dim + e)]);
}

// ---- from queries and keys to what stays (T10) ----------------------------------------------------------------------

/// One layer's tokens, and what a method makes of them in double: rows of a softmax over all keys, pooled, reduced.
struct exact_layer {
  static constexpr index_t q_heads = 4, kv_heads = 2, dim = 8, tokens = 40;
  std::vector<float> q, k;
  explicit exact_layer(random& draw)
      : q(draw.numbers<float>(tokens * q_heads * dim)), k(draw.numbers<float>(tokens * kv_heads * dim)) {
    for (float& x : q) x *= 4;
  }
  /// Probabilities of the last `rows` queries of a query head, added up.
  [[nodiscard]] std::vector<double> sums(index_t head, index_t rows) const {
    std::vector<double> out(tokens);
    for (index_t i = tokens - rows; i < tokens; ++i) {
      std::vector<double> row(at(i + 1));
      double all = 0;
      for (index_t j = 0; j <= i; ++j) {
        double dot = 0;
        for (index_t d = 0; d < dim; ++d)
          dot += static_cast<double>(q[at((i * q_heads + head) * dim + d)]) *
                 static_cast<double>(k[at((j * kv_heads + head / 2) * dim + d)]);
        all += row[at(j)] = std::exp(dot / std::sqrt(static_cast<double>(dim)));
      }
      for (index_t j = 0; j <= i; ++j) out[at(j)] += row[at(j)] / all;
    }
    return out;
  }
  /// The mean over query heads of the sums before the window, averaged over `width` neighbours, zeros beyond the ends.
  [[nodiscard]] std::vector<double> scores(const std::vector<index_t>& heads, index_t rows, index_t window,
                                           index_t width) const {
    std::vector<double> out(tokens - window);
    for (const index_t head : heads) {
      const std::vector<double> s = sums(head, rows);
      for (index_t i = 0; i < tokens - window; ++i)
        for (index_t j = i - width / 2; j <= i + width / 2; ++j)
          if (j >= 0 && j < tokens - window)
            out[at(i)] += s[at(j)] / static_cast<double>(width) / static_cast<double>(heads.size());
    }
    return out;
  }
};
/// The window, and of the slots before it the best; empty if two scores at the cut lie closer than floats tell apart.
std::vector<index_t> best(const std::vector<double>& scores, index_t budget) {
  const auto prefix = static_cast<index_t>(scores.size()), taken = budget - (exact_layer::tokens - prefix);
  std::vector<index_t> order;
  for (index_t i = 0; i < prefix; ++i) order.push_back(i);
  std::sort(order.begin(), order.end(), [&](index_t a, index_t b) { return scores[at(a)] > scores[at(b)]; });
  const double last = scores[at(order[at(taken - 1)])], next = scores[at(order[at(taken)])];
  // |terms| of a score of unit keys and queries up to 4: at most 4 sqrt(dim); up to 4 rows.
  if (last - next < 2 * 4 * row_share<float>({exact_layer::tokens, exact_layer::dim, 4 * std::sqrt(8.)}, last))
    return {};
  std::vector<index_t> in(order.begin(), order.begin() + taken);
  for (index_t i = prefix; i < exact_layer::tokens; ++i) in.push_back(i);
  std::sort(in.begin(), in.end());
  return in;
}

/// scores(layer, kv head): what the method's definition says of random layers; the driver must keep the same.
template <class F>
void keeps_the_best_of_a_softmax_in_double(const any_policy& policy, index_t budget, const F& scores) {
  const engine_shape flat{1, exact_layer::q_heads, exact_layer::kv_heads, exact_layer::dim, 80};
  small_engine e(flat, 0);
  const auto driver = driver_of(policy, e.driven(24));
  driver->prepare(e.pool, e.cache(0).source());
  random draw(17);
  int compared = 0;
  for (int trial = 0; trial < 40; ++trial) {
    const exact_layer layer(draw);
    e.restart(0);
    ASSERT_FALSE(driver->begin(std::vector<index_t>{budget}));
    for (const index_t end : {20, 38, 40}) { // the window's queries come in two pieces
      const index_t begin = e.cache(0).seen(0);
      e.q.assign(layer.q.begin() + begin * 32, layer.q.begin() + end * 32);
      e.k.assign(layer.k.begin() + begin * 16, layer.k.begin() + end * 16);
      e.v = e.k;
      ASSERT_FALSE(e.attend_layer(*driver, 0, end - begin));
    }
    ASSERT_FALSE(e.reached(*driver, engine_point::prefill));
    for (index_t h = 0; h < exact_layer::kv_heads; ++h)
      if (const auto want = best(scores(layer, h), budget); !want.empty()) {
        ++compared;
        EXPECT_EQ(held_positions(e.cache(0), h), want) << "layer " << trial << ", head " << h;
      }
  }
  EXPECT_GE(compared, 60) << "of 80 lists";
}
using indices = std::vector<index_t>;

TEST(evict_driven_layers, snap_kv_keeps_the_best_of_a_softmax_in_double) {
  keeps_the_best_of_a_softmax_in_double(snap_kv{4, {pooling::kind::average, 5}, {}}, 15,
                                        [](const exact_layer& layer, index_t h) {
                                          return layer.scores(h == 0 ? indices{0, 1} : indices{2, 3}, 4, 4, 5);
                                        });
}
TEST(evict_driven_layers, compress_kv_keeps_the_best_of_a_softmax_in_double) {
  keeps_the_best_of_a_softmax_in_double(
      compress_kv{voters, 3, {pooling::kind::average, 3}}, 12,
      [](const exact_layer& layer, index_t) { return layer.scores(voters, 3, 3, 3); });
}
TEST(evict_driven_layers, tova_keeps_the_best_of_a_softmax_in_double) {
  keeps_the_best_of_a_softmax_in_double(tova{}, 11, [](const exact_layer& layer, index_t) {
    return layer.scores({0, 1, 2, 3}, 1, 0, 1);
  });
}

} // namespace
} // namespace heed::test
