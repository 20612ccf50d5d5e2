// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: prompt_rows is given twice
#include "operands.hpp"
void call() { heed::attend(executor, q, kv, o, heed::prompt_rows{}, heed::prompt_rows::none()); }
