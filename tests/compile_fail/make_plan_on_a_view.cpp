// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: kv does not model heed::kv_source
#include "operands.hpp"
heed::plan call() { return heed::make_plan(heed::decode_shape{.sequences = 1}, q); }
