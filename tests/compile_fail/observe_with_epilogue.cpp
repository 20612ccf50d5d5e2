// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: observe takes no epilogue
#include <heed/heed.hpp>
void call(float* x) {
  using namespace heed;
  observe(sequential{}, view(x, 1, 1, 1), contiguous(view(x, 1, 1, 1), view(x, 1, 1, 1)), view(x, 1, 1),
          key_sums<float>(view(x, 1, 1, 1)), lse(view(x, 1, 1)));
}
