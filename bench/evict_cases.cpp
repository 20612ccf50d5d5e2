// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Every policy on one layer's contiguous cache in f32, with the defaults of its source.
#include "evict_case.hpp"

#include <heed/epilogue/lse.hpp>
#include <heed/evict/ada_kv.hpp>
#include <heed/evict/cache_driver.hpp>
#include <heed/evict/compress_kv.hpp>
#include <heed/evict/duo_attention.hpp>
#include <heed/evict/h2o.hpp>
#include <heed/evict/pyramid_kv.hpp>
#include <heed/evict/razor_attention.hpp>
#include <heed/evict/snap_kv.hpp>
#include <heed/evict/streaming.hpp>
#include <heed/evict/tova.hpp>
#include <heed/kv/contiguous_cache.hpp>
#include <heed/mask/causal.hpp>

#include <variant>

namespace heed::bench {
namespace {

using any_policy =
    std::variant<streaming, tova, h2o, snap_kv, pyramid_kv, ada_kv, compress_kv, duo_attention, razor_attention>;
std::size_t at(index_t i) { return static_cast<std::size_t>(i); }

std::vector<float> numbers(index_t count, std::uint64_t seed, float scale) {
  std::uint64_t state = seed * 0x9e3779b97f4a7c15u + 0x632be59bd9b4e019u;
  std::vector<float> list(at(count));
  for (float& x : list) {
    state = state * 0x5851f42d4c957f2du + 0x14057b7ef767814fu;
    x = scale * static_cast<float>(static_cast<std::int32_t>(state >> 32)) * 0x1p-31f;
  }
  return list;
}

/// What a layer owns, and its attention. The policy's driver stands in the class below.
class layer : public prepared_eviction {
public:
  layer(const evict_size& n, thread_pool& pool)
      : n_(n), pool_(pool), fresh_k_(numbers(n.tokens * n.kv_heads * n.dim, 2, 1)),
        fresh_v_(numbers(n.tokens * n.kv_heads * n.dim, 3, 1)), q_(numbers(n.tokens * n.q_heads * n.dim, 1, 4)),
        o_(q_.size()), lse_(at(n.tokens * n.q_heads)), k_(fresh_k_.size()), v_(fresh_k_.size()),
        mean_k_(at(n.kv_heads * n.dim)), mean_v_(mean_k_), bias_(at(n.kv_heads * n.tokens)), lengths_(at(n.kv_heads)),
        positions_(bias_.size()), seen_(1), counts_(lengths_), slots_(lengths_),
        cache_(view(k_.data(), 1, n.tokens, n.kv_heads, n.dim), view(v_.data(), 1, n.tokens, n.kv_heads, n.dim),
               {lengths_, positions_, seen_, bias_, {mean_k_, mean_v_, counts_, slots_}}),
        plan_(make_plan(batch_shape{1, n.tokens, n.q_heads, n.tokens, n.tokens}, cache_.source(), causal{})),
        workspace_(at(plan_.workspace_bytes(pool.workers()))) {}

