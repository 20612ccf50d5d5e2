// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Epilogues, observers and a bias per slot, on the plain call without a mask.
#include "role_sizes.hpp"

namespace heed::bench {
namespace {

template <class Buffers> auto lse_for(Buffers& b) {
  return lse(view(b.template keep<float>(b.tokens() * b.n.q_heads).data(), b.tokens(), b.n.q_heads));
}
template <class Buffers> sink_logit sinks_for(Buffers& b) {
  b.sinks.assign(static_cast<std::size_t>(b.n.q_heads), 0.5f);
  return sink_logit(b.sinks);
}
template <class Buffers> auto sums_for(Buffers& b, const row_choice& rows) {
  return key_sums(view(b.template keep<float>(b.n.q_heads * b.n.keys).data(), index_t{1}, b.n.q_heads, b.n.keys), rows);
}

} // namespace

std::vector<bench_case> epilogue_cases() {
  const auto with = [](const char* suffix, auto role_for) {
    return role_case(suffix, [=](auto& b, index_t) { return bind(b.rows_of(0), role_for(b)); });
  };
  std::vector<bench_case> list;
  list.push_back(with("full+lse", [](auto& b) { return lse_for(b); }));
  list.push_back(with("full+sink_logit", [](auto& b) { return sinks_for(b); }));
  list.push_back(
      role_case("full+lse+sink_logit", [](auto& b, index_t) { return bind(b.rows_of(0), lse_for(b), sinks_for(b)); }));
  list.push_back(with("full+key_sums", [](auto& b) { return sums_for(b, row_choice::all()); }));
  list.push_back(with("full+key_sums_last32", [](auto& b) { return sums_for(b, row_choice::last(32)); }));
  list.push_back(with("full+probability_rows_last32", [](auto& b) {
    const index_t rows = lesser(32, b.n.rows);
    const auto p = b.template keep<float>(b.n.q_heads * rows * b.n.keys);
    return probability_rows(view(p.data(), index_t{1}, b.n.q_heads, rows, b.n.keys), row_choice::last(32));
  }));
  list.push_back(role_case("full+slot_bias", [](auto& b, index_t) {
    const auto bias = b.template keep<float>(b.n.keys);
    fill(bias, 7);
    const index_t extents[3] = {1, b.n.kv_heads, b.n.keys}, strides[3] = {0, 0, 1};
    return bind(biased(b.rows_of(0), strided(static_cast<const float*>(bias.data()), extents, strides)));
  }));
  return list;
}

} // namespace heed::bench
