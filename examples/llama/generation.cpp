// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "generation.hpp"

#include <algorithm>
#include <chrono>

namespace llama {
namespace {

/// A place in the cache and the text that has it.
struct seat {
  std::size_t request = 0;
  bool taken = false;
  index_t read = 0; ///< prompt tokens that have been through the model
  token_t last = 0; ///< the newest token of the continuation
  sampler choose{0, 0};
};

} // namespace

std::vector<std::vector<token_t>> generate(engine& run, kv_cache& cache, const vocabulary& words,
                                           const std::vector<request>& requests, const generation_limits& limits,
                                           generation_speed& speed, const generation_events& events) {
  std::vector<std::vector<token_t>> out(requests.size());
  std::vector<seat> seats(static_cast<std::size_t>(limits.sequences));
  std::size_t waiting = 0;
  index_t read = 0, all = 0;
  for (const request& r : requests) all += static_cast<index_t>(r.prompt.size());
  if (events.progress) events.progress(0, all);

  for (batch b;;) {
    b = {{}, {0}, {}, {}};
    index_t prompt_rows = 0;
    for (seat& s : seats) {
      b.of_prompt.push_back(0);
      while (!s.taken && waiting < requests.size()) {
        const request& r = requests[waiting++];
        if (r.tokens == 0) continue;
        s = {waiting - 1, true, 0, 0, sampler(r.temperature, r.seed)};
        cache.expect(&s - seats.data(), static_cast<index_t>(r.prompt.size()) - r.late);
      }
      if (s.taken) {
        const std::vector<token_t>& prompt = requests[s.request].prompt;
        const auto length = static_cast<index_t>(prompt.size()), early = length - requests[s.request].late;
        if (s.read < length) {
          const index_t n = std::min(limits.chunk, (s.read < early ? early : length) - s.read);
          b.tokens.insert(b.tokens.end(), prompt.begin() + s.read, prompt.begin() + s.read + n);
          b.of_prompt.back() = 1;
          s.read += n;
          prompt_rows += n;
        } else {
          b.tokens.push_back(s.last);
        }
        if (s.read == length) b.logits_of.push_back(static_cast<index_t>(b.tokens.size()) - 1);
      }
      b.row_offsets.push_back(static_cast<index_t>(b.tokens.size()));
    }
    if (b.tokens.empty()) return out;

    const auto before = std::chrono::steady_clock::now();
    const std::span<const float> logits = run.step(b);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
    const auto rows = static_cast<index_t>(b.tokens.size());
    const double share = static_cast<double>(prompt_rows) / static_cast<double>(rows);
    speed.prefill_tokens += prompt_rows;
    speed.decode_tokens += rows - prompt_rows;
    speed.prefill_seconds += seconds * share;
    speed.decode_seconds += seconds * (1 - share);
    read += prompt_rows;
    if (events.progress && prompt_rows > 0) events.progress(read, all);

    std::size_t answered = 0;
    const auto vocabulary = static_cast<std::size_t>(words.size());
    for (std::size_t i = 0; i < seats.size(); ++i) {
      seat& s = seats[i];
      if (!s.taken || s.read < static_cast<index_t>(requests[s.request].prompt.size())) continue;
      s.last = s.choose.next(logits.subspan(vocabulary * answered++, vocabulary));
      std::vector<token_t>& text = out[s.request];
      if (s.last != words.end()) {
        text.push_back(s.last);
        if (events.token) events.token(s.request, s.last);
      }
      if (s.last == words.end() || static_cast<index_t>(text.size()) == requests[s.request].tokens) {
        speed.bytes_at_end = cache.bytes_held();
        if (events.ended) events.ended(s.request, static_cast<index_t>(i));
        cache.release(static_cast<index_t>(i));
        s.taken = false;
      }
    }
  }
}

} // namespace llama
