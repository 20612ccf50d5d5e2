// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: scale is not given
#include <heed/kv/gathered.hpp>
#include <heed/kv/latent.hpp>

#include "operands.hpp"
heed::errc call(const heed::plan& plan, std::span<std::byte> workspace) {
  const auto some = heed::gathered(heed::latent(heed::view(memory, 2, 4), {.value_dim = 3}), {.width = 1});
  return heed::run(executor, plan, q, some, o, workspace);
}
