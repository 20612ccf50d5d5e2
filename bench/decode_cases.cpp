// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Decode: one query token per sequence, keys beyond the caches.
#include "bound_call.hpp"

namespace heed::bench {
namespace {

constexpr auto full_call = [](auto& b, index_t copy) { return bind(b.rows_of(copy)); };
constexpr auto causal_call = [](auto& b, index_t copy) { return bind(b.rows_of(copy), causal{}); };
/// Pages of 16 in an order that jumps; sequences take turns in the pool.
constexpr auto paged_call = [](auto& b, index_t copy) {
  const call_size& n = b.n;
  const index_t each = n.keys / 16, all = n.sequences * each;
  const auto ids = b.template keep<std::int64_t>(all);
  for (index_t i = 0; i < each; ++i)
    for (index_t s = 0; s < n.sequences; ++s)
      ids[static_cast<std::size_t>(s * each + i)] = (i % 2 == 0 ? i / 2 : each - 1 - i / 2) * n.sequences + s;
  const auto lengths = b.template keep<std::int64_t>(n.sequences);
  for (std::int64_t& length : lengths) length = 16 * each;
  return bind(paged(view(b.keys(copy).data(), all, 16, n.kv_heads, n.key_dim),
                    view(b.values(copy).data(), all, 16, n.kv_heads, n.value_dim),
                    block_table{std::span<const std::int64_t>(ids), each, std::span<const std::int64_t>(lengths)}),
              causal{});
};

/// DuoAttention's cache: half of the heads whole, the others with 64 sinks and a ring of 256, each part dense.
constexpr auto two_part_call = [](auto& b, index_t copy) {
  const call_size& n = b.n;
  const index_t whole = n.kv_heads / 2, streaming = n.kv_heads - whole, rows = lesser(64 + 256, n.keys / 2);
  const auto choice = b.template keep<head_source>(n.kv_heads);
  for (index_t h = 0; h < n.kv_heads; ++h)
    choice[static_cast<std::size_t>(h)] = h % 2 == 0 && h / 2 < streaming ? head_source::second : head_source::first;
  const auto* const k = b.keys(copy).data();
  const auto* const v = b.values(copy).data();
  return bind(head_split(contiguous(view(k, n.keys, whole, n.key_dim), view(v, n.keys, whole, n.value_dim)),
                         sink_ring(view(k + n.keys * whole * n.key_dim, rows, streaming, n.key_dim),
                                   view(v + n.keys * whole * n.value_dim, rows, streaming, n.value_dim),
                                   {.sinks = lesser(64, rows), .seen = n.keys}),
                         std::span<const head_source>(choice)),
              causal{});
};

template <class TQ, class TKV, class TO, class Bind>
bench_case decode(const std::string& type, const std::string& size, const call_size& n, const char* mask,
                  Bind bind_copy, limit measured_by = limit::bandwidth) {
  return make_case<TQ, TKV, TO>("decode/" + type + "/" + size + "/" + mask, n, measured_by, bind_copy);
}
template <class T, class Bind> bench_case long_cache(const char* mask, Bind bind_copy) {
  const call_size n{1, 1, 16384, 32, 8, 128, 128};
  return decode<T, T, T>(type_name<T>(), size_name(n), n, mask, bind_copy);
}
template <class T, class Bind>
bench_case of_model(const shape& m, index_t sequences, index_t rows, index_t keys, const char* mask, Bind bind_copy,
                    limit measured_by = limit::bandwidth) {
  const call_size n{sequences, rows, keys, m.q_heads, m.kv_heads, m.key_dim, m.value_dim};
  std::string size = m.name;
  if (sequences != 1) size += "_b" + std::to_string(sequences);
  if (rows != 1) size += "_r" + std::to_string(rows);
  return decode<T, T, T>(type_name<T>(), size + "_s" + std::to_string(keys), n, mask, bind_copy, measured_by);
}

} // namespace

std::vector<bench_case> decode_cases() {
  const call_size n{1, 1, 16384, 32, 8, 128, 128};
  const call_size longest{1, 1, 32768, 32, 8, 128, 128};
  return {decode<float, float, float>("f32", size_name(longest), longest, "causal", causal_call),
          decode<float, float, float>("f32", size_name(longest), longest, "causal+two_parts", two_part_call),
          long_cache<float>("full", full_call),
          long_cache<float>("causal", causal_call),
          long_cache<float>("causal+paged16", paged_call),
          long_cache<bf16>("full", full_call),
          long_cache<bf16>("causal+paged16", paged_call),
          long_cache<f16>("full", full_call),
          decode<float, bf16, float>("f32_bf16kv", size_name(n), n, "full", full_call),
          of_model<bf16>(llama3_8b, 8, 1, 2048, "causal+paged16", paged_call),
          of_model<bf16>(llama2_7b, 1, 1, 8192, "full", full_call),
          of_model<bf16>(qwen2_7b, 1, 1, 16384, "full", full_call),
          of_model<bf16>(gpt_oss, 1, 1, 16384, "full", full_call),
          of_model<bf16>(gemma2_9b, 1, 1, 8192, "full", full_call),
          of_model<bf16>(llama3_8b, 1, 4, 16384, "causal", causal_call, limit::arithmetic),
          of_model<float>(deepseek_v3_absorbed, 1, 1, 4096, "full", full_call, limit::arithmetic),
          of_model<float>(llama3_8b, 1, 1, 1024, "full", full_call, limit::arithmetic)};
}

} // namespace heed::bench
