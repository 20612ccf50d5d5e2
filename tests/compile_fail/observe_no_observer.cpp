// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: observe is given no observer
#include <heed/heed.hpp>
void call(float* x) {
  using namespace heed;
  observe(sequential{}, view(x, 1, 1, 1), contiguous(view(x, 1, 1, 1), view(x, 1, 1, 1)), view(x, 1, 1), causal{});
}
