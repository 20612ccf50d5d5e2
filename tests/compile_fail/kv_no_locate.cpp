// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: kv does not model heed::kv_source: no ordered(seq, kv_head) -> bool and locate
#include "operands.hpp"
struct source : good_source {
  void locate() const;
};
void call() { heed::attend(executor, q, source{}, o); }
