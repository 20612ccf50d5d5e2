// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The passes that every selector estimates with: causal attention of few queries of which only pooled numbers stay.
#include <heed/kv/contiguous.hpp>
#include <heed/mask/causal.hpp>
#include <heed/observe.hpp>
#include <heed/observe/block_pool.hpp>

#include <vector>

namespace heed {

/// Memory of estimates, reusable between calls: it grows to the largest call and stays. One per thread that selects.
///
/// Units     most_query_bytes: of queries that XAttention lays out at a time (one block of rows at least)
template <class A> struct select_scratch {
  index_t most_query_bytes = index_t{64} << 20;
  std::vector<std::byte> workspace;
  std::vector<A> q, k, keys, o, lse, pooled, other; ///< keys: of one head of a source
  std::vector<index_t> positions;
  std::vector<std::int32_t> order, row, distances;
  std::vector<std::int64_t> ends, other_ends;

  [[nodiscard]] HEED_INLINE index_t bytes() const noexcept {
    return static_cast<index_t>(workspace.capacity() +
                                (q.capacity() + k.capacity() + keys.capacity() + o.capacity() + lse.capacity() +
                                 pooled.capacity() + other.capacity()) *
                                    sizeof(A) +
                                (positions.capacity() + ends.capacity() + other_ends.capacity()) * sizeof(index_t) +
                                (order.capacity() + row.capacity() + distances.capacity()) * sizeof(std::int32_t));
  }
};

namespace detail {
inline namespace HEED_ISA {

HEED_INLINE constexpr index_t parts(index_t n, index_t of) noexcept { return n / of + (n % of != 0 ? 1 : 0); }

/// Refuses a number that is none, below `least`, or, where it must be above, not above it. name: the selector.
HEED_INLINE failure check_number(const char* name, const char* property, double x, double least,
                                 bool above = false) noexcept {
  if (above ? x > least : x >= least) return {};
  return {errc::bad_value, name, property, x, above ? "it must be above" : "the least is", least};
}

/// Where queries stand, what their products are multiplied with, and the keys of the longest call that will follow
/// (the workspace is taken for it).
struct estimate_of {
  std::span<const index_t> positions;
  double factor;
  index_t most_keys = 0;
};

/// Grows a buffer without filling what it holds.
template <class T> HEED_INLINE T* room(std::vector<T>& v, index_t n) {
  if (static_cast<index_t>(v.size()) < n) v.resize(static_cast<std::size_t>(n));
  return v.data();
}

/// Keys alone: as values stand their first numbers, so that the pass over values costs one product per key.
template <class T> HEED_INLINE auto keys_only(const tensor_view<const T, 3>& k) noexcept {
  return contiguous(k, k.slice(2, 0, 1));
}

/// Pools the probabilities of causal attention.
///
/// Shapes    q: [rows][q_heads][dim]; k: [keys][kv_heads][dim]; e.positions: [rows]
template <class A, class Executor, class TK>
HEED_NOINLINE void pool_probabilities(Executor& executor, select_scratch<A>& s, const tensor_view<const A, 3>& q,
                                      const tensor_view<const TK, 3>& k, const estimate_of& e,
                                      const block_pool<A>& into) {
  const auto kv = keys_only(k);
  const auto o = heed::view(room(s.o, q.extent(0) * q.extent(1)), q.extent(0), q.extent(1), 1);
  const plan made = make_plan({1, q.extent(0), q.extent(1), greater(k.extent(0), e.most_keys), 0}, kv, causal{}, into);
  const index_t bytes = made.workspace_bytes(executor.workers());
  std::byte* const memory = room(s.workspace, bytes);
  expect(run(executor, made, q, kv, o, {memory, static_cast<std::size_t>(bytes)}, causal{}, scale{e.factor},
             query_positions::listed(e.positions), into));
}

/// Pools score - anchor, in natural units. anchor: [rows][q_heads]
template <class A, class Executor, class TK>
HEED_NOINLINE void pool_scores(Executor& executor, select_scratch<A>& s, const tensor_view<const A, 3>& q,
                               const tensor_view<const TK, 3>& k, const tensor_view<const A, 2>& anchor,
                               const estimate_of& e, const block_pool<A>& into) {
  const auto kv = keys_only(k);
  const plan made = make_plan({1, q.extent(0), q.extent(1), greater(k.extent(0), e.most_keys), 0}, kv, causal{});
  const index_t bytes = made.workspace_bytes(executor.workers());
  std::byte* const memory = room(s.workspace, bytes);
  expect(run_observers(executor, made, q, kv, anchor, {memory, static_cast<std::size_t>(bytes)}, causal{},
                       scale{e.factor}, query_positions::listed(e.positions), into));
}

/// Copies rows [first, first + count) of heads `heads` as accumulators, [count][heads][dim]; rows beyond the last are
/// zero.
template <class A, class T>
HEED_NOINLINE void copy_rows(const tensor_view<T, 3>& from, range rows, range heads, A* out) noexcept {
  const index_t dim = from.extent(2);
  for (index_t r = rows.begin; r < rows.end; ++r)
    for (index_t h = heads.begin; h < heads.end; ++h, out += dim) {
      if (r < 0 || r >= from.extent(0))
        for (index_t d = 0; d < dim; ++d) out[d] = A(0);
      else
        for (index_t d = 0; d < dim; ++d) out[d] = static_cast<A>(widen(from(r, h, d)));
    }
}

struct key_sizes {
  index_t tokens, heads, dim;
};

/// What every selector wants of the sizes of its inputs. name: the selector; block: rows of a block of lists.
template <class TQ>
HEED_NOINLINE failure check_selection_sizes(const char* name, const tensor_view<TQ, 3>& q, const key_sizes& k,
                                            index_t block) noexcept {
  if (q.extent(2) < 1) return {errc::bad_extent, "q", "key dim", q.extent(2), "the least is", 1};
  if (q.extent(2) != k.dim) return {errc::dim_mismatch, "k", "key dim", k.dim, "but q has", q.extent(2)};
  if (k.heads < 1) return {errc::bad_extent, "k", "kv_heads", k.heads, "the least is", 1};
  if (q.extent(1) < 1 || q.extent(1) % k.heads != 0)
    return {errc::heads_not_divisible, "q", "heads", q.extent(1), "which is no multiple of kv_heads", k.heads};
  if (q.extent(0) > k.tokens)
    return {errc::bad_extent, "q", "rows", q.extent(0), "but the keys, which end with theirs, are", k.tokens};
  if (const index_t before = k.tokens - q.extent(0); before % block != 0)
    return {errc::bad_value,
            name,
            "number of keys before the first query",
            before,
            "chunks start at whole blocks of",
            block};
  return {};
}

template <class TQ, class TK>
HEED_INLINE failure check_selection(const char* name, const tensor_view<TQ, 3>& q, const tensor_view<TK, 3>& k,
                                    index_t block) noexcept {
  if (const failure f = check_view("q", q)) return f;
  if (const failure f = check_view("k", k)) return f;
  return check_selection_sizes(name, q, {k.extent(0), k.extent(1), k.extent(2)}, block);
}

} // namespace HEED_ISA
} // namespace detail
} // namespace heed
