// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// What the cases about latent layers share.
#include <heed/latent/make_latent_plan.hpp>
#include <heed/latent/run_latent.hpp>
#include <heed/observe/key_sums.hpp>

#include "operands.hpp"

inline const heed::latent_plan layer_plan;
inline const heed::latent_weights<float> layer_weights;
inline std::byte layer_workspace[64];
inline const auto layer_rows = heed::latent(heed::view(memory, 2, 6), {.value_dim = 4});
inline constexpr heed::scale layer_scale{1.0};
