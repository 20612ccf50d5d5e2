// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// The driver: when it evicts, what it forgets, that it allocates nothing, and what it refuses.
#include <evict/driven.hpp>

#include <gtest/gtest.h>

#include <support/allocation_counter.hpp>
#include <support/refusal.hpp>
#include <support/tolerance.hpp>

namespace heed::test {
namespace {

std::vector<index_t> all(index_t budget) { return {budget}; }

TEST(evict_cache_driver, evicts_at_the_points_of_its_schedule) {
  const engine_shape s{2, 4, 2, 4, 64};
  small_engine e(s, 3);
  const auto made = driver_of(streaming{2, 6}, e.driven(8), {.after_chunk = false, .every_steps = 3});
  any_driver& driver = *made;
  ASSERT_FALSE(driver.begin(all(8)));
  const auto held = [&] { return e.cache(1).slots(0, 1); };
  ASSERT_FALSE(e.pass(driver, 8));
  ASSERT_FALSE(e.reached(driver, engine_point::chunk));
  ASSERT_FALSE(e.pass(driver, 8));
  ASSERT_FALSE(e.reached(driver, engine_point::chunk));
  EXPECT_EQ(held(), 16) << "not after a chunk";
  ASSERT_FALSE(e.reached(driver, engine_point::prefill));
  EXPECT_EQ(held(), 8);
  EXPECT_EQ(held_positions(e.cache(0), 0), (std::vector<index_t>{0, 1, 10, 11, 12, 13, 14, 15}));
  const index_t expected[] = {9, 10, 8, 9, 10, 8};
  for (const index_t n : expected) {
    ASSERT_FALSE(e.pass(driver, 1));
    ASSERT_FALSE(e.reached(driver, engine_point::step));
    EXPECT_EQ(held(), n);
  }
  ASSERT_FALSE(e.pass(driver, 1));
  ASSERT_FALSE(driver.set_budgets(std::vector<index_t>{4, 5}));
  ASSERT_FALSE(e.reached(driver, engine_point::pressure));
  EXPECT_EQ(e.cache(0).slots(0, 0), 4);
  EXPECT_EQ(held(), 5);
  EXPECT_EQ(e.cache(0).seen(0), 23) << "positions go on";
}

const std::vector<head_source> kinds{head_source::second, head_source::first};
const std::vector<index_t> voters{0, 3};

/// f(policy, name) for each, with parameters for sequences of some tens of tokens; a budget of 12 suits all.
template <class F> void for_each_policy(const F& f) {
  f(streaming{2, 10}, "streaming");
  f(tova{}, "tova");
  f(h2o{6, 6, {}}, "h2o");
  f(snap_kv{4, {pooling::kind::average, 5}, {}}, "snap_kv");
  f(pyramid_kv{4, {pooling::kind::maximum, 7}, {}}, "pyramid_kv");
  f(ada_kv{4, {pooling::kind::maximum, 7}, {}, .2}, "ada_kv");
  f(compress_kv{voters, 4, {pooling::kind::average, 5}}, "compress_kv");
  f(duo_attention{kinds, 2, 10}, "duo_attention");
  f(razor_attention{kinds, 2, 9, 5}, "razor_attention");
}

constexpr engine_shape small{2, 4, 2, 8, 80};
constexpr eviction_schedule often{.after_chunk = true, .after_prefill = true, .every_steps = 1};

/// Two chunks and some steps; the outputs of all passes, and what the first layer holds at the end.
struct life {
  std::vector<float> o;
  std::vector<std::vector<index_t>> held;
  friend bool operator==(const life&, const life&) = default;
};
life live(small_engine& e, any_driver& driver, index_t budget, std::uint64_t seed) {
  life out;
  e.restart(seed);
  EXPECT_FALSE(driver.begin(all(budget)));
  for (const index_t rows : {9, 14, 1, 1, 1, 1, 1, 1}) {
    EXPECT_FALSE(e.pass(driver, rows));
    EXPECT_FALSE(e.reached(driver, rows > 1 ? engine_point::chunk : engine_point::step));
    out.o.insert(out.o.end(), e.o.begin(), e.o.end());
  }
  for (index_t h = 0; h < 2; ++h) out.held.push_back(held_positions(e.cache(0), h));
  return out;
}

TEST(evict_cache_driver, budgets_of_all_tokens_change_no_bit) {
  small_engine e(small, 0);
  const life expected = live(e, *driver_of(keep_all{}, e.driven(16), often), 0, 5);
  for_each_policy([&](any_policy p, const char* name) {
    if (auto* s = std::get_if<streaming>(&p)) s->recent = 40;
    if (auto* d = std::get_if<duo_attention>(&p)) d->recent = 40;
    const auto driver = driver_of(p, e.driven(16), often);
    driver->prepare(e.pool, e.cache(0).source());
    for (const index_t budget : {29, 200}) EXPECT_TRUE(live(e, *driver, budget, 5) == expected) << name;
  });
}

TEST(evict_cache_driver, a_sequence_leaves_no_trace_in_the_next_and_workers_none_in_the_bits) {
  small_engine e(small, 0), three(small, 0, 3);
  for_each_policy([&](const any_policy& p, const char* name) {
    const auto fresh = driver_of(p, e.driven(16), often), used = driver_of(p, e.driven(16), often),
               wide = driver_of(p, e.driven(16), often);
    fresh->prepare(e.pool, e.cache(0).source());
    used->prepare(e.pool, e.cache(0).source());
    wide->prepare(three.pool, three.cache(0).source());
    const life expected = live(e, *fresh, 12, 5);
    EXPECT_FALSE(live(e, *used, 12, 6) == expected) << name;
    EXPECT_TRUE(live(e, *used, 12, 5) == expected) << name;
    EXPECT_TRUE(live(three, *wide, 12, 5) == expected) << name;
    const bool streams = std::holds_alternative<duo_attention>(p) || std::holds_alternative<razor_attention>(p);
    const std::size_t sum = expected.held[0].size() + expected.held[1].size();
    EXPECT_EQ(sum, streams ? 12u + 29u : 2 * 12u) << name;
    if (!std::holds_alternative<ada_kv>(p)) {
      EXPECT_EQ(expected.held[0].size(), 12u) << name;
    }
  });
}

/// Of the last row, head by head: softmax in double over the slots that are held, the compensated one with its weight.
void check_attention(small_engine& e, const char* name) {
  const auto& cache = e.cache(0);
  const index_t seen = cache.seen(0), dim = e.shape.dim;
  margin m;
  for (index_t head = 0; head < e.shape.q_heads; ++head) {
    const index_t h = head / 2, folded = cache.compensated_slot(0, h);
    const auto held = held_positions(cache, h);
    std::vector<std::vector<index_t>> stands_for; // positions behind each slot
    for (const index_t p : held) stands_for.push_back({p});
    for (index_t p = 0; folded >= 0 && p < seen; ++p)
      if (!std::binary_search(held.begin(), held.end(), p)) stands_for[at(folded)].push_back(p);
    double sum = 0, terms = 0;
    std::vector<double> o(at(dim)), magnitude(at(dim));
    for (std::size_t i = 0; i < held.size(); ++i) {
      const auto n = static_cast<double>(stands_for[i].size());
      double score = 0, absolute = std::log(n);
      for (const index_t p : stands_for[i]) {
        score += e.score(0, head, p) / n;
        for (index_t d = 0; d < dim; ++d)
          absolute += std::fabs(static_cast<double>(e.first_q[at(head * dim + d)]) *
                                static_cast<double>(e.all_k[at((p * 2 + h) * dim + d)])) /
                      n / std::sqrt(static_cast<double>(dim));
      }
      terms = std::fmax(terms, absolute);
      const double weight = n * std::exp(score);
      sum += weight;
      for (index_t d = 0; d < dim; ++d)
        for (const index_t p : stands_for[i]) {
          const double v = static_cast<double>(e.all_v[at((p * 2 + h) * dim + d)]);
          o[at(d)] += weight * v / n;
          magnitude[at(d)] += weight * std::fabs(v) / n;
        }
    }
    const row_facts facts{static_cast<double>(seen), static_cast<double>(dim), terms};
    for (index_t d = 0; d < dim; ++d) {
      const double got = static_cast<double>(e.first_o[at(head * dim + d)]);
      EXPECT_TRUE(m.add(got, o[at(d)] / sum, output_bound<float, float>(facts, magnitude[at(d)] / sum, got)))
          << name << " head " << head << ": " << got << ", exact " << o[at(d)] / sum;
    }
  }
}

TEST(evict_cache_driver, attention_after_evictions_is_that_over_the_kept_tokens) {
  for_each_policy([&](const any_policy& p, const char* name) {
    small_engine e(small, 0);
    const auto made = driver_of(p, e.driven(16), often);
    any_driver& driver = *made;
    driver.prepare(e.pool, e.cache(0).source());
    (void)live(e, driver, 12, 11);
    // The last pass wrote before its eviction: one more with the cache as it is.
    ASSERT_FALSE(e.pass(driver, 1));
    check_attention(e, name);
  });
}

TEST(evict_cache_driver, h2o_sums_up_to_the_number_of_queries_and_follows_the_double_softmax) {
  small_engine e(small, 0);
  const auto made = driver_of(h2o{40, 40, {}}, e.driven(16), often);
  any_driver& driver = *made;
  driver.prepare(e.pool, e.cache(0).source());
  ASSERT_FALSE(driver.begin(all(80)));
  std::vector<double> exact(2 * 80), shares(2 * 80);
  e.restart(21);
  index_t seen = 0;
  for (const index_t rows : {7, 16, 1, 1, 12}) {
    ASSERT_FALSE(e.pass(driver, rows));
    for (index_t row = 0; row < rows; ++row)
      for (index_t head = 0; head < 4; ++head) {
        double sum = 0, most = 0;
        for (index_t p = 0; p <= seen + row; ++p) {
          sum += std::exp(e.score(row, head, p));
          most = std::fmax(most, std::fabs(e.score(row, head, p)));
        }
        for (index_t p = 0; p <= seen + row; ++p) {
          const double share = std::exp(e.score(row, head, p)) / sum / 2; // the mean of two heads
          exact[at(head / 2 * 80 + p)] += share;
          // |terms| of a score of unit keys and queries up to 4: at most 4 sqrt(dim).
          shares[at(head / 2 * 80 + p)] += row_share<float>({37, 8, 4 * std::sqrt(8.)}, share);
        }
      }
    seen += rows;
  }
  const score_view scores = driver.scores(0);
  for (index_t h = 0; h < 2; ++h) {
    double total = 0;
    ASSERT_EQ(scores.slots(h), seen);
    for (index_t p = 0; p < seen; ++p) {
      const double got = static_cast<double>(scores(h, p)), want = exact[at(h * 80 + p)];
      EXPECT_NEAR(got, want, sum_bound<float>(37, shares[at(h * 80 + p)], want)) << "token " << p;
      total += got;
    }
    EXPECT_NEAR(total, static_cast<double>(seen),
                static_cast<double>(seen) * row_share<float>({37, 8, 4 * std::sqrt(8.)}, 1));
  }
}

TEST(evict_cache_driver, compress_kv_with_all_heads_is_snap_kv_with_a_mean_over_the_layer) {
  small_engine e(small, 0);
  const pooling pool{pooling::kind::average, 5};
  const auto compress = driver_of(compress_kv{{}, 4, pool}, e.driven(16), often);
  const auto snap = driver_of(snap_kv{4, pool, {reduce_by::mean, reduce_over::layer}}, e.driven(16), often);
  compress->prepare(e.pool, e.cache(0).source());
  snap->prepare(e.pool, e.cache(0).source());
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const life expected = live(e, *snap, 12, seed);
    EXPECT_TRUE(live(e, *compress, 12, seed) == expected);
    EXPECT_EQ(expected.held[0], expected.held[1]);
  }
}

TEST(evict_cache_driver, window_queries_come_from_several_chunks_and_steps) {
  // The same tokens in one chunk or in many, and the eviction at the end: the window is the same four rows.
  const engine_shape flat{1, 4, 2, 8, 80};
  std::vector<std::vector<index_t>> kept;
  for (const std::vector<index_t>& cuts : {std::vector<index_t>{24}, {20, 1, 1, 1, 1}, {3, 3, 3, 3, 12}, {21, 3}}) {
    small_engine one_layer(flat, 0);
    const auto made = driver_of(snap_kv{4, {pooling::kind::average, 5}, {}}, one_layer.driven(24));
    any_driver& d = *made;
    d.prepare(one_layer.pool, one_layer.cache(0).source());
    ASSERT_FALSE(d.begin(all(9)));
    ASSERT_FALSE(one_layer.replay(d, cuts, 31));
    ASSERT_FALSE(one_layer.reached(d, engine_point::prefill));
    kept.push_back(held_positions(one_layer.cache(0), 1));
  }
  EXPECT_EQ(kept[0].size(), 9u);
  for (const auto& k : kept) EXPECT_EQ(k, kept[0]);
}

TEST(evict_cache_driver, forgets_drafts_that_the_caches_rolled_back) {
  // Scores of H2O and the queries of SnapKV's window, after three tokens that were rejected, are those of a life
  // without them; H2O's sums keep what the rejected queries gave to older tokens, so only lengths are compared there.
  const engine_shape flat{1, 4, 2, 8, 80};
  for (const any_policy& p : {any_policy(snap_kv{4, {pooling::kind::average, 5}, {}}), any_policy(h2o{6, 6, {}})}) {
    std::vector<std::vector<index_t>> kept;
    for (const bool drafts : {false, true}) {
      small_engine e(flat, 0);
      const auto d = driver_of(p, e.driven(24));
      d->prepare(e.pool, e.cache(0).source());
      ASSERT_FALSE(d->begin(all(12)));
      ASSERT_FALSE(e.replay(*d, {20}, 31));
      if (drafts) {
        ASSERT_FALSE(e.pass(*d, 2));
        ASSERT_FALSE(e.cache(0).rollback(0, 2));
        ASSERT_FALSE(d->rollback(2, e.caches));
        EXPECT_EQ(refusal(d->rollback(-1, e.caches)),
                  (refusal{errc::bad_value, "cache_driver: tokens to forget is -1, the least is 0"}));
      }
      if (std::holds_alternative<h2o>(p)) {
        EXPECT_EQ(d->scores(0).slots(1), 20);
      } else {
        ASSERT_FALSE(e.reached(*d, engine_point::prefill));
        kept.push_back(held_positions(e.cache(0), 1));
      }
    }
    if (!kept.empty()) {
      EXPECT_EQ(kept[0], kept[1]);
    }
  }
}

TEST(evict_cache_driver, allocates_nothing_after_it_was_prepared) {
  for_each_policy([&](const any_policy& p, const char* name) {
    small_engine e(small, 7);
    const auto made = driver_of(p, e.driven(16), often);
    any_driver& driver = *made;
    driver.prepare(e.pool, e.cache(0).source());
    const std::vector<float> q(at(16 * 4 * 8), .5f), lse(at(16 * 4), 1.f), fresh(at(16 * 2 * 8), .25f);
    const std::vector<index_t> budget{12};
    long count = 0;
    {
      const allocation_scope scope;
      failure f = driver.begin(budget);
      for (const index_t rows : {16, 16, 1, 1, 1}) {
        const auto x = view(fresh.data(), rows, 2, 8);
        for (index_t l = 0; l < 2 && !f; ++l) {
          f = e.cache(l).append(0, x, x);
          if (!f)
            f = driver.attended(e.pool, l, view(q.data(), rows, 4, 8), e.cache(l).source(), view(lse.data(), rows, 4));
        }
        if (!f) f = e.reached(driver, rows > 1 ? engine_point::chunk : engine_point::step);
      }
      EXPECT_FALSE(f) << name << ": " << refusal(f);
      count = scope.count();
    }
    EXPECT_EQ(count, 0) << name;
    EXPECT_GT(driver.bytes_held(), 0);
  });
}

TEST(evict_cache_driver, budgets_beyond_sinks_and_recent_tokens_are_not_used) {
  small_engine e(small, 0);
  const auto nothing = driver_of(keep_all{}, e.driven(8)), streams = driver_of(streaming{2, 6}, e.driven(8)),
             two = driver_of(duo_attention{kinds, 2, 4}, e.driven(8));
  ASSERT_FALSE(nothing->begin(all(0)));
  ASSERT_FALSE(streams->begin(all(40)));
  ASSERT_FALSE(two->begin(all(40)));
  ASSERT_FALSE(e.replay(*nothing, {8, 8}, 3));
  ASSERT_FALSE(streams->evict(e.pool, 0, e.cache(0)));
  EXPECT_EQ(held_positions(e.cache(0), 0), (std::vector<index_t>{0, 1, 10, 11, 12, 13, 14, 15}));
  ASSERT_FALSE(two->evict(e.pool, 0, e.cache(0)));
  EXPECT_EQ(held_positions(e.cache(0), 0), (std::vector<index_t>{0, 1, 12, 13, 14, 15}));
  EXPECT_EQ(e.cache(0).slots(0, 1), 8) << "a full head keeps all";
}

TEST(evict_cache_driver, refuses_to_evict_before_it_has_a_budget_or_queries) {
  small_engine e(small, 3);
  const auto nothing = driver_of(keep_all{}, e.driven(8));
  ASSERT_FALSE(nothing->begin(all(0)));
  ASSERT_FALSE(e.replay(*nothing, {8, 8}, 3));
  const auto streams = driver_of(streaming{1, 4}, e.driven(8));
  EXPECT_EQ(refusal(streams->evict(e.pool, 0, e.cache(0))),
            (refusal{errc::bad_value, "streaming: budget is 0, but the sinks alone are 1"}));
  const auto heavy = driver_of(h2o{6, 6, {}}, e.driven(8));
  heavy->prepare(e.pool, e.cache(0).source());
  EXPECT_EQ(refusal(heavy->evict(e.pool, 0, e.cache(0))),
            (refusal{errc::bad_value, "h2o: budget is 0, the least is 1"}));
  const auto looks = driver_of(snap_kv{4, {}, {}}, e.driven(8));
  looks->prepare(e.pool, e.cache(0).source());
  ASSERT_FALSE(looks->begin(all(9)));
  EXPECT_EQ(refusal(looks->evict(e.pool, 0, e.cache(0))),
            (refusal{errc::bad_value, "cache_driver: queries seen is 0, the least is 1"}));
  EXPECT_EQ(e.cache(0).slots(0, 0), 16) << "nothing was evicted";
}

TEST(evict_cache_driver, refuses_sizes_and_calls_that_do_not_fit) {
  const auto made = [](const driver_shape& s, std::size_t policies, const eviction_schedule& when = {}) {
    return refusal_of([&] { const cache_driver<keep_all> d(s, std::vector<keep_all>(policies), when); });
  };
  EXPECT_EQ(made({0}, 1), (refusal{errc::bad_extent, "cache_driver: layers is 0, the least is 1"}));
  EXPECT_EQ(made({1, 1, 1, 1, 0, 0}, 1), (refusal{errc::bad_extent, "cache_driver: max_rows is 0, the least is 1"}));
  EXPECT_EQ(made({1, 1, 1, 1, -1, 1}, 1), (refusal{errc::bad_extent, "cache_driver: max_slots is -1, the least is 0"}));
  EXPECT_EQ(made({1, 3, 2, 1, 9, 1}, 1),
            (refusal{errc::heads_not_divisible, "cache_driver: q_heads is 3, which is no multiple of kv_heads 2"}));
  EXPECT_EQ(made({3, 2, 2, 1, 9, 1}, 2),
            (refusal{errc::bad_extent, "cache_driver: number of policies is 2, the layers are 3"}));
  EXPECT_EQ(made({1, 1, 1, 1, 9, 1}, 1, {.every_steps = -1}),
            (refusal{errc::bad_value, "cache_driver: every_steps is -1, the least is 0"}));

  small_engine e(small, 3);
  const auto made_here = driver_of(snap_kv{4, {}, {}}, e.driven(8));
  any_driver& d = *made_here;
  EXPECT_EQ(refusal(d.begin(std::vector<index_t>{9, 9, 9})),
            (refusal{errc::bad_extent, "cache_driver: number of budgets is 3, the layers are 2"}));
  EXPECT_EQ(refusal(d.begin(std::vector<index_t>{9, 4})),
            (refusal{errc::bad_value, "snap_kv: budget is 4, but the window alone holds 4"}));
  ASSERT_FALSE(d.begin(all(9)));
  const std::vector<float> q(9 * 4 * 8), lse(9 * 4);
  const auto attended = [&](index_t layer, index_t rows, index_t heads, index_t dim, index_t lse_rows) {
    return refusal(d.attended(e.pool, layer, view(q.data(), rows, heads, dim), e.cache(0).source(),
                              view(lse.data(), lse_rows, 4)));
  };
  EXPECT_EQ(attended(2, 1, 4, 8, 1),
            (refusal{errc::index_out_of_range, "cache_driver: layer is 2, but the layers are 2"}));
  EXPECT_EQ(attended(-1, 1, 4, 8, 1), (refusal{errc::index_out_of_range, "cache_driver: layer is -1, the least is 0"}));
  EXPECT_EQ(attended(0, 9, 4, 8, 9), (refusal{errc::limit_exceeded, "cache_driver: rows is 9, max_rows is 8"}));
  EXPECT_EQ(attended(0, 2, 2, 8, 2), (refusal{errc::bad_extent, "cache_driver: q_heads of q is 2, it must be 4"}));
  EXPECT_EQ(attended(0, 2, 4, 4, 2), (refusal{errc::dim_mismatch, "cache_driver: key_dim of q is 4, it must be 8"}));
  EXPECT_EQ(attended(0, 2, 4, 8, 1).code, errc::bad_extent);

  // Not prepared: the observers' pass has no plan.
  ASSERT_FALSE(e.pass(d, 8));
  ASSERT_FALSE(e.pass(d, 8));
  const refusal r = refusal(e.reached(d, engine_point::prefill));
  EXPECT_EQ(r.text.substr(0, 44), "cache_driver: errc of the observers' pass is");
  EXPECT_EQ(e.cache(0).slots(0, 0), 16) << "nothing was evicted";
  engine_shape fewer = small;
  fewer.kv_heads = 1;
  small_engine other(fewer, 3);
  EXPECT_EQ(refusal(d.evict(e.pool, 0, other.cache(0))),
            (refusal{errc::bad_extent, "cache_driver: kv_heads is 2, but the cache has 1"}));
  const std::vector<float> one_row(4 * 8), one_lse(4);
  EXPECT_EQ(refusal(d.attended(e.pool, 0, view(one_row.data(), 1, 4, 8), other.cache(0).source(),
                               view(one_lse.data(), 1, 4))),
            (refusal{errc::bad_extent, "cache_driver: kv_heads is 2, but the cache has 1"}));
  const auto tight = driver_of(streaming{1, 4}, {2, 4, 2, 8, 12, 8});
  ASSERT_FALSE(tight->begin(all(5)));
  EXPECT_EQ(refusal(e.reached(*tight, engine_point::prefill)),
            (refusal{errc::limit_exceeded, "cache_driver: slots[0] is 16, max_slots is 12"}));
}
} // namespace
} // namespace heed::test
