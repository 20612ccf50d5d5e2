// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// What one file of an engine asks of heed: causal grouped-query prefill and paged decode, in float and bf16.
#include <heed/attention.hpp>
#include <heed/exec/thread_pool.hpp>
#include <heed/kv/contiguous.hpp>
#include <heed/kv/paged.hpp>
#include <heed/mask/causal.hpp>

namespace {

constexpr heed::index_t q_heads = 32, kv_heads = 8, dim = 128, page = 16;

template <class T>
void prefill(heed::thread_pool& pool, heed::index_t tokens, const T* q, const T* k, const T* v, T* o) {
  heed::attend(pool, heed::view(q, tokens, q_heads, dim),
               heed::contiguous(heed::view(k, tokens, kv_heads, dim), heed::view(v, tokens, kv_heads, dim)),
               heed::view(o, tokens, q_heads, dim), heed::causal{});
}

template <class T>
heed::errc decode(heed::thread_pool& pool, const heed::plan& plan, heed::index_t sequences, heed::index_t pages,
                  const T* q, const T* k_pool, const T* v_pool, const heed::page_table& table, T* o,
                  std::span<std::byte> workspace) {
  const auto cache = heed::paged(heed::view(k_pool, pages, page, kv_heads, dim),
                                 heed::view(v_pool, pages, page, kv_heads, dim), table);
  return heed::run(pool, plan, heed::view(q, sequences, q_heads, dim), cache, heed::view(o, sequences, q_heads, dim),
                   workspace, heed::causal{});
}

template <class T> heed::plan plan_of(heed::index_t sequences, heed::index_t max_slots, const heed::page_table& table) {
  const T* none = nullptr;
  const auto cache =
      heed::paged(heed::view(none, 0, page, kv_heads, dim), heed::view(none, 0, page, kv_heads, dim), table);
  return heed::make_plan(heed::decode_shape{sequences, q_heads, max_slots}, cache, heed::causal{});
}

} // namespace

heed::plan plan_f32(heed::index_t sequences, heed::index_t max_slots, const heed::page_table& table) {
  return plan_of<float>(sequences, max_slots, table);
}
heed::plan plan_bf16(heed::index_t sequences, heed::index_t max_slots, const heed::page_table& table) {
  return plan_of<heed::bf16>(sequences, max_slots, table);
}
void prefill_f32(heed::thread_pool& pool, heed::index_t tokens, const float* q, const float* k, const float* v,
                 float* o) {
  prefill(pool, tokens, q, k, v, o);
}
void prefill_bf16(heed::thread_pool& pool, heed::index_t tokens, const heed::bf16* q, const heed::bf16* k,
                  const heed::bf16* v, heed::bf16* o) {
  prefill(pool, tokens, q, k, v, o);
}
heed::errc decode_f32(heed::thread_pool& pool, const heed::plan& plan, heed::index_t sequences, heed::index_t pages,
                      const float* q, const float* k_pool, const float* v_pool, const heed::page_table& table, float* o,
                      std::span<std::byte> workspace) {
  return decode(pool, plan, sequences, pages, q, k_pool, v_pool, table, o, workspace);
}
heed::errc decode_bf16(heed::thread_pool& pool, const heed::plan& plan, heed::index_t sequences, heed::index_t pages,
                       const heed::bf16* q, const heed::bf16* k_pool, const heed::bf16* v_pool,
                       const heed::page_table& table, heed::bf16* o, std::span<std::byte> workspace) {
  return decode(pool, plan, sequences, pages, q, k_pool, v_pool, table, o, workspace);
}
