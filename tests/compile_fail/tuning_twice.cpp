// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: tuning is given twice
#include "operands.hpp"
void call() { heed::attend(executor, q, kv, o, heed::default_tuning{}, heed::causal{}, heed::default_tuning{}); }
