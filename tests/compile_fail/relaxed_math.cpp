// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: -ffast-math and -ffinite-math-only break masks, NaN and log-sum-exp
// flags: -ffast-math
#include <heed/config.hpp>
