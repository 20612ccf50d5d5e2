// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The call whose roles are varied one at a time.
#include "bound_call.hpp"

namespace heed::bench {

inline constexpr call_size role_size{1, 2048, 2048, 8, 8, 128, 128};
inline const std::string role_name = "prefill/f32/h8_s2048_d128/";

/// A role of the plain call, all f32. Bind: (call_buffers<float, float, float>&, copy) -> binding.
template <class Bind> bench_case role_case(const char* suffix, Bind bind_copy) {
  return make_case<float>(role_name + suffix, role_size, limit::arithmetic, bind_copy);
}

} // namespace heed::bench
