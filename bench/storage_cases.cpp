// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Element types and head dims, on the plain call without a mask.
#include "role_sizes.hpp"

namespace heed::bench {
namespace {

constexpr auto whole = [](auto& b, index_t copy) { return bind(b.rows_of(copy)); };

bench_case dims_case(index_t key_dim, index_t value_dim) {
  call_size n = role_size;
  n.key_dim = key_dim;
  n.value_dim = value_dim;
  return make_case<float>("prefill/f32/" + size_name(n) + "/full", n, limit::arithmetic, whole);
}
template <class TQ, class TKV, class TO> bench_case type_case(const char* type) {
  return make_case<TQ, TKV, TO>("prefill/" + std::string(type) + "/" + size_name(role_size) + "/full", role_size,
                                limit::arithmetic, whole);
}

} // namespace

bench_case plain_case() { return type_case<float, float, float>("f32"); }

std::vector<bench_case> storage_cases() {
  return {dims_case(64, 64),
          dims_case(80, 80),
          dims_case(96, 96),
          dims_case(192, 128),
          dims_case(256, 256),
          type_case<bf16, bf16, bf16>("bf16"),
          type_case<f16, f16, f16>("f16"),
          type_case<float, bf16, float>("f32_bf16kv"),
          type_case<float, f16, float>("f32_f16kv"),
          type_case<bf16, bf16, float>("bf16_f32o"),
          type_case<f16, f16, float>("f16_f32o"),
          type_case<double, double, double>("f64")};
}

} // namespace heed::bench
