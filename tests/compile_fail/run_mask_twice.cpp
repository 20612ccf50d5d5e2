// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: mask is given twice
#include "operands.hpp"
heed::errc call(const heed::plan& plan, std::span<std::byte> workspace) {
  return heed::run(executor, plan, q, kv, o, workspace, heed::causal{}, heed::causal{});
}
