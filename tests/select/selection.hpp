// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// What the tests of selectors share: inputs in double, scores and causal softmax by loops, and the lists that a
// selector gave.
#include <heed/exec/thread_pool.hpp>
#include <heed/select/cost.hpp>
#include <heed/select/estimate.hpp>

#include <support/random.hpp>
#include <support/refusal.hpp>

#include <cmath>
#include <limits>
#include <string>

#include <gtest/gtest.h>

// The estimates are compiled once, in estimate_test.cpp.
namespace heed::detail {
inline namespace HEED_ISA {
#define HEED_ESTIMATES(A, how)                                                                                         \
  how template void pool_probabilities<A, thread_pool, A>(                                                             \
      thread_pool&, select_scratch<A>&, const tensor_view<const A, 3>&, const tensor_view<const A, 3>&,                \
      const estimate_of&, const block_pool<A>&);                                                                       \
  how template void pool_scores<A, thread_pool, A>(thread_pool&, select_scratch<A>&, const tensor_view<const A, 3>&,   \
                                                   const tensor_view<const A, 3>&, const tensor_view<const A, 2>&,     \
                                                   const estimate_of&, const block_pool<A>&);
HEED_ESTIMATES(double, extern)
HEED_ESTIMATES(float, extern)
} // namespace HEED_ISA
} // namespace heed::detail

