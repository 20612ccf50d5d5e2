// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: score modifier is given twice; put them in order with heed::chain
#include "operands.hpp"
void call() { heed::attend(executor, q, kv, o, heed::soft_cap{30.f}, heed::soft_cap{20.f}); }
