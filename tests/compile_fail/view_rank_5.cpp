// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: views have rank 1 to 4
#include <heed/view/tensor_view.hpp>
heed::tensor_view<float, 5> v;
