// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "llama/linear.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

namespace {

using llama::index_t;

std::vector<float> random_numbers(std::size_t n, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> x(n);
  for (float& v : x) v = static_cast<float>(random() >> 8) * 0x1p-23f - 1;
  return x;
}

struct layer {
  layer(index_t outputs, index_t inputs) : numbers(random_numbers(static_cast<std::size_t>(outputs * inputs), 3)) {
    llama::tensor_info t;
    t.rows = outputs;
    t.cols = inputs;
    t.bytes = std::as_bytes(std::span<const float>(numbers));
    weights = llama::linear(t);
  }
  std::vector<float> numbers;
  llama::linear weights;
};

// Around the vector lengths, the 32 or 64 rows of a block, and the 32 tokens of a task.
TEST(examples_linear, multiplies) {
  heed::thread_pool pool(2);
  for (const index_t outputs : {1, 7, 16, 31, 32, 33, 63, 64, 65, 172})
    for (const index_t inputs : {1, 3, 16, 17, 64, 172, 1000})
      for (const index_t tokens : {0, 1, 2, 3, 5, 33}) {
        const layer l(outputs, inputs);
        const auto x = random_numbers(static_cast<std::size_t>(tokens * inputs), 4);
        std::vector<float> y(static_cast<std::size_t>(tokens * outputs), 100), z(y.size(), 1);
        l.weights.apply(pool, x.data(), tokens, y.data());
        l.weights.add(pool, x.data(), tokens, z.data());
        for (index_t t = 0; t < tokens; ++t)
          for (index_t o = 0; o < outputs; ++o) {
            double sum = 0, size = 0;
            for (index_t i = 0; i < inputs; ++i) {
              const double p = static_cast<double>(l.numbers[static_cast<std::size_t>(o * inputs + i)]) *
                               static_cast<double>(x[static_cast<std::size_t>(t * inputs + i)]);
              sum += p;
              size += std::abs(p);
            }
            // One rounding per product and sum.
            const double bound = static_cast<double>(inputs + 1) * 0x1p-24 * (size + 1);
            EXPECT_NEAR(y[static_cast<std::size_t>(t * outputs + o)], sum, bound);
            EXPECT_NEAR(z[static_cast<std::size_t>(t * outputs + o)], sum + 1, 2 * bound);
          }
      }
}

TEST(examples_linear, gives_its_rows_back) {
  const layer l(131, 5);
  std::vector<float> row(5);
  for (const index_t i : {0, 31, 32, 63, 64, 130}) {
    l.weights.copy_row(i, row.data());
    EXPECT_TRUE(std::equal(row.begin(), row.end(), l.numbers.begin() + i * 5)) << i;
  }
}

TEST(examples_linear, bits_do_not_depend_on_the_company) {
  const index_t tokens = 70;
  for (const auto& [outputs, inputs] :
       {std::pair<index_t, index_t>{172, 64}, {64, 172}, {130, 33}, {9, 9001}, {200, 128}}) {
    const layer l(outputs, inputs);
    const auto x = random_numbers(static_cast<std::size_t>(tokens * inputs), 5);
    const auto n = static_cast<std::size_t>(tokens * outputs);
    std::vector<float> whole(n), parts(n + 1);
    heed::thread_pool one(1);
    l.weights.apply(one, x.data(), tokens, whole.data());
    for (const index_t threads : {1, 2, 3})
      for (const index_t chunk : {1, 7, 32, 69}) {
        heed::thread_pool pool(threads);
        // One float further: no result may depend on alignment.
        for (index_t t = 0; t < tokens; t += chunk)
          l.weights.apply(pool, x.data() + t * inputs, std::min(chunk, tokens - t), parts.data() + 1 + t * outputs);
        EXPECT_EQ(std::memcmp(whole.data(), parts.data() + 1, n * sizeof(float)), 0) << outputs << " x " << inputs;
      }
  }
}

TEST(examples_linear, bits_do_not_depend_on_alignment) {
  const layer l(33, 47);
  heed::thread_pool pool(1);
  std::vector<float> x = random_numbers(47 + 16, 6), y(33), first(33);
  for (std::size_t shift = 0; shift < 16; ++shift) {
    std::vector<float> moved(47 + 16);
    std::copy_n(x.begin(), 47, moved.begin() + static_cast<std::ptrdiff_t>(shift));
    l.weights.apply(pool, moved.data() + shift, 1, y.data());
    if (shift == 0) first = y;
    EXPECT_EQ(std::memcmp(first.data(), y.data(), sizeof(float) * 33), 0) << shift;
  }
}

} // namespace
