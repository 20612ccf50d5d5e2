// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// What shrinking a cache costs, beside the attention of the prompt before it: a layer, a policy, ready to run.
#include "shapes.hpp"

#include <heed/concepts.hpp>
#include <heed/exec/thread_pool.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace heed::bench {

/// One layer: a prompt of `tokens`, of which each key-value head is to keep `budget`.
struct evict_size {
  index_t tokens, budget, q_heads, kv_heads, dim;
};

/// A layer with its prompt. Nothing allocates after it is made.
class prepared_eviction {
public:
  prepared_eviction() = default;
  prepared_eviction(const prepared_eviction&) = delete;
  prepared_eviction& operator=(const prepared_eviction&) = delete;
  virtual ~prepared_eviction() = default;

  /// The cache holds the whole prompt again. Not a part of what is measured.
  virtual void refill() = 0;
  /// The prompt's causal attention.
  virtual void attend() = 0;
  /// What the policy looks at, scores, selection and compaction. False if it was refused.
  virtual bool evict() = 0;
  /// evict() in two parts: scores and selection, which move nothing, and then the compaction. False if it was refused.
  virtual bool choose() = 0;
  virtual bool compact() = 0;
  /// Bytes of keys, values, positions and biases that the compaction after choose() reads and writes, but for folding.
  [[nodiscard]] virtual double bytes_to_move() const = 0;
  /// Positions that each key-value head holds.
  [[nodiscard]] virtual std::vector<std::vector<index_t>> held() const = 0;
};

struct evict_case {
  std::string name; ///< evict/<type>/<shape>_s<tokens>_b<budget>/<policy>
  evict_size size;
  std::function<std::unique_ptr<prepared_eviction>(const evict_size&, thread_pool&)> make;
};

/// Every policy after 4096 tokens of llama3_8b, an eighth of them kept.
std::vector<evict_case> evict_cases();

} // namespace heed::bench
