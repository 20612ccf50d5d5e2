// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// No score modifier: a type of its own, so that no cell is built for it.
#include <heed/concepts.hpp>

namespace heed {

/// Leaves scores as they are. What a call uses when it is given no modifier.
struct no_score_mod {
  template <class A> HEED_INLINE A operator()(A x, cell) const noexcept { return x; }
};
static_assert(score_mod<no_score_mod, float> && score_mod<no_score_mod, double>);

} // namespace heed
