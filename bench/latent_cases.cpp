// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Decode of latent attention in its absorbed form: rows of 576 numbers of which 512 are the value, read by all heads of
// a token. 128 heads: DeepSeek-V2 and V3; 16: V2-Lite. key_lists: the top keys of a sparse indexer.
#include "bound_call.hpp"

#include <heed/kv/latent.hpp>
#include <heed/mask/key_lists.hpp>

namespace heed::bench {
namespace {

template <class Buffers> scale named_scale(const Buffers& b) {
  return scale{1 / std::sqrt(static_cast<double>(b.n.key_dim))}; // the definition's, so that tests compare the same
}
template <class Buffers> auto rows_of(Buffers& b, index_t copy) {
  const call_size& n = b.n;
  return latent(view(b.keys(copy).data(), n.sequences, n.keys, n.key_dim), latent_row{n.value_dim});
}
constexpr auto latent_call = [](auto& b, index_t copy) { return bind(rows_of(b, copy), named_scale(b)); };
/// Pages of 16 in an order that jumps.
constexpr auto paged_call = [](auto& b, index_t copy) {
  const call_size& n = b.n;
  const index_t pages = n.keys / 16;
  const auto ids = b.template keep<std::int64_t>(pages), lengths = b.template keep<std::int64_t>(1);
  for (index_t i = 0; i < pages; ++i) ids[static_cast<std::size_t>(i)] = i % 2 == 0 ? i / 2 : pages - 1 - i / 2;
  lengths[0] = 16 * pages;
  return bind(latent(view(b.keys(copy).data(), pages, 16, n.key_dim), latent_row{n.value_dim},
                     block_table{std::span<const std::int64_t>(ids), pages, std::span<const std::int64_t>(lengths)}),
              causal{}, named_scale(b));
};
/// A sixteenth of the keys, spread at random: 2048 of 32768.
constexpr auto listed_call = [](auto& b, index_t copy) {
  const call_size& n = b.n;
  const auto positions = b.template keep<std::int32_t>(n.keys);
  std::uint64_t state = 1;
  index_t found = 0;
  for (index_t k = 0; k < n.keys; ++k) {
    state = state * 0x5851f42d4c957f2du + 0x14057b7ef767814fu;
    if ((state >> 33) % 16 == 0) positions[static_cast<std::size_t>(found++)] = static_cast<std::int32_t>(k);
  }
  for (index_t i = found; i < n.keys; ++i) positions[static_cast<std::size_t>(i)] = -1;
  return bind(rows_of(b, copy),
              key_lists(listed_keys{.positions = std::span<const std::int32_t>(positions), .width = n.keys}),
              named_scale(b));
};

template <class TKV, class Bind>
bench_case decode(const char* type, index_t heads, index_t keys, const char* mask, Bind bind_copy) {
  const call_size n{1, 1, keys, heads, 1, 576, 512};
  const std::string size = "h" + std::to_string(heads) + "_d576_v512_s" + std::to_string(keys);
  return make_case<float, TKV, float>(std::string("decode/") + type + "/" + size + "/" + mask, n, limit::arithmetic,
                                      bind_copy);
}

} // namespace

std::vector<bench_case> latent_cases() {
  return {decode<float>("f32", 128, 4096, "latent", latent_call),
          decode<float>("f32", 128, 32768, "latent", latent_call),
          decode<float>("f32", 16, 4096, "latent", latent_call),
          decode<float>("f32", 16, 32768, "latent", latent_call),
          decode<float>("f32", 16, 32768, "latent+key_lists", listed_call),
          decode<float>("f32", 128, 32768, "latent+key_lists", listed_call),
          decode<bf16>("f32_bf16kv", 128, 4096, "latent", latent_call),
          decode<bf16>("f32_bf16kv", 16, 4096, "latent+causal+paged16", paged_call)};
}

} // namespace heed::bench
