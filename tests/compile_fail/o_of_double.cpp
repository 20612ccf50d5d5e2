// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: q, kv and o accumulate in different types
#include "operands.hpp"
double numbers[32];
void call() { heed::attend(executor, q, kv, heed::view(numbers, 2, 2, 4)); }
