// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: kv holds no latent rows
#include "latent_operands.hpp"
heed::latent_plan call() { return heed::make_latent_plan(heed::batch_shape{}, {}, kv, {}); }
