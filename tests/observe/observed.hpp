// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Probabilities of a call by a double loop, for the tests of observers.
#include <attention/sample.hpp>

#include <heed/observe/row_choice.hpp>

namespace heed::test {

/// p[head][row][slot] of sequence `seq`, with what each probability may be off by.
struct probabilities_of {
  index_t heads, rows, slots;
  std::vector<double> p, share;
  [[nodiscard]] double at(index_t h, index_t r, index_t k) const { return p[place((h * rows + r) * slots + k)]; }
  [[nodiscard]] double off(index_t h, index_t r, index_t k) const { return share[place((h * rows + r) * slots + k)]; }

  template <class Mask> probabilities_of(const sample<>& s, index_t seq, const Mask& m) : heads(s.q_heads()) {
    const index_t first = s.offsets[place(seq)], key = s.key_offsets[place(seq)];
    rows = s.offsets[place(seq + 1)] - first;
    slots = s.key_offsets[place(seq + 1)] - key;
    p.resize(place(heads * rows * slots));
    share = p;
    for (index_t h = 0; h < heads; ++h)
      for (index_t r = 0; r < rows; ++r) {
        double sum = 0, magnitude = 0, visible = 0;
        for (index_t k = 0; k < slots; ++k) {
          if (!m.allows({seq, h, slots - rows + r, k, r, k})) continue;
          double score = 0, terms = 0;
          for (index_t d = 0; d < s.key_dim; ++d) {
            const double x = static_cast<double>(s.q[place(((first + r) * heads + h) * s.key_dim + d)]) *
                             static_cast<double>(s.k[place(((key + k) * s.kv_heads + h / s.group) * s.key_dim + d)]);
            score += x;
            terms += std::fabs(x);
          }
          p[place((h * rows + r) * slots + k)] = std::exp(score * s.call.scale); // unit numbers: no overflow
          sum += std::exp(score * s.call.scale);
          magnitude = std::max(magnitude, terms * s.call.scale);
          ++visible;
        }
        for (index_t k = 0; k < slots; ++k) {
          double& x = p[place((h * rows + r) * slots + k)];
          if (x != 0) x /= sum;
          share[place((h * rows + r) * slots + k)] =
              row_share<float>({visible, static_cast<double>(s.key_dim), magnitude}, x);
        }
      }
  }
};

} // namespace heed::test
