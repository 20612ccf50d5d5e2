// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: an epilogue is given twice
#include "operands.hpp"
struct count_rows {
  float scale(heed::query_row, float) const noexcept;
  void finish(heed::query_row, float) const noexcept;
};
void call() { heed::attend(executor, q, kv, o, count_rows{}, heed::causal{}, count_rows{}); }
