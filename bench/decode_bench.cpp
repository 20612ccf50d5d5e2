// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Rows of decode.
#include "measure.hpp"

namespace heed::bench {

void register_decode();
void register_decode() {
  register_cases(decode_cases(), compared::alone);
  register_cases(latent_cases(), compared::alone);
}

} // namespace heed::bench
