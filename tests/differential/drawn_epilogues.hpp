// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The epilogue axis: what a call stores besides its output, and the check of it.
#include <heed/epilogue/lse.hpp>
#include <heed/epilogue/sink_logit.hpp>
#include <heed/observe/key_sums.hpp>
#include <heed/observe/probability_rows.hpp>

#include <differential/drawn_case.hpp>
#include <support/row_pool.hpp>
#include <support/tolerance.hpp>

namespace heed::test::epilogues {

/// What most of them lack.
struct nothing {
  static constexpr bool observes = false;
  [[nodiscard]] const float* sinks() const noexcept { return nullptr; }
  [[nodiscard]] std::vector<double> logs() const { return {}; }
  void check(const drawn_case&, const exact&, verdict&) const {}
};

template <class A> struct store : nothing {
  explicit store(drawn_case&) {}
  template <class F> void with(const F& f) { f(); }
};

template <class A> struct lse : nothing {
  std::vector<A> out;
  index_t tokens, heads, stride;
  explicit lse(drawn_case& c) : tokens(c.tokens()), heads(c.heads()), stride(heads + c.gen.integer(0, 2)) {
    out.assign(at(tokens * stride), A(77));
  }
  template <class F> void with(const F& f) { f(heed::lse(strided(out.data(), {tokens, heads}, {stride, 1}))); }
  [[nodiscard]] std::vector<double> logs() const {
    std::vector<double> all;
    for (index_t t = 0; t < tokens; ++t)
      for (index_t h = 0; h < heads; ++h) all.push_back(static_cast<double>(out[at(t * stride + h)]));
    return all;
  }
};

template <class A> struct sink_logit : nothing {
  std::vector<float> logits;
  explicit sink_logit(drawn_case& c) {
    for (index_t h = 0; h < c.heads(); ++h)
      logits.push_back(c.gen.chance(6) ? -std::numeric_limits<float>::infinity() : 4 * c.gen.unit());
  }
  [[nodiscard]] const float* sinks() const noexcept { return logits.data(); }
  template <class F> void with(const F& f) { f(heed::sink_logit(logits)); }
};

template <class A> struct lse_sink : nothing {
  lse<A> first;
  sink_logit<A> second;
  explicit lse_sink(drawn_case& c) : first(c), second(c) {}
  [[nodiscard]] const float* sinks() const noexcept { return second.sinks(); }
  [[nodiscard]] std::vector<double> logs() const { return first.logs(); }
  template <class F> void with(const F& f) {
    first.with([&](const auto& a) { second.with([&](const auto& b) { f(b, a); }); });
  }
};

/// Which rows and heads an observer looks at.
struct drawn_choice {
  std::vector<index_t> heads;
  index_t kind, a, b;
  explicit drawn_choice(drawn_case& c)
      : kind(c.gen.integer(0, 2)), a(c.gen.integer(0, c.most_rows())), b(c.gen.integer(a, c.most_rows() + 1)) {
    if (c.gen.chance(2)) return;
    for (index_t h = 0; h < c.heads(); ++h)
      if (c.gen.chance(2)) heads.push_back(h);
  }
  [[nodiscard]] row_choice get() const noexcept {
    const row_choice rows = kind == 0 ? row_choice::all() : kind == 1 ? row_choice::last(a) : row_choice::between(a, b);
    return rows.of_heads(heads);
  }
  [[nodiscard]] std::vector<index_t> head_list(const drawn_case& c) const {
    std::vector<index_t> list = heads;
    if (list.empty())
      for (index_t h = 0; h < c.heads(); ++h) list.push_back(h);
    return list;
  }
  [[nodiscard]] range stretch(index_t n) const noexcept {
    const index_t begin = kind == 0 ? 0 : kind == 1 ? std::max<index_t>(0, n - a) : std::min(a, n);
    return {begin, kind == 2 ? std::max(begin, std::min(b, n)) : n};
  }
};
inline row_facts facts_of(const drawn_case& c, const exact& want, std::size_t row) noexcept {
  return {static_cast<double>(want.rows.visible[row]), static_cast<double>(c.key_dim), want.rows.score_magnitude[row]};
}
template <class A> void note(verdict& v, double got, double sum, double bound, const char* what, index_t slot) {
  margin m;
  if (!m.add(got, sum, bound) && v.wrong.empty())
    v.wrong = std::string(what) + " of slot " + std::to_string(slot) + ": got " + std::to_string(got) + ", want " +
              std::to_string(sum) + ", error/bound " + std::to_string(m.worst);
  // Next to the least normal number the absolute part of the bound is all used: no measure of accuracy.
  if (sum > std::ldexp(1., -100)) v.observed = std::max(v.observed, m.worst);
}

template <class A> struct key_sums : nothing {
  static constexpr bool observes = true;
  drawn_choice chosen;
  std::vector<A> out;
  index_t sequences, rows, width;
  explicit key_sums(drawn_case& c)
      : chosen(c), sequences(c.sequences()), rows(static_cast<index_t>(chosen.head_list(c).size())),
        width(c.longest() + c.gen.integer(0, 2)) {
    out.assign(at(sequences * rows * width), A(77));
  }
  template <class F> void with(const F& f) {
    f(heed::key_sums<A>(view(out.data(), sequences, rows, width), chosen.get()));
  }
  void check(const drawn_case& c, const exact& want, verdict& v) const {
    const auto heads = chosen.head_list(c);
    for (index_t s = 0; s < sequences; ++s)
      for (index_t i = 0; i < rows; ++i)
        for (index_t k = 0; k < width; ++k) {
          double sum = 0, shares = 0;
          const range r = chosen.stretch(c.rows[at(s)]);
          for (index_t row = r.begin; row < r.end && k < c.longest(); ++row) {
            const std::size_t line = at((c.offsets[at(s)] + row) * c.heads() + heads[at(i)]);
            const double p = want.probabilities[line * at(c.longest()) + at(k)];
            sum += p;
            shares += row_share<A>(facts_of(c, want, line), p);
          }
          const double bound = sum_bound<A>(static_cast<double>(r.size()), shares, sum);
          note<A>(v, static_cast<double>(out[at((s * rows + i) * width + k)]), sum, bound, "key_sums", k);
        }
  }
};

template <class A> struct probability_rows : nothing {
  static constexpr bool observes = true;
  drawn_choice chosen;
  std::vector<A> out;
  index_t sequences, heads, rows = 0, width;
  explicit probability_rows(drawn_case& c)
      : chosen(c), sequences(c.sequences()), heads(static_cast<index_t>(chosen.head_list(c).size())),
        width(c.longest() + c.gen.integer(0, 2)) {
    for (const index_t n : c.rows) rows = std::max(rows, chosen.stretch(n).size());
    out.assign(at(sequences * heads * rows * width), A(77));
  }
  template <class F> void with(const F& f) {
    f(heed::probability_rows<A>(view(out.data(), sequences, heads, rows, width), chosen.get()));
  }
  void check(const drawn_case& c, const exact& want, verdict& v) const {
    const auto list = chosen.head_list(c);
    for (index_t s = 0; s < sequences; ++s)
      for (index_t i = 0; i < heads; ++i)
        for (index_t j = 0; j < rows; ++j)
          for (index_t k = 0; k < width; ++k) {
            const range r = chosen.stretch(c.rows[at(s)]);
            double p = 0, bound = 0;
            if (j < r.size() && k < c.longest()) {
              const std::size_t line = at((c.offsets[at(s)] + r.begin + j) * c.heads() + list[at(i)]);
              p = want.probabilities[line * at(c.longest()) + at(k)];
              bound = sum_bound<A>(1, row_share<A>(facts_of(c, want, line), p), p);
            }
            note<A>(v, static_cast<double>(out[at(((s * heads + i) * rows + j) * width + k)]), p, bound,
                    "probability_rows", k);
          }
  }
};

/// Everything from one call.
template <class A> struct all_of_them : nothing {
  static constexpr bool observes = true;
  lse_sink<A> first;
  key_sums<A> second;
  probability_rows<A> third;
  explicit all_of_them(drawn_case& c) : first(c), second(c), third(c) {}
  [[nodiscard]] const float* sinks() const noexcept { return first.sinks(); }
  [[nodiscard]] std::vector<double> logs() const { return first.logs(); }
  template <class F> void with(const F& f) {
    first.with([&](const auto&... a) {
      second.with([&](const auto& b) { third.with([&](const auto& d) { f(b, a..., d); }); });
    });
  }
  void check(const drawn_case& c, const exact& want, verdict& v) const {
    second.check(c, want, v);
    third.check(c, want, v);
  }
};

} // namespace heed::test::epilogues
