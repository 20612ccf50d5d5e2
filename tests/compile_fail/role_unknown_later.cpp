// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: a tail argument behind the third models no role
#include "operands.hpp"
void call() { heed::attend(executor, q, kv, o, heed::causal{}, heed::scale{1}, heed::soft_cap{5}, "five"); }
