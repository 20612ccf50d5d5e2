// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A latent cache with the heads and dims that its layer's queries and outputs have.
#include <heed/latent/latent_shape.hpp>

namespace heed {
namespace detail {

/// What the checks of views and roles see. Its rows are the cached ones: nothing reads them.
template <class K> class as_heads {
public:
  using key_format = elements<typename K::key_format::accum>;
  using value_format = key_format;
  static constexpr bool values_alias_keys = false;
  HEED_INLINE as_heads(const K& base, const latent_shape& s) noexcept : base_(&base), shape_(s) {}
  [[nodiscard]] HEED_INLINE kv_dims dims() const noexcept {
    return {base_->dims().sequences, shape_.heads, shape_.head_dim(), shape_.value, 0};
  }
  [[nodiscard]] HEED_INLINE key_format keys_as() const noexcept { return {}; }
  [[nodiscard]] HEED_INLINE value_format values_as() const noexcept { return {}; }
  [[nodiscard]] HEED_INLINE index_t slots(index_t seq, index_t) const noexcept { return base_->slots(seq, 0); }
  [[nodiscard]] HEED_INLINE index_t seen(index_t seq) const noexcept { return base_->seen(seq); }
  [[nodiscard]] HEED_INLINE bool ordered(index_t seq, index_t) const noexcept { return base_->ordered(seq, 0); }
  [[nodiscard]] HEED_INLINE index_t locate(index_t seq, index_t, index_t position) const noexcept {
    return base_->locate(seq, 0, position);
  }
  [[nodiscard]] HEED_INLINE kv_rows rows(index_t seq, index_t, range slots) const noexcept {
    return base_->rows(seq, 0, slots);
  }
  [[nodiscard]] HEED_INLINE failure check(const call_extents& e) const noexcept { return check_base(*base_, e); }
  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept { return detail::touches(*base_, f); }

private:
  const K* base_;
  latent_shape shape_;
};

} // namespace detail
} // namespace heed
