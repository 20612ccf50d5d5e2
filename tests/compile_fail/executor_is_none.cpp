// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: executor does not model heed::executor
#include "operands.hpp"
void call() { heed::attend(4, q, kv, o); }
