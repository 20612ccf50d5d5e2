// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Keys and values in ggml's q8_0 blocks: proof that a quantised cache is one more row format, and no more.
#include <heed/view/tensor_view.hpp>

#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

namespace heed::test {

/// Blocks of 32 numbers: an f16 scale d, then 32 int8; a number is d q.
///
/// Source    ggml, block_q8_0 and quantize_row_q8_0: d = max |x| / 127, q = round(x / d)
struct q8_0 {
  using element = void;
  using accum = float;
  static constexpr index_t block = 32, block_bytes = 34;

  HEED_INLINE index_t row_bytes(index_t dim) const noexcept { return (dim + block - 1) / block * block_bytes; }
  HEED_INLINE void unpack(const std::byte* row, const float*, std::span<float> out) const noexcept {
    const auto* bytes = reinterpret_cast<const unsigned char*>(row);
    for (index_t e = 0; e < static_cast<index_t>(out.size()); ++e) {
      const auto* at = bytes + e / block * block_bytes;
      const f16 d{static_cast<std::uint16_t>(at[0] | (at[1] << 8))};
      const auto q = static_cast<std::int8_t>(at[2 + e % block]);
      out[static_cast<std::size_t>(e)] = widen(d) * static_cast<float>(q);
    }
  }
  /// Writes the blocks of a row; a short last block is filled with zeros.
  static void pack(const float* from, index_t dim, std::byte* row) {
    for (index_t first = 0; first < dim; first += block, row += block_bytes) {
      const index_t n = lesser(block, dim - first);
      float largest = 0;
      for (index_t e = 0; e < n; ++e) largest = std::fmax(largest, std::fabs(from[first + e]));
      const float d = largest / 127.f, inverse = d != 0.f ? 1.f / d : 0.f;
      const f16 stored = narrow<f16>(d);
      row[0] = static_cast<std::byte>(stored.bits & 255u);
      row[1] = static_cast<std::byte>(stored.bits >> 8);
      for (index_t e = 0; e < block; ++e) {
        const float q = e < n ? std::round(from[first + e] * inverse) : 0.f;
        row[2 + e] = static_cast<std::byte>(static_cast<std::int8_t>(q));
      }
    }
  }
};
static_assert(row_format<q8_0>);

/// Packed sequences of quantised rows. Copies share the rows.
class q8_0_source {
public:
  using key_format = q8_0;
  using value_format = q8_0;
  static constexpr bool values_alias_keys = false;

  /// Quantises k, v: [tokens][kv_heads][dim]; sequence s has the rows [offsets[s], offsets[s + 1]).
  q8_0_source(const tensor_view<const float, 3>& k, const tensor_view<const float, 3>& v, std::vector<index_t> offsets)
      : offsets_(std::make_shared<const std::vector<index_t>>(std::move(offsets))), keys_(packed(k)),
        values_(packed(v)), first_(offsets_->data()), dims_{static_cast<index_t>(offsets_->size()) - 1, k.extent(1),
                                                            k.extent(2), v.extent(2), 0} {}

  [[nodiscard]] HEED_INLINE kv_dims dims() const noexcept { return dims_; }
  [[nodiscard]] HEED_INLINE key_format keys_as() const noexcept { return {}; }
  [[nodiscard]] HEED_INLINE value_format values_as() const noexcept { return {}; }
  [[nodiscard]] HEED_INLINE index_t slots(index_t seq, index_t) const noexcept { return first_[seq + 1] - first_[seq]; }
  [[nodiscard]] HEED_INLINE index_t seen(index_t seq) const noexcept { return slots(seq, 0); }
  [[nodiscard]] HEED_INLINE bool ordered(index_t, index_t) const noexcept { return true; }
  [[nodiscard]] HEED_INLINE index_t locate(index_t seq, index_t, index_t position) const noexcept {
    return greater(0, lesser(position, slots(seq, 0)));
  }
  [[nodiscard]] HEED_INLINE kv_rows rows(index_t seq, index_t kv_head, range slots) const noexcept {
    const index_t row = (first_[seq] + slots.begin) * dims_.kv_heads + kv_head;
    kv_rows r;
    r.key = keys_->data() + row * q8_0{}.row_bytes(dims_.key_dim);
    r.value = values_->data() + row * q8_0{}.row_bytes(dims_.value_dim);
    r.key_stride = dims_.kv_heads * q8_0{}.row_bytes(dims_.key_dim);
    r.value_stride = dims_.kv_heads * q8_0{}.row_bytes(dims_.value_dim);
    r.count = slots.size();
    r.first = slots.begin;
    return r;
  }

private:
  using bytes = std::vector<std::byte>;
  static std::shared_ptr<const bytes> packed(const tensor_view<const float, 3>& x) {
    const index_t row_bytes = q8_0{}.row_bytes(x.extent(2));
    auto rows = std::make_shared<bytes>(static_cast<std::size_t>(x.extent(0) * x.extent(1) * row_bytes));
    std::byte* to = rows->data();
    for (index_t t = 0; t < x.extent(0); ++t)
      for (index_t h = 0; h < x.extent(1); ++h, to += row_bytes) q8_0::pack(&x(t, h, 0), x.extent(2), to);
    return rows;
  }

  std::shared_ptr<const std::vector<index_t>> offsets_;
  std::shared_ptr<const bytes> keys_, values_;
  const index_t* first_;
  kv_dims dims_;
};
static_assert(kv_source<q8_0_source>);

} // namespace heed::test