namespace heed::test {

inline std::size_t place(index_t i) noexcept { return static_cast<std::size_t>(i); }

/// How inputs are drawn: at random; random with a sink, a repeated stretch and keys that later queries look for; all
/// zero, so that everything ties; few distinct keys, so that blocks tie.
enum class drawn_as { random, structured, zero, repeated };
inline const std::vector<drawn_as>& all_inputs() {
  static const std::vector<drawn_as> list{drawn_as::random, drawn_as::structured, drawn_as::zero, drawn_as::repeated};
  return list;
}

/// Queries of the last `rows` of `keys` tokens, one sequence.
template <class A> struct selection_input {
  index_t rows, keys, kv_heads, group, dim;
  std::vector<A> q, k; ///< [rows][heads][dim], [keys][kv_heads][dim]

  selection_input(std::uint64_t seed, index_t row_count, index_t key_count, index_t kv, index_t per, index_t d,
                  drawn_as how = drawn_as::random)
      : rows(row_count), keys(key_count), kv_heads(kv), group(per), dim(d) {
    heed::test::random gen(seed);
    q = gen.numbers<A>(rows * heads() * dim);
    k = gen.numbers<A>(keys * kv_heads * dim);
    for (A& x : q) x *= A(2);
    if (how == drawn_as::zero)
      for (A& x : q) x = A(0);
    if (how == drawn_as::structured)
      for (index_t h = 0; h < heads(); ++h)
        for (index_t r = 0; r < rows; ++r)
          for (index_t i = 0; i < dim; ++i) {
            A& x = q[place((r * heads() + h) * dim + i)];
            x += A(2) * key(0, h, i);                                                             // a sink
            if (r % 7 == h % 7) x += A(4) * key((keys - rows + r) / 3, h, i);                     // a needle
            if (h % 2 == 1 && keys - rows + r >= 20) x += A(3) * key(keys - rows + r - 20, h, i); // a slash
          }
    if (how == drawn_as::repeated)
      for (index_t j = 8; j < keys; ++j)
        for (index_t g = 0; g < kv_heads; ++g)
          for (index_t i = 0; i < dim; ++i)
            k[place((j * kv_heads + g) * dim + i)] = k[place((j % 8 * kv_heads + g) * dim + i)];
  }
  [[nodiscard]] index_t heads() const { return kv_heads * group; }
  [[nodiscard]] index_t before() const { return keys - rows; }
  [[nodiscard]] A query(index_t r, index_t h, index_t i) const { return q[place((r * heads() + h) * dim + i)]; }
  [[nodiscard]] A key(index_t j, index_t h, index_t i) const { return k[place((j * kv_heads + h / group) * dim + i)]; }
  [[nodiscard]] double score(index_t r, index_t h, index_t j) const {
    double sum = 0;
    for (index_t i = 0; i < dim; ++i) sum += static_cast<double>(query(r, h, i)) * static_cast<double>(key(j, h, i));
    return sum / std::sqrt(static_cast<double>(dim));
  }
  [[nodiscard]] auto q_view() const { return view(q.data(), rows, heads(), dim); }
  [[nodiscard]] auto k_view() const { return view(k.data(), keys, kv_heads, dim); }
};

/// softmax of the first n of scores, in place; the others become 0.
inline void softmax(std::vector<double>& scores, index_t n) {
  double most = -std::numeric_limits<double>::infinity(), sum = 0;
  for (index_t j = 0; j < n; ++j) most = std::max(most, scores[place(j)]);
  for (index_t j = 0; j < static_cast<index_t>(scores.size()); ++j) {
    scores[place(j)] = j < n ? std::exp(scores[place(j)] - most) : 0;
    sum += scores[place(j)];
  }
  for (double& x : scores) x /= sum;
}

/// The index of the highest score that is not taken; ties by lower index. -1: none is left.
inline index_t best(const std::vector<double>& scores, const std::vector<bool>& taken) {
  index_t at = -1;
  for (index_t i = 0; i < static_cast<index_t>(scores.size()); ++i)
    if (!taken[place(i)] && (at < 0 || scores[place(i)] > scores[place(at)])) at = i;
  return at;
}

/// Entries of one row of lists, or of a group's stripes.
using entries = std::vector<index_t>;
inline entries chosen(const std::vector<bool>& taken) {
  entries list;
  for (index_t i = 0; i < static_cast<index_t>(taken.size()); ++i)
    if (taken[place(i)]) list.push_back(i);
  return list;
}
/// [list][row block]: full and partial blocks together, ascending.
inline std::vector<std::vector<entries>> blocks_of(const block_lists& lists) {
  std::vector<std::vector<entries>> all(place(lists.shape().lists));
  for (index_t l = 0; l < lists.shape().lists; ++l)
    for (index_t r = 0; r < lists.row_blocks(); ++r) {
      entries row;
      for (const index_t b : lists.full_row(0, l, r)) row.push_back(b);
      for (const index_t b : lists.partial_row(0, l, r)) {
        row.push_back(b);
      }
      EXPECT_TRUE(std::is_sorted(row.begin(), row.end()));
      all[place(l)].push_back(row);
    }
  return all;
}
/// [list][group]: single key columns.
inline std::vector<std::vector<entries>> stripes_of(const block_lists& lists) {
  std::vector<std::vector<entries>> all(place(lists.shape().lists));
  for (index_t l = 0; l < lists.shape().lists; ++l)
    for (index_t g = 0; g < lists.stripe_groups(); ++g) {
      const auto s = lists.stripes(0, l, g);
      all[place(l)].emplace_back(s.begin(), s.end());
    }
  return all;
}

/// Whether the lists with causal let a query head see a key.
inline bool sees(const block_lists& lists, index_t before, index_t head, index_t row, index_t key) {
  return lists.mask(causal{}).allows({0, head, before + row, key, row, key}) && key <= before + row;
}

/// Runs a selector on two threads.
template <class A, class How>
selection_cost run_selector(const How& how, const selection_input<A>& x, block_lists& out, select_scratch<A>& s) {
  thread_pool pool(2);
  return select(pool, how, x.q_view(), x.k_view(), out, s);
}
template <class A, class How> block_lists lists_of(const How& how, const selection_input<A>& x) {
  block_lists out;
  select_scratch<A> s;
  (void)run_selector(how, x, out, s);
  return out;
}

/// Cells of the lists by asking the mask for each.
inline double cells_by_loop(const block_lists& lists, index_t before, index_t heads) {
  double n = 0;
  for (index_t h = 0; h < heads; ++h)
    for (index_t r = 0; r < lists.shape().rows; ++r)
      for (index_t j = 0; j < lists.shape().keys; ++j) n += sees(lists, before, h, r, j) ? 1 : 0;
  return n;
}

} // namespace heed::test
