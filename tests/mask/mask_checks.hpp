// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// What the tests of masks share: pictures, runs as text, calls to check against, and the laws as one expectation.
#include <heed/problem/call_extents.hpp>
#include <heed/testing/mask_laws.hpp>
#include <support/random.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace heed::test {

/// Every law on calls that straddle panels of 64 rows and blocks of 96 and 128 keys, under several seeds.
template <mask M>
void expect_laws(const M& m, testing::mask_cases cases = {.rows = {5, 66, 130}, .seen = {7, 131, 200}}) {
  const std::uint64_t seed = seed_or(1);
  for (std::uint64_t i = 0; i < 3; ++i) {
    cases.seed = seed + i;
    const auto report = testing::check_mask(m, cases);
    ASSERT_FALSE(report) << report.broken << "\nreplay: HEED_TEST_SEED=" << cases.seed;
  }
}

/// Rows as lines of 0 and 1, row by row, with the given positions.
template <mask M> std::string picture(const M& m, const std::vector<index_t>& q, index_t keys, index_t seq = 0) {
  std::string s;
  for (std::size_t i = 0; i < q.size(); ++i) {
    if (i > 0) s += '/';
    for (index_t k = 0; k < keys; ++k) s += m.allows({seq, 0, q[i], k, static_cast<index_t>(i), k}) ? '1' : '0';
  }
  return s;
}

/// Positions of rows where the last row stands at the last key.
inline std::vector<index_t> last_at_end(index_t rows, index_t keys) {
  std::vector<index_t> q;
  for (index_t r = 0; r < rows; ++r) q.push_back(keys - rows + r);
  return q;
}

/// Runs as text: "[0,4)full [4,9)part". Rows are 0, 1, 2...
template <mask M>
std::string runs_of(const M& m, const std::vector<index_t>& q, range k, range heads = {0, 1}, index_t seq = 0) {
  std::vector<index_t> rows;
  range hull{q[0], q[0] + 1};
  for (const index_t x : q) {
    rows.push_back(static_cast<index_t>(rows.size()));
    hull = {lesser(hull.begin, x), greater(hull.end, x + 1)};
  }
  std::vector<key_run> out(100);
  const index_t n = m.runs({seq, 0, heads, rows, q, hull, k, k}, out);
  std::string s;
  for (index_t i = 0; i < n; ++i) {
    const key_run& r = out[static_cast<std::size_t>(i)];
    s += (i > 0 ? " [" : "[") + std::to_string(r.k.begin) + ',' + std::to_string(r.k.end) + ')';
    s += r.cover == coverage::full ? "full" : r.cover == coverage::partial ? "part" : "none";
  }
  return s;
}

/// A call with the given query rows and tokens seen per sequence.
struct sample_call {
  std::vector<index_t> rows, seen;
  index_t q_heads = 4, kv_heads = 2;
  std::vector<index_t> offsets{};

  call_extents extents() {
    offsets.assign(1, 0);
    for (const index_t r : rows) offsets.push_back(offsets.back() + r);
    call_extents e;
    e.sequences = static_cast<index_t>(rows.size());
    e.tokens = offsets.back();
    e.q_heads = q_heads;
    e.kv_heads = kv_heads;
    e.row_offsets = offsets;
    e.source = this;
    e.seen_of = [](const void* call, index_t seq) noexcept {
      return static_cast<const sample_call*>(call)->seen[static_cast<std::size_t>(seq)];
    };
    return e;
  }
};

/// What check says, as people read it; empty: nothing to object.
template <self_checking M> std::string objection(const M& m, sample_call call) {
  const failure f = m.check(call.extents());
  return f ? error(f).what() : "";
}
template <self_checking M> errc objection_code(const M& m, sample_call call) { return m.check(call.extents()).code; }

} // namespace heed::test
