// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: o is no heed::tensor_view
#include "operands.hpp"
void call() { heed::attend(executor, q, kv, heed::causal{}); }
