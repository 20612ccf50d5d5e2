// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Every mask, score, source, epilogue, type and head dim, each beside the plain f32 call that runs between the same
// calibrations: the counter of_plain is their rate per visible pair, times the arithmetic of the head dim.
#include "measure.hpp"

namespace heed::bench {

void register_roles();
void register_roles() {
  // The targets' rows stand in the list of prefill; here they are compared.
  for (auto* list : {mask_cases, score_cases, source_cases, storage_cases, epilogue_cases, sparse_cases,
                     neighborhood_cases, select_cases}) {
    std::vector<bench_case> cases = list();
    for (bench_case& c : cases) c.name = "roles/" + c.name.substr(c.name.find('/') + 1);
    register_cases(cases, compared::with_plain);
  }
}

} // namespace heed::bench
