// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: o is not given
#include "operands.hpp"
void call() { (void)heed::validate(q, kv); }
