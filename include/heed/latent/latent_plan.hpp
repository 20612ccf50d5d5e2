// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// What a latent layer needs for calls within limits: the plans of its two forms and one workspace for both.
#include <heed/detail/arena.hpp>
#include <heed/latent/expanded_rows.hpp>
#include <heed/latent/latent_shape.hpp>
#include <heed/plan/plan.hpp>

namespace heed {

/// form: which form calls take. expand_slots: cached rows that the naive form expands at a time; longer sequences are
/// cut there, attended to part by part and merged by log-sum-exp. The place of the cut is part of the bits.
struct latent_options {
  latent_form form = latent_form::by_cost;
  index_t expand_slots = 1024;
};

/// Made once by make_latent_plan, serves all layers of one shape. A value.
///
/// Workspace    workspace_bytes(workers), owned by the caller, any alignment, one per run under way. It grows with the
///              tokens of one call and with expand_slots x heads, never with the cache
class latent_plan {
public:
  struct figures {
    latent_shape shape;
    latent_options options;
    batch_shape limits;
    plan naive, absorbed;        ///< not valid() where no call can take the form
    index_t absorbed_tokens = 0; ///< query tokens that the absorbed form takes at a time
    index_t naive_tokens = 0;    ///< likewise
    index_t expanded_room = 0;   ///< cached rows expanded at a time, of all sequences
    index_t accum_bytes = 0;
  };

  constexpr latent_plan() noexcept = default;
  HEED_INLINE explicit latent_plan(const figures& f) noexcept : f_(f) {}
  [[nodiscard]] HEED_INLINE const figures& numbers() const noexcept { return f_; }
  [[nodiscard]] HEED_INLINE bool valid() const noexcept { return f_.accum_bytes > 0; }
  [[nodiscard]] HEED_INLINE const latent_shape& shape() const noexcept { return f_.shape; }

