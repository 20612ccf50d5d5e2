// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: executor does not model heed::executor
#include "operands.hpp"
void call() { heed::attend(q, kv, o, heed::causal{}); }
