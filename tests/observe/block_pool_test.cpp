// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Sums and maxima over blocks of rows and slots against a double loop, for block sizes that straddle tiles and tasks.
#include <heed/observe/block_pool.hpp>

#include <observe/observed.hpp>

#include <heed/exec/thread_pool.hpp>
#include <heed/mask/causal.hpp>
#include <heed/observe.hpp>
#include <support/refusal.hpp>

namespace {
using namespace heed;
using namespace heed::test;

index_t parts(index_t n, index_t of) { return n / of + (n % of > 0 ? 1 : 0); }

/// Pools of both sequences, [2][heads][row blocks][slot blocks] with one block to spare on each side.
std::vector<float> pools_of(const sample<>& s, const block_pooling& how, const row_choice& rows, index_t a, index_t b,
                            index_t workers) {
  std::vector<float> out(place(2 * rows.head_count(s.q_heads()) * a * b), 9.f);
  thread_pool pool(workers);
  (void)s.run_on(pool, s.kv(), causal{},
                 block_pool<float>(view(out.data(), 2, rows.head_count(s.q_heads()), a, b), how, rows));
  return out;
}

TEST(observe_block_pool, equals_the_double_loop_for_any_block_choice_and_worker_count) {
  constexpr index_t slots = 1300; // more than one task's stretch
  const sample<> s(1, {231, 5}, {slots, 17}, 2, 2, 16, 8);
  const probabilities_of exact[2] = {{s, 0, causal{}}, {s, 1, causal{}}};
  const std::vector<index_t> two{1, 2};
  for (const block_pooling how : {block_pooling{16, 128, pool_by::sum}, block_pooling{1, 100, pool_by::maximum},
                                  block_pooling{50, 1, pool_by::maximum}, block_pooling{300, 700, pool_by::sum},
                                  block_pooling{7, 5, pool_by::sum}, block_pooling{PTRDIFF_MAX, 64, pool_by::sum}})
    for (const row_choice& rows :
         {row_choice::all(), row_choice::last(5), row_choice::between(3, 100).of_heads(two), row_choice::last(1)}) {
      const index_t chosen = rows.stretch(231).size(), heads = rows.head_count(4);
      const index_t a = parts(chosen, how.rows) + 1, b = parts(slots, how.slots) + 1;
      const auto out = pools_of(s, how, rows, a, b, 1);
      EXPECT_TRUE(same_bits(out, pools_of(s, how, rows, a, b, 3)));
      margin m;
      for (index_t seq = 0; seq < 2; ++seq)
        for (index_t i = 0; i < heads; ++i) {
          const index_t head = heads == 2 ? two[place(i)] : i;
          std::vector<double> want(place(a * b)), share(place(a * b)), count(place(a * b));
          const range r = rows.stretch(exact[seq].rows);
          for (index_t row = r.begin; row < r.end; ++row)
            for (index_t k = 0; k < exact[seq].slots; ++k) {
              const std::size_t at = place((row - r.begin) / how.rows * b + k / how.slots);
              const double p = exact[seq].at(head, row, k), off = exact[seq].off(head, row, k);
              want[at] = how.by == pool_by::sum ? want[at] + p : std::max(want[at], p);
              share[at] = how.by == pool_by::sum ? share[at] + off : std::max(share[at], off);
              count[at] += 1;
            }
          for (std::size_t at = 0; at < want.size(); ++at) {
            const double got = static_cast<double>(out[place((seq * heads + i) * a * b) + at]);
            if (want[at] == 0) {
              ASSERT_EQ(got, 0.);
            } else {
              // Blocks are added key by key, so the bound counts every term.
              const double bound =
                  sum_bound<float>(count[at], share[at], want[at]) + count[at] * epsilon<float> * want[at];
              ASSERT_TRUE(m.add(got, want[at], bound)) << got << ", exact " << want[at];
            }
          }
        }
    }
}

TEST(observe_block_pool, blocks_of_equal_keys_get_equal_sums_wherever_they_lie) {
  // More rows than a tile has; blocks shorter and longer than the kernel's, and no multiple of them.
  for (const index_t size : {10, 100, 128, 300}) {
    sample<> s(2, {260}, {2000}, 1, 1, 16, 8);
    for (index_t k = size; k < 1700; ++k) // the same keys over and over
      for (index_t d = 0; d < 16; ++d) s.k[place(k * 16 + d)] = s.k[place((k % size) * 16 + d)];
    const index_t blocks = (2000 + size - 1) / size;
    std::vector<float> out(place(3 * blocks));
    thread_pool pool(1);
    (void)s.run_on(pool, s.kv(), causal{},
                   block_pool<float>(view(out.data(), 1, 1, 3, blocks), {100, size, pool_by::sum}));
    for (index_t a = 0; a < 3; ++a) {
      for (index_t b = 1; b < 1700 / size; ++b) ASSERT_EQ(out[place(a * blocks + b)], out[place(a * blocks)]) << size;
      EXPECT_NE(out[place((a + 1) * blocks - 1)], out[place(a * blocks)]);
    }
  }
}

TEST(observe_block_pool, as_logarithms_gives_the_scores_themselves_where_lse_is_0) {
  const sample<> s(3, {70}, {90}, 2, 2, 16, 8);
  for (const bool small : {false, true}) { // heads share lanes where rows are few
    const index_t rows = small ? 3 : 70, first = 70 - rows;
    const std::vector<float> nothing(place(rows * 4));
    std::vector<float> out(place(4 * rows * 90), 9.f);
    observe(sequential{}, s.queries().slice(0, first, rows), s.kv(), view(nothing.data(), rows, 4), causal{},
            block_pool<float>(view(out.data(), 1, 4, rows, 90), {1, 1, pool_by::maximum, shown::logarithms}));
    margin m;
    for (index_t h = 0; h < 4; ++h)
      for (index_t r = 0; r < rows; ++r)
        for (index_t k = 0; k < 90; ++k) {
          const float got = out[place((h * rows + r) * 90 + k)];
          if (k > 20 + first + r) {
            ASSERT_EQ(got, -std::numeric_limits<float>::infinity());
            continue;
          }
          double score = 0, terms = 0;
          for (index_t d = 0; d < 16; ++d) {
            const double x = static_cast<double>(s.q[place(((first + r) * 4 + h) * 16 + d)]) *
                             static_cast<double>(s.k[place((k * 2 + h / 2) * 16 + d)]) * s.call.scale;
            score += x;
            terms += std::fabs(x);
          }
          ASSERT_TRUE(m.add(static_cast<double>(got), score, 20 * epsilon<float> * terms))
              << got << ", exact " << score;
        }
  }
}

TEST(observe_block_pool, refused_with_code_and_text_and_nothing_is_written) {
  const sample<> s(3, {4, 2}, {6, 5}, 2, 2, 8, 6);
  std::vector<float> x(400, 9.f);
  const auto run = [&](const tensor_view<float, 4>& v, const block_pooling& how, const row_choice& c = {}) {
    const auto before = x;
    thread_pool pool(1);
    const refusal r = refusal_of([&] { (void)s.run_on(pool, s.kv(), causal{}, block_pool<float>(v, how, c)); });
    if (r.code != errc::ok) {
      EXPECT_EQ(x, before);
    }
    return r;
  };
  const auto out = view(x.data(), 2, 4, 2, 3);
  EXPECT_EQ(run(out, {2, 2}), refusal());
  EXPECT_EQ(run(out, {0, 2}), refusal(errc::bad_value, "block_pool: rows of a block is 0, the least is 1"));
  EXPECT_EQ(run(out, {2, 0}), refusal(errc::bad_value, "block_pool: slots of a block is 0, the least is 1"));
  EXPECT_EQ(run(out, {2, (index_t{1} << 40) + 1}),
            refusal(errc::bad_value, "block_pool: slots of a block is 1099511627777, the most is 1099511627776"));
  EXPECT_EQ(
      run(out, {2, 2, pool_by::sum, shown::logarithms}),
      refusal(errc::bad_value, "block_pool: sums of logarithms is 1, only maxima are taken of them; the most is 0"));
  EXPECT_EQ(run(view(x.data(), 3, 4, 2, 3), {2, 2}),
            refusal(errc::bad_extent, "block_pool: extent[0] is 3, but the sequences are 2"));
  EXPECT_EQ(run(view(x.data(), 2, 3, 2, 3), {2, 2}),
            refusal(errc::bad_extent, "block_pool: extent[1] is 3, but the chosen heads are 4"));
  EXPECT_EQ(run(out, {1, 2}), refusal(errc::bad_extent, "block_pool: extent[2] is 2, but the blocks of rows are 4"));
  EXPECT_EQ(run(out, {2, 1}), refusal(errc::bad_extent, "block_pool: extent[3] is 3, but the blocks of slots are 6"));
  EXPECT_EQ(run(view<float>(nullptr, 2, 4, 2, 3), {2, 2}),
            refusal(errc::null_pointer, "block_pool: data is 0, but the elements in view are 48"));
  EXPECT_EQ(run(strided(x.data(), {2, 4, 2, 3}, {24, 0, 3, 1}), {2, 2}),
            refusal(errc::bad_stride, "block_pool: stride[1] is 0, rows are written, so the least is 3"));
  EXPECT_EQ(run(out, {2, 2}, row_choice::last(-1)),
            refusal(errc::bad_value, "block_pool: last rows is -1, the least is 0"));
}
} // namespace
