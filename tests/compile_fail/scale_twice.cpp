// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: scale is given twice
#include "operands.hpp"
void call() { heed::attend(executor, q, kv, o, heed::scale{1.0}, heed::scale{2.0}); }
