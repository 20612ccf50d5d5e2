// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "layer_error.hpp"

#include "reader.hpp"

#include <heed/attention.hpp>
#include <heed/evict/compress_kv.hpp>
#include <heed/kv/contiguous.hpp>
#include <heed/kv/gathered.hpp>

#include <algorithm>

namespace profile {
namespace {

constexpr index_t window = 8, scoring_heads = 4;

/// The shadow caches of all layers: lists of slots of the full cache.
class shadows {
public:
  shadows(const llama::language_model& model, heed::thread_pool& pool, index_t kept,
          const std::vector<std::vector<index_t>>& retrieval_heads, index_t most_tokens)
      : model_(model), pool_(pool), kept_(kept) {
    const llama::model_shape& s = model.weights.shape();
    for (index_t l = 0; l < s.layers; ++l) {
      std::vector<index_t>& votes = heads_.emplace_back(static_cast<std::size_t>(std::min(scoring_heads, s.q_heads)));
      votes.resize(
          static_cast<std::size_t>(heed::retrieval_votes(retrieval_heads[static_cast<std::size_t>(l)], votes)));
      lists_.emplace_back(s.kv_heads, most_tokens);
    }
  }
  /// Chooses the tokens of a prompt from the probabilities of its last rows.
  void choose(const layer_view& at) {
    const llama::model_shape& s = model_.weights.shape();
    const std::vector<index_t>& heads = heads_[static_cast<std::size_t>(at.layer)];
    std::vector<float> sums(heads.size() * static_cast<std::size_t>(at.slots));
    for (std::size_t i = 0; i < heads.size(); ++i)
      for (index_t r = 0; r < at.watched; ++r)
        for (index_t j = 0; j < at.slots; ++j)
          sums[i * static_cast<std::size_t>(at.slots) + static_cast<std::size_t>(j)] += at.row(heads[i], r)[j];
    const heed::compress_kv policy{.heads = heads, .window = window};
    heed::score_table scores(s.kv_heads, at.slots);
    std::vector<index_t> budgets(static_cast<std::size_t>(s.kv_heads));
    for (index_t h = 0; h < s.kv_heads; ++h) check(scores.resize(h, at.slots));
    policy.rescore(heed::view(sums.data(), static_cast<index_t>(heads.size()), at.slots), s.q_heads, scores);
    check(policy.allocate(scores, kept_, budgets));
    check(policy.keep(scores, budgets, lists_[static_cast<std::size_t>(at.layer)]));
  }
  /// The error of one row of a layer; its token joins the shadow.
  double step(const layer_view& at) {
    const llama::model_shape& s = model_.weights.shape();
    heed::kept_lists& list = lists_[static_cast<std::size_t>(at.layer)];
    for (index_t h = 0; h < s.kv_heads; ++h) list.push(h, at.slots - 1);
    std::vector<float> o(static_cast<std::size_t>(s.q_heads * s.value_dim)), shadow(static_cast<std::size_t>(s.width)),
        whole(shadow.size());
    const auto kv = heed::contiguous(heed::view(at.k, at.slots, s.kv_heads, s.key_dim),
                                     heed::view(at.v, at.slots, s.kv_heads, s.value_dim));
    heed::attend(pool_, heed::view(at.q, 1, s.q_heads, s.key_dim), heed::gathered(kv, list.as_gather()),
                 heed::view(o.data(), 1, s.q_heads, s.value_dim));
    const llama::linear& output = model_.weights.layers()[static_cast<std::size_t>(at.layer)].output;
    output.apply(pool_, o.data(), 1, shadow.data());
    output.apply(pool_, at.o, 1, whole.data());
    return relative_distance(shadow, whole);
  }

private:
  static void check(const heed::failure& f) {
    if (f) throw heed::error(f);
  }
  const llama::language_model& model_;
  heed::thread_pool& pool_;
  index_t kept_;
  std::vector<std::vector<index_t>> heads_;
  std::vector<heed::kept_lists> lists_;
};

} // namespace

layer_errors measure_layer_error(const llama::language_model& model, heed::thread_pool& pool,
                                 const std::vector<std::vector<index_t>>& retrieval_heads,
                                 const std::vector<needle::prompt_options>& prompts, const progress& told, index_t kept,
                                 index_t said) {
  const llama::model_shape& s = model.weights.shape();
  reader text(model, pool, longest(prompts) + said);
  shadows shadow(model, pool, kept, retrieval_heads, longest(prompts) + said);
  layer_errors out{std::vector<double>(static_cast<std::size_t>(s.layers))};
  index_t done = 0;
  for (const needle::prompt_options& o : prompts) {
    const std::vector<token_t> tokens = needle::draw_prompt(o).tokens;
    const std::span<const token_t> all = tokens, front = all.first(all.size() - static_cast<std::size_t>(window));
    text.begin();
    text.read(front, read_chunk, 0, {});
    token_t last = text.read(all.last(static_cast<std::size_t>(window)), window, window,
                             [&](const layer_view& at) { shadow.choose(at); });
    for (index_t t = 0; t < said; ++t, ++out.steps)
      last = text.read({&last, 1}, 1, 1,
                       [&](const layer_view& at) { out.share[static_cast<std::size_t>(at.layer)] += shadow.step(at); });
    if (told) told(++done, static_cast<index_t>(prompts.size()));
  }
  make_shares(out.share);
  return out;
}

} // namespace profile
