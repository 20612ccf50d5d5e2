// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The factor of the scores, for those who don't want 1/sqrt(key_dim).
#include <heed/detail/scalar_ops.hpp>
#include <heed/problem/call_extents.hpp>

namespace heed {

/// score = value * dot(q, k). Default of a call: 1 / sqrt(key_dim).
struct scale {
  double value;
  [[nodiscard]] HEED_INLINE failure check(const call_extents&) const noexcept {
    if (!(value > -__builtin_inf() && value < __builtin_inf()))
      return {errc::bad_value, "scale", "value", value, "must be finite, as", 1};
    return {};
  }
};

} // namespace heed
