// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The score axis: each type draws a modifier for a case and owns the tables that it points to.
#include <heed/score/alibi.hpp>
#include <heed/score/chain.hpp>
#include <heed/score/dense_bias.hpp>
#include <heed/score/log_n.hpp>
#include <heed/score/none.hpp>
#include <heed/score/relative_bias.hpp>
#include <heed/score/row_scale.hpp>
#include <heed/score/score.hpp>
#include <heed/score/soft_cap.hpp>

#include <differential/drawn_case.hpp>
#include <support/row_pool.hpp>

namespace heed::test::scores {

struct none {
  explicit none(drawn_case&) {}
  auto get() const noexcept { return no_score_mod{}; }
};
struct soft_cap {
  float cap;
  explicit soft_cap(drawn_case& c) : cap(c.gen.one_of(std::vector<float>{.5f, 5.f, 30.f, 50.f})) {}
  auto get() const noexcept { return heed::soft_cap{cap}; }
};
struct alibi {
  std::vector<float> slopes;
  index_t heads;
  bool standard;
  explicit alibi(drawn_case& c) : heads(c.heads()), standard(c.gen.chance(2)) {
    for (index_t h = 0; h < heads; ++h) slopes.push_back(c.gen.unit());
    if (standard)
      for (index_t h = 0; h < heads; ++h) slopes[at(h)] = heed::alibi::standard(heads).slope(h);
  }
  [[nodiscard]] double magnitude(double sum_of_sizes, const cell& x) const noexcept {
    return sum_of_sizes + std::fabs(static_cast<double>(slopes[at(x.head)]) * static_cast<double>(x.q - x.k));
  }
  auto get() const noexcept { return standard ? heed::alibi::standard(heads) : heed::alibi(slopes); }
};
struct relative_bias {
  std::vector<float> table;
  index_t rows, columns;
  explicit relative_bias(drawn_case& c)
      : rows(c.gen.chance(3) ? 1 : c.heads()), columns(2 * c.gen.integer(0, c.most_seen()) + 1) {
    for (index_t i = 0; i < rows * columns; ++i) table.push_back(3 * c.gen.unit());
  }
  auto get() const noexcept { return heed::relative_bias(view(table.data(), rows, columns)); }
};
/// Broadcast along drawn axes; a few entries are -inf; columns follow positions or slots.
struct dense_bias {
  std::vector<float> bias;
  index_t extent[4];
  bias_column column;
  explicit dense_bias(drawn_case& c)
      : extent{c.gen.chance(2) ? 1 : c.sequences(), c.gen.chance(2) ? 1 : c.heads(),
               c.gen.chance(4) ? 1 : c.most_rows(), c.gen.chance(8) ? 1 : std::max(c.most_seen(), c.longest())},
        column(c.gen.chance(2) ? bias_column::position : bias_column::slot) {
    const index_t gone = c.gen.integer(2, 40);
    for (index_t i = 0; i < extent[0] * extent[1] * extent[2] * extent[3]; ++i)
      bias.push_back(c.gen.chance(gone) ? -std::numeric_limits<float>::infinity() : 3 * c.gen.unit());
  }
  auto get() const noexcept {
    return heed::dense_bias(view(bias.data(), extent[0], extent[1], extent[2], extent[3]), column);
  }
};
struct log_n {
  index_t trained;
  explicit log_n(drawn_case& c) : trained(c.gen.integer(2, std::max<index_t>(2, c.most_seen()))) {}
  auto get() const noexcept { return heed::log_n{trained}; }
};
struct row_scale {
  std::vector<float> factors;
  std::vector<index_t> offsets;
  bool by_position;
  explicit row_scale(drawn_case& c) : offsets(c.offsets), by_position(c.gen.chance(2)) {
    const index_t n = by_position ? std::max<index_t>(1, c.most_seen()) : c.tokens();
    for (index_t i = 0; i < n; ++i) factors.push_back(1 + c.gen.unit());
  }
  auto get() const noexcept {
    return by_position ? heed::row_scale::by_position(factors) : heed::row_scale::by_token(factors, offsets);
  }
};
/// A function of one's own for single cells: no vector form.
struct user {
  struct waves {
    template <class A>
    requires(std::is_floating_point_v<A>) A operator()(A x, cell at) const noexcept {
      return x * A(.75) + A((at.q + 3 * at.k + at.head + at.slot) % 5) - A(2);
    }
  };
  explicit user(drawn_case&) {}
  waves get() const noexcept { return {}; }
};
/// A function of one's own that serves vectors too.
struct user_vectors {
  explicit user_vectors(drawn_case&) {}
  auto get() const noexcept {
    return heed::score([](auto x, auto at) { return x - decltype(x)(.02f) * distance(x, at); });
  }
};
/// Gemma's order and FlashInfer's.
struct cap_alibi {
  soft_cap first;
  alibi second;
  explicit cap_alibi(drawn_case& c) : first(c), second(c) {}
  [[nodiscard]] double magnitude(double sizes, const cell& x) const noexcept { return second.magnitude(sizes, x); }
  auto get() const noexcept { return chain(first.get(), second.get()); }
};
struct alibi_cap {
  alibi first;
  soft_cap second;
  explicit alibi_cap(drawn_case& c) : first(c), second(c) {}
  [[nodiscard]] double magnitude(double sizes, const cell& x) const noexcept { return first.magnitude(sizes, x); }
  auto get() const noexcept { return chain(first.get(), second.get()); }
};

} // namespace heed::test::scores
