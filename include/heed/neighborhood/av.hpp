// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Values weighted by a tensor of neighborhood weights: the second half of the unfused pair.
#include <heed/neighborhood/qk.hpp>

namespace heed {
inline namespace HEED_ISA {
namespace neighborhood_detail {

/// Weights of cells from the places of windows. key_places, query_places: [tokens], the two numbers of window_index for
/// each position of the grids, which lie one after the other as the tokens do.
template <int Rank, class A> class window_weights {
public:
  static constexpr bool gives_weights = true, without_scores = true;

  HEED_INLINE window_weights(const neighborhood<Rank>& m, const tensor_view<const A, 3>& weights, const token_cut& cut,
                             const index_t* key_places, const index_t* query_places) noexcept
      : index_(m), weights_(weights), cut_(cut), key_places_(key_places), query_places_(query_places) {}

  HEED_INLINE A operator()(A, const cell& at) const noexcept {
    return weights_(cut_.first_row(at.seq) + at.row, at.head, index_(at.seq, at.q, at.k));
  }
  template <class B>
  requires(B::lanes >= 1) HEED_INLINE B operator()(B, const cells<B>& at) const noexcept {
    const index_t first = index_.mask().first, last = weights_.extent(2) - 1;
    const index_t token = cut_.first_row(at.seq);
    const index_t *const key = key_places_ + token - first, *const query = query_places_ + token - first;
    const A* const from = weights_.data() + token * weights_.stride(0);
    return B::generate([&](index_t i) HEED_BODY {
      const index_t k = at.k[i];
      // The place of a cell that the mask hides may be any; its weight is dropped.
      const index_t place = k < first ? k : greater(0, lesser(last, key[k] - query[at.q[i]]));
      return from[at.row[i] * weights_.stride(0) + at.head[i] * weights_.stride(1) + place];
    });
  }
  [[nodiscard]] HEED_INLINE failure check(const call_extents& e) const noexcept {
    return detail::check_window_weights("neighborhood_av", index_, weights_, e);
  }

private:
  window_index<Rank> index_;
  tensor_view<const A, 3> weights_;
  token_cut cut_;
  const index_t *key_places_, *query_places_;
};

} // namespace neighborhood_detail

/// o = the sum over a query's window of weights times values. No softmax: weights may have any sign and sum.
///
/// Shapes       weights: [tokens][q_heads][first + product of windows], as neighborhood_qk leaves them; entries without
///              a key are not read. kv: any source, its keys are not read (contiguous(v, v) where there are none). o:
///              as in attend
/// Effects      writes o
/// Workspace    allocated and freed by the call: two numbers per token, and what attend needs
/// Determinism  as attend
/// Error        |o - exact| <= (8 + sqrt(n)) 2^-23 sum_j |w_j v_j| for float
/// Throws       error, with code and text; without exceptions the handler runs and o is untouched
template <class Executor, class A, class K, class O, int Rank>
void neighborhood_av(Executor&& executor, const tensor_view<const A, 3>& weights, const K& kv, const O& o,
                     const neighborhood<Rank>& m) {
  static_assert(std::is_same_v<A, typename K::key_format::accum>,
                "heed: neighborhood_av: weights and kv accumulate in different types (double goes with double only)");
  const kv_dims d = kv.dims();
  const index_t heads = weights.extent(1), tokens = weights.extent(0);
  // What is wrong with the grids is said before they are walked.
  call_extents e{};
  e.sequences = d.sequences;
  if (const failure f = m.check(e)) return detail::report(f);
  if (const failure f = detail::check_dims(d)) return detail::report(f);
  if (may_share(footprint_of(weights), footprint_of(detail::rows_of(o))))
    return detail::report({errc::overlap, "o", "buffers shared with weights", 1, "the limit is", 0});
  index_t all = 0;
  for (index_t s = 0; s < d.sequences; ++s) all += m.grid_of(s).size();
  if (tokens != all)
    return detail::report(
        {errc::bad_extent, "neighborhood_av", "extent", tokens, "but the positions of the grids are", all, 0});
  detail::arena count;
  const auto lay_out = [&](detail::arena& a, index_t*& offsets, index_t*& keys, index_t*& queries, A*& zeros) {
    offsets = a.take<index_t>(d.sequences + 1);
    keys = a.take<index_t>(tokens);
    queries = a.take<index_t>(tokens);
    zeros = a.take<A>(d.key_dim);
  };
  index_t *offsets = nullptr, *keys = nullptr, *queries = nullptr;
  A* zeros = nullptr;
  lay_out(count, offsets, keys, queries, zeros);
  const index_t bytes = count.used() + detail::arena::line;
  neighborhood_detail::call_memory memory(bytes);
  if (memory.data == nullptr)
    return detail::report({errc::out_of_memory, "neighborhood_av", "bytes", bytes, "the bytes allocated are", 0});
  detail::arena laid(memory.data, bytes);
  lay_out(laid, offsets, keys, queries, zeros);
  const window_index<Rank> index(m);
  offsets[0] = 0;
  for (index_t s = 0; s < d.sequences; ++s) {
    const token_grid<Rank> g = m.grid_of(s);
    offsets[s + 1] = offsets[s] + g.size();
    for (index_t p = 0; p < g.size(); ++p) {
      keys[offsets[s] + p] = index.key(g, g.first + p);
      queries[offsets[s] + p] = index.query(g, g.first + p);
    }
  }
  for (index_t i = 0; i < d.key_dim; ++i) zeros[i] = A(0);
  const index_list cut = std::span<const index_t>(offsets, static_cast<std::size_t>(d.sequences + 1));
  // No score is made: one row of zeros stands for all queries.
  const tensor_view<const A, 3> q(zeros, {tokens, heads, d.key_dim}, {0, 0, 1});
  attend(executor, ragged(q, cut), kv, o, m, scale{1},
         neighborhood_detail::window_weights<Rank, A>(m, weights, {cut, 0}, keys, queries));
}
template <class Executor, class A, class K, class O, int Rank>
requires(!std::is_const_v<A>) void neighborhood_av(Executor&& executor, const tensor_view<A, 3>& weights, const K& kv,
                                                   const O& o, const neighborhood<Rank>& m) {
  neighborhood_av(executor, tensor_view<const A, 3>(weights), kv, o, m);
}

} // namespace HEED_ISA
} // namespace heed
