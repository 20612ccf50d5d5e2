// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: q or o holds no heed::element
#include "operands.hpp"
int numbers[32];
void call() { heed::attend(executor, q, kv, heed::view(numbers, 2, 2, 4)); }
