// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The example's engine on a file, with a cache of any kind: what the tests of the examples run.
#include "llama/generation.hpp"
#include "llama/language_model.hpp"

#include <algorithm>

namespace heed::testing_support {

/// A loaded model; from bytes that it owns, or from a path.
struct loaded_model {
  explicit loaded_model(std::string contents, const std::string& name = "x.gguf")
      : bytes(std::move(contents)), file({reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()}, name),
        lm(file) {}
  loaded_model(const loaded_model&) = delete;
  loaded_model& operator=(const loaded_model&) = delete;

  std::string bytes;
  llama::gguf_file file;
  llama::language_model lm;
};

/// What the rows of a step are said to be.
enum class chunk_kind : unsigned char { prompt, unsaid };

/// Logits [tokens][vocabulary] of a text read in chunks of these lengths, by a fresh cache.
inline std::vector<float> logits_in(const loaded_model& m, const std::vector<llama::token_t>& tokens,
                                    const std::vector<std::ptrdiff_t>& chunks, std::ptrdiff_t threads = 1,
                                    llama::cache_options options = {}, chunk_kind kind = chunk_kind::unsaid) {
  const auto n = static_cast<std::ptrdiff_t>(tokens.size());
  options.max_tokens = n;
  options.max_step = *std::max_element(chunks.begin(), chunks.end());
  heed::thread_pool pool(threads);
  const auto cache = llama::make_cache(m.lm.weights.shape(), options, pool);
  llama::engine engine(m.lm.weights, *cache, pool);
  std::vector<float> out;
  std::ptrdiff_t t = 0;
  for (const std::ptrdiff_t rows : chunks) {
    llama::batch b;
    b.tokens.assign(tokens.begin() + t, tokens.begin() + t + rows);
    b.row_offsets = {0, rows};
    if (kind == chunk_kind::prompt) b.of_prompt = {1};
    for (std::ptrdiff_t r = 0; r < rows; ++r) b.logits_of.push_back(r);
    const auto some = engine.step(b);
    out.insert(out.end(), some.begin(), some.end());
    t += rows;
  }
  return out;
}

/// The same with equal chunks, the last as long as the rest.
inline std::vector<float> logits_of(const loaded_model& m, const std::vector<llama::token_t>& tokens,
                                    std::ptrdiff_t chunk, std::ptrdiff_t threads,
                                    const llama::cache_options& options = {}, chunk_kind kind = chunk_kind::unsaid) {
  std::vector<std::ptrdiff_t> chunks;
  for (auto left = static_cast<std::ptrdiff_t>(tokens.size()); left > 0; left -= chunks.back())
    chunks.push_back(std::min(chunk, left));
  return logits_in(m, tokens, chunks, threads, options, kind);
}

struct run_options {
  std::ptrdiff_t threads = 1, chunk = 256, parallel = 1;
  llama::cache_options cache = {};
};

/// Continuations by a fresh cache.
inline std::vector<std::vector<llama::token_t>> continue_texts(const loaded_model& m,
                                                               const std::vector<llama::request>& requests,
                                                               const run_options& o,
                                                               std::ptrdiff_t* kv_bytes = nullptr) {
  llama::cache_options options = o.cache;
  for (const llama::request& r : requests)
    options.max_tokens = std::max(options.max_tokens, static_cast<std::ptrdiff_t>(r.prompt.size()) + r.tokens);
  options.sequences = o.parallel;
  options.max_step = o.chunk;
  heed::thread_pool pool(o.threads);
  const auto cache = llama::make_cache(m.lm.weights.shape(), options, pool);
  llama::engine engine(m.lm.weights, *cache, pool);
  llama::generation_speed speed;
  auto texts = llama::generate(engine, *cache, m.lm.words, requests, {o.parallel, o.chunk}, speed);
  if (kv_bytes != nullptr) *kv_bytes = cache->bytes();
  return texts;
}

} // namespace heed::testing_support
