// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Attention shapes of real models: the one list that benches and tests draw from.
#include <cstddef>

namespace heed::bench {

/// Heads and dims of one attention layer.
struct shape {
  const char* name;
  std::ptrdiff_t q_heads, kv_heads, key_dim, value_dim;
};

inline constexpr shape llama3_8b{"llama3_8b", 32, 8, 128, 128};
inline constexpr shape llama3_70b{"llama3_70b", 64, 8, 128, 128};
inline constexpr shape llama2_7b{"llama2_7b", 32, 32, 128, 128};
inline constexpr shape qwen2_7b{"qwen2_7b", 28, 4, 128, 128}; // a group of 7
inline constexpr shape qwen2_0_5b{"qwen2_0_5b", 14, 2, 64, 64};
inline constexpr shape gemma2_9b{"gemma2_9b", 16, 8, 256, 256};
inline constexpr shape phi3_mini{"phi3_mini", 32, 32, 96, 96};
inline constexpr shape phi2{"phi2", 32, 32, 80, 80};
inline constexpr shape gpt_oss{"gpt_oss", 64, 8, 64, 64};
inline constexpr shape falcon_7b{"falcon_7b", 71, 1, 64, 64}; // one key-value head
inline constexpr shape deepseek_v3{"deepseek_v3", 128, 128, 192, 128};
inline constexpr shape deepseek_v3_absorbed{"deepseek_v3_absorbed", 128, 1, 576, 512};
inline constexpr shape stories260k{"stories260k", 8, 4, 8, 8};

inline constexpr shape shapes[] = {llama3_8b,  llama3_70b, llama2_7b, qwen2_7b,  qwen2_0_5b,  gemma2_9b,
                                   phi3_mini,  phi2,       gpt_oss,   falcon_7b, deepseek_v3, deepseek_v3_absorbed,
                                   stories260k};

} // namespace heed::bench
