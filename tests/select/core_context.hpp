// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Core-context attention by loops, and the calls that its tests share.
#include <heed/epilogue/lse.hpp>
#include <heed/select/core_context.hpp>

#include <select/selection.hpp>

namespace heed::test {

/// A prompt with values, in double.
struct context_input : selection_input<double> {
  index_t value_dim;
  std::vector<double> v; ///< [keys][kv_heads][value_dim]
  context_input(std::uint64_t seed, index_t tokens, index_t kv, index_t per, index_t dk, index_t vd)
      : selection_input<double>(seed, tokens, tokens, kv, per, dk, drawn_as::structured), value_dim(vd) {
    heed::test::random gen(seed + 1);
    v = gen.numbers<double>(tokens * kv * vd);
  }
  [[nodiscard]] double value(index_t j, index_t h, index_t d) const {
    return v[place((j * kv_heads + h / group) * value_dim + d)];
  }
  [[nodiscard]] auto v_view() const { return view(v.data(), keys, kv_heads, value_dim); }
};

/// Output and log-sum-exp of every query and head.
struct context_output {
  std::vector<double> o, lse; ///< [tokens][heads][value_dim], [tokens][heads]
};

/// Weights of group m's pooled row for the key-value head of query head h.
inline std::vector<double> slow_pool(const core_context& how, const context_input& x, index_t m, index_t h) {
  std::vector<double> w(place(how.group));
  const index_t first = h / x.group * x.group;
  for (index_t j = 0; j < how.group; ++j)
    for (index_t e = 0; e < x.group; ++e) // the mean of scores is the score of the mean
      w[place(j)] += x.score((m + 1) * how.group - 1, first + e, m * how.group + j) / static_cast<double>(x.group);
  softmax(w, how.group);
  return w;
}

inline context_output slow_core_context(const core_context& how, const context_input& x) {
  context_output out{std::vector<double>(place(x.keys * x.heads() * x.value_dim)),
                     std::vector<double>(place(x.keys * x.heads()))};
  for (index_t h = 0; h < x.heads(); ++h)
    for (index_t i = 0; i < x.keys; ++i) {
      const index_t j = i < how.local ? 0 : (i - how.local) / how.group;
      std::vector<double> weight, result(place(x.value_dim));
      std::vector<std::vector<double>> values;
      const auto see = [&](const std::vector<double>& of, index_t first) {
        double score = 0;
        std::vector<double> value(place(x.value_dim));
        for (std::size_t t = 0; t < of.size(); ++t) {
          score += of[t] * x.score(i, h, first + static_cast<index_t>(t));
          for (index_t d = 0; d < x.value_dim; ++d)
            value[place(d)] += of[t] * x.value(first + static_cast<index_t>(t), h, d);
        }
        weight.push_back(std::exp(score));
        values.push_back(value);
      };
      for (index_t m = 0; m < j; ++m) see(slow_pool(how, x, m, h), m * how.group);
      for (index_t t = j * how.group; t <= i; ++t) see({1.}, t);
      double sum = 0;
      for (std::size_t n = 0; n < weight.size(); ++n) {
        sum += weight[n];
        for (index_t d = 0; d < x.value_dim; ++d) result[place(d)] += weight[n] * values[n][place(d)];
      }
      for (index_t d = 0; d < x.value_dim; ++d)
        out.o[place((i * x.heads() + h) * x.value_dim + d)] = result[place(d)] / sum;
      out.lse[place(i * x.heads() + h)] = std::log(sum);
    }
  return out;
}

inline void expect_near(const context_output& got, const context_output& want) {
  ASSERT_EQ(got.o.size(), want.o.size());
  for (std::size_t i = 0; i < want.o.size(); ++i) ASSERT_NEAR(got.o[i], want.o[i], 1e-11) << "output " << i;
  for (std::size_t i = 0; i < want.lse.size(); ++i) ASSERT_NEAR(got.lse[i], want.lse[i], 1e-11) << "lse " << i;
}

} // namespace heed::test
