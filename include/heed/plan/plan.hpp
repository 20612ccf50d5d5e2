// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Limits, shapes and the workspace that they need: made once, serves all layers and steps.
#include <heed/plan/limits.hpp>
#include <heed/plan/tile_shape.hpp>

namespace heed {

/// One line of text in the object itself.
struct plan_text {
  char text[1280];
  [[nodiscard]] HEED_INLINE const char* c_str() const noexcept { return text; }
};

/// What make_plan chose. A value: copy it, share it between threads. It means the same in every translation unit.
///
/// Workspace    workspace_bytes(workers), owned by the caller, any alignment, one per run under way
class plan {
public:
  /// The numbers that a plan consists of; filled by make_plan.
  struct figures {
    batch_shape limits;
    kv_dims dims{};
    tile_shape shape;
    index_t accum_bytes = 0;
    index_t panel_lanes = 0, vector_lanes = 0;
    index_t worker_bytes = 0;                 ///< scratch of one worker
    index_t tiles = 0, observer_tasks = 0;    ///< at most
    index_t record_bytes = 0, task_bytes = 0; ///< of a tile and of a task
    /// Of one group of tiles that is split: chunks, chunk states of all its tiles, and their numbers.
    index_t group_chunks = 0, group_states = 0, group_numbers = 0;
    bool any_tiles = false;  ///< the mask may cut tiles or tell heads apart
    bool any_pieces = false; ///< pieces of a prompt may have few rows
    bool observed = false;   ///< observers were given: the log-sum-exp of every row is kept for them
    const char* isa = "";
  };

  constexpr plan() noexcept = default;
  HEED_INLINE explicit plan(const figures& f) noexcept : f_(f) {}

  [[nodiscard]] HEED_INLINE const figures& numbers() const noexcept { return f_; }
  [[nodiscard]] HEED_INLINE bool valid() const noexcept { return f_.accum_bytes > 0; }

  /// Groups of tiles that may be split into chunk tasks: those dearer than a quarter of a worker's share.
  [[nodiscard]] HEED_INLINE index_t split_groups(index_t workers) const noexcept {
    return workers > 1 ? lesser(f_.tiles, detail::capped_product(4, workers)) : 0;
  }
  /// Bytes that run needs for an executor of so many workers; 2^62 stands for any larger number. A run with observers
  /// of a plan that was made without any needs kept_bytes() more.
  [[nodiscard]] HEED_INLINE index_t workspace_bytes(index_t workers) const noexcept {
    constexpr index_t line = 64;
    const index_t groups = split_groups(workers);
    using detail::capped_product;
    const index_t group_bytes =
        detail::capped_sum(capped_product(f_.group_states, static_cast<index_t>(sizeof(index_t))),
                           capped_product(f_.group_numbers, f_.accum_bytes));
    return detail::capped_sum(capped_product(workers, f_.worker_bytes), capped_product(f_.tiles, f_.record_bytes),
                              capped_product(task_count(workers), f_.task_bytes), capped_product(groups, group_bytes),
                              f_.observed ? kept_bytes() : 0, 16 * line);
  }
  /// Bytes of the log-sum-exp of every row, which a run with observers keeps.
  [[nodiscard]] HEED_INLINE index_t kept_bytes() const noexcept {
    return detail::capped_product(detail::capped_product(f_.limits.tokens, f_.limits.q_heads), f_.accum_bytes);
  }
  /// Tasks that a work list may hold.
  [[nodiscard]] HEED_INLINE index_t task_count(index_t workers) const noexcept {
    return greater(detail::capped_sum(f_.tiles, detail::capped_product(split_groups(workers), f_.group_chunks)),
                   f_.observer_tasks);
  }

private:
  figures f_;
};

namespace detail {
/// Kernels, instruction set, tiles and splits of a plan in words, each with its reason.
HEED_INLINE void put_choice(text_buffer& b, const plan& p, index_t workers) noexcept {
  const plan::figures& f = p.numbers();
  const index_t group = f.dims.kv_heads > 0 ? f.limits.q_heads / f.dims.kv_heads : 0;
  const bool decode_only = !f.any_pieces && capped_product(f.limits.rows(), group) <= f.shape.few_lanes;
  const auto put_blocks = [&](index_t keys, index_t slots) HEED_BODY {
    b.put(", blocks of ");
    b.put(keys);
    b.put(" keys, chunks of ");
    b.put(slots);
    b.put(" slots; ");
  };
  if (!decode_only) {
    b.put(f.any_pieces ? "prefill (pieces of prompts) " : "prefill (rows x group > ");
    if (!f.any_pieces) {
      b.put(f.shape.few_lanes);
      b.put(") ");
    }
    b.put(f.shape.panels);
    b.put(" x ");
    b.put(f.panel_lanes);
    b.put(" lanes (tuned for dims ");
    b.put(f.dims.key_dim);
    b.put(", ");
    b.put(f.dims.value_dim);
    b.put(")");
    put_blocks(f.shape.block_keys, f.shape.chunk_slots);
  }
  if (group <= f.shape.few_lanes) {
    b.put("decode (rows x group <= ");
    b.put(f.shape.few_lanes);
    b.put(")");
    put_blocks(f.shape.decode_block_keys, f.shape.decode_chunk_slots);
  }
  b.put("isa ");
  b.put(f.isa);
  b.put(", ");
  b.put(f.vector_lanes);
  b.put(" lanes of ");
  b.put(f.accum_bytes * 8);
  b.put(" bits; up to ");
  b.put(p.split_groups(workers));
  b.put(workers > 1 ? " tiles split, so that none keeps one of " : " tiles split for ");
  b.put(workers);
  b.put(workers > 1 ? " workers alone" : " worker");
}
} // namespace detail

/// Says in one line which kernels, instruction set and tiles a plan uses, and why.
[[nodiscard]] HEED_INLINE plan_text explain(const plan& p, index_t workers = 1) noexcept {
  plan_text t;
  detail::text_buffer b{t.text, static_cast<index_t>(sizeof t.text)};
  detail::put_choice(b, p, workers);
  b.put("; workspace ");
  b.put(p.workspace_bytes(workers));
  b.put(" bytes");
  return t;
}

} // namespace heed
