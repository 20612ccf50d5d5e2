// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: o is no heed::tensor_view of rank 3 or 4 of mutable elements
#include "operands.hpp"
const float fixed[32] = {};
void call() { heed::attend(executor, q, kv, heed::view(fixed, 2, 2, 4)); }
