// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: kv does not model heed::kv_source: no rows(seq, kv_head, slots)
#include "operands.hpp"
struct source : good_source {
  heed::kv_rows rows(heed::index_t, heed::index_t, heed::range) const;
};
void call() { heed::attend(executor, q, source{}, o); }
