// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: mask is given twice
#include "operands.hpp"
void call() { heed::attend(executor, q, kv, o, heed::causal{}, heed::soft_cap{30.f}, heed::causal{}); }
