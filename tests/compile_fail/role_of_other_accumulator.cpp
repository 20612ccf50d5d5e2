// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: the first tail argument models no role
#include "operands.hpp"
struct half_sure {
  double operator()(double x, heed::cell) const; // may throw, and is double
};
void call() { heed::attend(executor, q, kv, o, half_sure{}); }
