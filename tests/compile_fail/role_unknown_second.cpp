// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: the second tail argument models no role
#include "operands.hpp"
void call() { heed::attend(executor, q, kv, o, heed::causal{}, 42); }
