// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "prefill_selection.hpp"

#include "attention.hpp"

#include <heed/kv/contiguous.hpp>
#include <heed/select/anchor_attn.hpp>
#include <heed/select/proxy_attn.hpp>
#include <heed/select/vertical_slash.hpp>
#include <heed/select/xattention.hpp>
#include <heed/sparse/quality.hpp>

#include <algorithm>
#include <variant>

namespace llama {
namespace {

const std::vector<setting_rule>& rules() {
  using k = key_kind;
  constexpr double most = 1 << 20;
  const setting_key block{"block", k::count, "32", 1, 4096};
  static const std::vector<setting_rule> all = {
      {"proxy_attn",
       {block,
        {"stride", k::count, "4", 1, 4096},
        {"groups", k::count, "1", 1, 4096},
        {"gamma", k::number, "0.7", 0, 1},
        {"min_tokens", k::count, "64", 0, most}}},
      {"anchor_attn", {block, {"step", k::count, "2", 1, 4096}, {"theta", k::number, "4", -1000, 1000}}},
      {"xattention", {block, {"stride", k::count, "8", 1, 4096}, {"threshold", k::number, "0.7", 0, 1}}},
      {"vertical_slash",
       {block,
        {"vertical", k::count, "32", 0, most},
        {"slash", k::count, "32", 1, most},
        {"last", k::count, "32", 1, 4096},
        {"first", k::count, "4", 0, most},
        {"near", k::count, "16", 1, most}}}};
  return all;
}

using any_selector = std::variant<heed::proxy_attn, heed::anchor_attn, heed::xattention, heed::vertical_slash>;

any_selector selector_of(const setting& s) {
  const index_t block = s.count("block");
  if (s.name() == "proxy_attn")
    return heed::proxy_attn{.block = block,
                            .stride = s.count("stride"),
                            .groups = s.count("groups"),
                            .gamma = s.number("gamma"),
                            .min_tokens = s.count("min_tokens")};
  if (s.name() == "anchor_attn")
    return heed::anchor_attn{.block = block, .step = s.count("step"), .theta = s.number("theta")};
  if (s.name() == "xattention")
    return heed::xattention{.block = block, .stride = s.count("stride"), .threshold = s.number("threshold")};
  return heed::vertical_slash{.vertical = s.count("vertical"),
                              .slash = s.count("slash"),
                              .last = s.count("last"),
                              .block = block,
                              .granule = 1,
                              .first_columns = s.count("first"),
                              .near_diagonals = s.count("near"),
                              .least_vertical = 0,
                              .least_slash = 1};
}

class prompt_cache final : public selecting_cache {
public:
  prompt_cache(const model_shape& shape, const cache_options& options, const any_selector& selector,
               selection_checks checks, heed::thread_pool& pool)
      : shape_(shape), room_(options.max_tokens), pool_(pool), selector_(selector), checks_(checks),
        keys_(static_cast<std::size_t>(shape.layers * room_ * shape.kv_heads * shape.key_dim)),
        values_(static_cast<std::size_t>(shape.layers * room_ * shape.kv_heads * shape.value_dim)),
        decode_(pool, {1, 1, shape.q_heads, room_}, source(0, 0), heed::causal{}) {}

