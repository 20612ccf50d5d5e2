// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A call, scratch and a tile of it, for the tests of whole kernels; and what a row's state must be, in double.
#include <heed/plan/run_tasks.hpp>

#include <plan/bound_call.hpp>

namespace heed::test {

/// Scratch of one worker for a call, and the tile of some rows and heads of a sequence.
template <class Call> struct scratch_of {
  plan_detail::worker_scratch<float, Call> s;
  std::vector<std::byte> memory;
  std::vector<index_t> rows, q;
  explicit scratch_of(const Call& c) : memory(place(s.lay_out(nullptr, 0, c.shape, c.dims) + 64)) {
    s.lay_out(memory.data(), static_cast<index_t>(memory.size()), c.shape, c.dims);
  }
  tile over(const Call& c, index_t seq, range heads, index_t first, index_t count) {
    rows.clear();
    q.clear();
    const index_t all = c.p.extents.rows(seq), seen = c.kv.seen(seq);
    for (index_t r = first; r < first + count; ++r) {
      rows.push_back(r);
      q.push_back(seen - all + r);
    }
    const index_t kv_head = c.p.heads.kv_head(heads.begin);
    return clip(tile{seq, kv_head, heads, rows, q, {q.front(), q.back() + 1}, {0, 0}, {0, seen}}, c.kv,
                {0, c.kv.slots(seq, kv_head)});
  }
};

/// log2 of the sum of 2^score, and the finished row, of one row and head.
struct exact_row {
  double lse2 = -std::numeric_limits<double>::infinity(), bound = 0;
  std::vector<double> o, magnitude;
  template <class Mask>
  exact_row(const sample<>& s, const Mask& m, index_t seq, index_t row, index_t head)
      : o(place(s.value_dim)), magnitude(place(s.value_dim)) {
    const index_t rows = s.offsets[place(seq + 1)] - s.offsets[place(seq)], first = s.key_offsets[place(seq)];
    const index_t keys = s.key_offsets[place(seq + 1)] - first, g = head / s.group;
    const auto* q = s.q.data() + ((s.offsets[place(seq)] + row) * s.q_heads() + head) * s.key_dim;
    double sum = 0, terms = 0, visible = 0;
    for (index_t k = 0; k < keys; ++k) {
      if (!m.allows({seq, head, keys - rows + row, k, row, k})) continue;
      double score = 0, size = 0;
      for (index_t d = 0; d < s.key_dim; ++d) {
        const double x =
            static_cast<double>(q[d]) * static_cast<double>(s.k[place(((first + k) * s.kv_heads + g) * s.key_dim + d)]);
        score += x * s.call.scale;
        size += std::fabs(x) * s.call.scale;
      }
      const double p = std::exp(score);
      sum += p;
      terms = std::max(terms, size);
      ++visible;
      for (index_t d = 0; d < s.value_dim; ++d) {
        const double v = static_cast<double>(s.v[place(((first + k) * s.kv_heads + g) * s.value_dim + d)]);
        o[place(d)] += p * v;
        magnitude[place(d)] += p * std::fabs(v);
      }
    }
    facts = {visible, static_cast<double>(s.key_dim), terms};
    if (sum == 0) return;
    lse2 = std::log2(sum);
    for (double& x : o) x /= sum;
    for (double& x : magnitude) x /= sum;
  }
  row_facts facts{};
  /// Of a state: maximum, sum, and where its o stands.
  void expect(float m, float l, const float* at, index_t step) const {
    if (facts.visible == 0) {
      EXPECT_EQ(m, -std::numeric_limits<float>::infinity());
      EXPECT_EQ(l, 0.f);
      for (std::size_t d = 0; d < o.size(); ++d) EXPECT_EQ(at[static_cast<index_t>(d) * step], 0.f);
      return;
    }
    const double ln2 = std::log(2.);
    EXPECT_NEAR((static_cast<double>(m) + std::log2(static_cast<double>(l))) * ln2, lse2 * ln2,
                lse_bound<float>(facts));
    for (std::size_t d = 0; d < o.size(); ++d)
      EXPECT_NEAR(static_cast<double>(at[static_cast<index_t>(d) * step]) / static_cast<double>(l), o[d],
                  (output_bound<float, float>(facts, magnitude[d], o[d])));
  }
};

} // namespace heed::test
