// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Random lives of one layer's cache under a policy, beside a reference that sorts: what is kept must be the same at
// every eviction, whatever came before. Rows hold their own position, so that a cache shows what it kept.
#include <heed/evict/cache_policy.hpp>
#include <heed/kv/contiguous_cache.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <support/random.hpp>
#include <vector>

namespace heed::test {

inline std::size_t at(index_t i) noexcept { return static_cast<std::size_t>(i); }
using slot_list = std::vector<index_t>;
using lists = std::vector<slot_list>;              ///< of slots, one per key-value head
using head_rows = std::vector<std::vector<float>>; ///< of scores, one per head

/// The heads of a layer.
struct layer_heads {
  index_t q_heads = 1, kv_heads = 1;
  [[nodiscard]] index_t group() const { return q_heads / kv_heads; }
};
inline layer_heads drawn_heads(random& draw) {
  const index_t kv_heads = draw.integer(1, 3);
  return {kv_heads * draw.integer(1, 3), kv_heads};
}

// ---- the pieces that references are made of: as the sources describe them, one window and one sort at a time --------

/// The slots of [0, n) that are in, ascending: the protected ends, and the best of the rest. Ties: lower slot.
inline slot_list best(const std::vector<float>& scores, index_t sinks, index_t recent, index_t budget) {
  const auto n = static_cast<index_t>(scores.size());
  slot_list in, free;
  for (index_t i = 0; i < n; ++i) (i < sinks || i >= n - recent ? in : free).push_back(i);
  std::stable_sort(free.begin(), free.end(), [&](index_t a, index_t b) { return scores[at(a)] > scores[at(b)]; });
  while (static_cast<index_t>(in.size()) < budget && !free.empty()) {
    in.push_back(free.front());
    free.erase(free.begin());
  }
  std::sort(in.begin(), in.end());
  return in;
}
inline slot_list first_and_last(index_t n, index_t sinks, index_t budget) {
  slot_list in;
  for (index_t i = 0; i < n; ++i)
    if (n <= budget || i < sinks || i >= n - (budget - sinks)) in.push_back(i);
  return in;
}
/// One window after the other over a padded prefix; what lies behind the prefix is 0.
inline std::vector<float> pooled_prefix(std::vector<float> x, index_t prefix, index_t width, bool average) {
  const std::vector<float> before = x;
  for (index_t i = 0; i < static_cast<index_t>(x.size()); ++i) {
    float sum = 0, most = -INFINITY;
    for (index_t j = i - width / 2; j <= i + width / 2; ++j) {
      if (j < 0 || j >= prefix) continue;
      sum += before[at(j)];
      most = std::max(most, before[at(j)]);
    }
    x[at(i)] = i >= prefix ? 0.f : average ? sum / static_cast<float>(width) : most;
  }
  return x;
}
/// The mean of the rows [first, first + count).
inline std::vector<float> mean_of(const head_rows& rows, index_t first, index_t count) {
  std::vector<float> out = rows[at(first)];
  for (index_t i = 1; i < count; ++i)
    for (std::size_t j = 0; j < out.size(); ++j) out[j] += rows[at(first + i)][j];
  for (float& x : out) x /= static_cast<float>(count);
  return out;
}

// ---- the run --------------------------------------------------------------------------------------------------------

/// Scores with many ties; in some lives all equal, huge or negative, so that protection must not lean on them.
inline float drawn_score(random& draw, int mood) {
  if (mood == 0) return .5f;
  if (mood == 1) return 1e30f * draw.unit();
  if (mood == 2) return -1.f - static_cast<float>(draw.integer(0, 3));
  return static_cast<float>(draw.integer(0, 12)) / 8.f;
}
inline head_rows drawn_sums(random& draw, int mood, index_t heads, index_t slots) {
  head_rows out(at(heads), std::vector<float>(at(slots)));
  for (auto& row : out)
    for (float& x : row) x = drawn_score(draw, mood);
  return out;
}

/// What a reference is: sees(lengths, sums) after rows that are all observed; keep(lengths, sums) says which slots stay
/// (sums: of the last rows, where these are observed) and takes note; reset() between sequences.
template <class P, class Slow> class trace {
public:
  static constexpr index_t room = 96;
  trace(random& draw, const P& policy, const layer_heads& heads, index_t budget, Slow slow)
      : draw_(draw), policy_(policy), heads_(heads), budget_(budget), slow_(std::move(slow)),
        k_(at(room * heads.kv_heads)), v_(k_), bias_(k_), means_(at(2 * heads.kv_heads)), scores_(k_),
        lengths_(at(heads.kv_heads)), positions_(at(heads.kv_heads * room)), seen_(1), counts_(lengths_),
        slots_(lengths_), scored_(lengths_), budgets_(lengths_), held_(at(heads.kv_heads)),
        table_(view(scores_.data(), heads.kv_heads, room), scored_), kept_(heads.kv_heads, room),
        cache_(view(k_.data(), 1, room, heads.kv_heads, 1), view(v_.data(), 1, room, heads.kv_heads, 1),
               {lengths_,
                positions_,
                seen_,
                bias_,
                {{means_.data(), at(heads.kv_heads)},
                 {means_.data() + heads.kv_heads, at(heads.kv_heads)},
                 counts_,
                 slots_}}) {}

  /// Whether everything was the same in a life of `steps` steps.
  bool run(index_t steps) {
    mood_ = static_cast<int>(draw_.integer(0, 7));
    for (index_t i = 0; i < steps; ++i) {
      if (draw_.chance(9)) reset();
      if (!append(draw_.chance(3) ? draw_.integer(1, 20) : draw_.integer(1, 3))) continue;
      if (draw_.chance(2) && !evict()) return false;
    }
    return true;
  }

private:
  [[nodiscard]] slot_list lengths() const {
    slot_list n;
    for (index_t h = 0; h < heads_.kv_heads; ++h) n.push_back(cache_.slots(0, h));
    return n;
  }
  void reset() {
    (void)cache_.release(0);
    table_.clear();
    slow_.reset();
    for (slot_list& h : held_) h.clear();
  }
  /// The policy's own view of sums, which it may overwrite.
  void rescore(const head_rows& sums) {
    if constexpr (scoring_policy<P>) {
      const slot_list n = lengths();
      const auto width = static_cast<index_t>(sums.front().size());
      std::vector<float> flat;
      for (const auto& row : sums) flat.insert(flat.end(), row.begin(), row.end());
      for (index_t h = 0; h < heads_.kv_heads; ++h) (void)table_.resize(h, n[at(h)]);
      policy_.rescore(view(flat.data(), static_cast<index_t>(sums.size()), width), heads_.q_heads, table_);
    }
  }
  [[nodiscard]] head_rows sums_of(std::span<const index_t> chosen) {
    const slot_list n = lengths();
    const auto rows = chosen.empty() ? heads_.q_heads : static_cast<index_t>(chosen.size());
    return drawn_sums(draw_, mood_, rows, *std::max_element(n.begin(), n.end()));
  }
  bool append(index_t rows) {
    const auto seen = cache_.seen(0);
    std::vector<float> fresh;
    for (index_t t = 0; t < rows; ++t)
      for (index_t h = 0; h < heads_.kv_heads; ++h) fresh.push_back(static_cast<float>(seen + t));
    const auto x = view(std::as_const(fresh).data(), rows, heads_.kv_heads, 1);
    if (cache_.append(0, x, x)) return false; // full
    for (slot_list& h : held_)
      for (index_t t = 0; t < rows; ++t) h.push_back(seen + t);
    if constexpr (scoring_policy<P>)
      if (policy_.observes().which == observed_rows::kind::every) {
        const head_rows sums = sums_of({});
        rescore(sums);
        slow_.sees(lengths(), sums);
      }
    return true;
  }
  bool evict() {
    const slot_list before = lengths();
    head_rows sums;
    score_view scores(nullptr, heads_.kv_heads, 0, before.data());
    if constexpr (scoring_policy<P>) {
      const observed_rows o = policy_.observes();
      if (o.which == observed_rows::kind::last) {
        sums = sums_of(o.heads);
        rescore(sums);
      }
      scores = table_.view();
    }
    if (policy_.allocate(scores, budget_, budgets_) || policy_.keep(scores, budgets_, kept_)) return false;
    const lists expected = slow_.keep(before, sums);
    for (index_t h = 0; h < heads_.kv_heads; ++h) {
      const auto got = kept_.list(h);
      if (!std::equal(got.begin(), got.end(), expected[at(h)].begin(), expected[at(h)].end())) return false;
      if (!apply(h, expected[at(h)])) return false;
      if (scoring_policy<P> && table_.keep(h, got)) return false;
    }
    return true;
  }
  /// Lets the cache keep the slots, and compares what it then shows.
  bool apply(index_t h, const slot_list& slots) {
    slot_list after;
    for (const index_t slot : slots) after.push_back(held_[at(h)][at(slot)]);
    dropped_rows dropped = dropped_rows::forgotten;
    if constexpr (folding_policy<P>) dropped = policy_.dropped(h);
    if (dropped == dropped_rows::folded && slots.size() < held_[at(h)].size()) {
      // The compensated slot has the youngest position that it stands for.
      for (const index_t p : held_[at(h)])
        if (!std::binary_search(after.begin(), after.end(), p)) youngest_ = p;
      after.insert(std::upper_bound(after.begin(), after.end(), youngest_), youngest_);
    }
    if (cache_.keep(0, h, slots, dropped)) return false;
    held_[at(h)] = after;
    const auto kv = cache_.source();
    const index_t n = cache_.slots(0, h), folded = cache_.compensated_slot(0, h);
    if (n != static_cast<index_t>(after.size())) return false;
    for (index_t i = 0; i < n; ++i) {
      const kv_rows r = kv.rows(0, h, {i, i + 1});
      const float value = *reinterpret_cast<const float*>(r.value);
      if (r.positions[0] != after[at(i)]) return false;
      if (i != folded && value != static_cast<float>(after[at(i)])) return false;
      if (i == folded && !slow_.stands_for(h, cache_.folded(0, h), value, r.bias[0])) return false;
    }
    return true;
  }

  random& draw_;
  P policy_;
  layer_heads heads_;
  index_t budget_, youngest_ = 0;
  int mood_ = 3;
  Slow slow_;
  std::vector<float> k_, v_, bias_, means_, scores_;
  slot_list lengths_, positions_, seen_, counts_, slots_, scored_, budgets_;
  lists held_; ///< positions
  score_table table_;
  kept_lists kept_;
  contiguous_cache<float, float> cache_;
};

/// A reference without memory.
struct no_memory {
  void reset() {}
  void sees(const slot_list&, const head_rows&) {}
  [[nodiscard]] bool stands_for(index_t, index_t, float, float) const { return false; }
};

/// SnapKV's scores: every query head pooled, the mean of a group (or of all heads) taken, the window protected.
struct slow_window : no_memory {
  layer_heads heads;
  index_t window, width;
  bool average, of_layer;
  index_t budget;
  [[nodiscard]] head_rows scores(const slot_list& slots, const head_rows& sums) const {
    head_rows out;
    for (index_t h = 0; h < heads.kv_heads; ++h) {
      const index_t n = slots[at(h)], first = of_layer ? 0 : h * heads.group();
      const index_t count = of_layer ? static_cast<index_t>(sums.size()) : heads.group();
      head_rows pooled;
      for (index_t i = first; i < first + count; ++i) {
        std::vector<float> x(sums[at(i)].begin(), sums[at(i)].begin() + n);
        pooled.push_back(pooled_prefix(x, n - window, width, average));
      }
      out.push_back(mean_of(pooled, 0, count));
    }
    return out;
  }
  [[nodiscard]] lists keep(const slot_list& slots, const head_rows& sums) const {
    lists out;
    for (const auto& s : scores(slots, sums)) out.push_back(best(s, 0, window, budget));
    return out;
  }
};

/// Runs HEED_TEST_CASES lives (2000); one(draw) runs one and says whether all was the same.
template <class F> void run_traces(const char* policy, std::uint64_t seed, const F& one) {
  const char* text = std::getenv("HEED_TEST_CASES");
  const long cases = text != nullptr && *text != '\0' ? std::strtol(text, nullptr, 10) : 2000;
  const std::uint64_t first = text != nullptr ? announced_seed(policy, seed) : seed_or(seed);
  for (long i = 0; i < cases; ++i) {
    random draw(first + static_cast<std::uint64_t>(i));
    ASSERT_TRUE(one(draw)) << policy << ": life " << i
                           << ", replay: HEED_TEST_CASES=1 HEED_TEST_SEED=" << first + static_cast<std::uint64_t>(i);
  }
}

} // namespace heed::test
