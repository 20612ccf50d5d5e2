// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Prints one hash of the output's bits per case. Built with other compilers and optimisers it has to print the same:
// every multiply-add is an explicit one, and no other product may be contracted (same_bits.py).
#include <heed/attention.hpp>
#include <heed/epilogue/lse.hpp>
#include <heed/epilogue/sink_logit.hpp>
#include <heed/exec/sequential.hpp>
#include <heed/kv/contiguous.hpp>
#include <heed/kv/paged.hpp>
#include <heed/mask/causal.hpp>
#include <heed/mask/sliding_window.hpp>
#include <heed/observe/key_sums.hpp>
#include <heed/score/alibi.hpp>
#include <heed/score/chain.hpp>
#include <heed/score/soft_cap.hpp>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <vector>

namespace {

using heed::index_t;

/// Numbers in [-2, 2) whose bits no library decides.
class numbers {
public:
  explicit numbers(std::uint64_t seed) : state_(seed) {}
  double next() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(static_cast<std::int64_t>(state_) >> 11) * 0x1p-51;
  }
  template <class T> std::vector<T> take(index_t n) {
    std::vector<T> out;
    for (index_t i = 0; i < n; ++i) out.push_back(heed::narrow<T>(static_cast<heed::accum_t<T>>(next())));
    return out;
  }

private:
  std::uint64_t state_;
};

template <class T> void print_hash(const char* types, const char* what, const std::vector<T>& x) {
  std::uint64_t hash = 14695981039346656037u; // FNV-1a
  std::vector<unsigned char> bytes(x.size() * sizeof(T));
  std::memcpy(bytes.data(), x.data(), bytes.size());
  for (const unsigned char b : bytes) hash = (hash ^ b) * 1099511628211u;
  std::printf("%s %s %016llx\n", types, what, static_cast<unsigned long long>(hash));
}

template <class TQ, class TKV, class TO> void run_all(const char* types) {
  using A = heed::accum_t<TKV>;
  constexpr index_t tokens = 203, q_heads = 6, kv_heads = 2, key_dim = 40, value_dim = 24, page = 16, pages = 13;
  static_assert(pages * page >= tokens);
  numbers source(7);
  const auto q = source.take<TQ>(tokens * q_heads * key_dim);
  const auto k = source.take<TKV>(pages * page * kv_heads * key_dim),
             v = source.take<TKV>(pages * page * kv_heads * value_dim);
  const auto kv = heed::contiguous(heed::view(k.data(), tokens, kv_heads, key_dim),
                                   heed::view(v.data(), tokens, kv_heads, value_dim));
  std::vector<TO> o(tokens * q_heads * value_dim);
  std::vector<A> lse(tokens * q_heads), sums(q_heads * tokens);
  const auto rows = heed::view(q.data(), tokens, q_heads, key_dim);
  const auto out = heed::view(o.data(), tokens, q_heads, value_dim);
  const std::vector<float> sinks = {0.5f, -1.f, 0.f, 2.f, 1.f, -0.25f};
  const std::vector<float> slopes = {0.5f, 0.25f, 0.125f, 0.0625f, 0.03125f, 0.015625f};
  heed::sequential alone;

  heed::attend(alone, rows, kv, out, heed::causal{}, heed::lse(heed::view(lse.data(), tokens, q_heads)));
  print_hash(types, "prefill_causal", o);
  print_hash(types, "prefill_causal_lse", lse);

  heed::attend(alone, rows, kv, out, heed::sliding_window{.left = 30, .right = 0}, heed::alibi(slopes),
               heed::sink_logit(sinks), heed::key_sums<A>(heed::view(sums.data(), 1, q_heads, tokens)));
  print_hash(types, "prefill_window_alibi_sink", o);
  print_hash(types, "prefill_window_key_sums", sums);

  const std::vector<int> offsets = {0, pages}, ids = {3, 0, 5, 1, 2, 4, 12, 7, 6, 9, 8, 11, 10}, last = {tokens % page};
  const auto cache = heed::paged(heed::view(k.data(), pages, page, kv_heads, key_dim),
                                 heed::view(v.data(), pages, page, kv_heads, value_dim),
                                 heed::page_table{.offsets = offsets, .pages = ids, .last_page_len = last});
  heed::attend(alone, rows.slice(0, 0, 1), cache, out.slice(0, 0, 1), heed::causal{}, heed::soft_cap{20.f});
  print_hash(types, "decode_paged_soft_cap", std::vector<TO>(o.begin(), o.begin() + q_heads * value_dim));
}

} // namespace

int main() {
  std::printf("isa %s\n", HEED_STRING(HEED_ISA));
  run_all<float, float, float>("f32");
  run_all<float, heed::bf16, float>("f32_bf16");
  run_all<heed::f16, heed::f16, heed::f16>("f16");
  run_all<double, double, double>("f64");
}
