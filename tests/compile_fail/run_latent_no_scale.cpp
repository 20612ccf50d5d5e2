// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: scale is not given
#include "latent_operands.hpp"
heed::errc call() { return heed::run_latent(executor, layer_plan, layer_weights, q, layer_rows, o, layer_workspace); }
