// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: nodiscard
// flags: -Werror
#include "operands.hpp"
void call(const heed::plan& plan, std::span<std::byte> workspace) {
  heed::run(executor, plan, q, kv, o, workspace, heed::causal{});
}
