// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The CPU library in one include.
#include <heed/attention.hpp>
#include <heed/epilogue/lse.hpp>
#include <heed/epilogue/sink_logit.hpp>
#include <heed/exec/parallel_for.hpp>
#include <heed/exec/sequential.hpp>
#include <heed/exec/thread_pool.hpp>
#include <heed/kv/contiguous.hpp>
#include <heed/kv/paged.hpp>
#include <heed/mask/causal.hpp>
#include <heed/mask/sliding_window.hpp>
#include <heed/observe/key_sums.hpp>
#include <heed/observe/probability_rows.hpp>
#include <heed/score/alibi.hpp>
#include <heed/score/soft_cap.hpp>
