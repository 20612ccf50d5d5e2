// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: scale is not given
#include <heed/kv/latent.hpp>

#include "operands.hpp"
void call() { heed::attend(executor, q, heed::latent(heed::view(memory, 2, 4), {.value_dim = 3}), o, heed::causal{}); }
