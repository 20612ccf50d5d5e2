// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Long filler with hidden facts and a question about one of them, drawn from a seed by integers only.
#include <cstddef>
#include <cstdint>
#include <vector>

namespace needle {

using token_t = std::int32_t;
using index_t = std::ptrdiff_t;

/// Token ids of the shipped model's vocabulary (needle_model/needle_vocab.json).
namespace vocabulary {
inline constexpr token_t begin = 1, fact = 3, ask = 4, stop = 5, first_lead = 6, first_key = 10, first_value = 410,
                         first_word = 538;
inline constexpr std::uint64_t leads = 4, keys = 400, values = 128, words = 800;
} // namespace vocabulary

/// depth: percent of the filler that stands before the asked fact.
struct prompt_options {
  std::uint64_t seed = 0;
  index_t length = 256, depth = 50, facts = 8, decoys = 4;
};

/// The least length of a prompt with so many facts and decoys.
[[nodiscard]] constexpr index_t least_length(const prompt_options& o) noexcept { return 3 + 5 * (o.facts + o.decoys); }

struct prompt {
  std::vector<token_t> tokens; ///< ends in the question
  token_t answer[2] = {};
  index_t fact_at = 0; ///< where the asked fact begins
};

/// The prompt of needle_model/README.md: the same tokens as the Python program's.
///
/// Requires  length >= least_length; depth in [0, 100]; facts >= 1
[[nodiscard]] prompt draw_prompt(const prompt_options& o);

} // namespace needle
