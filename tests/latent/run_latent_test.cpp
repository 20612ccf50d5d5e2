// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/exec/sequential.hpp>
#include <heed/exec/thread_pool.hpp>
#include <heed/kv/biased.hpp>
#include <heed/kv/gathered.hpp>
#include <heed/mask/all_of.hpp>
#include <heed/mask/key_lists.hpp>
#include <heed/mask/sliding_window.hpp>

#include <latent/layer_under_test.hpp>
#include <support/allocation_counter.hpp>

namespace heed {
template class test::layer_under_test<float, float, float,
                                      float>; // run_latent_caches_test.cpp does not compile it again

namespace {

using test::erased_executor;
using test::erased_latent;
using test::erased_tiler;
using layer = test::layer_under_test<float, float, float, float>;
using indices = std::vector<index_t>;

constexpr latent_shape small{.heads = 3, .rank = 40, .nope = 20, .rope = 8, .value = 24};
const erased_tiler below{causal{}};
constexpr latent_form forms[] = {latent_form::naive, latent_form::absorbed};

erased_executor alone() {
  static sequential one;
  return erased_executor(one);
}

void expect_exact(const layer& l, const latent_options& options, const erased_latent<float>& kv,
                  const erased_tiler& mask = below) {
  const auto got = l.run(alone(), options, kv, mask);
  ASSERT_EQ(got.code, errc::ok);
  EXPECT_LE(l.worst(got, kv, mask), 1);
}

TEST(latent_run_latent, both_forms_equal_the_definition_for_any_shape) {
  const latent_shape shapes[] = {small,
                                 {.heads = 1, .rank = 16, .nope = 8, .rope = 4, .value = 8},
                                 {.heads = 5, .rank = 33, .nope = 1, .rope = 0, .value = 1},
                                 {.heads = 2, .rank = 7, .nope = 30, .rope = 2, .value = 31},
                                 {.heads = 16, .rank = 128, .nope = 32, .rope = 16, .value = 32}};
  for (latent_shape s : shapes)
    for (const latent_order order : {latent_order::latent_first, latent_order::rope_first}) {
      s.order = order;
      const layer l(s, {{1, 5, 17}, {1, 70, 17}}, 3);
      for (const latent_form form : forms) expect_exact(l, {.form = form, .expand_slots = 32}, l.contiguous());
    }
}

TEST(latent_run_latent, the_form_is_that_of_the_cost_rule_for_each_sequence) {
  // The threshold lies at 128 / 24 rows where slots are many.
  const latent_shape s{.heads = 2, .rank = 16, .nope = 4, .rope = 2, .value = 4};
  const layer l(s, {{1, 5, 6, 30}, {400, 400, 400, 30}}, 4);
  const auto kv = l.contiguous();
  const auto chosen = l.run(alone(), {.expand_slots = 64}, kv, below);
  ASSERT_EQ(chosen.code, errc::ok);
  EXPECT_LE(l.worst(chosen, kv, below), 1);
  const auto naive = l.run(alone(), {.form = latent_form::naive, .expand_slots = 64}, kv, below);
  const auto absorbed = l.run(alone(), {.form = latent_form::absorbed}, kv, below);
  const auto rows = static_cast<std::size_t>(s.heads * s.value);
  for (std::size_t seq = 0; seq < 4; ++seq) {
    const bool expands = cheaper_form(s, l.batch.rows[seq], l.batch.slots[seq]) == latent_form::naive;
    EXPECT_EQ(expands, seq >= 2) << seq;
    const auto& same = expands ? naive : absorbed;
    for (auto i = static_cast<std::size_t>(l.row_offsets[seq]) * rows;
         i < static_cast<std::size_t>(l.row_offsets[seq + 1]) * rows; ++i)
      ASSERT_EQ(chosen.o[i], same.o[i]) << seq;
  }
}

TEST(latent_run_latent, a_context_in_stretches_is_merged_to_the_whole) {
  const layer l(small, {{3, 9}, {257, 130}}, 5);
  const auto kv = l.contiguous();
  for (const index_t step : {1, 31, 64, 130, 256, 257, 1000})
    expect_exact(l, {.form = latent_form::naive, .expand_slots = step}, kv);
}

TEST(latent_run_latent, masks_positions_holes_and_biases_mean_the_same_in_both_forms) {
  const layer l(small, {{6}, {200}}, 8);
  const auto rows = latent(view(l.cache.data(), 200, small.key_dim()), small.row());
  const erased_tiler window(all_of(causal{}, sliding_window{40, 0}));
  // Listed slots of the cache, with holes; some of what is left carries a bias, or is evicted by one.
  indices picked;
  for (index_t i = 0; i < 150; ++i) picked.push_back(i % 11 == 5 ? -1 : (i * 37) % 200);
  std::vector<float> bias(150);
  for (std::size_t i = 0; i < bias.size(); ++i) bias[i] = i % 13 == 0 ? -__builtin_inff() : i % 5 == 0 ? 0.5f : 0.f;
  const auto some = gathered(rows, {.indices = picked, .width = 150});
  const auto weighed = biased(some, view(static_cast<const float*>(bias.data()), 1, 1, 150));
  indices at;
  for (index_t i = 0; i < 6; ++i) at.push_back(i == 3 ? 7 : 199 - 20 * i);
  for (const latent_form form : forms) {
    const latent_options options{.form = form, .expand_slots = 64};
    for (const auto& kv : {erased_latent<float>(rows), erased_latent<float>(some), erased_latent<float>(weighed)}) {
      expect_exact(l, options, kv, window);
      const auto got = l.run(alone(), options, kv, below, query_positions::listed(at));
      ASSERT_EQ(got.code, errc::ok);
      EXPECT_LE(l.worst(got, kv, below, at), 1);
    }
  }
}

TEST(latent_run_latent, nan_in_a_cached_row_reaches_the_rows_that_see_it_and_no_other) {
  layer l(small, {{4}, {20}}, 9);
  l.cache[static_cast<std::size_t>(18 * small.key_dim() + 3)] = __builtin_nanf("");
  for (const latent_form form : forms) {
    const auto got = l.run(alone(), {.form = form}, l.contiguous(), below);
    const auto row = static_cast<std::size_t>(small.heads * small.value);
    for (std::size_t i = 0; i < got.o.size(); ++i) EXPECT_EQ(std::isnan(got.o[i]), i >= 2 * row) << i;
  }
}

TEST(latent_run_latent, lists_of_keys_per_query_are_a_mask_by_position_and_a_gathered_source_by_row) {
  constexpr index_t rows = 6, keys = 200, width = 64;
  const layer l(small, {{rows}, {keys}}, 14);
  test::random gen(15);
  std::vector<std::int32_t> lists; // as a top-k leaves them: in any order, holes anywhere
  for (index_t r = 0; r < rows; ++r) {
    std::vector<std::int32_t> all;
    for (std::int32_t k = 0; k <= keys - rows + r; ++k) all.push_back(k);
    gen.shuffle(all);
    for (index_t i = 0; i < width; ++i) lists.push_back(i % 9 == 4 ? -1 : all[static_cast<std::size_t>(i)]);
  }
  auto ordered = lists;
  order_key_lists(std::span<std::int32_t>(ordered), width);
  const erased_tiler by_position(key_lists({.positions = ordered, .width = width}));
  const auto cached = latent(view(l.cache.data(), keys, small.key_dim()), small.row());
  // The same as physical rows: each token is a sequence of one row.
  layer tokens = l;
  tokens.batch = {indices(rows, 1), indices(rows, width)};
  tokens.row_offsets = {0, 1, 2, 3, 4, 5, 6};
  const std::vector<int> base(rows, 0);
  const erased_latent<float> by_row(gathered(cached, {.indices = lists, .width = width, .base_sequence = base}));
  for (const latent_form form : forms) {
    const latent_options options{.form = form, .expand_slots = 50};
    const auto masked = l.run(alone(), options, l.contiguous(), by_position);
    ASSERT_EQ(masked.code, errc::ok);
    EXPECT_LE(l.worst(masked, l.contiguous(), by_position), 1);
    const auto fetched = tokens.run(alone(), options, by_row, erased_tiler(full{}));
    ASSERT_EQ(fetched.code, errc::ok);
    EXPECT_LE(tokens.worst(fetched, by_row, erased_tiler(full{})), 1);
    EXPECT_LE(l.worst(fetched, l.contiguous(), by_position), 1);
  }
}

TEST(latent_run_latent, a_list_of_all_keys_is_dense) {
  const layer l(small, {{1}, {300}}, 16);
  std::vector<std::int32_t> all(320, -1);
  for (std::int32_t k = 0; k < 300; ++k) all[static_cast<std::size_t>(k)] = k;
  const erased_tiler listed(key_lists({.positions = all, .width = 320}));
  for (const latent_form form : forms)
    EXPECT_EQ(l.run(alone(), {.form = form}, l.contiguous(), listed),
              l.run(alone(), {.form = form}, l.contiguous(), below));
}

/// What a call with some things exchanged says; the output must stay as it was wherever it is refused.
struct call_parts {
  const layer& l;
  latent_plan made;
  latent_weights<float> weights;
  std::vector<float> o =
      std::vector<float>(static_cast<std::size_t>(l.row_offsets.back() * small.heads * small.value), 3.f);
  std::vector<std::byte> workspace = std::vector<std::byte>(static_cast<std::size_t>(made.workspace_bytes(1)));
  index_t q_dim = small.head_dim(), value_dim = small.rank;
  double scale = 1;
  prompt_rows prompt = prompt_rows::none();
  float *lse_data = nullptr, *o_data = nullptr;
  std::span<std::byte> elsewhere{};