  [[nodiscard]] index_t seen(index_t) const override { return seen_; }
  void begin_step(const step_rows& rows) override { step_ = rows; }
  void attend(index_t layer, const float* q, const float* k, const float* v, float* o) override {
    const index_t rows = step_.offsets.back(), key_row = shape_.kv_heads * shape_.key_dim,
                  value_row = shape_.kv_heads * shape_.value_dim;
    std::copy_n(k, rows * key_row, keys_.data() + (layer * room_ + seen_) * key_row);
    std::copy_n(v, rows * value_row, values_.data() + (layer * room_ + seen_) * value_row);
    const auto kv = source(layer, seen_ + rows);
    if (rows == 1) return decode_.run(shape_, step_, q, kv, o, heed::causal{});
    const auto queries = heed::view(q, rows, shape_.q_heads, shape_.key_dim);
    const auto keys = key_view(layer, seen_ + rows);
    const heed::selection_cost cost = std::visit(
        [&](const auto& how) { return heed::select(pool_, how, queries, keys, lists_, scratch_); }, selector_);
    heed::attend(pool_, queries, kv, heed::view(o, rows, shape_.q_heads, shape_.value_dim),
                 heed::all_of(lists_.mask(), heed::causal{}));
    ++report_.selections;
    density_ += cost.density();
    estimate_ += cost.dense_flops > 0 ? cost.estimate_flops / cost.dense_flops : 0;
    if (checks_ == selection_checks::off) return;
    constexpr index_t checked_rows = 8;
    recall_ += heed::measure_selection(pool_, queries, kv, lists_.mask(), heed::evenly_spaced_rows(rows, checked_rows))
                   .mean_recall;
  }
  void end_step() override { seen_ += step_.offsets.back(); }
  void release(index_t) override { seen_ = 0; }
  [[nodiscard]] index_t bytes() const override {
    return static_cast<index_t>((keys_.size() + values_.size()) * sizeof(float));
  }
  [[nodiscard]] std::string kernel() const override { return decode_.text(); }
  [[nodiscard]] selection_report report() const override {
    selection_report r = report_;
    const auto n = static_cast<double>(std::max<index_t>(1, r.selections));
    r.recall = recall_ / n;
    r.density = density_ / n;
    r.estimate = estimate_ / n;
    return r;
  }

private:
  [[nodiscard]] heed::tensor_view<const float, 3> key_view(index_t layer, index_t rows) const {
    return heed::view(keys_.data() + layer * room_ * shape_.kv_heads * shape_.key_dim, rows, shape_.kv_heads,
                      shape_.key_dim);
  }
  [[nodiscard]] heed::contiguous_source<float, float> source(index_t layer, index_t rows) const {
    return heed::contiguous(key_view(layer, rows),
                            heed::view(values_.data() + layer * room_ * shape_.kv_heads * shape_.value_dim, rows,
                                       shape_.kv_heads, shape_.value_dim));
  }

  model_shape shape_;
  index_t room_, seen_ = 0;
  heed::thread_pool& pool_;
  any_selector selector_;
  selection_checks checks_;
  std::vector<float> keys_, values_;
  step_rows step_;
  heed::block_lists lists_;
  heed::select_scratch<float> scratch_;
  selection_report report_;
  double recall_ = 0, density_ = 0, estimate_ = 0;
  attention_plan decode_;
};

} // namespace

setting parse_prefill(const std::string& text) { return parse_setting("--prefill", text, rules()); }

index_t chunk_unit(const setting& prefill) {
  return prefill.count("block") * (prefill.has("step") ? prefill.count("step") : 1);
}

std::unique_ptr<selecting_cache> make_selecting_cache(const model_shape& shape, const cache_options& options,
                                                      const setting& prefill, selection_checks checks,
                                                      heed::thread_pool& pool) {
  if (!options.keep.keeps_all() || options.type != kv_type::f32 || options.sequences != 1 ||
      options.layout != cache_layout::contiguous)
    throw usage_error("--prefill works on one text with --policy full, --kv-type f32 and --layout contiguous");
  if (const index_t unit = chunk_unit(prefill);
      options.max_step % unit != 0 && options.max_step < options.prompt_tokens)
    throw usage_error("--chunk is " + std::to_string(options.max_step) + ", but with --prefill " + prefill.text() +
                      " it must be a multiple of " + std::to_string(unit));
  const any_selector selector = selector_of(prefill);
  const heed::failure f = std::visit(
      [&](const auto& how) {
        if constexpr (requires { how.check(); })
          return how.check();
        else
          return how.check(shape.kv_heads);
      },
      selector);
  if (f) throw usage_error("--prefill is \"" + prefill.text() + "\": " + heed::error(f).what());
  return std::make_unique<prompt_cache>(shape, options, selector, checks, pool);
}

} // namespace llama
