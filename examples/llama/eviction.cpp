// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "eviction.hpp"

#include <heed/evict/cache_budget.hpp>
#include <heed/evict/layer_budget.hpp>

#include <algorithm>

namespace llama {
namespace {

using kind = policy::kind;

void check(const policy& keep, const heed::failure& f) {
  if (f) throw usage_error("--policy is \"" + keep.text() + "\": " + heed::error(f).what());
}

heed::cache_budget budget_of(const policy& p) {
  return p.how.is_fraction("budget") ? heed::cache_budget::fraction(p.how.number("budget"))
                                     : heed::cache_budget::tokens(p.how.count("budget"));
}

heed::pooling pool_of(const policy& p, heed::pooling::kind how) { return {how, p.how.count("pool")}; }

/// A policy that is the same in every layer.
chosen_policy one_policy(const policy& p, index_t layer_budget) {
  using average = heed::pooling::kind;
  const setting& how = p.how;
  switch (p.rule) {
  case kind::h2o: {
    const auto recent = static_cast<index_t>(how.number("recent") * static_cast<double>(layer_budget));
    return {heed::h2o{.heavy = layer_budget - recent, .recent = recent}};
  }
  case kind::tova:
    return {heed::tova{}};
  case kind::snap_kv:
    return {heed::snap_kv{how.count("window"), pool_of(p, average::average)}};
  case kind::pyramid_kv:
    return {heed::pyramid_kv{how.count("window"), pool_of(p, average::maximum)}};
  case kind::ada_kv:
    return {heed::ada_kv{how.count("window"), pool_of(p, average::maximum), {}, how.number("alpha")}};
  default:
    throw usage_error("--policy is \"" + p.text() + "\", which does not evict");
  }
}

void plan_layers(eviction_plan& out, const policy& p, const heed::cache_size& size) {
  const index_t total = budget_of(p).layer_tokens(size), mean = total / size.layers;
  if (p.rule == kind::pyramid_kv) {
    const index_t window = p.how.count("window"), least = window + 1;
    check(p, heed::pyramid_layers{{window, p.how.count("beta"), size.tokens}}.allocate(total, out.budgets));
    // The tip of a small pyramid is the window alone, but a layer that scores needs a token to choose.
    for (index_t& b : out.budgets) b = std::max(b, least);
    if (mean >= least) static_cast<void>(heed::repair_sum(out.budgets, total, {least, size.tokens}));
  } else {
    check(p, heed::uniform_layers{}.allocate(total, out.budgets));
  }
  out.policies.assign(1, one_policy(p, mean));
  // These look at every row, so that they go on while the text grows.
  if (p.rule == kind::h2o || p.rule == kind::tova) out.when.every_steps = 1;
}

void plan_compress_kv(eviction_plan& out, const policy& p, const head_profile& profile, const heed::cache_size& size,
                      index_t q_heads) {
  const index_t total = budget_of(p).layer_tokens(size), mean = total / size.layers, window = p.how.count("window");
  for (index_t l = 0; l < size.layers; ++l) {
    std::vector<index_t>& votes = out.voters.emplace_back(static_cast<std::size_t>(p.how.count("heads")));
    votes.resize(
        static_cast<std::size_t>(heed::retrieval_votes(profile.retrieval_heads[static_cast<std::size_t>(l)], votes)));
  }
  for (const std::vector<index_t>& votes : out.voters)
    out.policies.push_back({heed::compress_kv{votes, window, pool_of(p, heed::pooling::kind::average)}});
  check(p, out.policies.front().check(q_heads, size.kv_heads, mean)); // a budget below the window, in its own words
  // As the authors': at least 32 tokens a layer and at most three times the mean, where the mean allows 32 at all.
  const index_t least = std::min(std::max<index_t>(32, window + 1), mean);
  check(p, heed::weighted_layers{profile.layer_error, {least, 3 * mean}}.allocate(total, out.budgets));
}

std::span<const heed::head_source> kinds_of(const eviction_plan& plan, const heed::cache_size& size, index_t layer) {
  return std::span(plan.kinds)
      .subspan(static_cast<std::size_t>(layer * size.kv_heads), static_cast<std::size_t>(size.kv_heads));
}

void plan_duo_attention(eviction_plan& out, const policy& p, const head_profile& profile,
                        const heed::cache_size& size) {
  const std::vector<float>& gates =
      p.how.word("gates") == "position" ? profile.position_gates : profile.reconstruction_gates;
  const index_t heads = size.layers * size.kv_heads, rows = p.how.has("budget") ? budget_of(p).rows(size) : 0;
  index_t sinks = p.how.count("sinks"), recent = p.how.count("recent");
  if (!p.how.has("budget")) {
    heed::binarise(gates, 1 - p.how.number("full"), out.kinds);
  } else {
    // A budget that no full head fits into is met by shorter windows.
    if (rows < heads * (sinks + recent)) recent = std::max<index_t>(1, rows / heads - sinks);
    heed::full_heads_by_count(gates, heed::full_heads_within(rows, heads, size.tokens, sinks + recent), out.kinds);
  }
  out.budgets.assign(1, sinks + recent);
  for (index_t l = 0; l < size.layers; ++l)
    out.policies.push_back({heed::duo_attention{kinds_of(out, size, l), sinks, recent}});
}

void plan_razor_attention(eviction_plan& out, const policy& p, const head_profile& profile,
                          const heed::cache_size& size) {
  const index_t sinks = p.how.count("sinks"), heads = size.layers * size.kv_heads;
  std::vector<float> scratch(out.kinds.size());
  heed::retrieval_heads(profile.echo, profile.induction, p.how.number("echo"), p.how.number("induction"), scratch,
                        out.kinds);
  const index_t full = std::count(out.kinds.begin(), out.kinds.end(), heed::head_source::first);
  index_t streaming = size.tokens;
  if (!p.how.has("budget")) // sinks, the token that stands for all that was dropped, and the local length
    streaming = sinks + 1 + p.how.tokens("local", size.tokens);
  else if (full < heads)
    streaming = (budget_of(p).rows(size) - full * size.tokens) / (heads - full);
  if (streaming < sinks + 2)
    throw usage_error("--policy is \"" + p.text() + "\", but " + std::to_string(full) + " of " + std::to_string(heads) +
                      " heads keep everything, and the others need " + std::to_string(sinks + 2) + " tokens each");
  out.budgets.assign(1, streaming);
  for (index_t l = 0; l < size.layers; ++l)
    out.policies.push_back({heed::razor_attention{kinds_of(out, size, l), sinks}});
  out.when.every_steps = 1;
}

} // namespace

eviction_plan plan_eviction(const policy& keep, const model_shape& shape, const head_profile* profile,
                            index_t prompt_tokens) {
  const heed::cache_size size{shape.layers, shape.kv_heads, prompt_tokens, 1};
  eviction_plan out;
  out.budgets.resize(static_cast<std::size_t>(shape.layers));
  out.kinds.resize(static_cast<std::size_t>(shape.layers * shape.kv_heads));
  if (keep.needs_profile() && profile == nullptr)
    throw usage_error("--policy is \"" + keep.text() + "\", which needs a profile of the model's heads");
  if (keep.rule == kind::compress_kv)
    plan_compress_kv(out, keep, *profile, size, shape.q_heads);
  else if (keep.rule == kind::duo_attention)
    plan_duo_attention(out, keep, *profile, size);
  else if (keep.rule == kind::razor_attention)
    plan_razor_attention(out, keep, *profile, size);
  else
    plan_layers(out, keep, size);
  for (std::size_t l = 0; l < static_cast<std::size_t>(shape.layers); ++l)
    check(keep, out.policies[out.policies.size() > 1 ? l : 0].check(shape.q_heads, shape.kv_heads,
                                                                    out.budgets[out.budgets.size() > 1 ? l : 0]));
  return out;
}

} // namespace llama
