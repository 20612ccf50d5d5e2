// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// sequential: order, worker number, nothing at all for no tasks.
#include <heed/exec/sequential.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace {

struct call {
  heed::index_t i, worker;
};

TEST(exec_sequential, runs_each_task_once_in_order) {
  for (const heed::index_t n : {0, 1, 2, 100}) {
    std::vector<call> calls;
    const heed::sequential here;
    here.bulk(
        n,
        [](void* context, heed::index_t i, heed::index_t worker) {
          static_cast<std::vector<call>*>(context)->push_back({i, worker});
        },
        &calls);
    ASSERT_EQ(static_cast<heed::index_t>(calls.size()), n);
    for (heed::index_t i = 0; i < n; ++i) {
      EXPECT_EQ(calls[static_cast<std::size_t>(i)].i, i);
      EXPECT_EQ(calls[static_cast<std::size_t>(i)].worker, 0);
    }
  }
  EXPECT_EQ(heed::sequential{}.workers(), 1);
}

} // namespace
