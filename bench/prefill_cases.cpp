// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Prefill: the targets' shapes and those of real models.
#include "bound_call.hpp"

namespace heed::bench {

std::string size_name(const call_size& n) {
  std::string s;
  if (n.sequences != 1) s += "b" + std::to_string(n.sequences) + "_";
  s += "h" + std::to_string(n.q_heads);
  if (n.kv_heads != n.q_heads) s += "_kv" + std::to_string(n.kv_heads);
  if (n.rows != n.keys && n.rows != 1) s += "_r" + std::to_string(n.rows);
  s += "_s" + std::to_string(n.keys) + "_d" + std::to_string(n.key_dim);
  if (n.value_dim != n.key_dim) s += "v" + std::to_string(n.value_dim);
  return s;
}

namespace {

constexpr auto full_call = [](auto& b, index_t copy) { return bind(b.rows_of(copy)); };
constexpr auto causal_call = [](auto& b, index_t copy) { return bind(b.rows_of(copy), causal{}); };

template <class T, class Bind> bench_case square(index_t dim, const char* mask, Bind bind_copy) {
  const call_size n{1, 2048, 2048, 8, 8, dim, dim};
  return make_case<T>(std::string("prefill/") + type_name<T>() + "/" + size_name(n) + "/" + mask, n, limit::arithmetic,
                      bind_copy);
}
template <class T, class Bind>
bench_case of_model(const shape& m, index_t sequences, index_t rows, index_t keys, const char* mask, Bind bind_copy) {
  const call_size n{sequences, rows, keys, m.q_heads, m.kv_heads, m.key_dim, m.value_dim};
  std::string size = m.name;
  if (sequences != 1) size += "_b" + std::to_string(sequences);
  if (rows != keys) size += "_r" + std::to_string(rows);
  size += "_s" + std::to_string(keys);
  return make_case<T>(std::string("prefill/") + type_name<T>() + "/" + size + "/" + mask, n, limit::arithmetic,
                      bind_copy);
}

} // namespace

std::vector<bench_case> prefill_cases() {
  const auto gemma = [](auto& b, index_t copy) {
    return bind(b.rows_of(copy), sliding_window{b.n.keys / 2 - 1, 0}, soft_cap{50.f});
  };
  // 64 documents in one sequence, and the same documents as 64 sequences.
  const call_size packed{1, 8192, 8192, 8, 8, 128, 128}, separate{64, 128, 128, 8, 8, 128, 128};
  const auto documents = [](auto& b, index_t copy) {
    const auto ids = b.template keep<std::int64_t>(b.n.keys);
    for (index_t i = 0; i < b.n.keys; ++i) ids[static_cast<std::size_t>(i)] = i * 64 / b.n.keys;
    const index_list list = std::span<const std::int64_t>(ids);
    return bind(b.rows_of(copy), all_of(document({.queries = list, .keys = list}), causal{}));
  };
  return {
      square<float>(128, "full", full_call),
      square<float>(128, "causal", causal_call),
      square<float>(64, "full", full_call),
      square<float>(64, "causal", causal_call),
      square<bf16>(128, "full", full_call),
      square<bf16>(128, "causal", causal_call),
      make_case<float>("prefill/f32/" + size_name(packed) + "/document64_causal", packed, limit::arithmetic, documents),
      make_case<float>("prefill/f32/" + size_name(separate) + "/causal", separate, limit::arithmetic, causal_call),
      of_model<bf16>(llama3_8b, 1, 1024, 1024, "causal", causal_call),
      of_model<bf16>(llama3_8b, 1, 256, 4096, "causal", causal_call),
      of_model<f16>(qwen2_7b, 4, 256, 256, "causal", causal_call),
      of_model<bf16>(gemma2_9b, 1, 1024, 1024, "window_half+soft_cap", gemma),
      of_model<float>(falcon_7b, 1, 512, 512, "causal", causal_call),
      of_model<bf16>(deepseek_v3, 1, 512, 512, "causal", causal_call)};
}

} // namespace heed::bench
