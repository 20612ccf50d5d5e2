// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Identities that attention obeys, through the front door: dense attention in every form.
#include <attention/sample.hpp>

#include <heed/epilogue/sink_logit.hpp>
#include <heed/mask/causal.hpp>
#include <heed/mask/full.hpp>
#include <heed/mask/sliding_window.hpp>
#include <heed/merge.hpp>
#include <heed/score/score.hpp>
#include <heed/score/soft_cap.hpp>

namespace {
using namespace heed;
using namespace heed::test;
constexpr float inf = std::numeric_limits<float>::infinity();

/// Around a panel of lanes and a block of keys: prefill; and a few rows: decode.
const std::vector<std::pair<index_t, index_t>> sizes{{1, 1}, {2, 200}, {5, 2}, {47, 95}, {48, 96}, {49, 97}, {99, 195}};

erased_mask any(const auto& m) { return erased_mask(m); }

TEST(attention_identities, equal_values_give_that_value) {
  for (const auto& [rows, keys] : sizes) {
    sample<> s(1, {rows}, {keys}, 2, 3, 20, 17);
    std::fill(s.v.begin(), s.v.end(), .75f);
    const auto want = s.exact(full{});
    const auto got = s.run(any(full{}));
    expect_within(s, got, want);
    for (const double x : want.o) EXPECT_NEAR(x, .75, 8 * epsilon<double>);
  }
}

TEST(attention_identities, equal_keys_give_the_mean_and_the_log_of_their_count) {
  for (const auto& [rows, keys] : sizes) {
    sample<> s(2, {rows}, {keys}, 1, 2, 16, 16);
    std::fill(s.k.begin(), s.k.end(), 0.f);
    const auto got = s.run(any(causal{}));
    expect_within(s, got, s.exact(causal{}));
    for (index_t r = 0; r < rows; ++r) {
      const index_t n = std::max<index_t>(0, keys - rows + r + 1);
      const double count = n > 0 ? std::log(static_cast<double>(n)) : -std::numeric_limits<double>::infinity();
      margin m;
      EXPECT_TRUE(
          m.add(static_cast<double>(got.lse[place(r * 2)]), count, lse_bound<float>({static_cast<double>(n), 16, 0})));
    }
  }
}

TEST(attention_identities, a_shift_of_scores_moves_only_the_lse) {
  for (const auto& [rows, keys] : sizes) {
    const sample<> s(3, {rows}, {keys}, 2, 1, 24, 9);
    const auto shifted = heed::score([](auto x, auto) { return x + decltype(x)(5); });
    const auto got = s.run(any(causal{}), shifted);
    expect_within(s, got, s.exact(causal{}, shifted));
    const auto plain = s.exact(causal{});
    for (std::size_t i = 0; i < plain.lse.size(); ++i) {
      margin m;
      EXPECT_TRUE(m.add(static_cast<double>(got.lse[i]), plain.lse[i] + 5,
                        lse_bound<float>({static_cast<double>(plain.visible[i]), 24, plain.score_magnitude[i] + 5})));
    }
  }
}

TEST(attention_identities, grouped_heads_equal_repeated_heads) {
  for (const auto& [rows, keys] : sizes)
    for (const index_t group : {4, 7}) {
      const sample<> s(4, {rows}, {keys}, 2, group, 16, 12);
      sample<> repeated = s;
      repeated.kv_heads = 2 * group;
      repeated.group = 1;
      repeated.k.clear();
      repeated.v.clear();
      for (index_t t = 0; t < keys; ++t)
        for (index_t h = 0; h < 2 * group; ++h)
          for (auto [from, to, dim] :
               {std::tuple{&s.k, &repeated.k, index_t{16}}, std::tuple{&s.v, &repeated.v, index_t{12}}}) {
            const auto part = cut(*from, t * 2 + h / group, 1, dim);
            to->insert(to->end(), part.begin(), part.end());
          }
      const auto a = s.run(any(causal{})), b = repeated.run(any(causal{}));
      expect_within(s, a, s.exact(causal{}));
      expect_within(repeated, b, s.exact(causal{}));
      // Both take the prefill kernel: the same bits.
      if (rows > tile_shape{}.few_lanes) {
        EXPECT_TRUE(a == b) << rows << " rows, group " << group;
      }
    }
}

TEST(attention_identities, steps_equal_the_rows_of_a_prefill) {
  const sample<> s(5, {60}, {60}, 2, 4, 32, 32);
  const auto whole = s.exact(causal{});
  for (index_t row = 0; row < 60; ++row) {
    sample<> step(5, {1}, {row + 1}, 2, 4, 32, 32);
    step.q = cut(s.q, row, 1, 8 * 32);
    step.k = cut(s.k, 0, row + 1, 2 * 32);
    step.v = cut(s.v, 0, row + 1, 2 * 32);
    const auto got = step.run(any(causal{}));
    const auto want = step.exact(causal{});
    expect_within(step, got, want);
    for (std::size_t i = 0; i < want.o.size(); ++i)
      EXPECT_NEAR(want.o[i], whole.o[place(row) * want.o.size() + i], 64 * epsilon<double>);
  }
}

TEST(attention_identities, a_window_as_long_as_the_keys_is_dense) {
  for (const auto& [rows, keys] : sizes) {
    const sample<> s(6, {rows}, {keys}, 2, 2, 20, 20);
    const auto reach = std::max(rows, keys);
    EXPECT_TRUE(s.run(any(sliding_window{reach, reach})) == s.run(any(full{})));
    EXPECT_TRUE(s.run(any(sliding_window{unlimited, unlimited})) == s.run(any(full{})));
    EXPECT_TRUE(s.run(any(sliding_window{reach, 0})) == s.run(any(causal{})));
    EXPECT_TRUE(s.run(any(sliding_window{unlimited, 0})) == s.run(any(causal{})));
  }
}

TEST(attention_identities, a_large_cap_is_none) {
  for (const auto& [rows, keys] : sizes) {
    const sample<> s(7, {rows}, {keys}, 1, 2, 24, 24);
    expect_within(s, s.run(any(causal{}), soft_cap{1e6f}), s.exact(causal{}));
    expect_within(s, s.run(any(causal{}), soft_cap{2.f}), s.exact(causal{}, soft_cap{2.f}));
  }
}

TEST(attention_identities, a_sink_of_minus_infinity_is_none_and_one_of_the_lse_halves) {
  for (const auto& [rows, keys] : sizes) {
    const sample<> s(8, {rows}, {keys}, 2, 2, 24, 24);
    const auto plain = s.run(any(causal{}));
    const std::vector<float> none(4, -inf);
    EXPECT_TRUE(s.run(any(causal{}), sink_logit(none)) == plain);
    // The last row's own lse as the sink: its output is half; the stored lse leaves the sink out.
    const std::vector<float> own = cut(plain.lse, rows - 1, 1, 4);
    const auto halved = s.run(any(causal{}), sink_logit(own));
    EXPECT_TRUE(same_bits(halved.lse, plain.lse));
    reference::call c = s.call;
    c.row_offsets = s.offsets.data();
    c.sinks = own.data();
    const auto want = reference::attend(s.queries(), s.kv(), causal{}, reference::unchanged{}, c);
    expect_within(s, halved, want);
    const auto without = s.exact(causal{});
    for (index_t i = (rows - 1) * 4 * 24; i < rows * 4 * 24; ++i) {
      margin m; // the sink is a float, as right as the lse that it was taken from
      const std::size_t row = place(i) / 24;
      const row_facts facts{static_cast<double>(without.visible[row]), 24, without.score_magnitude[row]};
      EXPECT_TRUE(
          m.add(want.o[place(i)], without.o[place(i)] / 2, lse_bound<float>(facts) * without.magnitude[place(i)]));
    }
  }
}

TEST(attention_identities, causal_with_more_queries_than_keys_both_alignments) {
  sample<> s(9, {5}, {2}, 1, 2, 8, 8);
  const auto bottom_right = s.run(any(causal{}));
  expect_within(s, bottom_right, s.exact(causal{}));
  for (std::size_t i = 0; i < 6 * 8; ++i) EXPECT_EQ(bottom_right.o[i], 0.f);
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(bottom_right.lse[i], -inf);
  for (std::size_t i = 6; i < 10; ++i) EXPECT_GT(bottom_right.lse[i], -inf);
  s.call.align = reference::alignment::top_left;
  expect_within(s, s.run(any(causal{}), query_positions::top_left()), s.exact(causal{}));
  const std::vector<index_t> listed{1, -4, 0, 7, 1};
  s.call.positions = listed.data();
  expect_within(s, s.run(any(causal{}), query_positions::listed(listed)), s.exact(causal{}));
}

TEST(attention_identities, the_order_of_keys_is_of_no_account_without_a_mask) {
  for (const auto& [rows, keys] : sizes) {
    const sample<> s(10, {rows}, {keys}, 2, 1, 12, 16);
    sample<> turned = s;
    turned.k.clear();
    turned.v.clear();
    for (index_t t = keys; t-- > 0;) {
      const auto key = cut(s.k, t, 1, 2 * 12), value = cut(s.v, t, 1, 2 * 16);
      turned.k.insert(turned.k.end(), key.begin(), key.end());
      turned.v.insert(turned.v.end(), value.begin(), value.end());
    }
    expect_within(s, turned.run(any(full{})), s.exact(full{}));
  }
}

TEST(attention_identities, split_and_merge_at_any_cut_is_one_shot) {
  for (const auto& [rows, keys] : sizes)
    for (const index_t at : {index_t{0}, index_t{1}, keys / 3, keys - 1, keys}) {
      const sample<> s(12, {rows}, {keys}, 2, 2, 16, 12);
      sample<> front = s, back = s;
      front.key_offsets = {0, at};
      front.k.resize(place(at * 2 * 16));
      front.v.resize(place(at * 2 * 12));
      back.key_offsets = {0, keys - at};
      back.k = cut(s.k, at, keys - at, 2 * 16);
      back.v = cut(s.v, at, keys - at, 2 * 12);
      auto a = front.run(any(full{})), b = back.run(any(full{}));
      merge(view(a.o.data(), rows, 4, 12), view(a.lse.data(), rows, 4), view(b.o.data(), rows, 4, 12),
            view(b.lse.data(), rows, 4));
      // Each part is inside its own bound, which that of the whole covers; the weights add two bounds of an lse.
      const auto want = s.exact(full{});
      for (std::size_t row = 0; row < want.lse.size(); ++row) {
        const row_facts facts{static_cast<double>(want.visible[row]), 16, want.score_magnitude[row]};
        margin m;
        EXPECT_TRUE(m.add(static_cast<double>(a.lse[row]), want.lse[row], 2 * lse_bound<float>(facts)));
        for (std::size_t d = 0; d < 12; ++d) {
          const std::size_t i = row * 12 + d;
          const double bound = output_bound<float, float>(facts, want.magnitude[i], want.o[i]) +
                               2 * lse_bound<float>(facts) * want.magnitude[i];
          EXPECT_TRUE(m.add(static_cast<double>(a.o[i]), want.o[i], bound)) << "cut at " << at;
        }
      }
      if (at == 0) {
        EXPECT_TRUE(same_bits(a.o, b.o)) << "nothing merged with all is all";
      }
    }
}

TEST(attention_identities, lengths_of_zero_are_legal_everywhere) {
  const sample<> s(11, {0, 3, 2, 0, 50}, {4, 0, 5, 0, 60}, 2, 2, 8, 8);
  const auto got = s.run(any(causal{}));
  expect_within(s, got, s.exact(causal{}));
  for (std::size_t i = 0; i < 3 * 4 * 8; ++i) EXPECT_EQ(got.o[i], 0.f);
  EXPECT_TRUE(sample<>(12, {}, {}, 2, 2, 8, 8).run(any(causal{})).o.empty());
}
} // namespace
