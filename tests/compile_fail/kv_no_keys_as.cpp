// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: heed: kv does not model heed::kv_source: values_alias_keys, keys_as() or values_as() is missing
#include "operands.hpp"
struct source : good_source {
  void keys_as(int) const;
};
void call() { heed::attend(executor, q, source{}, o); }
