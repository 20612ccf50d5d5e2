// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "reader.hpp"

#include <algorithm>

namespace profile {

token_t reader::read(std::span<const token_t> tokens, index_t chunk, index_t watched,
                     const std::function<void(const layer_view&)>& show) {
  cache_.watch(watched, show);
  token_t best = 0;
  while (!tokens.empty()) {
    const std::size_t n = std::min(static_cast<std::size_t>(chunk), tokens.size());
    const auto rows = static_cast<index_t>(n);
    const auto logits = engine_.step({{tokens.begin(), tokens.begin() + rows}, {0, rows}, {rows - 1}});
    best = static_cast<token_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
    tokens = tokens.subspan(n);
  }
  return best;
}

index_t longest(const std::vector<needle::prompt_options>& prompts) {
  index_t most = 0;
  for (const auto& p : prompts) most = std::max(most, p.length);
  return most;
}

} // namespace profile
