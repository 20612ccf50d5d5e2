// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: the first tail argument models no role
#include "operands.hpp"
heed::errc call() { return heed::validate(q, kv, o, "causal"); }
