// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: weights and kv accumulate in different types
#include "latent_operands.hpp"
heed::errc call(const heed::latent_weights<double>& weights) {
  return heed::run_latent(executor, layer_plan, weights, q, layer_rows, o, layer_workspace, layer_scale);
}
