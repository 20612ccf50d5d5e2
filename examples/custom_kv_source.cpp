// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// A key-value source of one's own: a cache that stores one 8-bit number and one scale per row.
#include <heed/heed.hpp>

#include "plain_loop.hpp"

#include <algorithm>

// [readme]
/// Rows of 8-bit numbers: element void says that rows are read by unpack only.
struct int8_row {
  using element = void;
  using accum = float;
  heed::index_t row_bytes(heed::index_t dim) const noexcept { return dim; }
  void unpack(const std::byte* row, const float* scale, std::span<float> out) const noexcept {
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = static_cast<float>(std::to_integer<std::int8_t>(row[i])) * *scale;
  }
};

/// One sequence, [tokens][kv_heads][dim] with a scale per row. Nothing in a kernel knows about it.
struct int8_cache {
  using key_format = int8_row;
  using value_format = int8_row;
  static constexpr bool values_alias_keys = false;
  const std::int8_t *k, *v;
  const float *k_scales, *v_scales; // [tokens][kv_heads]
  heed::index_t tokens, kv_heads, dim;

  heed::kv_dims dims() const noexcept { return {1, kv_heads, dim, dim, 0}; }
  int8_row keys_as() const noexcept { return {}; }
  int8_row values_as() const noexcept { return {}; }
  heed::index_t slots(heed::index_t, heed::index_t) const noexcept { return tokens; }
  heed::index_t seen(heed::index_t) const noexcept { return tokens; }
  bool ordered(heed::index_t, heed::index_t) const noexcept { return true; }
  heed::index_t locate(heed::index_t, heed::index_t, heed::index_t position) const noexcept {
    return position < 0 ? 0 : position < tokens ? position : tokens;
  }
  heed::kv_rows rows(heed::index_t, heed::index_t kv_head, heed::range slots) const noexcept {
    const heed::index_t row = slots.begin * kv_heads + kv_head;
    heed::kv_rows r;
    r.key = reinterpret_cast<const std::byte*>(k + row * dim);
    r.value = reinterpret_cast<const std::byte*>(v + row * dim);
    r.key_stride = r.value_stride = kv_heads * dim;
    r.count = slots.size();
    r.first = slots.begin; // positions are consecutive
    r.key_scales = k_scales + row;
    r.value_scales = v_scales + row;
    r.scale_stride = kv_heads;
    return r;
  }
};
static_assert(heed::kv_source<int8_cache>);
// [readme]

namespace {

/// Rows as 8-bit numbers and scales; `rows` becomes what they stand for.
void quantise(std::vector<float>& rows, heed::index_t dim, std::vector<std::int8_t>& numbers,
              std::vector<float>& scales) {
  for (auto row = rows.begin(); row != rows.end(); row += dim) {
    float most = 0;
    std::for_each(row, row + dim, [&](float x) { most = std::max(most, std::fabs(x)); });
    scales.push_back(most / 127);
    std::for_each(row, row + dim, [&](float& x) {
      numbers.push_back(static_cast<std::int8_t>(std::lround(x / scales.back())));
      x = static_cast<float>(numbers.back()) * scales.back();
    });
  }
}

} // namespace

int main() {
  const heed::index_t tokens = 150, heads = 8, kv_heads = 2, dim = 64;
  const auto q = plain::numbers(tokens * heads * dim, 1);
  auto k = plain::numbers(tokens * kv_heads * dim, 2), v = plain::numbers(tokens * kv_heads * dim, 3);
  std::vector<std::int8_t> k_numbers, v_numbers;
  std::vector<float> k_scales, v_scales, o(q.size());
  quantise(k, dim, k_numbers, k_scales);
  quantise(v, dim, v_numbers, v_scales);
  heed::thread_pool pool{2};
  const int8_cache kv{k_numbers.data(), v_numbers.data(), k_scales.data(), v_scales.data(), tokens, kv_heads, dim};
  heed::attend(pool, heed::view(q.data(), tokens, heads, dim), kv, heed::view(o.data(), tokens, heads, dim),
               heed::causal{});
  double worst = 0;
  for (heed::index_t t = 0; t < tokens; ++t)
    for (heed::index_t h = 0; h < heads; ++h) {
      const auto row = plain::attend(
          q.data() + (t * heads + h) * dim, dim, dim, t + 1,
          [&](heed::index_t j) { return k.data() + (j * kv_heads + h / 4) * dim; },
          [&](heed::index_t j) { return v.data() + (j * kv_heads + h / 4) * dim; });
      worst = plain::furthest(worst, row, o.data() + (t * heads + h) * dim);
    }
  return plain::verdict("custom_kv_source", worst);
}
