// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// What the cases about roles share: operands that are right.
#include <heed/attention.hpp>
#include <heed/epilogue/lse.hpp>
#include <heed/exec/sequential.hpp>
#include <heed/kv/contiguous.hpp>
#include <heed/mask/causal.hpp>
#include <heed/mask/sliding_window.hpp>
#include <heed/score/alibi.hpp>
#include <heed/score/soft_cap.hpp>

inline float memory[64];
inline heed::sequential executor;
inline const auto q = heed::view(memory, 2, 2, 4), o = heed::view(memory + 32, 2, 2, 4);
inline const auto kv = heed::contiguous(heed::view(memory, 2, 2, 4), heed::view(memory, 2, 2, 4));

/// A source that is right; the cases take one thing away.
struct good_source {
  using key_format = heed::elements<float>;
  using value_format = heed::elements<float>;
  static constexpr bool values_alias_keys = false;
  heed::kv_dims dims() const noexcept;
  key_format keys_as() const noexcept;
  value_format values_as() const noexcept;
  heed::index_t slots(heed::index_t, heed::index_t) const noexcept;
  heed::index_t seen(heed::index_t) const noexcept;
  bool ordered(heed::index_t, heed::index_t) const noexcept;
  heed::index_t locate(heed::index_t, heed::index_t, heed::index_t) const noexcept;
  heed::kv_rows rows(heed::index_t, heed::index_t, heed::range) const noexcept;
};
static_assert(heed::kv_source<good_source>);
