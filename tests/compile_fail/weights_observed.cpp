// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: an observer is given, but the score modifier gives weights: there are no probabilities
#include "operands.hpp"
#include <heed/observe/key_sums.hpp>
struct weights {
  static constexpr bool gives_weights = true;
  float operator()(float x, heed::cell) const noexcept { return x; }
};
void call() { heed::attend(executor, q, kv, o, weights{}, heed::key_sums(heed::tensor_view<float, 3>{})); }