  std::string refusal() {
    const index_t tokens = l.row_offsets.back();
    std::vector<float> lse(static_cast<std::size_t>(tokens * small.heads));
    const auto kv =
        erased_latent<float>(latent(view(l.cache.data(), l.slot_offsets.back(), small.key_dim()),
                                    {.value_dim = value_dim}, index_list(std::span<const index_t>(l.slot_offsets))));
    const index_list cut = std::span<const index_t>(l.row_offsets);
    const auto on = alone();
    const failure f = detail::run_layer(
        on, made, weights, ragged(view(l.q.data(), tokens, small.heads, small.head_dim()).slice(2, 0, q_dim), cut), kv,
        ragged(view(o_data == nullptr ? o.data() : o_data, tokens, small.heads, small.value), cut),
        elsewhere.empty() ? std::span<std::byte>(workspace) : elsewhere, below, heed::scale{scale}, query_positions{},
        prompt, heed::lse(view(lse_data == nullptr ? lse.data() : lse_data, tokens, small.heads)), sink_logit(l.sinks));
    if (!f) return "ok";
    for (const float x : o) EXPECT_EQ(x, 3.f);
    return error(f).what();
  }
};

TEST(latent_run_latent, refuses_what_does_not_fit_before_anything_is_written) {
  const layer l(small, {{2, 3}, {9, 20}}, 10);
  const layer other({.heads = 3, .rank = 41, .nope = 20, .rope = 8, .value = 24}, {{1}, {1}}, 10);
  const auto plan = [&](const batch_shape& limits) {
    return make_latent_plan(limits, small, l.contiguous(), {}, below);
  };
  const auto with = [&](const auto& change) {
    call_parts c{l, plan(l.limits()), l.weights};
    change(c);
    return c.refusal();
  };
  EXPECT_EQ(with([](call_parts&) {}), "ok");
  EXPECT_EQ(with([](call_parts& c) { c.made = {}; }), "plan: accumulator bytes is 0, but the call's are 4");
  EXPECT_EQ(with([](call_parts& c) { c.weights = {}; }), "weights: matrices folded is 0, the least is 1");
  EXPECT_EQ(with([&](call_parts& c) { c.weights = other.weights; }),
            "weights: rank of their shape is 41, they must be folded for the plan's shape, whose rank is 40");
  EXPECT_EQ(with([](call_parts& c) { c.q_dim = 27; }), "kv: key_dim is 28, but q has dim 27");
  EXPECT_EQ(with([](call_parts& c) { c.value_dim = 39; }), "kv: value_dim is 39, but the rank is 40");
  EXPECT_EQ(with([](call_parts& c) { c.scale = __builtin_inf(); }).substr(0, 12), "scale: value");
  EXPECT_EQ(with([](call_parts& c) { c.workspace.pop_back(); }).substr(0, 18), "workspace: bytes i");
  EXPECT_EQ(with([&](call_parts& c) {
              c.made = plan({1, 5, 3, 20, 3});
            }),
            "q: sequences is 2, but the plan's limit is 1");
  EXPECT_EQ(with([&](call_parts& c) { c.made = plan({2, 4, 3, 20, 3}); }), "q: tokens is 5, but the plan's limit is 4");
  EXPECT_EQ(with([&](call_parts& c) {
              c.made = plan({2, 5, 3, 20, 2});
            }),
            "q: rows of a sequence is 3, but the plan's limit is 2");
  EXPECT_EQ(with([&](call_parts& c) {
              c.made = plan({2, 5, 3, 19, 3});
            }),
            "kv: slots is 20, but the plan's limit is 19");
  EXPECT_EQ(with([](call_parts& c) { c.prompt = {}; }),
            "plan: room for a prompt in pieces of few rows is 0, give make_latent_plan the call's prompt_rows; the "
            "least is 1");
  // Weights in memory that the run writes.
  std::vector<float> memory(l.packed.size() + 4096);
  latent_weights<float> inside;
  ASSERT_FALSE(inside.fold(small, view(l.w_uk.data(), 3, 20, 40), view(l.w_uv.data(), 3, 24, 40), memory));
  const std::vector<float> before = memory;
  const auto sharing = [&](const auto& change) {
    return with([&](call_parts& c) {
      c.weights = inside;
      change(c);
    });
  };
  float* const last = memory.data() + l.packed.size() - 1;
  EXPECT_EQ(sharing([](call_parts&) {}), "ok");
  EXPECT_EQ(sharing([&](call_parts& c) { c.o_data = last; }), "o: buffers shared with weights is 1, the limit is 0");
  EXPECT_EQ(sharing([&](call_parts& c) { c.lse_data = last; }),
            "lse: buffers shared with weights is 1, the limit is 0");
  std::vector<std::byte> large(l.packed.size() * sizeof(float) +
                               static_cast<std::size_t>(plan(l.limits()).workspace_bytes(1)));
  const std::span<float> front(reinterpret_cast<float*>(large.data()), l.packed.size());
  ASSERT_FALSE(inside.fold(small, view(l.w_uk.data(), 3, 20, 40), view(l.w_uv.data(), 3, 24, 40), front));
  EXPECT_EQ(sharing([&](call_parts& c) { c.elsewhere = large; }),
            "workspace: buffers shared with weights is 1, the limit is 0");
  EXPECT_EQ(memory, before);
  EXPECT_EQ(with([&](call_parts& c) { c.lse_data = reinterpret_cast<float*>(c.workspace.data()); }),
            "lse: buffers shared with the workspace is 1, the limit is 0");
}

TEST(latent_run_latent, a_prompt_in_pieces_has_the_bits_of_the_whole) {
  constexpr index_t rows = 40, before = 50;
  const layer l(small, {{rows}, {before + rows}}, 17);
  const auto piece = [&](const latent_options& options, range at) {
    layer part = l;
    part.batch = {{at.size()}, {before + at.end}};
    part.q.assign(l.q.begin() + at.begin * small.heads * small.head_dim(),
                  l.q.begin() + at.end * small.heads * small.head_dim());
    part.row_offsets = {0, at.size()};
    part.slot_offsets = {0, before + at.end};
    const auto kv = part.contiguous();
    const auto made = make_latent_plan(part.limits(), small, kv, options, below, prompt_rows{});
    return part.run_with(alone(), made, kv, below, {}, prompt_rows{});
  };
  for (const latent_form form : forms) {
    const latent_options options{.form = form, .expand_slots = 32};
    const auto whole = piece(options, {0, rows});
    ASSERT_EQ(whole.code, errc::ok);
    EXPECT_LE(l.worst(whole, l.contiguous(), below), 1);
    std::vector<float> o, lse;
    for (const range at : {range{0, 1}, range{1, 3}, range{3, 22}, range{22, 40}}) {
      const auto got = piece(options, at);
      ASSERT_EQ(got.code, errc::ok);
      o.insert(o.end(), got.o.begin(), got.o.end());
      lse.insert(lse.end(), got.lse.begin(), got.lse.end());
    }
    EXPECT_EQ(o, whole.o);
    EXPECT_EQ(lse, whole.lse);
  }
}

TEST(latent_run_latent, allocates_nothing_after_the_plan) {
  const layer l(small, {{1, 30}, {90, 90}}, 13);
  call_parts c{l, make_latent_plan(l.limits(), small, l.contiguous(), {.expand_slots = 32}, below), l.weights};
  std::vector<float> lse(static_cast<std::size_t>(31 * small.heads));
  const auto kv = l.contiguous();
  const index_list cut = std::span<const index_t>(l.row_offsets);
  thread_pool pool{2};
  const erased_executor on(pool);
  std::vector<std::byte> workspace(static_cast<std::size_t>(c.made.workspace_bytes(2)));
  const prompt_rows prompt = prompt_rows::none();
  const test::allocation_scope scope;
  const errc code = run_latent(on, c.made, l.weights, ragged(view(l.q.data(), 31, small.heads, small.head_dim()), cut),
                               kv, ragged(view(c.o.data(), 31, small.heads, small.value), cut),
                               std::span<std::byte>(workspace), below, heed::scale{l.scale}, query_positions{}, prompt,
                               heed::lse(view(lse.data(), 31, small.heads)), sink_logit(l.sinks));
  EXPECT_EQ(scope.count(), 0);
  EXPECT_EQ(code, errc::ok);
}

} // namespace
} // namespace heed
