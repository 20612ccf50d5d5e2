// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: a latent layer takes no observer and no tuning
#include "latent_operands.hpp"
heed::errc call() {
  return heed::run_latent(executor, layer_plan, layer_weights, q, layer_rows, o, layer_workspace, layer_scale,
                          heed::key_sums(heed::view(memory, 1, 2, 2), heed::row_choice::all()));
}
