// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// The attention of the small engine, compiled once for the tests of this room, and that it is attention.
#include <evict/driven.hpp>

#include <gtest/gtest.h>

#include <heed/epilogue/lse.hpp>
#include <heed/mask/causal.hpp>
#include <support/tolerance.hpp>

namespace heed::test {

void attend_to(thread_pool& pool, const tensor_view<const float, 3>& q, const test_source& kv,
               const tensor_view<float, 3>& o, const tensor_view<float, 2>& sums) {
  attend(pool, q, kv, o, causal{}, lse(sums));
}

namespace {
template <class P> class driver_of_policy final : public any_driver {
public:
  driver_of_policy(const std::vector<P>& policies, const driver_shape& shape, const eviction_schedule& when)
      : driver_(shape, policies, when) {}
  void prepare(thread_pool& pool, const test_source& kv) override { driver_.prepare(pool, kv, causal{}); }
  failure begin(std::span<const index_t> budgets) override { return driver_.begin(budgets); }
  failure set_budgets(std::span<const index_t> budgets) override { return driver_.set_budgets(budgets); }
  failure attended(thread_pool& pool, index_t layer, const tensor_view<const float, 3>& q, const test_source& kv,
                   const tensor_view<const float, 2>& lse) override {
    return driver_.attended(pool, layer, q, kv, lse, causal{});
  }
  failure evict(thread_pool& pool, index_t layer, test_cache& cache) override {
    return driver_.evict(pool, layer, cache, causal{});
  }
  failure reached(thread_pool& pool, engine_point point, std::span<test_cache* const> caches) override {
    return driver_.reached(
        pool, point, [&](index_t l) -> test_cache& { return *caches[at(l)]; }, causal{});
  }
  failure rollback(index_t tokens, std::span<test_cache* const> caches) override {
    return driver_.rollback(tokens, [&](index_t l) -> test_cache& { return *caches[at(l)]; });
  }
  [[nodiscard]] score_view scores(index_t layer) const override { return driver_.scores(layer); }
  [[nodiscard]] index_t bytes_held() const override { return driver_.bytes_held(); }

private:
  cache_driver<P> driver_;
};
} // namespace

std::unique_ptr<any_driver> driver_of(const std::vector<any_policy>& policies, const driver_shape& shape,
                                      const eviction_schedule& when) {
  return std::visit(
      [&](const auto& first) -> std::unique_ptr<any_driver> {
        using P = std::remove_cvref_t<decltype(first)>;
        std::vector<P> list;
        for (const any_policy& p : policies) list.push_back(std::get<P>(p));
        return std::make_unique<driver_of_policy<P>>(list, shape, when);
      },
      policies.front());
}

namespace {
TEST(evict_driven, the_engine_attends_causally_to_all_that_it_appended) {
  const engine_shape s{1, 2, 1, 4, 16};
  small_engine e(s, 1);
  const auto driver = driver_of(keep_all{}, e.driven(3));
  ASSERT_FALSE(driver->begin(std::vector<index_t>{0}));
  ASSERT_FALSE(e.pass(*driver, 3));
  for (index_t row = 0; row < 3; ++row)
    for (index_t h = 0; h < 2; ++h) {
      double sum = 0, most = 0;
      for (index_t j = 0; j <= row; ++j) {
        double score = 0;
        for (index_t d = 0; d < 4; ++d)
          score += static_cast<double>(e.q[at((row * 2 + h) * 4 + d)]) * static_cast<double>(e.k[at(j * 4 + d)]) / 2;
        sum += std::exp(score);
        most = std::fmax(most, std::fabs(score));
      }
      EXPECT_NEAR(static_cast<double>(e.lse[at(row * 2 + h)]), std::log(sum), (4 + 2 + 2 * 2 * most) * epsilon<float>);
    }
}
} // namespace
} // namespace heed::test
