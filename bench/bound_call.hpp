// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A prepared call of any types: buffers with random numbers, and what binds a source and roles to them.
#include "bench_case.hpp"
#include "pages.hpp"

#include <heed/heed.hpp>

#include <cmath>
#include <deque>
#include <tuple>

namespace heed::bench {

template <class T> constexpr storage storage_of() {
  return std::is_same_v<T, double> ? storage::f64
         : std::is_same_v<T, bf16> ? storage::bf16
         : std::is_same_v<T, f16>  ? storage::f16
                                   : storage::f32;
}
template <class T> constexpr const char* type_name() {
  constexpr const char* names[] = {"f64", "f32", "bf16", "f16"};
  return names[static_cast<int>(storage_of<T>())];
}

/// h8_s2048_d128, b4_h32_kv8_r16_s4096_d192v128: batch 1, equal heads, rows equal to keys or 1, and equal dims are left
/// out.
std::string size_name(const call_size& n);

/// Numbers in [-1, 1), the same in every run.
template <class T> void fill(std::span<T> out, std::uint64_t seed) {
  std::uint64_t state = seed * 0x9e3779b97f4a7c15u + 0x632be59bd9b4e019u;
  for (T& x : out) {
    state = state * 0x5851f42d4c957f2du + 0x14057b7ef767814fu;
    x = narrow<T>(static_cast<accum_t<T>>(static_cast<std::int32_t>(state >> 32)) * accum_t<T>(0x1p-31));
  }
}

/// Queries, keys, values and outputs, in as many copies as take turns. Keys and values lie
/// [sequences][keys][heads][dim] one copy behind the other.
template <class TQ, class TKV, class TO> struct call_buffers {
  call_size n;
  index_t copies;
  pages<TQ> q;
  pages<TKV> k, v;
  pages<TO> o;
  std::vector<float> sinks; ///< filled by a binding that has some, so that exact() knows them
  std::deque<std::vector<std::max_align_t>> kept;
  std::vector<std::shared_ptr<const void>> owned; ///< what roles read, alive as long as the call

  call_buffers(const call_size& size, index_t count)
      : n(size), copies(count), q(tokens() * n.q_heads * n.key_dim), k(count * key_numbers()),
        v(count * value_numbers()), o(tokens() * n.q_heads * n.value_dim) {
    fill(q.span(), 1);
    for (TQ& x : q.span()) x = narrow<TQ>(4 * widen(x));
    fill(k.span(), 2);
    fill(v.span(), 3);
  }
  [[nodiscard]] index_t tokens() const noexcept { return n.sequences * n.rows; }
  [[nodiscard]] index_t key_numbers() const noexcept { return n.sequences * n.keys * n.kv_heads * n.key_dim; }
  [[nodiscard]] index_t value_numbers() const noexcept { return n.sequences * n.keys * n.kv_heads * n.value_dim; }

  [[nodiscard]] auto queries() const noexcept {
    return view(static_cast<const TQ*>(q.data()), tokens(), n.q_heads, n.key_dim);
  }
  [[nodiscard]] auto outputs() const noexcept { return view(o.data(), tokens(), n.q_heads, n.value_dim); }
  [[nodiscard]] auto keys(index_t copy) const noexcept {
    return view(static_cast<const TKV*>(k.data() + copy * key_numbers()), n.sequences, n.keys, n.kv_heads, n.key_dim);
  }
  [[nodiscard]] auto values(index_t copy) const noexcept {
    return view(static_cast<const TKV*>(v.data() + copy * value_numbers()), n.sequences, n.keys, n.kv_heads,
                n.value_dim);
  }
  [[nodiscard]] auto rows_of(index_t copy) const noexcept { return contiguous(keys(copy), values(copy)); }

  /// Memory for lists and tables of roles, alive as long as the call, zeroed.
  template <class T> std::span<T> keep(index_t count) {
    const auto bytes = static_cast<std::size_t>(count) * sizeof(T);
    kept.emplace_back(bytes / sizeof(std::max_align_t) + 1);
    return {reinterpret_cast<T*>(kept.back().data()), static_cast<std::size_t>(count)};
  }
};

/// A source and the roles of one call.
template <class Source, class... Role> struct binding {
  Source kv;
  std::tuple<Role...> roles;
};
template <class Source, class... Role> binding<Source, Role...> bind(const Source& kv, const Role&... roles) {
  return {kv, std::tuple<Role...>(roles...)};
}

/// Bind: (call_buffers&, copy) -> binding.
template <class TQ, class TKV, class TO, class Bind> class bound_call final : public prepared_call {
  using buffers_type = call_buffers<TQ, TKV, TO>;
  using binding_type = decltype(std::declval<Bind>()(std::declval<buffers_type&>(), index_t{}));
  using A = accum_t<TKV>;

public:
  bound_call(const call_size& size, thread_pool& pool, index_t copies, Bind bind_copy)
      : buffers_(size, copies), pool_(pool) {
    static_assert(vectorised(static_cast<const decltype(binding_type::roles)*>(nullptr)),
                  "a score modifier of a bench works on vectors: no case falls back to scalar code");
    for (index_t c = 0; c < copies; ++c) bound_.push_back(bind_copy(buffers_, c));
    batch_shape limits{size.sequences, buffers_.tokens(), size.q_heads, 0, size.rows};
    for (index_t s = 0; s < size.sequences; ++s)
      for (index_t h = 0; h < size.kv_heads; ++h) limits.max_slots = greater(limits.max_slots, kv().slots(s, h));
    plan_ = std::apply([&](const auto&... role) { return make_plan(limits, kv(), role...); }, bound_[0].roles);
    workspace_ = pages<std::byte>(plan_.workspace_bytes(pool.workers()));
  }

  void run() override {
    const binding_type& b = bound_[turn_];
    turn_ = turn_ + 1 == bound_.size() ? 0 : turn_ + 1;
    const errc code = std::apply(
        [&](const auto&... role) {
          return heed::run(pool_, plan_, buffers_.queries(), b.kv, buffers_.outputs(), workspace_.span(), role...);
        },
        b.roles);
    expect(code);
  }
  [[nodiscard]] double visible_pairs() const override {
    return std::apply(
        [&](const auto&... role) {
          return count_pairs(detail::pick<detail::role::mask, A>(full{}, role...),
                             detail::pick<detail::role::positions, A>(query_positions{}, role...));
        },
        bound_[0].roles);
  }
  [[nodiscard]] double bytes() const override {
    const call_size& n = buffers_.n;
    double rows = 0;
    for (index_t s = 0; s < n.sequences; ++s)
      for (index_t h = 0; h < n.kv_heads; ++h) rows += static_cast<double>(kv().slots(s, h));
    const bool inside = std::remove_cvref_t<decltype(kv())>::values_alias_keys; // values are a part of their keys
    return rows * static_cast<double>(n.key_dim + (inside ? 0 : n.value_dim)) * sizeof(TKV) +
           static_cast<double>(buffers_.q.size()) * sizeof(TQ) + static_cast<double>(buffers_.o.size()) * sizeof(TO);
  }
  [[nodiscard]] std::string explanation() const override { return explain(plan_, pool_.workers()).c_str(); }
  [[nodiscard]] reference::result exact() const override {
    reference::call call;
    call.scale = 1 / std::sqrt(static_cast<double>(buffers_.n.key_dim));
    call.rows_each = buffers_.n.rows;
    call.sinks = buffers_.sinks.empty() ? nullptr : buffers_.sinks.data();
    std::vector<index_t> at;
    return std::apply(
        [&](const auto&... role) {
          const query_positions standard;
          const auto& positions = detail::pick<detail::role::positions, A>(standard, role...);
          for (index_t t = 0; t < buffers_.tokens(); ++t) {
            const index_t s = t / buffers_.n.rows;
            at.push_back(positions(t, t % buffers_.n.rows, buffers_.n.rows, kv().seen(s)));
          }
          call.positions = at.data();
          const reference::unchanged none;
          return reference::attend(buffers_.queries(), kv(), detail::pick<detail::role::mask, A>(full{}, role...),
                                   detail::pick<detail::role::score, A>(none, role...), call);
        },
        bound_[0].roles);
  }
  [[nodiscard]] std::vector<double> output() const override {
    std::vector<double> all;
    for (const TO x : buffers_.o.span()) all.push_back(static_cast<double>(widen(x)));
    return all;
  }
  [[nodiscard]] storage output_type() const override { return storage_of<TO>(); }

private:
  template <class... Role> static constexpr bool vectorised(const std::tuple<Role...>*) {
    return ((detail::role_of<Role, A>() != detail::role::score || batched_score_mod<Role, simd::batch<A>>)&&...);
  }
  [[nodiscard]] const auto& kv() const noexcept { return bound_[0].kv; }

  template <class Mask> double count_pairs(const Mask& mask, const query_positions& positions) const {
    const call_size& n = buffers_.n;
    const index_t group = n.q_heads / n.kv_heads;
    double pairs = 0;
    for (index_t s = 0; s < n.sequences; ++s) {
      std::vector<index_t> before; // the positions of the kv head before, and its pairs: most masks tell no heads apart
      double pairs_before = 0;
      for (index_t h = 0; h < n.kv_heads; ++h) {
        std::vector<index_t> at;
        for (index_t slot = 0; slot < kv().slots(s, h);) {
          const kv_rows rows = kv().rows(s, h, {slot, kv().slots(s, h)});
          for (index_t i = 0; i < rows.count; ++i)
            at.push_back(rows.key == nullptr ? -1 : rows.positions != nullptr ? rows.positions[i] : rows.first + i);
          slot += rows.count;
        }
        if (h == 0 || !alike(mask, range{0, n.q_heads}) || at != before)
          pairs_before = count_pairs(mask, positions, s, range{h * group, (h + 1) * group}, at);
        pairs += pairs_before;
        before = std::move(at);
      }
    }
    return pairs;
  }
  template <class Mask>
  double count_pairs(const Mask& mask, const query_positions& positions, index_t s, range heads,
                     const std::vector<index_t>& at) const {
    const index_t rows = buffers_.n.rows, counted = alike(mask, heads) ? 1 : heads.size();
    index_t pairs = 0;
    for (index_t head = heads.begin; head < heads.begin + counted; ++head)
      for (index_t r = 0; r < rows; ++r) {
        const index_t q = positions(s * rows + r, r, rows, kv().seen(s));
        for (std::size_t j = 0; j < at.size(); ++j)
          pairs += at[j] >= 0 && mask.allows(cell{s, head, q, at[j], r, static_cast<index_t>(j)}) ? 1 : 0;
      }
    return static_cast<double>(pairs * (heads.size() / counted));
  }

  buffers_type buffers_;
  thread_pool& pool_;
  std::vector<binding_type> bound_;
  plan plan_;
  pages<std::byte> workspace_;
  std::size_t turn_ = 0;
};

/// A case from what binds its source and roles. Where bandwidth is measured, as many copies as make 256 MiB take turns.
template <class TQ, class TKV = TQ, class TO = TQ, class Bind>
bench_case make_case(const std::string& name, const call_size& size, limit measured_by, Bind bind_copy) {
  return {name, size, measured_by, [=](const call_size& n, thread_pool& pool) -> std::unique_ptr<prepared_call> {
            const double set = static_cast<double>(n.sequences * n.keys * n.kv_heads * (n.key_dim + n.value_dim)) *
                               static_cast<double>(sizeof(TKV));
            const auto copies =
                measured_by == limit::bandwidth && n == size ? static_cast<index_t>(std::ceil(0x1p28 / set)) : 1;
            return std::make_unique<bound_call<TQ, TKV, TO, Bind>>(n, pool, greater(copies, 1), bind_copy);
          }};
}

} // namespace heed::bench
