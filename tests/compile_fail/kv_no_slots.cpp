// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: kv does not model heed::kv_source: no slots(seq, kv_head)
#include "operands.hpp"
struct source : good_source {
  void slots() const;
};
void call() { heed::attend(executor, q, source{}, o); }
