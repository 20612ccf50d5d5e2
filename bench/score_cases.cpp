// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Every built-in score modifier, on the plain call without a mask.
#include "role_sizes.hpp"

namespace heed::bench {
namespace {

template <class Buffers> std::span<const float> factors(Buffers& b, index_t n) {
  const auto list = b.template keep<float>(n);
  for (index_t i = 0; i < n; ++i) list[static_cast<std::size_t>(i)] = 0.5f + static_cast<float>(i % 64) / 64;
  return list;
}
/// A T5 table of all heads.
template <class Buffers> auto t5_table(Buffers& b) {
  const t5_buckets buckets{32, 128, bucket_sides::both};
  const auto by_bucket = b.template keep<float>(32 * b.n.q_heads);
  fill(by_bucket, 5);
  const auto table = b.template keep<float>(b.n.q_heads * 257);
  const failure f = buckets.template expand<float>(view(static_cast<const float*>(by_bucket.data()), 32, b.n.q_heads),
                                                   view(table.data(), b.n.q_heads, 257));
  if (f) detail::report(f);
  return view(static_cast<const float*>(table.data()), b.n.q_heads, 257);
}
template <class T, class Buffers> auto bias_tensor(Buffers& b, index_t heads) {
  const auto numbers = b.template keep<T>(heads * b.n.rows * b.n.keys);
  fill(numbers, 6);
  return dense_bias(view(static_cast<const T*>(numbers.data()), index_t{1}, heads, b.n.rows, b.n.keys));
}

} // namespace

std::vector<bench_case> score_cases() {
  const auto score_case = [](const char* suffix, auto score_for) {
    return role_case(suffix, [=](auto& b, index_t) { return bind(b.rows_of(0), score_for(b)); });
  };
  std::vector<bench_case> list;
  list.push_back(score_case("full+soft_cap", [](auto&) { return soft_cap{30.f}; }));
  list.push_back(score_case("full+alibi", [](auto& b) { return alibi::standard(b.n.q_heads); }));
  list.push_back(score_case("full+relative_bias", [](auto& b) { return relative_bias(t5_table(b)); }));
  list.push_back(score_case("full+dense_bias", [](auto& b) { return bias_tensor<float>(b, 1); }));
  list.push_back(
      score_case("full+dense_bias_bf16_per_head", [](auto& b) { return bias_tensor<bf16>(b, b.n.q_heads); }));
  list.push_back(
      score_case("full+row_scale", [](auto& b) { return row_scale::by_token(factors(b, b.tokens()), b.n.rows); }));
  list.push_back(score_case("full+log_n", [](auto& b) { return log_n{b.n.keys / 4}; }));
  list.push_back(score_case("full+temperature_tuning", [](auto& b) { return temperature_tuning{b.n.keys / 8, 0.1f}; }));
  list.push_back(
      score_case("full+soft_cap_alibi", [](auto& b) { return chain(soft_cap{30.f}, alibi::standard(b.n.q_heads)); }));
  list.push_back(score_case("full+own_generic", [](auto&) {
    return score([](auto x, auto at) { return x + decltype(x)(-0.01f) * distance(x, at); });
  }));
  return list;
}

} // namespace heed::bench
