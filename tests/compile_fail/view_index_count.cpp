// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: no match
#include <heed/view/tensor_view.hpp>
float x[6];
float y = heed::view(x, 2, 3)(1);
