// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Several epilogues as one: factors multiply, each finishes, in order.
#include <heed/epilogue/epilogue_list.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace {
using namespace heed;

struct recorder {
  std::vector<int>* calls;
  int name;
  float factor;
  float scale(query_row, float) const noexcept { return factor; }
  void finish(query_row, float) const noexcept { calls->push_back(name); }
};
static_assert(epilogue<recorder, float> && !epilogue<int, float>);

TEST(epilogue_epilogue_list, empty_changes_nothing) {
  const epilogue_list<> none;
  EXPECT_EQ(none.scale(query_row{}, 3.f), 1.f);
  EXPECT_EQ(none.scale(query_row{}, 3.), 1.);
  none.finish(query_row{}, 3.f);
}

TEST(epilogue_epilogue_list, factors_multiply_and_each_finishes_in_order) {
  std::vector<int> calls;
  const auto list = prepend(recorder{&calls, 1, 2.f}, prepend(recorder{&calls, 2, .75f}, epilogue_list<>{}));
  EXPECT_EQ(list.scale(query_row{}, 0.f), 1.5f);
  list.finish(query_row{}, 0.f);
  EXPECT_EQ(calls, (std::vector<int>{1, 2}));
}
} // namespace
