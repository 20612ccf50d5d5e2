// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: query_positions is given twice
#include "operands.hpp"
void call() { heed::attend(executor, q, kv, o, heed::query_positions{}, heed::query_positions::top_left()); }
