// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/evict/compact.hpp>
#include <heed/kv/biased.hpp>
#include <heed/kv/gathered.hpp>
#include <heed/mask/causal.hpp>

#include <attention/sample.hpp>
#include <kv/cache_owners.hpp>
#include <kv/source_probe.hpp>

#include <limits>

namespace heed {
namespace {

using test::cache_size;
using test::many;
using test::text;
using indices = std::vector<index_t>;
using sample = test::sample<float>;
using source = test::erased_source<float>;

/// Every call of this file compiles one kernel of a type.
test::outcome<float> run(const sample& s, const source& kv) { return s.run_from(kv, causal{}); }
test::outcome<bf16> run(const test::sample<bf16>& s, const test::erased_source<bf16>& kv) {
  return s.run_from(kv, causal{});
}

constexpr float gone = -std::numeric_limits<float>::infinity();

/// One sequence of 60 to 90 keys, the last 5 of which are queries too.
template <class T = float> test::sample<T> drawn(std::uint64_t seed, index_t keys, index_t group) {
  return {seed, {5}, {keys}, 2, group, 16, 8};
}
template <class T> cache_size size_for(const test::sample<T>& s, index_t sequences = 1) {
  const index_t rows = s.key_offsets.back();
  return {sequences, s.kv_heads, rows, s.key_dim, s.value_dim, 8, sequences * s.kv_heads * ((rows + 7) / 8)};
}
template <class Owner, class T> void fill(Owner& o, const test::sample<T>& s, index_t seq = 0) {
  ASSERT_EQ(text(o.cache.append(seq, s.keys(), s.values())), "ok");
}

/// Random lists, as a bias of the full cache too: -inf where a slot is dropped.
struct drawn_lists {
  kept_lists kept;
  std::vector<float> bias;
  template <class T>
  drawn_lists(test::random& gen, const test::sample<T>& s, index_t keep_in_8, bool shared)
      : kept(s.kv_heads, s.key_offsets.back()), bias(many(s.kv_heads * s.key_offsets.back()), gone) {
    const index_t n = s.key_offsets.back();
    for (index_t h = 0; h < s.kv_heads; ++h) {
      if (shared && h > 0)
        kept.copy_list(0, h);
      else
        for (index_t i = 0; i < n; ++i)
          if (gen.integer(1, 8) <= keep_in_8 || i == 0) kept.push(h, i);
      for (const index_t i : kept.list(h)) bias[many(h * n + i)] = 0;
    }
  }
};

template <class Owner> void equals_full_attention_with_bias() {
  using T = typename Owner::cache_type::key_element;
  test::random gen(3);
  for (const index_t group : {1, 4})
    for (const index_t keep_in_8 : {0, 1, 4, 7}) {
      const auto s = drawn<T>(gen.bits(), gen.integer(60, 90), group);
      Owner o(size_for(s));
      fill(o, s);
      drawn_lists lists(gen, s, keep_in_8, !o.cache.per_head());
      ASSERT_EQ(text(compact(o.cache, 0, lists.kept)), "ok");
      test::expect_lawful(o.cache.source());
      const auto full =
          biased(s.kv(), view(static_cast<const float*>(lists.bias.data()), 1, s.kv_heads, s.key_offsets.back()));
      test::expect_within(s, run(s, test::erased_source<T>(o.cache.source())), s.exact_from(full, causal{}));
    }
}
TEST(evict_compact, attention_equals_full_attention_with_infinite_bias_on_the_evicted) {
  equals_full_attention_with_bias<test::contiguous_owner<float>>();
  equals_full_attention_with_bias<test::ragged_owner<float>>();
  equals_full_attention_with_bias<test::paged_owner<float, true>>();
  equals_full_attention_with_bias<test::paged_owner<float, false>>();
}
TEST(evict_compact, sixteen_bit_attention_equals_full_attention_with_infinite_bias_on_the_evicted) {
  equals_full_attention_with_bias<test::contiguous_owner<bf16>>();
  equals_full_attention_with_bias<test::ragged_owner<bf16>>();
  equals_full_attention_with_bias<test::paged_owner<bf16, true>>();
  equals_full_attention_with_bias<test::paged_owner<bf16, false>>();
}

template <class Owner> void all_slots_change_no_bit() {
  const sample s = drawn(8, 75, 4);
  Owner o(size_for(s));
  fill(o, s);
  const auto k = o.k, v = o.v;
  kept_lists kept(s.kv_heads, 75);
  for (index_t h = 0; h < s.kv_heads; ++h) kept.keep_all(h, 75);
  ASSERT_EQ(text(compact(o.cache, 0, kept)), "ok");
  ASSERT_EQ(text(compact_folding(o.cache, 0, kept)), "ok");
  EXPECT_EQ(o.k, k);
  EXPECT_EQ(o.v, v);
  EXPECT_TRUE(run(s, source(o.cache.source())) == run(s, source(s.kv()))) << Owner::name;
  // A sequence that begins again remembers nothing.
  kept.clear();
  for (index_t h = 0; h < s.kv_heads; ++h) kept.push(h, 3);
  ASSERT_EQ(text(compact_folding(o.cache, 0, kept)), "ok");
  ASSERT_EQ(text(o.cache.release(0)), "ok");
  fill(o, s);
  EXPECT_EQ(o.cache.folded(0, 1), 0);
  EXPECT_TRUE(run(s, source(o.cache.source())) == run(s, source(s.kv()))) << Owner::name;
}
TEST(evict_compact, lists_of_all_slots_and_a_sequence_begun_anew_change_no_bit) {
  all_slots_change_no_bit<test::contiguous_owner<float>>();
  all_slots_change_no_bit<test::ragged_owner<float>>();
  all_slots_change_no_bit<test::paged_owner<float, true>>();
  all_slots_change_no_bit<test::paged_owner<float, false>>();
}

template <class Owner> void order_does_not_matter() {
  test::random gen(5);
  const sample s = drawn(4, 64, 2);
  Owner o(size_for(s));
  fill(o, s);
  drawn_lists lists(gen, s, 6, !o.cache.per_head());
  ASSERT_EQ(text(compact(o.cache, 0, lists.kept)), "ok");
  // Each head's slots in an order of its own; what a shorter head has no slot for is a hole.
  indices order;
  index_t width = 0;
  for (index_t h = 0; h < s.kv_heads; ++h) width = greater(width, o.cache.slots(0, h));
  for (index_t h = 0; h < s.kv_heads; ++h) {
    indices own;
    for (index_t i = 0; i < width; ++i) own.push_back(i < o.cache.slots(0, h) ? i : -1);
    gen.shuffle(own);
    order.insert(order.end(), own.begin(), own.end());
  }
  const auto mixed =
      gathered(o.cache.source(), {.list_per = gather_lists::per::kv_head, .indices = order, .width = width});
  const auto full =
      biased(s.kv(), view(static_cast<const float*>(lists.bias.data()), 1, s.kv_heads, s.key_offsets.back()));
  test::expect_within(s, run(s, source(mixed)), s.exact_from(full, causal{}));
}
TEST(evict_compact, the_order_of_slots_does_not_matter) {
  order_does_not_matter<test::contiguous_owner<float>>();
  order_does_not_matter<test::ragged_owner<float>>();
  order_does_not_matter<test::paged_owner<float, true>>();
  order_does_not_matter<test::paged_owner<float, false>>();
}

TEST(evict_compact, equal_keys_fold_without_loss) {
  sample s = drawn(6, 70, 2);
  // All keys that will be dropped are one key of their head; values differ.
  for (index_t i = 4; i < 50; ++i)
    for (index_t e = 0; e < s.kv_heads * s.key_dim; ++e)
      s.k[many(i * s.kv_heads * s.key_dim + e)] = s.k[many(4 * s.kv_heads * s.key_dim + e)];
  test::paged_owner<float, true> o(size_for(s));
  fill(o, s);
  kept_lists kept(s.kv_heads, 70);
  // In three turns: sinks, then what is recent; the compensated slot is listed in one turn and not in the next.
  for (const index_t first : {20, 35, 50}) {
    kept.clear();
    for (index_t h = 0; h < s.kv_heads; ++h) {
      const index_t c = o.cache.compensated_slot(0, h);
      for (index_t i = 0; i < 4; ++i) kept.push(h, i);
      if (first == 35 && c >= 0) kept.push(h, c);
      const index_t held = o.cache.slots(0, h), recent = 70 - first;
      for (index_t i = held - recent; i < held; ++i) kept.push(h, i);
    }
    ASSERT_EQ(text(compact_folding(o.cache, 0, kept)), "ok");
    EXPECT_EQ(o.cache.folded(0, 1), first - 4);
    EXPECT_EQ(o.cache.compensated_slot(0, 1), 4);
    EXPECT_EQ(o.cache.slots(0, 1), 4 + 1 + 70 - first);
    test::expect_lawful(o.cache.source());
    EXPECT_EQ(test::position_at(o.cache.source(), 0, 1, 4), first - 1);
  }
  test::expect_within(s, run(s, source(o.cache.source())), s.exact(causal{}));
}

TEST(evict_compact, another_sequence_gets_the_freed_pages) {
  const sample s = drawn(7, 64, 2);
  cache_size size = size_for(s, 2);
  size.pages = 16; // room for one sequence: 2 heads of 8 pages
  test::paged_owner<float, true> o(size);
  fill(o, s, 0);
  const index_t full = o.cache.bytes_held();
  EXPECT_EQ(o.cache.free_pages(), 0);
  EXPECT_EQ(text(o.cache.append(1, s.keys().slice(0, 0, 40), s.values().slice(0, 0, 40))),
            "append: pages wanted is 10, but the free pages are 0");
  kept_lists kept(2, 64);
  for (index_t h = 0; h < 2; ++h)
    for (index_t i = 0; i < 24; ++i) kept.push(h, i < 4 ? i : 40 + i);
  ASSERT_EQ(text(compact(o.cache, 0, kept)), "ok");
  EXPECT_EQ(o.cache.free_pages(), 10);
  const index_t page_bytes = 8 * ((16 + 8) * 4 + 8 + 4);
  EXPECT_EQ(full - o.cache.bytes_held(), 10 * page_bytes);
  ASSERT_EQ(text(o.cache.append(1, s.keys().slice(0, 0, 40), s.values().slice(0, 0, 40))), "ok");
  EXPECT_EQ(o.cache.bytes_held(), full);
  for (index_t i = 0; i < 40; ++i) ASSERT_EQ(test::key_at(o.cache.source(), 1, 1, i), s.keys()(i, 1, 0));
  for (index_t i = 0; i < 24; ++i)
    ASSERT_EQ(test::key_at(o.cache.source(), 0, 1, i), s.keys()(i < 4 ? i : 40 + i, 1, 0));
}

TEST(evict_compact, bytes_equal_what_was_allocated_before_and_after_shrinking) {
  const sample s = drawn(9, 64, 2);
  ASSERT_EQ(test::live_bytes, 0);
  kept_lists kept(2, 64);
  for (index_t h = 0; h < 2; ++h)
    for (index_t i = 0; i < 8 + 4 * h; ++i) kept.push(h, 3 * i);
  {
    test::ragged_owner<float> whole(size_for(s));
    fill(whole, s);
    EXPECT_EQ(whole.cache.bytes_reserved(), test::live_bytes);
    // What stays moves into memory of its size, and the large cache goes.
    const index_t before = test::live_bytes;
    test::ragged_owner<float> small(size_for(s), {0, 8, 20});
    ASSERT_EQ(text(small.cache.copy_from(gathered(whole.cache.source(), kept.as_gather()), 0, 0)), "ok");
    EXPECT_EQ(small.cache.bytes_reserved(), test::live_bytes - before);
    EXPECT_EQ(small.cache.bytes_held() + 2 * 8 + 8, test::live_bytes - before); // lengths and seen beside the rows
    ASSERT_EQ(text(compact(whole.cache, 0, kept)), "ok");
    EXPECT_EQ(whole.cache.bytes_held(), small.cache.bytes_held());
    EXPECT_TRUE(run(s, source(small.cache.source())) == run(s, source(whole.cache.source())));
  }
  {
    test::contiguous_owner<float> o(size_for(s));
    EXPECT_EQ(o.cache.bytes_reserved(), test::live_bytes);
  }
  {
    test::paged_owner<float, true> o(size_for(s));
    EXPECT_EQ(o.cache.bytes_reserved(), test::live_bytes);
    test::paged_owner<float, false> p(size_for(s));
    EXPECT_EQ(o.cache.bytes_reserved() + p.cache.bytes_reserved(), test::live_bytes);
  }
  EXPECT_EQ(test::live_bytes, 0);
}

TEST(evict_compact, several_plans_share_one_cache) {
  const sample s = drawn(14, 80, 2);
  test::paged_owner<float, true> o(size_for(s));
  fill(o, s);
  test::random gen(2);
  drawn_lists lists(gen, s, 4, false);
  ASSERT_EQ(text(compact(o.cache, 0, lists.kept)), "ok");
  const source kv(o.cache.source());
  const auto alone = run(s, kv);
  sequential one;
  for (const index_t room : {80, 4096}) {
    const plan made = make_plan({1, 5, s.q_heads(), room, 5}, kv, causal{});
    std::vector<std::byte> workspace(many(made.workspace_bytes(1)));
    test::outcome<float> got{std::vector<float>(alone.o.size()), std::vector<float>(alone.lse.size())};
    ASSERT_EQ(heed::run(one, made, ragged(s.queries(), s.offsets), kv,
                        ragged(view(got.o.data(), 5, s.q_heads(), s.value_dim), s.offsets), workspace, causal{},
                        lse(view(got.lse.data(), 5, s.q_heads()))),
              errc::ok);
    EXPECT_TRUE(got == alone);
  }
}

TEST(evict_compact, refuses_what_does_not_fit_and_changes_nothing) {
  const sample s = drawn(15, 20, 1);
  test::contiguous_owner<float> o(size_for(s));
  test::paged_owner<float, false> shared(size_for(s));
  fill(o, s);
  fill(shared, s);
  kept_lists kept(2, 21), few(1, 20);
  score_table scores(2, 20);
  EXPECT_EQ(text(compact(o.cache, 0, few)), "kept: number of lists is 1, the kv_heads are 2");
  EXPECT_EQ(text(compact(o.cache, 1, kept)), "keep: seq is 1, but the sequences are 1");
  EXPECT_EQ(text(compact(o.cache, 0, kept, scores)), "state: slots[0] is 0, but the cache holds 20");
  kept.push(0, 1), kept.push(1, 20);
  EXPECT_EQ(text(compact(o.cache, 0, kept)), "keep: slots[0] is 20, but the slots held are 20");
  EXPECT_EQ(text(compact_folding(o.cache, 0, kept)), "keep: slots[0] is 20, but the slots held are 20");
  kept.clear(1);
  EXPECT_EQ(text(compact(shared.cache, 0, kept)), "kept: slots[1] is 0, but the heads share a list of 1");
  kept.push(1, 2);
  EXPECT_EQ(text(compact(shared.cache, 0, kept)), "kept: slots[1] is 2, but the heads share a list with 1");
  EXPECT_EQ(o.cache.slots(0, 0), 20);
  EXPECT_EQ(shared.cache.slots(0, 0), 20);
  std::vector<float> k(8), v(8);
  indices lengths(1), positions(8), seen(1);
  contiguous_cache<float, float> bare(view(k.data(), 1, 8, 1, 1), view(v.data(), 1, 8, 1, 1),
                                      {lengths, positions, seen});
  EXPECT_EQ(text(compact_folding(bare, 0, kept_lists(1, 8))),
            "keep: number of means is 0, to fold rows the least is 1");
}

} // namespace
} // namespace heed
