// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: kv does not model heed::kv_source: no rows(seq, kv_head, slots)
#include "operands.hpp"
struct source : good_source {
  void rows() const;
};
void call() { heed::attend(executor, q, source{}, o); }
