// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Compiles the composed layouts, the buffers and the checks of what calls store, for each number type; and reads every
// layout through its source, row by row, against the logical cache.
#define HEED_COMPILES_WRAPPERS
#include <differential/compiled_once.hpp>

#include <gtest/gtest.h>

namespace heed::test {
HEED_EACH_WRAPPER(HEED_COMPILE, float)
HEED_EACH_WRAPPER(HEED_COMPILE, double)
HEED_EACH_WRAPPER(HEED_COMPILE, bf16)
HEED_EACH_WRAPPER(HEED_COMPILE, f16)
HEED_EACH_EPILOGUE(HEED_COMPILE, float)
HEED_EACH_EPILOGUE(HEED_COMPILE, double)

namespace {
struct sees_all {
  bool allows(cell) const noexcept { return true; }
};
struct by_position {
  double operator()(double x, cell at) const noexcept { return x + .125 * static_cast<double>(at.k); }
};
/// Oracle over the source equals oracle over the logical cache, bit by bit, and the source accepts itself.
template <template <class> class Layout> void expect_equal_rows() {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    random gen(seed);
    std::vector<index_t> seen;
    for (index_t n = gen.integer(0, 4); n > 0; --n) seen.push_back(gen.integer(0, 40));
    const index_t kv_heads = gen.integer(1, 4);
    auto cache = make_cache<double>(gen, seen, kv_heads, gen.integer(1, 9), gen.integer(1, 9));
    for (auto& h : cache.heads) {
      for (double& x : h.keys) x = static_cast<double>(static_cast<float>(x));
      for (double& x : h.values) x = static_cast<double>(static_cast<float>(x));
    }
    const Layout<float> layout(gen, cache);
    const auto kv = layout.source();
    if constexpr (self_checking<std::remove_const_t<decltype(kv)>>) {
      ASSERT_EQ(kv.check(call_extents{}).code, errc::ok) << "seed " << seed;
    }
    for (index_t s = 0; s < cache.dims.sequences; ++s) ASSERT_EQ(kv.seen(s), cache.seen[at(s)]) << "seed " << seed;
    const index_t tokens = 2 * cache.dims.sequences;
    const auto q = gen.numbers<float>(tokens * kv_heads * cache.dims.key_dim);
    const auto rows = view(q.data(), tokens, kv_heads, cache.dims.key_dim);
    const reference::call call{.scale = 1, .rows_each = 2};
    const auto a = reference::attend(rows, logical_source(cache), sees_all{}, by_position{}, call);
    const auto b = reference::attend(rows, kv, sees_all{}, by_position{}, call);
    ASSERT_EQ(a.o, b.o) << "seed " << seed;
    ASSERT_EQ(a.visible, b.visible) << "seed " << seed;
  }
}
TEST(differential_layouts, every_layout_holds_the_rows_of_its_logical_cache) {
  expect_equal_rows<contiguous_rows>();
  expect_equal_rows<paged_rows>();
  expect_equal_rows<ring_rows>();
  expect_equal_rows<ragged_rows>();
  expect_equal_rows<biased_rows>();
  expect_equal_rows<gathered_rows>();
  expect_equal_rows<joined_rows>();
  expect_equal_rows<split_rows>();
  expect_equal_rows<scattered_rows>();
}
} // namespace
} // namespace heed::test
