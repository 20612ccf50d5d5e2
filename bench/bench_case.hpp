// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// What a bench measures and a test checks: a named call at its size, ready to run. One list serves both.
#include "shapes.hpp"

#include <heed/exec/thread_pool.hpp>
#include <heed/reference/attention.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace heed::bench {

/// Sizes of a call. rows: query tokens of each sequence; keys: tokens of each sequence in the cache.
struct call_size {
  index_t sequences, rows, keys, q_heads, kv_heads, key_dim, value_dim;
  friend bool operator==(const call_size&, const call_size&) = default;
};

/// Which of the machine's two limits a case is measured against.
enum class limit : unsigned char { arithmetic, bandwidth };

enum class storage : unsigned char { f64, f32, bf16, f16 };

/// A call with its buffers. run() allocates nothing.
class prepared_call {
public:
  prepared_call() = default;
  prepared_call(const prepared_call&) = delete;
  prepared_call& operator=(const prepared_call&) = delete;
  virtual ~prepared_call() = default;

  /// Copies of the buffers take turns, so that a cache holds none of them.
  virtual void run() = 0;
  /// Visible (query row, head, key) triples.
  [[nodiscard]] virtual double visible_pairs() const = 0;
  /// Bytes of keys and values that one pass over every key-value head reads, and of queries and outputs.
  [[nodiscard]] virtual double bytes() const = 0;
  /// Which kernels, as explain says.
  [[nodiscard]] virtual std::string explanation() const = 0;
  /// The exact result of the first copy's call, in double. O(pairs x dim) scalar operations: small sizes only.
  [[nodiscard]] virtual reference::result exact() const = 0;
  /// The output of the last run, [tokens][q_heads][value_dim], and the type that it is stored in.
  [[nodiscard]] virtual std::vector<double> output() const = 0;
  [[nodiscard]] virtual storage output_type() const = 0;
};

struct bench_case {
  std::string name; ///< <operation>/<type>/<shape>/<mask>, with +role for what else the call is given
  call_size size;
  limit measured_by;
  std::function<std::unique_ptr<prepared_call>(const call_size&, thread_pool&)> make;

  /// Multiply-adds count twice: q k^T and p v.
  [[nodiscard]] double flops_per_pair() const noexcept {
    return 2. * static_cast<double>(size.key_dim + size.value_dim);
  }
};

/// The lists. prefill and decode: shapes of real models and those of the targets; the others vary one role of
/// prefill/f32/h8_s2048_d128/full.
std::vector<bench_case> prefill_cases();
std::vector<bench_case> decode_cases();
std::vector<bench_case> mask_cases();
std::vector<bench_case> score_cases();
std::vector<bench_case> source_cases();
std::vector<bench_case> storage_cases();
std::vector<bench_case> epilogue_cases();
std::vector<bench_case> sparse_cases();
std::vector<bench_case> neighborhood_cases();
std::vector<bench_case> select_cases();
std::vector<bench_case> latent_cases();

/// What the roles are compared with.
bench_case plain_case();

} // namespace heed::bench
