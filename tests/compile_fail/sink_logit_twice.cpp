// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: sink_logit is given twice
#include "operands.hpp"
inline const heed::sink_logit sinks{std::span<const float>(memory, 2)};
void call() { heed::attend(executor, q, kv, o, sinks, sinks); }