  /// Whether a sequence of a call takes the naive form. Its own rows and slots decide, so that its bits do not depend
  /// on what else is in the batch.
  [[nodiscard]] HEED_INLINE bool expands(index_t rows, index_t slots) const noexcept {
    if (f_.options.form != latent_form::by_cost) return f_.options.form == latent_form::naive;
    return cheaper_form(f_.shape, rows, slots) == latent_form::naive;
  }
  /// Bytes that a run needs for an executor of so many workers; 2^62 stands for any larger number.
  [[nodiscard]] HEED_INLINE index_t workspace_bytes(index_t workers) const noexcept {
    using detail::capped_product;
    using detail::capped_sum;
    const latent_shape& s = f_.shape;
    constexpr index_t line = detail::arena::line;
    const auto row_bytes = [&](index_t heads, index_t numbers)
                               HEED_BODY { return capped_product(heads * numbers, f_.accum_bytes); };
    index_t absorbed = 0, naive = 0;
    if (f_.absorbed.valid())
      absorbed = capped_sum(capped_product(f_.absorbed_tokens, row_bytes(s.heads, s.key_dim() + s.rank)),
                            f_.absorbed.workspace_bytes(workers), 4 * line);
    if (f_.naive.valid()) {
      constexpr auto list = static_cast<index_t>(sizeof(index_t) + sizeof(std::byte*) + sizeof(float));
      naive = capped_sum(capped_product(f_.expanded_room, row_bytes(s.heads, s.head_dim() + s.value) + list),
                         capped_product(f_.naive_tokens, row_bytes(s.heads, 2 * (s.value + 1))),
                         f_.naive.workspace_bytes(workers), 12 * line);
    }
    const index_t offsets = capped_product(2 * (f_.limits.sequences + 1), static_cast<index_t>(sizeof(index_t)));
    return capped_sum(greater(absorbed, naive), offsets, 4 * line);
  }

private:
  figures f_;
};

namespace detail {
inline namespace HEED_ISA {

/// Sequences from `first` on that go together: of one form, as many as the plan has room for. Expanded together they
/// are of one order too, so that what a sequence's kernel may rely on does not hang on its neighbours.
template <class K>
HEED_NOINLINE range group_from(const latent_plan& made, const K& kv, const call_extents& e, index_t first,
                               latent_form& form) noexcept {
  const latent_plan::figures& f = made.numbers();
  range group{first, first};
  index_t tokens = 0, slots = 0;
  bool ordered = false;
  for (; group.end < e.sequences; ++group.end) {
    const index_t rows = e.rows(group.end), held = kv.slots(group.end, 0);
    if (rows == 0) continue;
    const latent_form one = made.expands(rows, held) ? latent_form::naive : latent_form::absorbed;
    const index_t expanded = one == latent_form::naive ? held : 0;
    const bool in_parts = expanded > f.options.expand_slots; // goes alone
    if (tokens == 0) {
      form = one;
      ordered = kv.ordered(group.end, 0);
    } else if (one != form || in_parts || slots + expanded > f.expanded_room ||
               (one == latent_form::naive && kv.ordered(group.end, 0) != ordered) ||
               tokens + rows > (one == latent_form::naive ? f.naive_tokens : f.absorbed_tokens))
      break;
    tokens += rows;
    slots += expanded;
    if (in_parts) {
      ++group.end;
      break;
    }
  }
  if (tokens == 0) form = latent_form::by_cost; // nothing to do
  return group;
}

/// The most rows of a sequence of at most max_slots slots that take the absorbed form.
HEED_NOINLINE inline index_t most_absorbed_rows(const latent_shape& s, const latent_options& options,
                                                const batch_shape& limits) noexcept {
  if (options.form == latent_form::absorbed) return limits.rows();
  if (options.form == latent_form::naive) return 0;
  if (s.head_dim() + s.value >= s.key_dim() + s.rank) return limits.rows();
  index_t fits = 0, beyond = limits.rows() + 1;
  while (beyond - fits > 1) {
    const index_t middle = fits + (beyond - fits) / 2;
    (cheaper_form(s, middle, limits.max_slots) == latent_form::absorbed ? fits : beyond) = middle;
  }
  return fits;
}
/// The most slots of a sequence that take the naive form.
HEED_NOINLINE inline index_t most_naive_slots(const latent_shape& s, const latent_options& options,
                                              const batch_shape& limits) noexcept {
  if (options.form == latent_form::naive) return limits.max_slots;
  if (options.form == latent_form::absorbed) return -1;
  index_t fits = 0, beyond = limits.max_slots + 1;
  while (beyond - fits > 1) {
    const index_t middle = fits + (beyond - fits) / 2;
    (cheaper_form(s, limits.rows(), middle) == latent_form::naive ? fits : beyond) = middle;
  }
  return fits;
}

} // namespace HEED_ISA
} // namespace detail

/// Says in one line which form a sequence of a call takes and why, and what each form runs on.
[[nodiscard]] HEED_INLINE plan_text explain(const latent_plan& p, index_t workers = 1) noexcept {
  const latent_plan::figures& f = p.numbers();
  plan_text t;
  detail::text_buffer b{t.text, static_cast<index_t>(sizeof t.text)};
  b.put(f.options.form == latent_form::by_cost ? "the form with fewer multiply-adds; " : "the form of the options; ");
  if (f.absorbed.valid()) {
    b.put("absorbed (up to ");
    b.put(detail::most_absorbed_rows(f.shape, f.options, f.limits));
    b.put(" rows of a sequence of ");
    b.put(f.limits.max_slots);
    b.put(" slots): ");
    detail::put_choice(b, f.absorbed, workers);
    b.put("; ");
  }
  if (f.naive.valid()) {
    b.put("naive (");
    b.put(f.absorbed.valid() ? "more rows, " : "");
    b.put(f.expanded_room);
    b.put(" slots expanded at a time): ");
    detail::put_choice(b, f.naive, workers);
    b.put("; ");
  }
  b.put("workspace ");
  b.put(p.workspace_bytes(workers));
  b.put(" bytes");
  return t;
}

} // namespace heed
