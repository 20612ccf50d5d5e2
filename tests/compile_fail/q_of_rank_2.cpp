// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: q is no heed::tensor_view of rank 3 or 4
#include "operands.hpp"
void call() { heed::attend(executor, heed::view(memory, 2, 4), kv, o); }
