// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: kv does not model heed::kv_source: no dims()
#include "operands.hpp"
struct source : good_source {
  int dims() const noexcept;
};
void call() { heed::attend(executor, q, source{}, o); }
