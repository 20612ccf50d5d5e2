// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: kv holds no latent rows
#include "latent_operands.hpp"
heed::errc call() {
  return heed::run_latent(executor, layer_plan, layer_weights, q, kv, o, layer_workspace, layer_scale);
}
