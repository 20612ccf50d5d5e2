// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: kv does not model heed::kv_source: key_format or value_format is no heed::row_format
#include "operands.hpp"
struct source : good_source {
  using key_format = float;
};
void call() { heed::attend(executor, q, source{}, o); }
