// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: mask is given twice
#include "operands.hpp"
void call() { heed::attend(executor, q, kv, o, heed::causal{}, heed::sliding_window{.left = 3}); }
