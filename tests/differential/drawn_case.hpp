// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// One random call without its types: sizes, rows, positions, tiles. Everything follows from one seed.
#include <heed/plan/tile_shape.hpp>
#include <heed/reference/attention.hpp>

#include <support/logical_cache.hpp>

#include <string>

namespace heed::test {

/// How the number types of a case look to what has no types.
struct number_rules {
  const char* name;
  double (*rounded_query)(double);
  double (*rounded_row)(double);
  index_t panel_lanes; ///< of the prefill kernel
  index_t few_lanes;   ///< the most that the decode kernel serves
};

/// What roles and buffers of a call are drawn from.
struct drawn_case {
  random gen{0};
  index_t kv_heads = 1, group = 1, key_dim = 1, value_dim = 1;
  std::vector<index_t> rows, offsets{0}; ///< [sequences], [sequences + 1]
  logical_cache<double> cache;           ///< what the source holds, once it is laid out
  std::vector<double> q;                 ///< [tokens][heads][key_dim]
  double scale = 1;
  index_t workers = 1;
  tile_shape shape;
  enum class standing : unsigned char { at_end, from_zero, listed } positions = standing::at_end;
  std::vector<index_t> listed;

  drawn_case(std::uint64_t seed, const number_rules& rules);

  [[nodiscard]] index_t sequences() const noexcept { return cache.dims.sequences; }
  [[nodiscard]] index_t heads() const noexcept { return kv_heads * group; }
  [[nodiscard]] index_t tokens() const noexcept { return offsets.back(); }
  [[nodiscard]] index_t longest() const noexcept;   ///< most slots of any head
  [[nodiscard]] index_t most_seen() const noexcept; ///< most tokens seen by any sequence
  [[nodiscard]] index_t most_rows() const noexcept;
  [[nodiscard]] reference::call call() const noexcept;
  [[nodiscard]] bool decodes(index_t seq) const noexcept {
    return rows[static_cast<std::size_t>(seq)] * group <= shape.few_lanes;
  }
  [[nodiscard]] std::string text() const;
};

/// What was found out about a case.
struct verdict {
  bool accepted = false, alive = false, spans = false; ///< alive: some cell was visible
  std::string wrong;                                   ///< empty: all inside the bounds
  double output[2] = {0, 0}, lse[2] = {0, 0};          ///< largest error / bound of prefill and decode rows
  double observed = 0;
};

/// One entry of the covering array: values of the axes and the code for them.
struct instantiation {
  int axes[5];
  verdict (*run)(drawn_case&);
  const number_rules* rules;
};
/// All of them, filled before main by the parts of this program.
std::vector<instantiation>& instantiations();
struct registrar {
  explicit registrar(const instantiation& x) { instantiations().push_back(x); }
};

/// A mask and a score without their types, so that the oracle is compiled once.
struct any_mask {
  const void* mask;
  bool (*asks)(const void*, const cell&);
  bool allows(cell at) const noexcept { return asks(mask, at); }
};
struct any_score {
  const void *score, *drawn;
  double (*asks)(const void*, double, const cell&);
  double (*sizes)(const void*, const void*, double, const cell&);
  double operator()(double x, cell at) const noexcept { return asks(score, x, at); }
  double magnitude(double sum_of_sizes, cell at) const noexcept { return sizes(score, drawn, sum_of_sizes, at); }
};
template <class M> any_mask erased_mask(const M& m) noexcept {
  return {&m, [](const void* p, const cell& at) { return static_cast<const M*>(p)->allows(at); }};
}
/// drawn: the value of the score axis that s came from; it may know the terms of s.
template <class S, class D> any_score erased_score(const S& s, const D& drawn) noexcept {
  return {&s, &drawn,
          [](const void* p, double x, const cell& at) {
            return reference::detail::scored(*static_cast<const S*>(p), x, at);
          },
          [](const void* p, const void* d, double sum_of_sizes, const cell& at) {
            if constexpr (requires(const D& from) { from.magnitude(sum_of_sizes, at); })
              return static_cast<const D*>(d)->magnitude(sum_of_sizes, at);
            else
              return reference::detail::score_size(*static_cast<const S*>(p), sum_of_sizes, sum_of_sizes, at);
          }};
}

/// The exact answer; probabilities [tokens][heads][longest] if wanted.
struct exact {
  reference::result rows;
  std::vector<double> probabilities;
};
exact exact_answer(const drawn_case& c, any_mask m, any_score s, const float* sinks, bool with_probabilities);

/// Numbers of one call, widened.
struct answer {
  std::vector<double> o;   ///< [tokens][heads][value_dim]
  std::vector<double> lse; ///< [tokens][heads], or empty
  int output_bits = 32;    ///< 16 (bf16), 11 (f16): digits of the stored output; 32 none lost
  bool doubles = false;
  index_t heads_per_tile = 1, lanes = 1; ///< of a tile of the prefill kernel
};
/// Compares outputs and log-sum-exps, and notes what the case reached.
void judge(const drawn_case& c, const exact& want, const answer& got, verdict& v);

/// An executor without its type: the sequential one, or a pool of that many workers that all cases share.
class any_executor {
public:
  explicit any_executor(index_t workers);
  [[nodiscard]] index_t workers() const noexcept { return workers_; }
  void bulk(index_t n, void (*task)(void*, index_t, index_t), void* context) const noexcept;

private:
  index_t workers_;
};

/// The tuning of the case under way: an empty type, as the concept wants, that reads what was drawn.
extern tile_shape current_shape;
template <int> struct drawn_tuning_of {
  tile_shape operator()(isa_traits, problem_traits) const noexcept { return current_shape; }
};
using drawn_tuning = drawn_tuning_of<0>;

} // namespace heed::test
