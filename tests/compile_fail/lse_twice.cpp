// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: lse is given twice
#include "operands.hpp"
inline const heed::lse<float> out{heed::view(memory, 2, 2)};
void call() { heed::attend(executor, q, kv, o, out, heed::causal{}, out); }
