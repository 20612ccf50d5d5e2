// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// How good a selection of keys is: recall of attention mass and error of the output, against dense, on sampled rows.
#include <heed/attention.hpp>
#include <heed/epilogue/lse.hpp>
#include <heed/mask/all_of.hpp>
#include <heed/mask/causal.hpp>
#include <heed/mask/listed_rows.hpp>

#include <cmath>
#include <vector>

namespace heed {

inline namespace HEED_ISA {

/// What a selection keeps of dense attention, row by row and head by head, and over all of them.
///
/// Shapes    recall, error: [rows][heads]
/// Units     recall: sum of the dense probabilities of the kept keys, 0 to 1; error: Euclidean norm of the outputs'
///           difference over that of the dense output; density: kept pairs of query and key over the dense ones.
///           Rows that dense leaves empty have recall 1 and error 0 and enter no mean
struct selection_quality {
  index_t rows = 0, heads = 0;
  std::vector<double> recall, error;
  double mean_recall = 1, least_recall = 1;
  double mean_error = 0, greatest_error = 0;
  double density = 0;
};

} // namespace HEED_ISA

/// count rows of n, evenly from the first to the last; all where count >= n.
[[nodiscard]] HEED_INLINE std::vector<index_t> evenly_spaced_rows(index_t n, index_t count) {
  std::vector<index_t> rows;
  count = lesser(count, n);
  for (index_t i = 0; i < count; ++i)
    rows.push_back(
        count == 1 ? n - 1
                   : static_cast<index_t>(
                         (static_cast<double>(i) * static_cast<double>(n - 1)) / static_cast<double>(count - 1) + 0.5));
  return rows;
}

namespace detail {
inline namespace HEED_ISA {

/// Keys that one row of one head sees.
template <class Mask>
index_t visible_keys(const Mask& m, index_t head, index_t group, index_t row, index_t q, range k) {
  index_t seen = 0;
  tile t{0, head / group, {head, head + 1}, {&row, 1}, {&q, 1}, {q, q + 1}, k, k};
  key_run runs[64];
  for (index_t n = 64; n == 64;) {
    n = m.runs(t, runs);
    for (index_t i = 0; i < n; ++i) {
      if (runs[i].cover == coverage::full)
        seen += runs[i].k.size();
      else
        for (index_t x = runs[i].k.begin; x < runs[i].k.end; ++x) seen += m.allows({0, head, q, x, row, x});
    }
    if (n > 0) t.k.begin = runs[n - 1].k.end;
  }
  return seen;
}

template <class A>
void summarise(selection_quality& r, const std::vector<A>& dense_lse, const std::vector<A>& kept_lse,
               const std::vector<A>& dense_o, const std::vector<A>& kept_o, std::size_t dim) {
  double recall = 0, error = 0, counted = 0;
  for (std::size_t i = 0; i < dense_lse.size(); ++i) {
    const double of = static_cast<double>(dense_lse[i]);
    double mass = 1, off = 0, size = 0;
    if (of > -HUGE_VAL) {
      mass = std::fmin(1., std::exp(static_cast<double>(kept_lse[i]) - of));
      for (std::size_t d = i * dim; d < (i + 1) * dim; ++d) {
        const double want = static_cast<double>(dense_o[d]), apart = static_cast<double>(kept_o[d]) - want;
        off += apart * apart;
        size += want * want;
      }
      off = size > 0 ? std::sqrt(off / size) : 0;
      recall += mass;
      error += off;
      ++counted;
      r.least_recall = std::fmin(r.least_recall, mass);
      r.greatest_error = std::fmax(r.greatest_error, off);
    }
    r.recall.push_back(mass);
    r.error.push_back(off);
  }
  if (counted > 0) {
    r.mean_recall = recall / counted;
    r.mean_error = error / counted;
  }
}

} // namespace HEED_ISA
} // namespace detail

inline namespace HEED_ISA {

/// Measures a selection on some query rows of one sequence. The kept keys are those that both masks let a row see; the
/// mass that they keep is exp(their log-sum-exp - the dense one).
///
/// Shapes       q: [rows][q_heads][key_dim], all rows of the sequence, the last at the last position seen; kv: one
///              sequence; sampled: ascending rows
/// Roles        scale, score modifier, tuning as in attend
/// Workspace    queries, outputs and log-sum-exps of the sampled rows, twice; never rows x keys
/// Cost         two attention calls of the sampled rows
/// Error        recall within twice the bound of an lse; outputs as attend
/// Throws       error, as attend does; sampled rows that do not ascend or do not exist are refused
template <class Executor, class TQ, class K, class Selection, class Dense, class... Role>
[[nodiscard]] selection_quality measure_selection(Executor&& executor, const tensor_view<const TQ, 3>& q, const K& kv,
                                                  const Selection& selection, const Dense& dense,
                                                  std::span<const index_t> sampled, const Role&... roles) {
  using A = typename K::key_format::accum;
  selection_quality r;
  const index_t all = q.extent(0), heads = q.extent(1), dim = q.extent(2), value_dim = kv.dims().value_dim;
  failure f = detail::check_view("q", q);
  if (!f) f = detail::check_dims(kv.dims());
  if (!f && kv.dims().sequences != 1)
    f = {errc::bad_extent, "measure_selection", "sequences of kv", kv.dims().sequences, "it must be", 1};
  if (!f && (heads < 1 || heads % kv.dims().kv_heads != 0))
    f = {errc::heads_not_divisible, "q", "heads", heads, "which is no multiple of kv_heads", kv.dims().kv_heads};
  if (f) {
    detail::report(f);
    return r;
  }
  const index_t seen = kv.seen(0), n = static_cast<index_t>(sampled.size());
  const all_of kept(selection, dense);
  const listed_rows dense_rows(dense, sampled, all);
  const listed_rows kept_rows(kept, sampled, all);
  std::vector<TQ> part(static_cast<std::size_t>(n * heads * dim));
  std::vector<index_t> positions;
  for (index_t i = 0; i < n; ++i) {
    const index_t row = sampled[static_cast<std::size_t>(i)];
    positions.push_back(seen - all + row);
    if (row < 0 || row >= all) continue; // refused below
    for (index_t h = 0; h < heads; ++h)
      for (index_t d = 0; d < dim; ++d) part[static_cast<std::size_t>((i * heads + h) * dim + d)] = q(row, h, d);
  }
  std::vector<A> o[2], logs[2];
  const auto queries = view(static_cast<const TQ*>(part.data()), n, heads, dim);
  const auto attend_to = [&](const auto& m, int which) HEED_BODY {
    o[which].resize(static_cast<std::size_t>(n * heads * value_dim));
    logs[which].resize(static_cast<std::size_t>(n * heads));
    attend(executor, queries, kv, view(o[which].data(), n, heads, value_dim), m, query_positions::listed(positions),
           lse(view(logs[which].data(), n, heads)), roles...);
  };
  attend_to(dense_rows, 0);
  attend_to(kept_rows, 1);
  r.rows = n;
  r.heads = heads;
  detail::summarise(r, logs[0], logs[1], o[0], o[1], static_cast<std::size_t>(value_dim));
  const index_t group = heads / kv.dims().kv_heads;
  double pairs = 0, kept_pairs = 0;
  for (index_t h = 0; h < heads; ++h)
    for (index_t i = 0; i < n; ++i) {
      const index_t row = sampled[static_cast<std::size_t>(i)], at = positions[static_cast<std::size_t>(i)];
      pairs += static_cast<double>(detail::visible_keys(dense, h, group, row, at, {0, seen}));
      kept_pairs += static_cast<double>(detail::visible_keys(kept, h, group, row, at, {0, seen}));
    }
  r.density = pairs > 0 ? kept_pairs / pairs : 0;
  return r;
}

/// Against causal attention.
template <class Executor, class TQ, class K, class Selection>
[[nodiscard]] selection_quality measure_selection(Executor&& executor, const tensor_view<const TQ, 3>& q, const K& kv,
                                                  const Selection& selection, std::span<const index_t> sampled) {
  return measure_selection(executor, q, kv, selection, causal{}, sampled);
}

} // namespace HEED_ISA
} // namespace heed
