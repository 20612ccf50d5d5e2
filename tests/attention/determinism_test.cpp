// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Same bits for any worker count, batch, workspace and caller; nothing allocated in run, nothing written beside the
// workspace; right with flush-to-zero; the shapes of real models.
#include <attention/sample.hpp>

#include <heed/exec/thread_pool.hpp>
#include <heed/mask/causal.hpp>
#include <heed/observe/key_sums.hpp>

#include "../../bench/shapes.hpp"
#include <support/allocation_counter.hpp>
#include <support/flush_to_zero.hpp>

#include <algorithm>
#include <thread>

namespace {
using namespace heed;
using namespace heed::test;

/// Prefill, decode with many chunks, and both mixed in one batch.
const std::vector<std::pair<std::vector<index_t>, std::vector<index_t>>> batches{
    {{300}, {2600}}, {{1}, {5000}}, {{2, 1, 0, 260, 1}, {1300, 700, 9, 300, 0}}};

TEST(attention_determinism, same_bits_for_any_worker_count) {
  sequential one;
  for (const auto& [rows, keys] : batches)
    for (const tile_shape& shape : {tile_shape{}, tile_shape{1, 32, 96, 8, 32, 96}}) {
      const sample<> s(1, rows, keys, 2, 4, 24, 20);
      const erased_executor alone(one);
      given_shape::shape = shape;
      const auto want = s.run_on(alone, s.kv(), causal{}, given_shape{});
      expect_within(s, want, s.exact(causal{}));
      for (const index_t workers : {2, 3, 8}) {
        thread_pool pool(workers);
        const erased_executor on(pool);
        EXPECT_TRUE(s.run_on(on, s.kv(), causal{}, given_shape{}) == want) << workers << " workers";
      }
    }
  given_shape::shape = tile_shape{};
}

TEST(attention_determinism, observers_see_the_same_bits_for_any_worker_count) {
  for (const auto& [rows, keys] : batches) {
    const sample<> s(10, rows, keys, 2, 4, 24, 20);
    const index_t sequences = static_cast<index_t>(rows.size()), longest = *std::max_element(keys.begin(), keys.end());
    std::vector<float> first;
    for (const index_t workers : {1, 2, 3, 8}) {
      thread_pool pool(workers);
      const erased_executor on(pool);
      std::vector<float> sums(place(sequences * 8 * longest), 9.f);
      static_cast<void>(s.run_on(on, s.kv(), causal{}, key_sums<float>(view(sums.data(), sequences, 8, longest))));
      if (workers == 1) first = sums;
      EXPECT_TRUE(same_bits(sums, first)) << workers << " workers";
    }
  }
}

TEST(attention_determinism, a_sequence_has_the_bits_that_it_has_alone) {
  const std::vector<index_t> rows{130, 1, 3, 0, 2, 64}, keys{130, 1700, 90, 12, 2, 400};
  const sample<> s(2, rows, keys, 2, 3, 24, 20);
  sequential one;
  const erased_executor on(one);
  const auto batch = s.run_on(on, s.kv(), causal{}, given_shape{});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    sample<> alone(2, {rows[i]}, {keys[i]}, 2, 3, 24, 20);
    alone.q = cut(s.q, s.offsets[i], rows[i], 6 * 24);
    alone.k = cut(s.k, s.key_offsets[i], keys[i], 2 * 24);
    alone.v = cut(s.v, s.key_offsets[i], keys[i], 2 * 20);
    const auto got = alone.run_on(on, alone.kv(), causal{}, given_shape{});
    EXPECT_TRUE(same_bits(got.o, cut(batch.o, s.offsets[i], rows[i], 6 * 20))) << "sequence " << i;
    EXPECT_TRUE(same_bits(got.lse, cut(batch.lse, s.offsets[i], rows[i], 6)));
  }
}

/// A plan, its workspace with marks on both sides, and the buffers of one run.
struct planned {
  static constexpr std::size_t mark_bytes = 256;
  const sample<>& s;
  plan made;
  std::vector<std::byte> memory;
  std::span<std::byte> workspace;
  outcome<float> out;
  planned(const sample<>& x, const plan& p, index_t workers, std::size_t skew) : s(x), made(p) {
    const auto bytes = place(made.workspace_bytes(workers));
    memory.assign(bytes + 2 * mark_bytes + skew, std::byte{0xa5});
    workspace = std::span<std::byte>(memory).subspan(mark_bytes + skew, bytes);
    out.o.assign(place(s.tokens() * s.q_heads() * s.value_dim), 9.f);
    out.lse.assign(place(s.tokens() * s.q_heads()), 9.f);
  }
  errc go(const erased_executor& on) {
    const auto o = view(out.o.data(), s.tokens(), s.q_heads(), s.value_dim);
    return run(on, made, ragged(s.queries(), s.offsets), s.kv(), ragged(o, s.offsets), workspace, causal{},
               given_shape{}, heed::lse(view(out.lse.data(), s.tokens(), s.q_heads())));
  }
  [[nodiscard]] bool marks_survive() const noexcept {
    for (const std::byte* b = memory.data(); b < memory.data() + memory.size(); ++b)
      if ((b < workspace.data() || b >= workspace.data() + workspace.size()) && *b != std::byte{0xa5}) return false;
    return true;
  }
};

