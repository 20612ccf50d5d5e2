// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: o is not given
#include "operands.hpp"
void call() { (void)heed::run(executor, heed::plan{}, q, kv, std::span<std::byte>{}, heed::causal{}); }
