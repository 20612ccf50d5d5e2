// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: q is no heed::tensor_view of rank 3 or 4 on the host
#include "operands.hpp"
const heed::tensor_view<float, 3, heed::device_space> far;
void call() { heed::attend(executor, far, kv, o); }
