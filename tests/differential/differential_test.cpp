// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Random calls against the oracle: every pair of types, mask, score, source and epilogue, sizes drawn jointly.
//
//   HEED_TEST_CASES=1000000   more cases          HEED_TEST_SEED=7        other cases
//   HEED_TEST_CASE=17:0x9e37  one case, as a failure prints it
#include <differential/drawn_case.hpp>
#include <differential/pairs.hpp>

#include <support/row_pool.hpp>
#include <support/tolerance.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <gtest/gtest.h>

namespace heed::test {
namespace {
constexpr index_t standard_cases = 20000, least_per_pair = 50;
constexpr int axis_count = 5;

std::string line_text(std::size_t line) {
  std::string s = "line " + std::to_string(line) + " (";
  for (int a = 0; a < axis_count; ++a)
    s += std::string(a > 0 ? " " : "") + axes[a].values[instantiations()[line].axes[a]];
  return s + ")";
}
/// Runs a case; prints one line if anything is wrong.
verdict run_line(std::size_t line, std::uint64_t seed) {
  const instantiation& x = instantiations()[line];
  drawn_case c(seed, *x.rules);
  const std::string drawn = c.text();
  verdict v = x.run(c);
  if (!v.wrong.empty())
    std::printf("WRONG %s: %s; %s; replay: HEED_TEST_CASE=%zu:%#llx\n", line_text(line).c_str(), v.wrong.c_str(),
                drawn.c_str(), line, static_cast<unsigned long long>(seed));
  return v;
}
/// The order in which the linker put the parts together must not decide which line a number names.
void sort_lines() {
  std::sort(instantiations().begin(), instantiations().end(), [](const instantiation& a, const instantiation& b) {
    return std::lexicographical_compare(a.axes, a.axes + axis_count, b.axes, b.axes + axis_count);
  });
}

/// How many live cases each pair of values got.
class pair_counts {
public:
  void add(const int* values) {
    for (int a = 0; a < axis_count; ++a)
      for (int b = a + 1; b < axis_count; ++b) ++count_[a][b][values[a]][values[b]];
  }
  void expect_each(index_t least) const {
    for (int a = 0; a < axis_count; ++a)
      for (int b = a + 1; b < axis_count; ++b)
        for (int i = 0; i < axes[a].size; ++i)
          for (int j = 0; j < axes[b].size; ++j)
            EXPECT_GE(count_[a][b][i][j], least) << axes[a].values[i] << " with " << axes[b].values[j];
  }

private:
  index_t count_[axis_count][axis_count][16][16] = {};
};

struct worst_of {
  double output[2] = {0, 0}, lse[2] = {0, 0}, observed = 0;
  void add(const verdict& v) {
    for (int k = 0; k < 2; ++k) {
      output[k] = std::max(output[k], v.output[k]);
      lse[k] = std::max(lse[k], v.lse[k]);
    }
    observed = std::max(observed, v.observed);
  }
};

TEST(differential, random_calls_equal_the_oracle) {
  sort_lines();
  const std::size_t lines = instantiations().size();
  ASSERT_GT(lines, 0u);
  if (const char* one = std::getenv("HEED_TEST_CASE")) {
    char* rest = nullptr;
    const std::size_t line = std::strtoull(one, &rest, 10);
    ASSERT_TRUE(line < lines && rest != nullptr && *rest == ':') << "HEED_TEST_CASE is " << one;
    EXPECT_EQ(run_line(line, std::strtoull(rest + 1, nullptr, 0)).wrong, "");
    return;
  }
  // Part of the covering array (other instruction sets, sanitizers): as many cases per line.
  const bool whole = lines == static_cast<std::size_t>(pair_lines);
  index_t cases = standard_cases * static_cast<index_t>(lines) / pair_lines;
  if (const char* wanted = std::getenv("HEED_TEST_CASES")) cases = std::strtoll(wanted, nullptr, 10);
  random seeds(announced_seed("differential", 20250401));
  pair_counts pairs;
  std::vector<worst_of> worst(at(axes[0].size));
  index_t wrong = 0, alive = 0, spanning = 0;
  for (index_t i = 0; i < cases && wrong < 20; ++i) {
    const std::size_t line = at(i) % lines;
    const verdict v = run_line(line, seeds.bits());
    wrong += v.wrong.empty() ? 0 : 1;
    alive += v.alive ? 1 : 0;
    spanning += v.spans ? 1 : 0;
    if (v.alive) pairs.add(instantiations()[line].axes);
    worst[at(instantiations()[line].axes[0])].add(v);
  }
  std::printf("%td cases, %td with a visible key, %td over two query tiles and two chunks\n", cases, alive, spanning);
  std::printf("largest error / bound   prefill o   lse    decode o   lse    observers\n");
  for (int n = 0; n < axes[0].size; ++n) {
    const worst_of& w = worst[at(n)];
    std::printf("  %-20s  %9.3f %6.3f  %8.3f %6.3f  %8.3f\n", axes[0].values[n], w.output[0], w.lse[0], w.output[1],
                w.lse[1], w.observed);
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_GE(4 * spanning, cases) << "too few cases span two query tiles and two key chunks";
  if (whole && cases >= standard_cases) pairs.expect_each(least_per_pair);
}
} // namespace
} // namespace heed::test
