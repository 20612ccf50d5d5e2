// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The products of a latent layer: queries into the cache's space, latent outputs out of it, cached rows expanded.
#include <heed/latent/expanded_rows.hpp>
#include <heed/latent/latent_weights.hpp>
#include <heed/plan/run_call.hpp>
#include <heed/simd/row_products.hpp>

namespace heed {
namespace detail {
inline namespace HEED_ISA {

/// Keeps the log-sum-exp of some tokens. lse: [tokens][heads].
template <class A> struct stretch_lse {
  A* lse;
  index_t first_token, heads;
  HEED_INLINE A scale(query_row, A) const noexcept { return A(1); }
  HEED_INLINE void finish(query_row at, A value) const noexcept {
    lse[(at.token - first_token) * heads + at.head] = value;
  }
};

/// Rows of a buffer [tokens.size()][heads][dim], counted as the call counts tokens.
template <class T>
HEED_INLINE packed_rows<T> from_token(T* buffer, index_t first_token, index_t heads, index_t dim) noexcept {
  const auto back = static_cast<std::uintptr_t>(first_token * heads * dim) * sizeof(T);
  return {reinterpret_cast<T*>(reinterpret_cast<std::uintptr_t>(buffer) - back), heads * dim, dim, 0, 0};
}

/// Calls body(head, rows) for stretches of at most 32 rows of every head, a head's stretches one after the other, so
/// that its matrix is read from near. cost: multiply-adds of one row.
template <class Body> struct head_blocks {
  static constexpr index_t block = 32;
  const Body& body;
  index_t rows, parts;
  static HEED_NOINLINE void run(void* context, index_t i, index_t) noexcept {
    const auto& x = *static_cast<const head_blocks*>(context);
    const index_t first = i % x.parts * block;
    x.body(i / x.parts, range{first, lesser(x.rows, first + block)});
  }
};
template <class Executor, class Body>
HEED_INLINE void for_head_blocks(Executor& executor, index_t heads, index_t rows, index_t cost, const Body& body) {
  using blocks = head_blocks<Body>;
  if (rows == 0) return;
  blocks x{body, rows, (rows + blocks::block - 1) / blocks::block};
  // Handing out costs about as much as a million multiply-adds.
  const bool small = static_cast<double>(heads) * static_cast<double>(rows) * static_cast<double>(cost) < 1e6;
  plan_detail::hand_out(executor, heads * x.parts, &blocks::run, &x,
                        small ? plan_detail::task_size::small : plan_detail::task_size::worth_a_thread);
}

template <class T, class U> HEED_INLINE void copy_numbers(const T* from, index_t count, U* to) noexcept {
  for (index_t e = 0; e < count; ++e) to[e] = narrow<U>(widen(from[e]));
}

/// out(t, h) = [W_UK(h)^T q_nope | q_rope] in the cache's order, for tokens of a call.
///
/// Shapes    q: [tokens][heads][nope | rope]; out: [tokens.size()][heads][key_dim]
template <class A, class Executor, class W, class TQ>
HEED_NOINLINE void absorb_queries(Executor& executor, const latent_weights<W>& w, const packed_rows<const TQ>& q,
                                  range tokens, A* out) noexcept {
  const latent_shape s = w.shape();
  for_head_blocks(executor, s.heads, tokens.size(), s.nope * s.rank, [&](index_t head, range rows) HEED_BODY {
    const TQ* from[32];
    A* to[32];
    for (index_t t = rows.begin; t < rows.end; ++t) {
      const TQ* query = q.row(tokens.begin + t, head);
      A* const row = out + (t * s.heads + head) * s.key_dim();
      from[t - rows.begin] = query;
      to[t - rows.begin] = row + s.latent_begin();
      copy_numbers(query + s.nope, s.rope, row + s.rope_begin());
    }
    simd::row_products<A>(w.absorb(head), from, to, rows.size());
  });
}

/// o(t, h) = W_UV(h) u(t, h).
///
/// Shapes    u: [tokens.size()][heads][rank]; o: [tokens][heads][value]
template <class A, class Executor, class W, class TO>
HEED_NOINLINE void project_outputs(Executor& executor, const latent_weights<W>& w, const A* u, range tokens,
                                   const packed_rows<TO>& o) noexcept {
  const latent_shape s = w.shape();
  for_head_blocks(executor, s.heads, tokens.size(), s.value * s.rank, [&](index_t head, range rows) HEED_BODY {
    const A* from[32];
    TO* to[32];
    for (index_t t = rows.begin; t < rows.end; ++t) {
      from[t - rows.begin] = u + (t * s.heads + head) * s.rank;
      to[t - rows.begin] = o.row(tokens.begin + t, head);
    }
    simd::row_products<A>(w.expand_value(head), from, to, rows.size());
  });
}

/// Keys [W_UK(h) c | k_rope] and values W_UV(h) c of every head. TK: the cache's element.
///
/// Shapes    rows: [count] pointers to cached rows; into: room for count rows of each head
template <class TK, class A, class Executor, class W>
HEED_NOINLINE void expand_rows(Executor& executor, const latent_weights<W>& w, const std::byte* const* rows,
                               index_t count, const typename expanded_rows<A>::memory& into) noexcept {
  const latent_shape s = w.shape();
  const index_t cost = s.rank * (s.nope + s.value);
  for_head_blocks(executor, s.heads, count, cost, [&](index_t head, range part) HEED_BODY {
    const TK* from[32];
    A *keys[32], *values[32];
    for (index_t j = part.begin; j < part.end; ++j) {
      const TK* const row = reinterpret_cast<const TK*>(rows[j]);
      A* const key = into.keys + (head * into.room + j) * s.head_dim();
      from[j - part.begin] = row + s.latent_begin();
      keys[j - part.begin] = key;
      values[j - part.begin] = into.values + (head * into.room + j) * s.value;
      copy_numbers(row + s.rope_begin(), s.rope, key + s.nope);
    }
    simd::row_products<A>(w.expand_key(head), from, keys, part.size());
    simd::row_products<A>(w.expand_value(head), from, values, part.size());
  });
}

} // namespace HEED_ISA
} // namespace detail
} // namespace heed
