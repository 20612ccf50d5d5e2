// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Selectors on keys in pages make the lists that they make of a view; keys that are not all there are refused.
#include <heed/select/sequence_keys.hpp>

#include <heed/kv/biased.hpp>
#include <heed/kv/gathered.hpp>
#include <heed/kv/paged.hpp>
#include <heed/select/anchor_attn.hpp>
#include <heed/select/proxy_attn.hpp>
#include <heed/select/quest.hpp>
#include <heed/select/vertical_slash.hpp>
#include <heed/select/xattention.hpp>

#include <select/selection.hpp>

namespace {
using namespace heed;
using namespace heed::test;

/// The keys of an input as the second of two sequences, in pages of 8 that lie backwards.
struct in_pages {
  static constexpr index_t page = 8;
  index_t count, heads, dim;
  std::vector<double> pool;
  std::vector<std::int32_t> pages, lengths;
  explicit in_pages(const selection_input<double>& x)
      : count((x.keys + page - 1) / page), heads(x.kv_heads), dim(x.dim) {
    pool.assign(place(2 * count * page * heads * dim), 99.);
    for (index_t p = 0; p < 2 * count; ++p) pages.push_back(static_cast<std::int32_t>(2 * count - 1 - p));
    lengths = {static_cast<std::int32_t>(x.keys), static_cast<std::int32_t>(x.keys)};
    for (index_t j = 0; j < x.keys; ++j)
      for (index_t i = 0; i < heads * dim; ++i)
        pool[place(((pages[place(count + j / page)] * page) + j % page) * heads * dim + i)] =
            x.k[place(j * heads * dim + i)];
  }
  [[nodiscard]] auto source() const {
    const auto rows = view(pool.data(), 2 * count, page, heads, dim);
    return paged(rows, rows, block_table{pages, count, lengths});
  }
};

template <class How> void expect_the_lists_of_a_view(const How& how, const selection_input<double>& x) {
  const in_pages p(x);
  const auto source = p.source();
  thread_pool pool(2);
  block_lists got, want;
  select_scratch<double> s;
  const selection_cost of_view = select(pool, how, x.q_view(), x.k_view(), want, s);
  const selection_cost cost = select(pool, how, x.q_view(), sequence_keys(source, 1), got, s);
  EXPECT_EQ(blocks_of(got), blocks_of(want));
  EXPECT_EQ(stripes_of(got), stripes_of(want));
  EXPECT_EQ(cost.estimate_flops, of_view.estimate_flops);
  EXPECT_EQ(cost.kept_flops, of_view.kept_flops);
}
TEST(select_sequence_keys, selectors_make_the_lists_of_a_view) {
  for (const index_t rows : {160, 96, 0}) {
    const selection_input<double> x(11, rows, 160, 2, 2, 6, drawn_as::structured);
    expect_the_lists_of_a_view(xattention{16, 4, 0.7, 1}, x);
    expect_the_lists_of_a_view(proxy_attn{16, 4, 1, 0.6, 0}, x);
    expect_the_lists_of_a_view(proxy_attn{16, 4, 2, 0.6, 0}, x);
    expect_the_lists_of_a_view(anchor_attn{8, 2, 0.7}, x);
    expect_the_lists_of_a_view(vertical_slash{9, 20, 16, 8, 4, 3, 10, 4, 6}, x);
  }
  expect_the_lists_of_a_view(xattention{16, 4, 0.7, 1}, {12, 75, 75, 2, 2, 6, drawn_as::structured});
}
TEST(select_sequence_keys, page_bounds_take_what_a_sequence_has_more) {
  const selection_input<double> x(4, 1, 37, 2, 1, 6);
  in_pages p(x);
  page_bounds<double> whole(2, 6, 4, 40), steps(2, 6, 4, 40);
  whole.append(x.k_view());
  for (const std::int32_t tokens : {5, 6, 6, 37}) {
    p.lengths[1] = tokens;
    const auto source = p.source();
    steps.append(sequence_keys(source, 1));
    EXPECT_EQ(steps.tokens(), tokens);
  }
  for (index_t b = 0; b < 10; ++b)
    for (index_t h = 0; h < 2; ++h)
      for (index_t d = 0; d < 12; ++d) EXPECT_EQ(steps.rows()(b, h, d), whole.rows()(b, h, d));
  const auto source = p.source();
  page_bounds<double> short_of(2, 6, 4, 36), other_heads(1, 6, 4, 40), other_dim(2, 5, 4, 40);
  const auto refused = [&](auto& b) { return refusal_of([&] { b.append(sequence_keys(source, 1)); }); };
  EXPECT_EQ(refused(short_of), refusal(errc::limit_exceeded, "page_bounds: tokens is 37, the limit is 36"));
  EXPECT_EQ(refused(other_heads), refusal(errc::bad_extent, "page_bounds: kv_heads of k is 2, but it has 1"));
  EXPECT_EQ(refused(other_dim), refusal(errc::dim_mismatch, "page_bounds: dim of k is 6, but it has 5"));
}

template <class K> refusal refused(const K& kv, index_t seq = 0) { return {sequence_keys(kv, seq).check("name")}; }
TEST(select_sequence_keys, keys_that_are_not_all_there_are_refused) {
  const selection_input<double> x(5, 1, 20, 1, 1, 6);
  const auto all = contiguous(x.k_view(), x.k_view());
  EXPECT_EQ(refused(all), refusal());
  EXPECT_EQ(refused(all, 1),
            refusal(errc::index_out_of_range, "name: sequence is 1, it must be at least 0 and below 1"));
  const std::vector<std::int32_t> some{0, 1, 5}, hole{0, 1, 2, -1, 4}, turned{1, 0, 2};
  EXPECT_EQ(refused(gathered_source(all, {.indices = some, .width = 3})),
            refusal(errc::length_out_of_range, "name: count of keys held[0] is 3, it wants all, which are 20"));
  const auto five = contiguous(x.k_view().slice(0, 0, 5), x.k_view().slice(0, 0, 5));
  EXPECT_EQ(refused(gathered_source(five, {.indices = hole, .width = 5})),
            refusal(errc::bad_value, "name: hole at slot is 3, it wants all keys up to 5"));
  const auto three = contiguous(x.k_view().slice(0, 0, 3), x.k_view().slice(0, 0, 3));
  EXPECT_EQ(refused(gathered_source(three, {.indices = turned, .width = 3})),
            refusal(errc::not_monotone, "name: position of a key[0] is 1, it must be its slot, 0"));
  EXPECT_EQ(refused(gathered_source(three, {.indices = some, .width = 3})).code, errc::index_out_of_range)
      << "the source's own check comes first";
  const std::vector<float> biases(20);
  EXPECT_EQ(refused(biased(all, view(biases.data(), 1, 1, 20))),
            refusal(errc::bad_value, "name: bias at slot is 0, it takes keys without, up to 20"));
}
} // namespace
