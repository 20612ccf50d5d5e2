// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Where rows lie changes no bit: pages, rings, lists, strides, and how a prefill is cut into chunks.
#include <attention/sample.hpp>

#include <heed/mask/causal.hpp>
#include <heed/mask/full.hpp>
#include <heed/mask/sliding_window.hpp>

#include <support/cache_wrappers.hpp>

namespace {
using namespace heed;
using namespace heed::test;

std::vector<erased_mask> masks() {
  return {erased_mask(full{}), erased_mask(causal{}), erased_mask(sliding_window{70, 3})};
}

/// Pages in shuffled order in a pool of NaN, one head after the other or token by token.
struct shuffled_pages {
  std::vector<float> k, v;
  std::vector<index_t> ids, offsets{0}, last;
  index_t page, count, heads, key_dim, value_dim;
  bool by_heads;
  shuffled_pages(const sample<>& s, index_t page_size, bool heads_first)
      : page(page_size), count(0), heads(s.kv_heads), key_dim(s.key_dim), value_dim(s.value_dim),
        by_heads(heads_first) {
    test::random gen(static_cast<std::uint64_t>(page));
    for (std::size_t i = 0; i + 1 < s.key_offsets.size(); ++i) {
      const index_t n = s.key_offsets[i + 1] - s.key_offsets[i], pages = (n + page - 1) / page;
      offsets.push_back(offsets.back() + pages);
      last.push_back(n > 0 ? n - (pages - 1) * page : 0);
    }
    count = offsets.back() + 2;
    for (index_t i = 0; i < count; ++i) ids.push_back(i);
    gen.shuffle(ids);
    k.assign(place(count * page * heads * key_dim), std::numeric_limits<float>::quiet_NaN());
    v.assign(place(count * page * heads * value_dim), std::numeric_limits<float>::quiet_NaN());
    for (std::size_t i = 0; i + 1 < s.key_offsets.size(); ++i)
      for (index_t t = 0; t < s.key_offsets[i + 1] - s.key_offsets[i]; ++t)
        for (index_t h = 0; h < heads; ++h) {
          const index_t id = ids[place(offsets[i] + t / page)];
          const index_t to = by_heads ? (id * heads + h) * page + t % page : (id * page + t % page) * heads + h;
          const index_t from = (s.key_offsets[i] + t) * heads + h;
          std::copy_n(s.k.begin() + from * key_dim, key_dim, k.begin() + to * key_dim);
          std::copy_n(s.v.begin() + from * value_dim, value_dim, v.begin() + to * value_dim);
        }
  }
  [[nodiscard]] auto source() const noexcept {
    const page_table table{offsets, std::span<const index_t>(ids).first(place(offsets.back())), last};
    if (by_heads)
      return paged(view(k.data(), count, heads, page, key_dim).swapped(1, 2),
                   view(v.data(), count, heads, page, value_dim).swapped(1, 2), table);
    return paged(view(k.data(), count, page, heads, key_dim), view(v.data(), count, page, heads, value_dim), table);
  }
};

TEST(attention_layouts, shuffled_pages_with_nan_padding_equal_contiguous_rows) {
  for (const index_t page : {1, 3, 16, 17, 64})
    for (const bool by_heads : {false, true})
      for (const auto& m : masks()) {
        const sample<> s(1, {70, 1, 0, 3, 20}, {130, 260, 7, 97, 20}, 2, 2, 24, 20);
        const shuffled_pages pages(s, page, by_heads);
        const auto a = s.run_from(erased_source<float>(s.kv()), m);
        const auto b = s.run_from(erased_source<float>(pages.source()), m);
        EXPECT_TRUE(a == b) << "page " << page;
        expect_within(s, b, s.exact(m));
      }
}

/// The same rows from a drawn layout and from the plainest source there is.
template <template <class> class Layout> void expect_same_bits_as_rows_one_by_one(const char* name) {
  for (std::uint64_t seed = 0; seed < 24; ++seed) {
    test::random gen(seed);
    const sample<> s(seed, {60, gen.integer(0, 3)}, {150, gen.integer(0, 200)}, 2, 2, 20, 12);
    auto wide = make_cache<double>(gen, {150, s.key_offsets[2] - 150}, 2, 20, 12);
    for (auto& h : wide.heads) {
      for (double& x : h.keys) x = static_cast<double>(static_cast<float>(x));
      for (double& x : h.values) x = static_cast<double>(static_cast<float>(x));
    }
    const Layout<float> layout(gen, wide);
    logical_cache<float> held;
    held.dims = wide.dims;
    held.seen = wide.seen;
    held.ordered = wide.ordered;
    for (const auto& h : wide.heads)
      held.heads.push_back(
          {h.position, h.hole, h.bias, {h.keys.begin(), h.keys.end()}, {h.values.begin(), h.values.end()}});
    for (const auto& m : masks()) {
      const auto a = s.run_from(erased_source<float>(logical_source(held)), m);
      const auto b = s.run_from(erased_source<float>(layout.source()), m);
      ASSERT_TRUE(a == b) << name << ", seed " << seed;
    }
  }
}
TEST(attention_layouts, every_layout_gives_the_bits_of_its_rows_one_by_one) {
  expect_same_bits_as_rows_one_by_one<contiguous_rows>("contiguous");
  expect_same_bits_as_rows_one_by_one<paged_rows>("paged");
  expect_same_bits_as_rows_one_by_one<ring_rows>("ring");
  expect_same_bits_as_rows_one_by_one<ragged_rows>("ragged");
  expect_same_bits_as_rows_one_by_one<biased_rows>("biased");
  expect_same_bits_as_rows_one_by_one<gathered_rows>("gathered");
  expect_same_bits_as_rows_one_by_one<joined_rows>("joined");
  expect_same_bits_as_rows_one_by_one<split_rows>("head_split");
}

TEST(attention_layouts, slices_of_a_fused_buffer_equal_packed_rows) {
  const sample<> s(2, {53}, {53}, 2, 2, 16, 16);
  // [tokens][4 query heads | 2 key heads | 2 value heads][16], and outputs [heads][tokens][16].
  std::vector<float> fused(53 * 8 * 16), o(53 * 4 * 16);
  for (index_t t = 0; t < 53; ++t) {
    std::copy_n(s.q.begin() + t * 64, 64, fused.begin() + t * 128);
    std::copy_n(s.k.begin() + t * 32, 32, fused.begin() + t * 128 + 64);
    std::copy_n(s.v.begin() + t * 32, 32, fused.begin() + t * 128 + 96);
  }
  const auto part = [&](index_t first, index_t heads) {
    return strided<const float, 3>(fused.data() + first * 16, {53, heads, 16}, {128, 16, 1});
  };
  const auto out = view(o.data(), 4, 53, 16).swapped(0, 1);
  attend(sequential{}, part(0, 4), erased_source<float>(contiguous(part(4, 2), part(6, 2))), out, masks()[1]);
  const auto plain = s.run_from(erased_source<float>(s.kv()), masks()[1]);
  for (index_t t = 0; t < 53; ++t)
    for (index_t h = 0; h < 4; ++h)
      for (index_t d = 0; d < 16; ++d) EXPECT_EQ(out(t, h, d), plain.o[place((t * 4 + h) * 16 + d)]);
}

TEST(attention_layouts, a_dense_batch_equals_its_ragged_form) {
  const sample<> s(3, {20, 20, 20}, {33, 33, 33}, 2, 3, 16, 12);
  const auto plain = s.run_from(erased_source<float>(s.kv()), masks()[1]);
  std::vector<float> o(plain.o.size());
  const auto kv = contiguous(view(s.k.data(), 3, 33, 2, 16), view(s.v.data(), 3, 33, 2, 12));
  attend(sequential{}, view(s.q.data(), 3, 20, 6, 16), erased_source<float>(kv), view(o.data(), 3, 20, 6, 12),
         masks()[1]);
  EXPECT_TRUE(same_bits(o, plain.o));
  std::vector<float> unpacked(plain.o.size());
  attend(sequential{}, s.queries(), erased_source<float>(kv), view(unpacked.data(), 60, 6, 12), masks()[1]);
  EXPECT_TRUE(same_bits(unpacked, plain.o));
}

/// A prefill in chunks of any sizes. Role: prompt_rows, or none where each chunk's lanes take the prefill kernel
/// anyway.
template <class... Role>
void expect_chunks_equal_whole(index_t group, index_t length, index_t past, const std::vector<index_t>& chunks,
                               const Role&... role) {
  const index_t heads = 2 * group;
  const sample<> s(4, {length}, {past + length}, 2, group, 24, 24);
  const auto whole = s.run_from(erased_source<float>(s.kv()), masks()[1], given_shape{});
  const auto whole_full = s.run_from(erased_source<float>(s.kv()), masks()[0], given_shape{});
  index_t done = 0;
  for (std::size_t i = 0; done < length; ++i) {
    const index_t n = std::min(chunks[i % chunks.size()], length - done);
    if (sizeof...(Role) == 0 && n * group <= tile_shape{}.few_lanes) break;
    sample<> chunk(4, {n}, {past + done + n}, 2, group, 24, 24);
    chunk.q = cut(s.q, done, n, heads * 24);
    chunk.k = cut(s.k, 0, past + done + n, 2 * 24);
    chunk.v = cut(s.v, 0, past + done + n, 2 * 24);
    const auto part = chunk.run_from(erased_source<float>(chunk.kv()), masks()[1], given_shape{}, role...);
    EXPECT_TRUE(same_bits(part.o, cut(whole.o, done, n, heads * 24))) << "causal rows from " << done;
    EXPECT_TRUE(same_bits(part.lse, cut(whole.lse, done, n, heads)));
    // Full: all keys are there for each chunk.
    chunk.key_offsets = s.key_offsets;
    chunk.k = s.k;
    chunk.v = s.v;
    const auto seen = chunk.run_from(erased_source<float>(chunk.kv()), masks()[0], given_shape{}, role...);
    EXPECT_TRUE(same_bits(seen.o, cut(whole_full.o, done, n, heads * 24))) << "full rows from " << done;
    done += n;
  }
}
TEST(attention_layouts, chunked_prefill_equals_the_whole_bit_by_bit) {
  for (const tile_shape& shape : {tile_shape{}, tile_shape{2, 16, 48, 8, 64, 512}, tile_shape{1, 24, 40, 8, 64, 512}}) {
    given_shape::shape = shape;
    expect_chunks_equal_whole(4, 150, 0, {64});
    expect_chunks_equal_whole(4, 150, 37, {3, 50, 17});
    expect_chunks_equal_whole(4, 97, 200, {12, 13});
  }
  given_shape::shape = tile_shape{};
}

TEST(attention_layouts, a_prompt_in_pieces_of_any_size_equals_the_whole_bit_by_bit) {
  for (const tile_shape& shape : {tile_shape{}, tile_shape{1, 24, 40, 8, 64, 512}}) {
    given_shape::shape = shape;
    for (const index_t group : {1, 4}) {
      for (const index_t piece : {1, 3, 7}) expect_chunks_equal_whole(group, 60, 0, {piece}, prompt_rows{});
      expect_chunks_equal_whole(group, 120, 45, {1, 50, 7, 3}, prompt_rows{});
    }
  }
  given_shape::shape = tile_shape{};
}

TEST(attention_layouts, pieces_of_prompts_and_decode_steps_share_a_call) {
  // Two sequences with one row each: the last piece of a prompt, and a decode step.
  const sample<> s(5, {1, 1}, {80, 90}, 2, 4, 24, 24);
  const std::vector<unsigned char> flags{1, 0};
  const auto kv = erased_source<float>(s.kv());
  const auto mixed = s.run_from(kv, masks()[1], prompt_rows::listed(flags));
  const auto pieces = s.run_from(kv, masks()[1], prompt_rows{}), steps = s.run_from(kv, masks()[1]);
  EXPECT_TRUE(same_bits(cut(mixed.o, 0, 1, 8 * 24), cut(pieces.o, 0, 1, 8 * 24)));
  EXPECT_TRUE(same_bits(cut(mixed.o, 1, 1, 8 * 24), cut(steps.o, 1, 1, 8 * 24)));
  EXPECT_FALSE(same_bits(pieces.o, steps.o)) << "the two kernels round alike: this test sees nothing";
}
} // namespace
