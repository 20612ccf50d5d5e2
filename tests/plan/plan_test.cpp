// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// What a plan says of itself: its workspace and its line of explanation.
#include <heed/plan/plan.hpp>

#include <heed/attention.hpp>
#include <heed/kv/contiguous.hpp>
#include <heed/mask/causal.hpp>
#include <heed/observe/key_sums.hpp>

#include <gtest/gtest.h>
#include <support/refusal.hpp>

#include <string>

namespace {
using namespace heed;
using heed::test::refusal;
using heed::test::refusal_of;

float number = 0;
auto source(index_t kv_heads, index_t key_dim, index_t value_dim) {
  return contiguous(view<const float>(&number, 0, kv_heads, key_dim),
                    view<const float>(&number, 0, kv_heads, value_dim));
}

TEST(plan_plan, a_worker_needs_at_most_two_mebibytes) {
  for (const auto& [k, v] :
       {std::pair<index_t, index_t>{1, 1}, {64, 64}, {128, 128}, {256, 256}, {512, 512}, {576, 512}}) {
    const auto f = make_plan(batch_shape{1, 4096, 16, 4096}, source(1, k, v), causal{}).numbers();
    EXPECT_LE(f.worker_bytes, index_t{2} << 20) << k << "/" << v;
  }
}

TEST(plan_plan, a_workspace_is_scratch_work_list_and_chunk_states) {
  const plan p = make_plan(batch_shape{2, 100, 8, 5000}, source(2, 64, 64), causal{});
  const auto& f = p.numbers();
  EXPECT_EQ(p.split_groups(1), 0);
  index_t last = 0;
  for (const index_t workers : {1, 2, 3, 8, 64}) {
    const index_t groups = p.split_groups(workers);
    EXPECT_LE(groups, 4 * workers);
    EXPECT_LE(groups, f.tiles);
    const index_t scratch = workers * f.worker_bytes,
                  list = f.tiles * f.record_bytes + p.task_count(workers) * f.task_bytes;
    const index_t states = groups * (f.group_states * 8 + f.group_numbers * 4);
    EXPECT_LE(p.workspace_bytes(workers), scratch + list + states + 1024);
    EXPECT_GT(p.workspace_bytes(workers), last);
    last = p.workspace_bytes(workers);
  }
}

TEST(plan_plan, keeps_log_sum_exps_only_for_observers) {
  const batch_shape limits{2, 100, 8, 5000};
  float sum = 0;
  const auto observed = make_plan(limits, source(2, 64, 64), causal{}, key_sums<float>(view(&sum, 1, 1, 1)));
  const auto plain = make_plan(limits, source(2, 64, 64), causal{});
  EXPECT_EQ(observed.workspace_bytes(2), plain.workspace_bytes(2) + 100 * 8 * 4);
  EXPECT_EQ(plain.kept_bytes(), 100 * 8 * 4);
}

TEST(plan_plan, serves_smaller_limits_for_less) {
  const auto bytes = [](const batch_shape& s) { return make_plan(s, source(2, 64, 64), causal{}).workspace_bytes(4); };
  EXPECT_LT(bytes({1, 100, 8, 5000}), bytes({1, 200, 8, 5000}));
  EXPECT_LT(bytes({1, 100, 8, 5000}), bytes({1, 100, 8, 500000}));
}

TEST(plan_plan, limits_whose_workspace_does_not_fit_64_bits_are_refused) {
  constexpr index_t most = index_t{1} << 40;
  for (const batch_shape& s : {batch_shape{most, most, 32, most, 1}, batch_shape{1, most, most, 1},
                               batch_shape{most, 1, 32, most}, batch_shape{most, most, most, most, most}})
    EXPECT_EQ(refusal_of([&] { (void)make_plan(s, source(32, 64, 64), causal{}); }),
              refusal(errc::size_overflow, "shape: workspace bytes is 4611686018427387904, or more; they must be less "
                                           "than 4611686018427387904"))
        << s.sequences << ' ' << s.tokens;
}

TEST(plan_plan, sources_that_no_call_could_use_are_refused) {
  const batch_shape s{1, 4, 4, 10};
  EXPECT_EQ(refusal_of([&] { (void)make_plan(s, source(2, 0, 8)); }),
            refusal(errc::bad_extent, "kv: key_dim is 0, the least is 1"));
  EXPECT_EQ(refusal_of([&] { (void)make_plan(s, source(2, 8, 0)); }),
            refusal(errc::bad_extent, "kv: value_dim is 0, the least is 1"));
  EXPECT_EQ(refusal_of([&] { (void)make_plan(s, source(0, 8, 8)); }),
            refusal(errc::bad_extent, "kv: kv_heads is 0, the least is 1"));
  EXPECT_EQ(refusal_of([&] { (void)make_plan(s, source(3, 8, 8)); }),
            refusal(errc::heads_not_divisible, "shape: q_heads is 4, which is no multiple of kv_heads 3"));
  EXPECT_EQ(refusal_of([&] {
              (void)make_plan(batch_shape{1, -4, 4, 10}, source(2, 8, 8));
            }),
            refusal(errc::bad_extent, "shape: tokens is -4, the least is 0"));
}

TEST(plan_plan, explains_itself_in_one_line) {
  EXPECT_FALSE(plan().valid());
  const auto text = [](const batch_shape& s, index_t workers) {
    return std::string(explain(make_plan(s, source(2, 64, 64), causal{}), workers).c_str());
  };
  const std::string both = text({1, 100, 4, 5000}, 2), decode = text(decode_shape{3, 4, 5000}, 2),
                    wide = text({1, 1, 142, 50}, 2);
  const plan p = make_plan(batch_shape{1, 100, 4, 5000}, source(2, 64, 64), causal{});
  const auto& f = p.numbers();
  const auto digits = [](index_t n) { return std::to_string(n); };
  const std::string few = digits(f.shape.few_lanes);
  EXPECT_EQ(both, "prefill (rows x group > " + few + ") " + digits(f.shape.panels) + " x " + digits(f.panel_lanes) +
                      " lanes (tuned for dims 64, 64), blocks of " + digits(f.shape.block_keys) + " keys, chunks of " +
                      digits(f.shape.chunk_slots) + " slots; decode (rows x group <= " + few + "), blocks of " +
                      digits(f.shape.decode_block_keys) + " keys, chunks of " + digits(f.shape.decode_chunk_slots) +
                      " slots; isa " + f.isa + ", " + digits(f.vector_lanes) + " lanes of 32 bits; up to " +
                      digits(p.split_groups(2)) +
                      " tiles split, so that none keeps one of 2 workers alone; workspace " +
                      digits(p.workspace_bytes(2)) + " bytes");
  EXPECT_EQ(decode.find("prefill"), std::string::npos) << decode;
  EXPECT_EQ(wide.find("decode"), std::string::npos) << wide;
  for (const std::string& line : {both, decode, wide}) {
    EXPECT_EQ(line.find('\n'), std::string::npos);
    EXPECT_EQ(line.substr(line.size() - 6), " bytes") << "not cut";
  }
  constexpr index_t most = index_t{1} << 40;
  const std::string largest =
      explain(plan({.limits = {most, most, most, most, most}, .shape = {}, .accum_bytes = 8}), most).c_str();
  EXPECT_EQ(largest.substr(largest.size() - 6), " bytes") << "the largest numbers fit";
}
} // namespace
