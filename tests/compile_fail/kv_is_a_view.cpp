// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: kv does not model heed::kv_source: no key_format and value_format
#include "operands.hpp"
void call() { heed::attend(executor, q, q, o); }
