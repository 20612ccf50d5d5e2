// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: q is no heed::tensor_view of rank 3 or 4
#include "operands.hpp"
void call() { heed::attend(executor, memory, kv, o); }
