// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: conversion from
// expect: tensor_view<const float,
#include <heed/view/tensor_view.hpp>
const float x[4] = {};
heed::tensor_view<float, 1> v = heed::view(x, 4);
