// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: kv does not model heed::kv_source: no seen(seq)
#include "operands.hpp"
struct source : good_source {
  void seen() const;
};
void call() { heed::attend(executor, q, source{}, o); }
