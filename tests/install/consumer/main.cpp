// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// A user's program. It sees heed only as a package: no header of the tests, no flag of the project.
#include <heed/exec/thread_pool.hpp>
#include <heed/kv/contiguous.hpp>
#include <heed/mask/causal.hpp>
#include <heed/view/tensor_view.hpp>

#include <xsimd/xsimd.hpp>

#include <cstdio>
#include <vector>

int main() {
  constexpr heed::index_t tokens = 5;
  std::vector<float> k(tokens * 2 * 8, 1.f), v(tokens * 2 * 8, 2.f);
  const auto kv = heed::contiguous(heed::view(k.data(), tokens, 2, 8), heed::view(v.data(), tokens, 2, 8));
  heed::thread_pool pool{2};
  std::printf("heed %d.%d.%d: %td slots, %td workers\n", HEED_VERSION_MAJOR, HEED_VERSION_MINOR, HEED_VERSION_PATCH,
              kv.slots(0, 0), pool.workers());
  return kv.slots(0, 0) == tokens && heed::causal{}.allows({0, 0, 3, 2, 3, 2}) ? 0 : 1;
}
