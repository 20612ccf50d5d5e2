// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The laws of every concept as executable checks, for the library's models and for users' own.
#include <heed/testing/eviction_laws.hpp>
#include <heed/testing/mask_laws.hpp>
#include <heed/testing/score_laws.hpp>
#include <heed/testing/source_laws.hpp>