TEST(attention_determinism, run_allocates_nothing_and_stays_in_its_workspace) {
  sequential one;
  for (const auto& [rows, keys] : batches)
    for (const index_t workers : {1, 3}) {
      const sample<> s(3, rows, keys, 2, 4, 24, 20);
      thread_pool pool(workers);
      const erased_executor on(pool), alone(one);
      const auto want = s.run_on(alone, s.kv(), causal{}, given_shape{});
      const batch_shape limits{static_cast<index_t>(rows.size()), s.tokens(), 8,
                               *std::max_element(keys.begin(), keys.end()),
                               *std::max_element(rows.begin(), rows.end())};
      const plan made = make_plan(limits, s.kv(), causal{}, given_shape{});
      for (const std::size_t skew : {0u, 1u, 8u, 63u}) {
        planned p(s, made, workers, skew);
        const allocation_scope counter;
        const errc code = p.go(on);
        EXPECT_EQ(counter.count(), 0);
        EXPECT_EQ(code, errc::ok);
        EXPECT_TRUE(p.out == want);
        EXPECT_TRUE(p.marks_survive());
      }
      planned small(s, made, workers, 0);
      small.workspace = small.workspace.first(small.workspace.size() - 1);
      EXPECT_EQ(small.go(on), errc::workspace_too_small);
      EXPECT_EQ(small.out.o.front(), 9.f) << "refused, but written";
    }
}

TEST(attention_determinism, one_plan_serves_every_step_within_its_limits) {
  const plan made =
      make_plan(batch_shape{4, 200, 8, 3000, 200}, sample<>(4, {1}, {1}, 2, 4, 24, 20).kv(), causal{}, given_shape{});
  sequential one;
  const erased_executor on(one);
  for (const auto& [rows, keys] : std::vector<std::pair<std::vector<index_t>, std::vector<index_t>>>{
           {{200}, {200}}, {{1, 1, 1, 1}, {3000, 1, 70, 0}}, {{1, 150, 2}, {1000, 150, 2}}, {{0}, {0}}, {{}, {}}}) {
    const sample<> s(5, rows, keys, 2, 4, 24, 20);
    planned p(s, made, 1, 0);
    EXPECT_EQ(p.go(on), errc::ok);
    EXPECT_TRUE(p.out == s.run_on(on, s.kv(), causal{}, given_shape{}));
    EXPECT_TRUE(p.marks_survive());
  }
  for (const auto& [rows, keys] : std::vector<std::pair<std::vector<index_t>, std::vector<index_t>>>{
           {{201}, {201}}, {{1}, {3001}}, {{1, 1, 1, 1, 1}, {1, 1, 1, 1, 1}}}) {
    const sample<> s(6, rows, keys, 2, 4, 24, 20);
    planned p(s, made, 1, 0);
    EXPECT_EQ(p.go(on), errc::limit_exceeded);
    EXPECT_EQ(p.out.o.front(), 9.f) << "refused, but written";
  }
}

TEST(attention_determinism, four_callers_share_one_cache_and_one_plan) {
  const sample<> s(7, {40, 1, 2}, {300, 1500, 90}, 2, 4, 24, 20);
  sequential one;
  const erased_executor alone(one);
  const auto want = s.run_on(alone, s.kv(), causal{}, given_shape{});
  const plan made = make_plan(batch_shape{3, 43, 8, 1500, 40}, s.kv(), causal{}, given_shape{});
  thread_pool pool(2); // shared by all callers too
  const erased_executor on(pool);
  std::vector<planned> callers;
  for (int i = 0; i < 4; ++i) callers.emplace_back(s, made, 2, 0);
  int wrong[4] = {};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      for (int round = 0; round < 8; ++round) {
        std::fill(callers[i].out.o.begin(), callers[i].out.o.end(), 9.f);
        if (callers[i].go(i % 2 == 0 ? on : alone) != errc::ok || !(callers[i].out == want)) ++wrong[i];
      }
    });
  for (auto& t : threads) t.join();
  for (const int w : wrong) EXPECT_EQ(w, 0);
}

TEST(attention_determinism, right_with_subnormals_flushed_and_kept) {
  // Values and keys down to subnormal numbers: flushing one loses less than the bound's 2^-126.
  for (const auto& [rows, keys] : {std::pair<index_t, index_t>{70, 200}, {1, 500}}) {
    sample<> s(8, {rows}, {keys}, 2, 2, 24, 20);
    for (std::size_t i = 0; i < s.v.size(); i += 3) s.v[i] *= 0x1p-127f;
    for (std::size_t i = 0; i < s.k.size(); i += 5) s.k[i] *= 0x1p-130f;
    sequential one;
    const erased_executor on(one);
    const auto want = s.exact(causal{});
    expect_within(s, s.run_on(on, s.kv(), causal{}, given_shape{}), want);
    outcome<float> flushed;
    {
      const flush_to_zero mode;
      flushed = s.run_on(on, s.kv(), causal{}, given_shape{});
    }
    expect_within(s, flushed, want);
  }
}

TEST(attention_determinism, real_models_shapes) {
  sequential one;
  const erased_executor on(one);
  for (const bench::shape& m : bench::shapes)
    for (const auto& [rows, keys] : {std::pair<index_t, index_t>{1, 150}, {20, 33}}) {
      const sample<> s(9, {rows}, {keys}, m.kv_heads, m.q_heads / m.kv_heads, m.key_dim, m.value_dim);
      SCOPED_TRACE(m.name);
      expect_within(s, s.run_on(on, s.kv(), causal{}, given_shape{}), s.exact(causal{}));
    }
}
} // namespace
