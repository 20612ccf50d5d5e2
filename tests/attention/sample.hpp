// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Random packed sequences for the tests of whole calls: rows, a run through the front door, and the oracle beside it.
#include <heed/attention.hpp>
#include <heed/epilogue/lse.hpp>
#include <heed/exec/sequential.hpp>
#include <heed/kv/contiguous.hpp>
#include <heed/reference/attention.hpp>

#include <support/erased.hpp>
#include <support/logical_cache.hpp>
#include <support/tolerance.hpp>

#include <cstring>

#include <gtest/gtest.h>

namespace heed::test {

inline std::size_t place(index_t i) noexcept { return static_cast<std::size_t>(i); }
template <class T> bool same_bits(const std::vector<T>& a, const std::vector<T>& b) noexcept {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}
/// Rows [first, first + count) of a packed [tokens][width] buffer.
template <class T> std::vector<T> cut(const std::vector<T>& v, index_t first, index_t count, index_t width) {
  return {v.begin() + first * width, v.begin() + (first + count) * width};
}

/// What a call gave.
template <class TO> struct outcome {
  std::vector<TO> o;            ///< [tokens][q_heads][value_dim]
  std::vector<accum_t<TO>> lse; ///< [tokens][q_heads]
  friend bool operator==(const outcome& a, const outcome& b) noexcept {
    return same_bits(a.o, b.o) && same_bits(a.lse, b.lse);
  }
};

template <class TQ = float, class TKV = TQ, class TO = TQ> struct sample {
  std::vector<index_t> offsets{0}, key_offsets{0}; ///< [sequences + 1]
  index_t kv_heads, group, key_dim, value_dim;
  std::vector<TQ> q;     ///< [tokens][q_heads][key_dim]
  std::vector<TKV> k, v; ///< [keys][kv_heads][dim]
  reference::call call;

  sample(std::uint64_t seed, const std::vector<index_t>& rows, const std::vector<index_t>& keys, index_t heads,
         index_t group_size, index_t dk, index_t dv)
      : kv_heads(heads), group(group_size), key_dim(dk), value_dim(dv) {
    random gen(seed);
    for (const index_t n : rows) offsets.push_back(offsets.back() + n);
    for (const index_t n : keys) key_offsets.push_back(key_offsets.back() + n);
    q = gen.numbers<TQ>(offsets.back() * q_heads() * key_dim);
    for (TQ& x : q) x = narrow<TQ>(4 * widen(x)); // unit keys: scores of a few units
    k = gen.numbers<TKV>(key_offsets.back() * kv_heads * key_dim);
    v = gen.numbers<TKV>(key_offsets.back() * kv_heads * value_dim);
    call.scale = 1 / std::sqrt(static_cast<double>(key_dim));
  }
  [[nodiscard]] index_t q_heads() const noexcept { return kv_heads * group; }
  [[nodiscard]] index_t tokens() const noexcept { return offsets.back(); }
  [[nodiscard]] auto queries() const noexcept { return view(q.data(), tokens(), q_heads(), key_dim); }
  [[nodiscard]] auto keys() const noexcept { return view(k.data(), key_offsets.back(), kv_heads, key_dim); }
  [[nodiscard]] auto values() const noexcept { return view(v.data(), key_offsets.back(), kv_heads, value_dim); }
  [[nodiscard]] auto kv() const noexcept { return contiguous(keys(), values(), key_offsets); }

  /// Through attend, on one thread unless told otherwise.
  template <class Executor, class Source, class... Role>
  [[nodiscard]] outcome<TO> run_on(Executor& executor, const Source& source, const Role&... roles) const {
    outcome<TO> r{std::vector<TO>(place(tokens() * q_heads() * value_dim), narrow<TO>(9)),
                  std::vector<accum_t<TO>>(place(tokens() * q_heads()), 9)};
    attend(executor, ragged(queries(), offsets), source,
           ragged(view(r.o.data(), tokens(), q_heads(), value_dim), offsets), roles...,
           heed::lse(view(r.lse.data(), tokens(), q_heads())));
    return r;
  }
  template <class Source, class... Role>
  [[nodiscard]] outcome<TO> run_from(const Source& source, const Role&... roles) const {
    sequential one;
    return run_on(one, source, roles...);
  }
  template <class... Role> [[nodiscard]] outcome<TO> run(const Role&... roles) const {
    return run_from(kv(), roles...);
  }

  template <class Source, class Mask, class Score = reference::unchanged>
  [[nodiscard]] reference::result exact_from(const Source& source, const Mask& m, const Score& s = {}) const {
    reference::call c = call;
    c.row_offsets = offsets.data();
    return reference::attend(queries(), source, m, s, c);
  }
  template <class Mask, class Score = reference::unchanged>
  [[nodiscard]] reference::result exact(const Mask& m, const Score& s = {}) const {
    return exact_from(kv(), m, s);
  }
};

/// Every output and log-sum-exp inside its bound.
template <class TQ, class TKV, class TO>
void expect_within(const sample<TQ, TKV, TO>& s, const outcome<TO>& got, const reference::result& want) {
  using A = accum_t<TKV>;
  margin o, logs;
  for (std::size_t row = 0; row < want.lse.size(); ++row) {
    const row_facts facts{static_cast<double>(want.visible[row]), static_cast<double>(s.key_dim),
                          want.score_magnitude[row]};
    EXPECT_TRUE(logs.add(static_cast<double>(got.lse[row]), want.lse[row], lse_bound<A>(facts)))
        << "lse of row " << row << ": " << got.lse[row] << ", exact " << want.lse[row];
    for (std::size_t d = 0; d < place(s.value_dim); ++d) {
      const std::size_t i = row * place(s.value_dim) + d;
      const double bound = output_bound<A, TO>(facts, want.magnitude[i], want.o[i]);
      ASSERT_TRUE(o.add(static_cast<double>(widen(got.o[i])), want.o[i], bound))
          << "o of row " << row << ", " << d << ": " << static_cast<double>(widen(got.o[i])) << ", exact " << want.o[i];
    }
  }
}

} // namespace heed::test