  void refill() override {
    (void)cache_.release(0);
    (void)cache_.append(0, view(std::as_const(fresh_k_).data(), n_.tokens, n_.kv_heads, n_.dim),
                        view(std::as_const(fresh_v_).data(), n_.tokens, n_.kv_heads, n_.dim));
  }
  void attend() override {
    expect(heed::run(pool_, plan_, queries(), cache_.source(), view(o_.data(), n_.tokens, n_.q_heads, n_.dim),
                     workspace_, causal{}, lse(view(lse_.data(), n_.tokens, n_.q_heads))));
  }
  [[nodiscard]] std::vector<std::vector<index_t>> held() const override {
    std::vector<std::vector<index_t>> out;
    for (index_t h = 0; h < n_.kv_heads; ++h)
      out.emplace_back(positions_.begin() + h * n_.tokens, positions_.begin() + h * n_.tokens + cache_.slots(0, h));
    return out;
  }

protected:
  [[nodiscard]] tensor_view<const float, 3> queries() const { return view(q_.data(), n_.tokens, n_.q_heads, n_.dim); }
  evict_size n_;
  thread_pool& pool_;
  std::vector<float> fresh_k_, fresh_v_, q_, o_, lse_, k_, v_, mean_k_, mean_v_, bias_;
  std::vector<index_t> lengths_, positions_, seen_, counts_, slots_;
  contiguous_cache<float, float> cache_;
  plan plan_;
  std::vector<std::byte> workspace_;
};

/// A cache whose slots stay where they are, whatever is chosen.
struct unmoved_cache {
  contiguous_cache<float, float>& held;
  [[nodiscard]] bool per_head() const noexcept { return true; }
  [[nodiscard]] index_t slots(index_t seq, index_t kv_head) const noexcept { return held.slots(seq, kv_head); }
  [[nodiscard]] index_t seen(index_t seq) const noexcept { return held.seen(seq); }
  [[nodiscard]] index_t kv_heads() const noexcept { return held.kv_heads(); }
  [[nodiscard]] index_t bytes_held() const noexcept { return held.bytes_held(); }
  [[nodiscard]] auto source() const noexcept { return held.source(); }
  [[nodiscard]] failure check_keep(index_t seq, index_t kv_head, std::span<const index_t> slots,
                                   dropped_rows dropped = dropped_rows::forgotten) const noexcept {
    return held.check_keep(seq, kv_head, slots, dropped);
  }
  [[nodiscard]] failure keep(index_t, index_t, std::span<const index_t>,
                             dropped_rows = dropped_rows::forgotten) noexcept {
    return {};
  }
};

template <class P> class driven_layer final : public layer {
public:
  driven_layer(const evict_size& n, thread_pool& pool, const P& policy)
      : layer(n, pool), driver_({1, n.q_heads, n.kv_heads, n.dim, n.tokens, n.tokens}, std::span<const P>(&policy, 1)) {
    driver_.prepare(pool, cache_.source(), causal{});
  }
  void refill() override {
    layer::refill();
    const index_t budget[] = {n_.budget};
    ready_ = !driver_.begin(budget);
  }
  bool evict() override { return run_on(cache_); }
  bool choose() override {
    unmoved_cache still{cache_};
    return run_on(still);
  }
  bool compact() override {
    for (index_t h = 0; h < n_.kv_heads; ++h) {
      auto dropped = dropped_rows::forgotten;
      if constexpr (folding_policy<P>) dropped = driver_.policy(0).dropped(h);
      if (cache_.keep(0, h, driver_.kept().list(h), dropped)) return false;
    }
    return ready_;
  }
  [[nodiscard]] double bytes_to_move() const override {
    index_t rows = 0;
    for (index_t h = 0; h < n_.kv_heads; ++h) {
      const auto kept = driver_.kept().list(h);
      for (std::size_t i = 0; i < kept.size(); ++i) rows += kept[i] != static_cast<index_t>(i) ? 1 : 0;
    }
    const std::size_t row = 2 * at(n_.dim) * sizeof(float) + sizeof(index_t) + sizeof(float);
    return 2. * static_cast<double>(at(rows) * row);
  }

private:
  template <class C> bool run_on(C& cache) {
    return ready_ &&
           !driver_.attended(pool_, 0, queries(), cache.source(),
                             view(std::as_const(lse_).data(), n_.tokens, n_.q_heads), causal{}) &&
           !driver_.reached(
               pool_, engine_point::prefill, [&](index_t) -> auto& { return cache; }, causal{});
  }

  cache_driver<P> driver_;
  bool ready_ = false;
};

/// Lists that policies look into, alive as long as the program.
const std::vector<index_t>& voters() {
  static const std::vector<index_t> list{1, 2, 4, 7}; // two groups of llama3_8b
  return list;
}
std::span<const head_source> half_stream(index_t kv_heads) {
  static const std::vector<head_source> list = [] {
    std::vector<head_source> kinds(256, head_source::first);
    for (std::size_t h = 0; h < kinds.size(); h += 2) kinds[h] = head_source::second;
    return kinds;
  }();
  return {list.data(), at(kv_heads)};
}

/// The part of a layer's budget that a policy has for its own: recent tokens and the like.
any_policy policy_named(const std::string& name, const evict_size& n) {
  if (name == "streaming") return streaming{4, n.budget - 4};
  if (name == "tova") return tova{};
  if (name == "h2o") return h2o{n.budget / 2, n.budget - n.budget / 2, {}};
  if (name == "snap_kv") return snap_kv{};
  if (name == "pyramid_kv") return pyramid_kv{};
  if (name == "ada_kv") return ada_kv{};
  if (name == "compress_kv") return compress_kv{voters()};
  if (name == "duo_attention") return duo_attention{half_stream(n.kv_heads), 64, n.budget - 64};
  return razor_attention{half_stream(n.kv_heads)};
}

} // namespace

std::vector<evict_case> evict_cases() {
  constexpr shape model = llama3_8b;
  constexpr evict_size n{4096, 512, model.q_heads, model.kv_heads, model.key_dim};
  std::vector<evict_case> list;
  for (const char* name : {"streaming", "tova", "h2o", "snap_kv", "pyramid_kv", "ada_kv", "compress_kv",
                           "duo_attention", "razor_attention"})
    list.push_back({"evict/f32/" + std::string(model.name) + "_s" + std::to_string(n.tokens) + "_b" +
                        std::to_string(n.budget) + "/" + name,
                    n, [policy = std::string(name)](const evict_size& size, thread_pool& pool) {
                      return std::visit(
                          [&](const auto& p) -> std::unique_ptr<prepared_eviction> {
                            return std::make_unique<driven_layer<std::remove_cvref_t<decltype(p)>>>(size, pool, p);
                          },
                          policy_named(policy, size));
                    }});
  return list;
}

} // namespace heed::bench
