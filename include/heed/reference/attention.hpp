// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The definition of attention: three passes in double, cell by cell. What every kernel is compared with.
#include <heed/concepts.hpp>
#include <heed/view/tensor_view.hpp>

#include <cmath>
#include <limits>
#include <vector>

namespace heed::reference {
inline namespace HEED_ISA {

/// Where the rows of a sequence stand when no positions are given.
enum class alignment : unsigned char {
  bottom_right, ///< position = seen - rows + row: the last query sits at the last position seen
  top_left      ///< position = row
};

/// What a call holds besides queries, keys, mask and score. Rows are packed: sequence s has the query tokens
/// [row_offsets[s], row_offsets[s + 1]), or rows_each tokens where row_offsets is null.
struct call {
  double scale = 1;
  const index_t* row_offsets = nullptr; ///< [sequences + 1]
  index_t rows_each = 0;
  const index_t* positions = nullptr; ///< [tokens]; null: by alignment
  alignment align = alignment::bottom_right;
  const float* sinks = nullptr; ///< [heads]; null: no sink

  [[nodiscard]] HEED_INLINE index_t first_row(index_t seq) const noexcept {
    return row_offsets != nullptr ? row_offsets[seq] : seq * rows_each;
  }
  [[nodiscard]] HEED_INLINE index_t rows(index_t seq) const noexcept { return first_row(seq + 1) - first_row(seq); }
  [[nodiscard]] HEED_INLINE index_t position(index_t seq, index_t row, index_t seen) const noexcept {
    if (positions != nullptr) return positions[first_row(seq) + row];
    return align == alignment::top_left ? row : seen - rows(seq) + row;
  }
};

/// The score that changes nothing.
struct unchanged {
  HEED_INLINE double operator()(double x, cell) const noexcept { return x; }
};

/// The probability visitor that looks at none.
struct unobserved {
  HEED_INLINE void operator()(const query_row&, index_t, double) const noexcept {}
};

/// Outputs, and what an error bound of these outputs needs.
///
/// Shapes    row index = token * heads + head; o and magnitude: [tokens][heads][value_dim]; the others [tokens][heads]
struct result {
  index_t heads = 0, value_dim = 0;
  std::vector<double> o;               ///< sum_j p_j v_j, times the sink's factor; zeros where nothing is visible
  std::vector<double> lse;             ///< natural, without the sink; -inf where nothing is visible
  std::vector<double> magnitude;       ///< M = sum_j p_j |v_j|, times the sink's factor
  std::vector<double> score_magnitude; ///< S = max_j (scale sum_d |q_d k_jd| times the score's factor + |added terms|)
  std::vector<index_t> visible;        ///< n, cells that entered
};

namespace detail {
/// Everything a (sequence, key-value head) holds, widened to double. Dead slots (hole, bias -inf) are never read.
struct held_rows {
  std::vector<index_t> position;
  std::vector<unsigned char> live;
  std::vector<double> bias, keys, values; ///< keys [slots][key_dim], values [slots][value_dim]
};

template <class Format>
inline void read_row(const Format& format, const std::byte* row, const float* scales, index_t dim, double* out) {
  std::vector<typename Format::accum> wide(static_cast<std::size_t>(dim));
  format.unpack(row, scales, wide);
  for (index_t d = 0; d < dim; ++d) out[d] = static_cast<double>(wide[static_cast<std::size_t>(d)]);
}

template <class Source> held_rows read(const Source& kv, index_t seq, index_t kv_head) {
  const kv_dims dims = kv.dims();
  const index_t slots = kv.slots(seq, kv_head);
  const auto n = static_cast<std::size_t>(slots);
  held_rows held{std::vector<index_t>(n), std::vector<unsigned char>(n), std::vector<double>(n),
                 std::vector<double>(n * static_cast<std::size_t>(dims.key_dim)),
                 std::vector<double>(n * static_cast<std::size_t>(dims.value_dim))};
  for (index_t begin = 0; begin < slots;) {
    const kv_rows rows = kv.rows(seq, kv_head, {begin, slots});
    for (index_t i = 0; i < rows.count; ++i) {
      const auto slot = static_cast<std::size_t>(begin + i);
      held.position[slot] = rows.positions != nullptr ? rows.positions[i] : rows.first + i;
      held.bias[slot] = rows.bias != nullptr ? static_cast<double>(rows.bias[i]) : 0.;
      held.live[slot] = rows.key != nullptr && held.bias[slot] != -std::numeric_limits<double>::infinity();
      if (held.live[slot] == 0) continue;
      double* key = held.keys.data() + (begin + i) * dims.key_dim;
      double* value = held.values.data() + (begin + i) * dims.value_dim;
      const auto scales_of = [&](const float* scales) {
        return scales != nullptr ? scales + i * rows.scale_stride : nullptr;
      };
      read_row(kv.keys_as(), rows.key + i * rows.key_stride, scales_of(rows.key_scales), dims.key_dim, key);
      if constexpr (Source::values_alias_keys)
        for (index_t e = 0; e < dims.value_dim; ++e) value[e] = key[dims.value_offset + e];
      else
        read_row(kv.values_as(), rows.value + i * rows.value_stride, scales_of(rows.value_scales), dims.value_dim,
                 value);
    }
    begin += rows.count;
  }
  return held;
}

/// The scalar score, in double where it is defined for double.
template <class Score> double scored(const Score& score, double x, cell at) {
  if constexpr (score_mod<Score, double>)
    return score(x, at);
  else
    return static_cast<double>(score(static_cast<float>(x), at));
}

/// A bound on the terms of a score: its factor times sum_of_sizes, and what it adds. A score that knows says so by
/// magnitude(sum_of_sizes, cell); else it is asked near 0 and at x, which is right for a factor, a cap or one added
/// term.
template <class Score> double score_size(const Score& score, double x, double sum_of_sizes, cell at) {
  if constexpr (requires {
                  { score.magnitude(sum_of_sizes, at) } -> std::same_as<double>;
                })
    return score.magnitude(sum_of_sizes, at);
  else {
    const double added = scored(score, 0., at), changed = scored(score, x, at) - added;
    const double factor = std::fabs(scored(score, 0x1p-7, at) - scored(score, -0x1p-7, at)) / 0x1p-6;
    return std::fmax(factor * sum_of_sizes, std::fabs(changed)) + std::fabs(added);
  }
}
} // namespace detail

/// O = softmax(score(scale Q K^T) + bias, masked) V in double, by the definition: scores and their maximum, their sum,
/// then the weighted values. A score that gives weights (weight_mod) is the p of its cell. Slots that are masked,
/// holes, or have a bias or score of -inf never enter.
///
/// Shapes    q: view [tokens][heads][key_dim], any element and strides
/// Requires  heads a multiple of kv.dims().kv_heads; tokens >= the last row offset
/// Effects   probability(row, slot, p) for every cell that entered, before the sink's factor; rows, then slots, ascend
template <class Query, class Source, class Mask, class Score = unchanged, class Probability = unobserved>
result attend(const Query& q, const Source& kv, const Mask& mask, const Score& score, const call& c,
              Probability&& probability = {}) {
  constexpr double none = -std::numeric_limits<double>::infinity();
  const kv_dims dims = kv.dims();
  const index_t heads = q.extent(1), group = dims.kv_heads > 0 ? heads / dims.kv_heads : 0;
  const auto rows_total = static_cast<std::size_t>(q.extent(0) * heads);
  const auto numbers = rows_total * static_cast<std::size_t>(dims.value_dim);
  result r{heads,
           dims.value_dim,
           std::vector<double>(numbers, 0.),
           std::vector<double>(rows_total, none),
           std::vector<double>(numbers, 0.),
           std::vector<double>(rows_total, 0.),
           std::vector<index_t>(rows_total, 0)};
  std::vector<double> query(static_cast<std::size_t>(dims.key_dim)), x;

  for (index_t seq = 0; seq < dims.sequences; ++seq)
    for (index_t kv_head = 0; kv_head < dims.kv_heads; ++kv_head) {
      const detail::held_rows held = detail::read(kv, seq, kv_head);
      for (index_t row = 0; row < c.rows(seq); ++row)
        for (index_t head = kv_head * group; head < (kv_head + 1) * group; ++head) {
          const index_t token = c.first_row(seq) + row, position = c.position(seq, row, kv.seen(seq));
          const auto at_row = static_cast<std::size_t>(token * heads + head);
          for (index_t d = 0; d < dims.key_dim; ++d)
            query[static_cast<std::size_t>(d)] = static_cast<double>(widen(q(token, head, d)));

          // First pass: scores and their maximum. A NaN stays the maximum, so that it reaches the whole row.
          x.assign(held.live.size(), none);
          double top = none, size = 0;
          for (std::size_t j = 0; j < x.size(); ++j) {
            const cell at{seq, head, position, held.position[j], row, static_cast<index_t>(j)};
            if (held.live[j] == 0 || !mask.allows(at)) continue;
            const double* key = held.keys.data() + static_cast<index_t>(j) * dims.key_dim;
            double dot = 0, sizes = 0;
            for (std::size_t d = 0; d < query.size(); ++d) {
              dot += query[d] * key[d];
              sizes += std::fabs(query[d] * key[d]);
            }
            x[j] = detail::scored(score, c.scale * dot, at) + (weight_mod<Score> ? 0. : held.bias[j]);
            if (x[j] == none) continue;
            ++r.visible[at_row];
            size = std::fmax(size, detail::score_size(score, c.scale * dot, std::fabs(c.scale) * sizes, at) +
                                       std::fabs(held.bias[j]));
            if (x[j] > top || x[j] != x[j]) top = x[j];
          }
          r.score_magnitude[at_row] = size;
          if (r.visible[at_row] == 0) continue;

          // Second pass: the sum.
          double sum = 0;
          for (const double s : x)
            if (s != none) sum += std::exp(s - top);
          const double lse = weight_mod<Score> ? 0. : top + std::log(sum);
          r.lse[at_row] = lse;
          const double kept = c.sinks != nullptr ? 1 / (1 + std::exp(static_cast<double>(c.sinks[head]) - lse)) : 1.;

          // Third pass: the weighted values.
          double* o = r.o.data() + static_cast<index_t>(at_row) * dims.value_dim;
          double* magnitude = r.magnitude.data() + static_cast<index_t>(at_row) * dims.value_dim;
          for (std::size_t j = 0; j < x.size(); ++j) {
            if (x[j] == none) continue;
            const double p = weight_mod<Score> ? x[j] : std::exp(x[j] - lse);
            probability(query_row{seq, head, row, token, position}, static_cast<index_t>(j), p);
            const double* value = held.values.data() + static_cast<index_t>(j) * dims.value_dim;
            for (index_t e = 0; e < dims.value_dim; ++e) {
              o[e] += kept * p * value[e];
              magnitude[e] += kept * std::fabs(p * value[e]);
            }
          }
        }
    }
  return r;
}

} // namespace HEED_ISA
} // namespace heed::reference
