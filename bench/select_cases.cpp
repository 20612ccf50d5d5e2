// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Selectors on a sequence with sinks, verticals, slashes and topics: attention over the lists that they give, and, as
// +estimate, the selection and that attention together. Their difference is what the estimate costs.
#include "bound_call.hpp"

#include <heed/testing/structured_sequence.hpp>

#include <algorithm>

namespace heed::bench {
namespace {

constexpr call_size prompt{1, 8192, 8192, 2, 2, 128, 128}, step{1, 1, 16384, 32, 8, 128, 128};

template <class Buffers> void draw(Buffers& b) {
  const testing::structured_sequence s(
      {.tokens = b.n.keys, .q_heads = b.n.q_heads, .kv_heads = b.n.kv_heads, .dim = b.n.key_dim});
  std::copy(s.q.end() - b.q.size(), s.q.end(), b.q.data());
  std::copy(s.k.begin(), s.k.end(), b.k.data());
  std::copy(s.v.begin(), s.v.end(), b.v.data());
}
template <class Buffers> auto keys_of(Buffers& b) {
  return view(static_cast<const float*>(b.k.data()), b.n.keys, b.n.kv_heads, b.n.key_dim);
}

/// Lists and what fills them, alive as long as the call.
struct selection {
  block_lists lists;
  select_scratch<float> scratch;
  std::function<void()> again;
};

/// A call that selects before it attends. The same inputs give the same lists in the same memory.
class selecting_call final : public prepared_call {
public:
  selecting_call(std::unique_ptr<prepared_call> call, std::shared_ptr<selection> selected)
      : call_(std::move(call)), selected_(std::move(selected)) {}
  void run() override {
    selected_->again();
    call_->run();
  }
  [[nodiscard]] double visible_pairs() const override { return call_->visible_pairs(); }
  [[nodiscard]] double bytes() const override { return call_->bytes(); }
  [[nodiscard]] std::string explanation() const override { return call_->explanation(); }
  [[nodiscard]] reference::result exact() const override { return call_->exact(); }
  [[nodiscard]] std::vector<double> output() const override { return call_->output(); }
  [[nodiscard]] storage output_type() const override { return call_->output_type(); }

private:
  std::unique_ptr<prepared_call> call_;
  std::shared_ptr<selection> selected_;
};

enum class measured : unsigned char { attention, both };

/// fill: (buffers, selection, pool) -> void(), which selects into the selection's lists.
template <class Fill>
bench_case selected_case(const std::string& name, const call_size& size, limit measured_by, measured what, Fill fill) {
  return {name + (what == measured::both ? "+estimate" : ""), size, measured_by,
          [=](const call_size& n, thread_pool& pool) -> std::unique_ptr<prepared_call> {
            const auto selected = std::make_shared<selection>();
            const auto call = make_case<float>(name, n, limit::arithmetic, [&pool, selected, fill](auto& b, index_t) {
              draw(b);
              b.owned.push_back(selected);
              selected->again = fill(b, *selected, pool);
              selected->again();
              return bind(b.rows_of(0), all_of(selected->lists.mask(), causal{}));
            });
            auto made = call.make(n, pool);
            if (what == measured::attention) return made;
            return std::make_unique<selecting_call>(std::move(made), selected);
          }};
}
template <class How> void prompt_cases(std::vector<bench_case>& list, const char* name, const How& how) {
  const auto fill = [how](auto& b, selection& s, thread_pool& pool) {
    return [how, q = b.queries(), k = keys_of(b), &s, &pool] { (void)select(pool, how, q, k, s.lists, s.scratch); };
  };
  for (const measured what : {measured::attention, measured::both})
    list.push_back(
        selected_case("prefill/f32/" + size_name(prompt) + "/causal+" + name, prompt, limit::arithmetic, what, fill));
}

/// A sixteenth of the prompt as it is, the groups before it pooled; +estimate: with their pooling.
bench_case core_context_case(measured what) {
  const std::string name = "prefill/f32/" + size_name(prompt) + "/causal+core_context";
  return {name + (what == measured::both ? "+estimate" : ""), prompt, limit::arithmetic,
          [=](const call_size& n, thread_pool& pool) -> std::unique_ptr<prepared_call> {
            const auto selected = std::make_shared<selection>();
            const core_context how{.group = 16, .local = n.keys / 16};
            const auto call = make_case<float>(name, n, limit::arithmetic, [&pool, selected, how](auto& b, index_t) {
              draw(b);
              b.owned.push_back(selected);
              const index_t groups = b.n.keys / how.group;
              const auto k = view(b.template keep<float>(groups * b.n.kv_heads * b.n.key_dim).data(), groups,
                                  b.n.kv_heads, b.n.key_dim);
              const auto v = view(b.template keep<float>(groups * b.n.kv_heads * b.n.value_dim).data(), groups,
                                  b.n.kv_heads, b.n.value_dim);
              const auto values = view(static_cast<const float*>(b.v.data()), b.n.keys, b.n.kv_heads, b.n.value_dim);
              selected->again = [=, q = b.queries(), keys = keys_of(b), &s = *selected, &pool] {
                pool_groups(pool, how, q, keys, values, k, v, s.scratch);
              };
              selected->again();
              return bind(joined(contiguous(k, v), contiguous(keys_of(b), values)),
                          all_of(causal{}, none_of(core_context_gap{groups, how})));
            });
            auto made = call.make(n, pool);
            if (what == measured::attention) return made;
            return std::make_unique<selecting_call>(std::move(made), selected);
          }};
}

} // namespace

std::vector<bench_case> select_cases() {
  std::vector<bench_case> list;
  // Densities of 0.14 to 0.35 at 8192 tokens.
  prompt_cases(list, "xattention", xattention{.threshold = 0.8});
  prompt_cases(list, "proxy_attn", proxy_attn{.groups = 2, .gamma = 0.8, .min_tokens = 1024});
  prompt_cases(list, "anchor_attn", anchor_attn{.step = 8, .theta = 7});
  prompt_cases(list, "vertical_slash",
               vertical_slash{.vertical = 256, .slash = 32, .near_diagonals = 16, .least_slash = 1});
  const auto fill = [](auto& b, selection& s, thread_pool& pool) {
    const auto bounds = std::make_shared<page_bounds<float>>(b.n.kv_heads, b.n.key_dim, 16, b.n.keys);
    bounds->append(keys_of(b));
    return [bounds, q = b.queries().slice(0, b.n.rows - 1, 1), &s, &pool] {
      (void)select(pool, quest{.lists = pages_per::group_by_max}, *bounds, q, s.lists, s.scratch);
    };
  };
  // Against arithmetic: the kept pages are the same in each call, and lie in a cache of the CPU.
  for (const measured what : {measured::attention, measured::both})
    list.push_back(
        selected_case("decode/f32/" + size_name(step) + "/causal+quest", step, limit::arithmetic, what, fill));
  for (const measured what : {measured::attention, measured::both}) list.push_back(core_context_case(what));
  return list;
}

} // namespace heed::bench
