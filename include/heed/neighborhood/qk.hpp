// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Scores of neighborhood attention as a tensor: the first half of the unfused pair.
#include <heed/neighborhood/window_index.hpp>
#include <heed/observe.hpp>

namespace heed {
inline namespace HEED_ISA {
namespace neighborhood_detail {

/// Bytes of a call, freed at its end, also where attention throws.
struct call_memory {
  std::byte* data;
  explicit call_memory(index_t bytes) noexcept
      : data(static_cast<std::byte*>(::operator new(static_cast<std::size_t>(bytes), std::nothrow))) {}
  call_memory(const call_memory&) = delete;
  call_memory& operator=(const call_memory&) = delete;
  ~call_memory() { ::operator delete(data); }
};

/// How the tokens of a call are cut into sequences.
struct token_cut {
  index_list offsets;
  index_t rows_each = 0;
  [[nodiscard]] HEED_INLINE index_t first_row(index_t seq) const noexcept {
    return offsets.empty() ? seq * rows_each : offsets[seq];
  }
};

/// Writes what it is shown, natural logarithms less an lse of 0, to the places of windows.
template <int Rank, class A> class window_scores {
public:
  static constexpr const char* name = "neighborhood_qk";
  static constexpr bool rows_in_any_order = true;
  HEED_INLINE window_scores(const neighborhood<Rank>& m, const tensor_view<A, 3>& out, const token_cut& cut) noexcept
      : index_(m), out_(out), cut_(cut) {}

  [[nodiscard]] HEED_INLINE range rows(index_t, index_t, index_t n) const noexcept { return {0, n}; }
  [[nodiscard]] HEED_INLINE shown shows() const noexcept { return shown::logarithms; }
  [[nodiscard]] HEED_INLINE footprint stores_in() const noexcept { return footprint_of(out_); }
  HEED_INLINE void observe(const probability_block<A>& p) const noexcept { write(p); }
  HEED_INLINE void prepare(const call_extents&) const noexcept {
    for (index_t t = 0; t < out_.extent(0); ++t)
      for (index_t h = 0; h < out_.extent(1); ++h)
        for (index_t i = 0; i < out_.extent(2); ++i) out_(t, h, i) = nothing;
  }
  [[nodiscard]] HEED_INLINE failure check(const call_extents& e) const noexcept {
    if (const failure f = index_.mask().check(e)) return f;
    if (const failure f = detail::check_window_weights(name, index_, out_, e)) return f;
    return detail::check_written(name, out_);
  }

private:
  static constexpr A nothing = -static_cast<A>(__builtin_inf());

  HEED_NOINLINE void write(const probability_block<A>& p) const noexcept {
    const token_grid<Rank> g = index_.mask().grid_of(p.seq);
    const index_t heads = p.heads.size(), token = cut_.first_row(p.seq);
    index_t at[key_block::capacity];
    for (std::size_t j = 0; j < p.k.size(); ++j) at[j] = index_.key(g, p.k[j]);
    for (std::size_t r = 0; r < p.rows.size(); ++r) {
      const index_t own = index_.query(g, g.first + p.rows[r]);
      for (index_t h = 0; h < heads; ++h) {
        const A* score = p.p + static_cast<index_t>(r) * heads + h;
        A* const to = out_.data() + (token + p.rows[r]) * out_.stride(0) + (p.heads.begin + h) * out_.stride(1);
        for (std::size_t j = 0; j < p.k.size(); ++j, score += p.ld)
          if (*score != nothing) to[p.k[j] < g.first ? at[j] : at[j] - own] = *score;
      }
    }
  }

  window_index<Rank> index_;
  tensor_view<A, 3> out_;
  token_cut cut_;
};

template <class T> HEED_INLINE token_cut cut_of(const tensor_view<T, 3>& v, index_t sequences) noexcept {
  return {{}, sequences > 0 ? v.extent(0) / sequences : 0};
}
template <class T> HEED_INLINE token_cut cut_of(const tensor_view<T, 4>& v, index_t) noexcept {
  return {{}, v.extent(1)};
}
template <class T> HEED_INLINE token_cut cut_of(const ragged_view<T>& v, index_t) noexcept { return {v.offsets, 0}; }

} // namespace neighborhood_detail

/// Scores of every query with the keys of its window: softmax over the last axis and neighborhood_av make attention of
/// them. For those who need the weights; heed::attend does both in one pass and keeps none.
///
/// Shapes       q: as in attend, the whole grid of each sequence. kv: any source, its values are not read. weights:
///              [tokens][q_heads][first + product of windows], any strides but the last: the extra tokens before the
///              grid, then the window in row-major order; -inf where a causal or clamped window has no key
/// Roles        scale (default 1/sqrt(key_dim)), a score modifier (neighborhood_bias)
/// Effects      writes weights
/// Workspace    allocated and freed by the call
/// Determinism  the same bits for any executor and worker count
/// Cost         the boxes of attend, each with the keys of all its windows
/// Throws       error, with code and text; without exceptions the handler runs
template <class Executor, class Q, class K, class A, int Rank, class... Role>
void neighborhood_qk(Executor&& executor, const Q& q, const K& kv, const tensor_view<A, 3>& weights,
                     const neighborhood<Rank>& m, const Role&... roles) {
  static_assert(!(std::is_same_v<Role, query_positions> || ...), "heed: neighborhood_qk: the queries are the grid");
  const index_t heads = detail::pack_view(q).heads;
  neighborhood_detail::call_memory memory(greater(1, heads) * static_cast<index_t>(sizeof(A)));
  if (memory.data == nullptr)
    return detail::report({errc::out_of_memory, "neighborhood_qk", "bytes", heads * static_cast<index_t>(sizeof(A)),
                           "the bytes allocated are", 0});
  A* const zeros = reinterpret_cast<A*>(memory.data);
  for (index_t h = 0; h < heads; ++h) zeros[h] = A(0);
  const tensor_view<const A, 2> lse(zeros, {detail::pack_view(q).tokens, heads}, {0, 1});
  observe(executor, q, kv, lse, m, roles...,
          neighborhood_detail::window_scores<Rank, A>(m, weights, neighborhood_detail::cut_of(q, kv.dims().sequences)));
}

} // namespace HEED_ISA
} // namespace heed
