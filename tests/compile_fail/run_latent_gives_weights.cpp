// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: a latent layer takes no score modifier that gives weights
#include "latent_operands.hpp"
struct weights {
  static constexpr bool gives_weights = true;
  float operator()(float x, heed::cell) const noexcept { return x; }
};
heed::errc call() {
  return heed::run_latent(executor, layer_plan, layer_weights, q, layer_rows, o, layer_workspace, layer_scale,
                          weights{});
}
