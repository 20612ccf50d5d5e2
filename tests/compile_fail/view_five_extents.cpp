// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: no matching function for call to
// expect: view
#include <heed/view/tensor_view.hpp>
float x[32];
auto v = heed::view(x, 2, 2, 2, 2, 2);
