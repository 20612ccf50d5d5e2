// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: workspace is not given
#include "operands.hpp"
void call() { (void)heed::run(executor, heed::plan{}, q, kv, o); }
