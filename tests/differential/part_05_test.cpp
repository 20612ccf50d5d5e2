// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Lines of the covering array, part 5. Made by tests/support/make_pairs.py.
#include <differential/instantiate.hpp>
#include <differential/pairs.hpp>

namespace {
HEED_PAIRS_05(HEED_DIFFERENTIAL_CASE)
} // namespace
