// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Neighborhood attention beside dense attention of the same size. The target, for windows 7 and 13 on 56 x 56 at head
// dims 32 and 64: a rate per visible pair of at least 0.6 of the dense one times window / keys that a query's tile sees
// (heed::best_box: 0.327 for window 7, 0.548 for 13).
#include "bound_call.hpp"

namespace heed::bench {
namespace {

/// The largest divisor of n that is at most `most`.
index_t divisor(index_t n, index_t most) {
  index_t d = most;
  while (n % d != 0) --d;
  return d;
}
index_t root(index_t n, int degree) {
  index_t r = 1;
  while ((degree == 2 ? (r + 1) * (r + 1) : (r + 1) * (r + 1) * (r + 1)) <= n) ++r;
  return r;
}
/// As square as the tokens allow: 56 x 56 of 3136.
per_axis<2> plane_of(index_t tokens) {
  const index_t rows = divisor(tokens, root(tokens, 2));
  return {rows, tokens / rows};
}
/// 16 x 28 x 28 of 12544.
per_axis<3> video_of(index_t tokens) {
  const index_t frames = divisor(tokens, root(tokens, 3));
  const per_axis<2> plane = plane_of(tokens / frames);
  return {frames, plane[0], plane[1]};
}
neighborhood<2> on_plane(index_t tokens, index_t window, index_t dilation = 1) {
  return {.grid = plane_of(tokens), .window = window, .dilation = dilation, .fit = window_fit::clamp};
}
template <class Roles> bench_case grid_case(index_t tokens, index_t dim, const char* suffix, Roles roles) {
  const call_size n{1, tokens, tokens, 8, 8, dim, dim};
  return make_case<float>("prefill/f32/" + size_name(n) + "/" + suffix, n, limit::arithmetic,
                          [=](auto& b, index_t) { return roles(b); });
}

} // namespace

std::vector<bench_case> neighborhood_cases() {
  std::vector<bench_case> list;
  for (const index_t dim : {32, 64}) {
    list.push_back(grid_case(3136, dim, "full", [](auto& b) { return bind(b.rows_of(0)); }));
    for (const index_t window : {7, 13})
      list.push_back(grid_case(3136, dim, window == 7 ? "window_7x7" : "window_13x13",
                               [=](auto& b) { return bind(b.rows_of(0), on_plane(b.n.keys, window)); }));
  }
  // Four times the tokens of 56 x 56.
  list.push_back(grid_case(12544, 64, "window_7x7", [](auto& b) { return bind(b.rows_of(0), on_plane(b.n.keys, 7)); }));
  list.push_back(grid_case(12544, 64, "window_7x7_dilation_4",
                           [](auto& b) { return bind(b.rows_of(0), on_plane(b.n.keys, 7, 4)); }));
  list.push_back(grid_case(3136, 64, "window_7x7+bias", [](auto& b) {
    const neighborhood<2> m = on_plane(b.n.keys, 7);
    const auto table = b.template keep<float>(b.n.q_heads * 13 * 13);
    fill(table, 5);
    return bind(b.rows_of(0), m,
                neighborhood_bias(m, view(static_cast<const float*>(table.data()), b.n.q_heads, 13, 13),
                                  b.template keep<index_t>(b.n.keys)));
  }));
  list.push_back(grid_case(12544, 64, "window_5x7x7", [](auto& b) {
    return bind(b.rows_of(0),
                neighborhood<3>{.grid = video_of(b.n.keys), .window = {5, 7, 7}, .fit = window_fit::clamp});
  }));
  return list;
}

} // namespace heed::bench
