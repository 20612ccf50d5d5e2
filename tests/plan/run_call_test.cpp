// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Running a plan: what it touches, how often it serves, and every call that it refuses.
#include <heed/plan/run_call.hpp>

#include <plan/bound_call.hpp>

#include <heed/exec/thread_pool.hpp>
#include <heed/mask/sliding_window.hpp>
#include <heed/observe/key_sums.hpp>
#include <support/q8_0_source.hpp>
#include <support/refusal.hpp>

namespace {
using namespace heed;
using namespace heed::test;

/// Runs in the middle of a larger buffer, `off` bytes behind a cache line, and looks at the bytes around.
template <class Executor, class... Role>
errc run_inside(Executor& executor, const plan& made, const sample<>& s, std::vector<float>& o, index_t off,
                index_t bytes, const Role&... roles) {
  std::vector<std::byte> memory(place(bytes + 4096), std::byte{0xa5});
  const auto skew = static_cast<index_t>(reinterpret_cast<std::uintptr_t>(memory.data()) % 64);
  const auto first = place(1024 + (64 - skew) + off);
  const errc code = run(executor, made, ragged(s.queries(), s.offsets), s.kv(),
                        ragged(view(o.data(), s.tokens(), s.q_heads(), s.value_dim), s.offsets),
                        std::span<std::byte>(memory.data() + first, place(bytes)), roles...);
  for (std::size_t i = 0; i < memory.size(); ++i)
    if (i < first || i >= first + place(bytes)) {
      EXPECT_EQ(memory[i], std::byte{0xa5}) << "byte " << i << " of a workspace of " << bytes << " at " << first;
      if (memory[i] != std::byte{0xa5}) break;
    }
  if (code != errc::ok)
    for (std::size_t i = first; i < first + place(bytes); ++i)
      if (memory[i] != std::byte{0xa5}) {
        ADD_FAILURE() << "a refused call wrote into the workspace";
        break;
      }
  return code;
}

TEST(plan_run_call, touches_its_workspace_only_wherever_that_lies) {
  for (const auto& [rows, keys] : {std::pair<index_t, index_t>{1, 5000}, {3, 700}, {150, 400}, {0, 5}}) {
    const sample<> s(1, {rows, 2}, {keys, 33}, 2, 2, 24, 40);
    const auto want = s.run(causal{});
    // Limits exactly as large as the call.
    const plan made = make_plan(batch_shape{2, rows + 2, 4, std::max<index_t>(keys, 33), std::max<index_t>(rows, 2)},
                                s.kv(), causal{});
    for (const index_t workers : {1, 2, 3})
      for (const index_t off : {0, 1, 7, 33, 63}) {
        thread_pool pool(workers);
        const index_t bytes = made.workspace_bytes(workers);
        std::vector<float> o(want.o.size(), 9.f), logs(want.lse.size()),
            sums(place(2 * 4 * std::max<index_t>(keys, 33)));
        const key_sums<float> observer(view(sums.data(), 2, 4, std::max<index_t>(keys, 33)));
        // The plan was made without observers: what they keep comes on top.
        EXPECT_EQ(run_inside(pool, made, s, o, off, bytes + made.kept_bytes(), causal{},
                             lse(view(logs.data(), rows + 2, 4)), observer),
                  errc::ok);
        EXPECT_TRUE(same_bits(o, want.o));
        EXPECT_TRUE(same_bits(logs, want.lse));
        std::vector<float> untouched(want.o.size(), 9.f);
        EXPECT_EQ(run_inside(pool, made, s, untouched, off, bytes - 1, causal{}), errc::workspace_too_small);
        EXPECT_EQ(run_inside(pool, made, s, untouched, off, bytes + made.kept_bytes() - 1, causal{},
                             lse(view(logs.data(), rows + 2, 4)), observer),
                  errc::workspace_too_small);
        for (const float x : untouched) ASSERT_EQ(x, 9.f);
      }
  }
}

TEST(plan_run_call, long_prompts_are_planned_by_all_workers_to_the_same_bits) {
  const sample<> s(7, {2100}, {2100}, 1, 1, 4, 4); // more than four million cells
  const plan made = make_plan(batch_shape{1, 2100, 1, 2100, 2100}, s.kv(), causal{});
  std::vector<float> first;
  for (const index_t workers : {1, 2, 3}) {
    thread_pool pool(workers);
    std::vector<float> o(place(s.tokens() * s.value_dim), 9.f);
    EXPECT_EQ(run_inside(pool, made, s, o, 0, made.workspace_bytes(workers), causal{}), errc::ok);
    if (workers == 1)
      first = o;
    else
      EXPECT_TRUE(same_bits(o, first));
  }
}

TEST(plan_run_call, one_plan_serves_all_steps_and_layers) {
  const plan made = make_plan(batch_shape{2, 80, 4, 700, 70}, sample<>(0, {1}, {1}, 2, 2, 16, 8).kv(), causal{});
  thread_pool pool(2);
  for (const index_t keys : {70, 71, 200, 511, 512, 513, 700})
    for (const index_t rows : {70, 1, 2, 5}) {
      const sample<> s(static_cast<std::uint64_t>(keys + rows), {rows, 1}, {keys, keys / 2}, 2, 2, 16, 8);
      const auto want = s.run(causal{});
      std::vector<float> o(want.o.size());
      EXPECT_EQ(run_inside(pool, made, s, o, 0, made.workspace_bytes(2), causal{}), errc::ok);
      EXPECT_TRUE(same_bits(o, want.o)) << rows << " rows, " << keys << " keys";
    }
}

TEST(plan_run_call, calls_beyond_the_limits_are_refused_before_a_write) {
  const sample<> s(2, {4, 2}, {6, 5}, 2, 2, 8, 6);
  sequential one;
  const auto code = [&](const batch_shape& limits) {
    const plan made = make_plan(limits, s.kv(), causal{});
    std::vector<float> o(place(6 * 4 * 6), 9.f);
    const errc c = run_inside(one, made, s, o, 0, made.workspace_bytes(1), causal{});
    for (const float x : o) EXPECT_EQ(x == 9.f, c != errc::ok);
    return c;
  };
  EXPECT_EQ(code({2, 6, 4, 6, 4}), errc::ok);
  EXPECT_EQ(code({1, 6, 4, 6, 4}), errc::limit_exceeded);
  EXPECT_EQ(code({2, 5, 4, 6, 4}), errc::limit_exceeded);
  EXPECT_EQ(code({2, 6, 4, 5, 4}), errc::limit_exceeded);
  EXPECT_EQ(code({2, 6, 4, 6, 3}), errc::limit_exceeded);
  EXPECT_EQ(code({2, 6, 8, 6, 4}), errc::plan_mismatch);
}

TEST(plan_run_call, refused_with_code_and_text) {
  const sample<> s(3, {4, 2}, {6, 5}, 2, 2, 8, 6);
  const bound_call<> call(s);
  ASSERT_FALSE(call.failed);
  const auto c = call.get();
  using call_type = bound_call<>::call_type;
  const plan::figures good = make_plan(batch_shape{2, 6, 4, 6, 4}, s.kv(), causal{}).numbers();
  const auto with = [&](const auto& spoil) {
    plan::figures f = good;
    spoil(f);
    return refusal(plan_detail::check_plan<float, call_type>(plan(f), c));
  };
  const auto mismatch = [](const std::string& text) { return refusal(errc::plan_mismatch, "plan: " + text); };
  const auto exceeded = [](const std::string& text) { return refusal(errc::limit_exceeded, text); };
  const std::string lanes = std::to_string(kernel::kernel_shape<float>::panel_lanes);
  EXPECT_EQ(with([](plan::figures&) {}), refusal());
  EXPECT_EQ(with([](plan::figures& f) { f = {}; }), mismatch("accumulator bytes is 0, but the call's are 4"));
  EXPECT_EQ(with([](plan::figures& f) { f.accum_bytes = 8; }),
            mismatch("accumulator bytes is 8, but the call's are 4"));
  EXPECT_EQ(with([](plan::figures& f) { f.panel_lanes = 1; }),
            mismatch("lanes of a panel is 1, but this instruction set has " + lanes));
  EXPECT_EQ(with([](plan::figures& f) { f.shape.block_keys = 64; }),
            mismatch("block_keys of its tuning is 64, but the call's tuning has 96"));
  EXPECT_EQ(with([](plan::figures& f) { f.dims.key_dim = 9; }), mismatch("key_dim is 9, but kv has 8"));
  EXPECT_EQ(with([](plan::figures& f) { f.dims.value_dim = 7; }), mismatch("value_dim is 7, but kv has 6"));
  EXPECT_EQ(with([](plan::figures& f) { f.dims.kv_heads = 4; }), mismatch("kv_heads is 4, but kv has 2"));
  EXPECT_EQ(with([](plan::figures& f) { f.limits.q_heads = 8; }), mismatch("q_heads is 8, but q has 4"));
  EXPECT_EQ(with([](plan::figures& f) { f.worker_bytes = 640; }),
            mismatch("bytes of a worker is 640, give make_plan a source of the call's type; it needs " +
                     std::to_string(good.worker_bytes)));
  EXPECT_EQ(with([](plan::figures& f) { f.limits.sequences = 1; }),
            exceeded("q: sequences is 2, but the plan's limit is 1"));
  EXPECT_EQ(with([](plan::figures& f) { f.limits.tokens = 5; }), exceeded("q: tokens is 6, but the plan's limit is 5"));
  EXPECT_EQ(with([](plan::figures& f) { f.limits.max_rows = 3; }),
            exceeded("q: rows of a sequence is 4, but the plan's limit is 3"));
  EXPECT_EQ(with([](plan::figures& f) { f.limits.max_slots = 5; }),
            exceeded("kv: slots is 6, but the plan's limit is 5"));
}

TEST(plan_run_call, quantised_rows_need_a_plan_of_their_own) {
  const sample<> s(4, {1}, {6}, 2, 2, 512, 512);
  bound_call<> call(s);
  call.shape.panels = 1; // so that the decode kernel needs more than the other
  call.shape.decode_block_keys = key_block::capacity;
  given_shape::shape = call.shape;
  const auto c = call.get();
  const q8_0_source kv(s.keys(), s.values(), s.key_offsets);
  using quantised = kernel::call<float, float, float, q8_0_source, causal, no_score_mod, epilogue_list<>>;
  const quantised on_bytes{c.p, kv, c.m, c.mod, c.epi, c.shape, kv.dims()};
  const plan plain = make_plan(decode_shape{1, 4, 6}, s.kv(), causal{}, given_shape{});
  const plan own = make_plan(decode_shape{1, 4, 6}, kv, causal{}, given_shape{});
  given_shape::shape = tile_shape{};
  ASSERT_LT(plain.numbers().worker_bytes, own.numbers().worker_bytes);
  EXPECT_EQ((plan_detail::check_plan<float, quantised>(plain, on_bytes).code), errc::plan_mismatch);
  EXPECT_EQ((plan_detail::check_plan<float, quantised>(own, on_bytes).code), errc::ok);
  EXPECT_EQ((plan_detail::check_plan<float, bound_call<>::call_type>(own, c).code), errc::ok) << "more is enough";
}

struct by_head : causal {
  [[nodiscard]] bool alike(range heads) const noexcept { return heads.size() <= 1; }
};
TEST(plan_run_call, a_mask_that_tells_heads_apart_needs_a_plan_of_its_own) {
  const sample<> s(4, {4}, {6}, 2, 2, 8, 6);
  const bound_call<by_head> call(s);
  const plan made = make_plan(batch_shape{1, 4, 4, 6}, s.kv(), causal{});
  EXPECT_EQ(refusal(plan_detail::check_plan<float, bound_call<by_head>::call_type>(made, call.get())),
            refusal(errc::plan_mismatch,
                    "plan: room for a mask that cuts tiles or tells heads apart is 0, give make_plan "
                    "the call's mask; the least is 1"));
}

TEST(plan_run_call, pieces_of_few_rows_need_a_plan_with_room_for_them) {
  const sample<> s(4, {1}, {6}, 2, 2, 8, 6);
  bound_call<> call(s);
  call.p.prompt = prompt_rows{};
  const auto mismatch = [&](const plan& made) {
    return refusal(plan_detail::check_plan<float, bound_call<>::call_type>(made, call.get()));
  };
  const decode_shape limits{.sequences = 1, .q_heads = 4, .max_slots = 6};
  EXPECT_EQ(mismatch(make_plan(limits, s.kv(), causal{})),
            refusal(errc::plan_mismatch,
                    "plan: room for a prompt in pieces of few rows is 0, give make_plan the call's "
                    "prompt_rows; the least is 1"));
  const plan made = make_plan(limits, s.kv(), causal{}, prompt_rows{});
  EXPECT_EQ(mismatch(made), refusal());
  EXPECT_NE(std::string(explain(made).c_str()).find("prefill"), std::string::npos);
  EXPECT_EQ(mismatch(make_plan(batch_shape{1, 64, 4, 6}, s.kv(), causal{})), refusal()) << "many rows have the room";
}

TEST(plan_run_call, tunings_that_the_kernels_cannot_serve) {
  const auto with = [](const auto& spoil) {
    tile_shape shape = default_tuning{}(plan_detail::this_isa<float>(), {64, 64, 4});
    spoil(shape);
    return refusal(plan_detail::check_shape<float>(shape));
  };
  const auto bad = [](const std::string& text) { return refusal(errc::bad_value, "tuning: " + text); };
  const std::string group = std::to_string(kernel::kernel_shape<float>::group_keys),
                    few = std::to_string(kernel::decode_scratch<float>::max_lanes);
  EXPECT_EQ(with([](tile_shape&) {}), refusal());
  EXPECT_EQ(with([](tile_shape& x) { x.panels = 0; }), bad("panels is 0, it must lie between 1 and 8"));
  EXPECT_EQ(with([](tile_shape& x) { x.panels = 9; }), bad("panels is 9, it must lie between 1 and 8"));
  EXPECT_EQ(with([](tile_shape& x) { x.block_keys = 1; }), bad("block_keys is 1, the least is " + group));
  EXPECT_EQ(with([](tile_shape& x) { x.block_keys = 129; }), bad("block_keys is 129, the most is 128"));
  EXPECT_EQ(with([](tile_shape& x) { x.decode_block_keys = -1; }),
            bad("decode_block_keys is -1, the least is " + group));
  EXPECT_EQ(with([](tile_shape& x) { x.decode_block_keys = 129; }), bad("decode_block_keys is 129, the most is 128"));
  EXPECT_EQ(with([](tile_shape& x) { x.chunk_slots = 0; }), bad("chunk_slots is 0, the least is 1"));
  EXPECT_EQ(with([](tile_shape& x) { x.decode_chunk_slots = 0; }), bad("decode_chunk_slots is 0, the least is 1"));
  EXPECT_EQ(with([](tile_shape& x) { x.few_lanes = -1; }), bad("few_lanes is -1, it must lie between 0 and " + few));
  EXPECT_EQ(with([](tile_shape& x) { x.few_lanes = 9; }), bad("few_lanes is 9, it must lie between 0 and " + few));
}

struct nobody {
  index_t workers() const noexcept { return 0; }
  void bulk(index_t, void (*)(void*, index_t, index_t), void*) const { ADD_FAILURE(); }
};
TEST(plan_run_call, executors_without_workers_and_workspaces_in_operands_are_refused) {
  sample<> s(5, {4, 2}, {6, 5}, 2, 2, 8, 6);
  const plan made = make_plan(batch_shape{2, 6, 4, 6, 4}, s.kv(), causal{});
  const auto bytes = place(made.workspace_bytes(1));
  std::vector<float> big(bytes / 2 + 1000, .5f), o(place(6 * 4 * 6), 9.f);
  std::vector<std::byte> memory(bytes);
  const auto kv = contiguous(view(big.data(), 11, 2, 8), view(big.data() + 500, 11, 2, 6), s.key_offsets);
  const auto q = view(big.data() + 800, 6, 4, 8);
  const auto go = [&](auto&& e, const tensor_view<float, 3>& out, std::span<std::byte> w) {
    return run(e, made, ragged(q, s.offsets), kv, ragged(out, s.offsets), w, causal{});
  };
  const auto out = view(o.data(), 6, 4, 6);
  const auto inside = [&](index_t first) {
    return std::span<std::byte>(reinterpret_cast<std::byte*>(big.data() + first), bytes);
  };
  const auto before = big;
  EXPECT_EQ(go(nobody{}, out, memory), errc::bad_value);
  EXPECT_EQ(go(sequential{}, out, inside(100)), errc::overlap) << "in k";
  EXPECT_EQ(go(sequential{}, out, inside(600)), errc::overlap) << "in v";
  EXPECT_EQ(go(sequential{}, out, inside(900)), errc::overlap) << "in q";
  EXPECT_EQ(go(sequential{}, view(big.data() + 1100, 6, 4, 6), inside(1200)), errc::overlap) << "in o";
  EXPECT_EQ(big, before);
  for (const float x : o) EXPECT_EQ(x, 9.f);
  EXPECT_EQ(go(sequential{}, out, inside(1000)), errc::ok);
  EXPECT_EQ(refusal_of([&] { attend(nobody{}, ragged(q, s.offsets), kv, ragged(out, s.offsets)); }),
            refusal(errc::bad_value, "executor: workers is 0, the least is 1"));
}
/// Tiles of every other row; says how many they are, or does not.
struct every_other : causal {
  [[nodiscard]] index_t query_tiles(index_t, index_t rows, index_t capacity) const noexcept {
    return 2 * ((rows + 2 * capacity - 1) / (2 * capacity));
  }
  [[nodiscard]] index_t query_tile(index_t, index_t rows, index_t capacity, index_t i,
                                   std::span<index_t> out) const noexcept {
    index_t n = 0;
    for (index_t r = i / 2 * 2 * capacity + i % 2; r < lesser(rows, (i / 2 + 1) * 2 * capacity); r += 2)
      out[place(n++)] = r;
    return n;
  }
};
struct every_other_bounded : every_other {
  index_t claimed = 1; ///< as a share of the truth
  [[nodiscard]] index_t most_query_tiles(index_t sequences, index_t rows, index_t capacity) const noexcept {
    return 2 * (rows / (2 * capacity) + sequences) / claimed;
  }
};
static_assert(bounded_query_tiler<every_other_bounded> && !bounded_query_tiler<every_other>);

TEST(plan_run_call, holds_as_many_tiles_as_the_mask_says_it_cuts) {
  const sample<> s(1, {700}, {700}, 2, 1, 16, 16);
  const batch_shape limits{1, 700, 2, 700, 700};
  const plan one_per_row = make_plan(limits, s.kv(), every_other{}),
             bounded = make_plan(limits, s.kv(), every_other_bounded{});
  EXPECT_EQ(one_per_row.numbers().tiles, 2 * (700 + 1));
  const index_t lanes = bounded.numbers().shape.panels * bounded.numbers().panel_lanes;
  EXPECT_EQ(bounded.numbers().tiles, 2 * 2 * (700 / (2 * lanes) + 1));
  EXPECT_LT(bounded.workspace_bytes(2), one_per_row.workspace_bytes(2));
  const auto want = s.run(every_other{});
  thread_pool pool(2);
  std::vector<float> o(want.o.size());
  EXPECT_EQ(run_inside(pool, bounded, s, o, 0, bounded.workspace_bytes(2), every_other_bounded{}), errc::ok);
  EXPECT_TRUE(same_bits(o, want.o));
  // One that cuts more than it said when the plan was made.
  const plan few = make_plan(limits, s.kv(), every_other_bounded{{}, 4});
  std::vector<float> untouched(want.o.size(), 9.f);
  std::vector<std::byte> memory(place(few.workspace_bytes(2)));
  EXPECT_EQ(run(pool, few, ragged(s.queries(), s.offsets), s.kv(),
                ragged(view(untouched.data(), s.tokens(), s.q_heads(), s.value_dim), s.offsets), memory,
                every_other_bounded{}),
            errc::limit_exceeded);
  EXPECT_EQ(untouched, std::vector<float>(want.o.size(), 9.f));
}
} // namespace
