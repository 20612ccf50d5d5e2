// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A random latent layer with its caches, runs of it in any form, and its definition: keys and values of every head in
// double, then attention by the reference.
#include <heed/epilogue/lse.hpp>
#include <heed/epilogue/sink_logit.hpp>
#include <heed/exec/sequential.hpp>
#include <heed/latent/make_latent_plan.hpp>
#include <heed/latent/run_latent.hpp>
#include <heed/mask/causal.hpp>
#include <heed/reference/attention.hpp>

#include <support/erased.hpp>
#include <support/logical_cache.hpp>
#include <support/tolerance.hpp>

#include <gtest/gtest.h>

#include <cstring>

namespace heed::test {

/// Any source of latent rows.
template <class T> using erased_latent = erased_source<T, true>;
static_assert(kv_source<erased_latent<float>>);

/// What a run gives.
template <class TO, class A> struct layer_outcome {
  std::vector<TO> o;
  std::vector<A> lse;
  errc code = errc::ok;
  friend bool operator==(const layer_outcome& a, const layer_outcome& b) {
    return a.code == b.code && a.o.size() == b.o.size() && a.lse == b.lse &&
           std::memcmp(a.o.data(), b.o.data(), a.o.size() * sizeof(TO)) == 0;
  }
};

/// Sizes of sequences: query rows and cached rows of each.
struct layer_batch {
  std::vector<index_t> rows, slots;
};

/// TW: weights; TK: cached rows; TQ, TO: queries and outputs.
template <class TW, class TK, class TQ, class TO> class layer_under_test {
public:
  using A = accum_t<TK>;
  latent_shape shape;
  layer_batch batch;
  std::vector<TW> w_uk, w_uv, packed;
  latent_weights<TW> weights;
  std::vector<TK> cache; ///< sequences one after the other
  std::vector<TQ> q;
  std::vector<float> sinks;
  std::vector<index_t> row_offsets{0}, slot_offsets{0};
  double scale;

  layer_under_test(const latent_shape& s, const layer_batch& b, std::uint64_t seed) : shape(s), batch(b) {
    random gen(seed);
    for (const index_t n : b.rows) row_offsets.push_back(row_offsets.back() + n);
    for (const index_t n : b.slots) slot_offsets.push_back(slot_offsets.back() + n);
    w_uk = gen.numbers<TW>(s.heads * s.nope * s.rank);
    w_uv = gen.numbers<TW>(s.heads * s.value * s.rank);
    packed.resize(static_cast<std::size_t>(latent_weights<TW>::numbers(s)));
    const failure f = weights.fold(s, view(static_cast<const TW*>(w_uk.data()), s.heads, s.nope, s.rank),
                                   view(static_cast<const TW*>(w_uv.data()), s.heads, s.value, s.rank), packed);
    if (f) detail::report(f);
    cache = gen.numbers<TK>(slot_offsets.back() * s.key_dim());
    q = gen.numbers<TQ>(row_offsets.back() * s.heads * s.head_dim());
    for (index_t h = 0; h < s.heads; ++h) sinks.push_back(gen.unit());
    scale = 1.5 / std::sqrt(static_cast<double>(s.head_dim() * s.rank)); // weights of variance 1/3 grow the scores
  }

  [[nodiscard]] erased_latent<TK> contiguous() const {
    return erased_latent<TK>(latent(view(cache.data(), slot_offsets.back(), shape.key_dim()), shape.row(),
                                    index_list(std::span<const index_t>(slot_offsets))));
  }
  [[nodiscard]] batch_shape limits() const {
    batch_shape l{static_cast<index_t>(batch.rows.size()), row_offsets.back(), shape.heads, 0, 1};
    for (const index_t n : batch.rows) l.max_rows = greater(l.max_rows, n);
    for (const index_t n : batch.slots) l.max_slots = greater(l.max_slots, n);
    return l;
  }

  using outcome = layer_outcome<TO, A>;
  [[nodiscard]] outcome run(const erased_executor& on, const latent_options& options, const erased_latent<TK>& kv,
                            const erased_tiler& mask, const query_positions& positions = {}) const {
    const latent_plan made = make_latent_plan(limits(), shape, kv, options, mask);
    return run_with(on, made, kv, mask, positions);
  }
  [[nodiscard]] outcome run_with(const erased_executor& on, const latent_plan& made, const erased_latent<TK>& kv,
                                 const erased_tiler& mask, const query_positions& positions = {},
                                 const prompt_rows& prompt = prompt_rows::none()) const {
    const auto bytes = static_cast<std::size_t>(made.workspace_bytes(on.workers()));
    std::vector<std::byte> workspace(bytes + 64, std::byte{0x5a});
    outcome r{std::vector<TO>(static_cast<std::size_t>(row_offsets.back() * shape.heads * shape.value)),
              std::vector<A>(static_cast<std::size_t>(row_offsets.back() * shape.heads))};
    const index_list cut = std::span<const index_t>(row_offsets);
    r.code =
        run_latent(on, made, weights, ragged(view(q.data(), row_offsets.back(), shape.heads, shape.head_dim()), cut),
                   kv, ragged(view(r.o.data(), row_offsets.back(), shape.heads, shape.value), cut),
                   std::span<std::byte>(workspace.data(), bytes), mask, heed::scale{scale}, positions, prompt,
                   heed::lse(view(r.lse.data(), row_offsets.back(), shape.heads)), sink_logit(sinks));
    for (std::size_t i = bytes; i < workspace.size(); ++i) EXPECT_EQ(workspace[i], std::byte{0x5a}) << "beyond its end";
    return r;
  }

  /// Every output and log-sum-exp against the definition; returns the worst share of the bound. A score is a sum of
  /// rank x nope products and an output one of n x rank, so their roundings and terms count in the bound.
  double worst(const outcome& got, const erased_latent<TK>& kv, const erased_tiler& mask,
               const std::vector<index_t>& positions = {}) const {
    const logical_cache<double> heads = expanded(kv, sign::kept), sizes = expanded(kv, sign::dropped);
    reference::call call;
    call.scale = scale;
    call.row_offsets = row_offsets.data();
    call.positions = positions.empty() ? nullptr : positions.data();
    call.sinks = sinks.data();
    const auto numbers = got.o.size();
    std::vector<double> magnitude(numbers);
    std::vector<double> score(got.lse.size());
    const auto value_row = [&](index_t seq, index_t head, index_t slot) {
      return sizes.at(seq, head).values.data() + slot * shape.value;
    };
    const reference::result exact = reference::attend(
        view(q.data(), row_offsets.back(), shape.heads, shape.head_dim()), logical_source<double>(heads), mask,
        reference::unchanged{}, call, [&](const query_row& at, index_t slot, double p) {
          const auto i = static_cast<std::size_t>(at.token * shape.heads + at.head);
          for (index_t e = 0; e < shape.value; ++e)
            magnitude[i * static_cast<std::size_t>(shape.value) + static_cast<std::size_t>(e)] +=
                p * value_row(at.seq, at.head, slot)[e];
          double size = 0;
          for (index_t d = 0; d < shape.head_dim(); ++d)
            size += std::fabs(static_cast<double>(
                        widen(q[i * static_cast<std::size_t>(shape.head_dim()) + static_cast<std::size_t>(d)]))) *
                    sizes.at(at.seq, at.head).keys[static_cast<std::size_t>(slot * shape.head_dim() + d)];
          score[i] = std::fmax(score[i], scale * size);
        });
    margin seen;
    for (std::size_t i = 0; i < exact.lse.size(); ++i) {
      const row_facts facts{static_cast<double>(exact.visible[i] + shape.rank),
                            static_cast<double>(shape.head_dim() + shape.rank), score[i]};
      seen.add(static_cast<double>(got.lse[i]), exact.lse[i], lse_bound<A>(facts));
      for (std::size_t e = i * static_cast<std::size_t>(shape.value);
           e < (i + 1) * static_cast<std::size_t>(shape.value); ++e)
        seen.add(static_cast<double>(widen(got.o[e])), exact.o[e],
                 output_bound<A, TO>(facts, magnitude[e], exact.o[e]));
    }
    return seen.worst;
  }

private:
  enum class sign : unsigned char { kept, dropped };
  /// Keys and values of every head in double; dropped: of the absolute values of weights and latents.
  logical_cache<double> expanded(const erased_latent<TK>& kv, sign s) const {
    const auto number = [&](auto x) {
      const auto wide = static_cast<double>(widen(x));
      return s == sign::kept ? wide : std::fabs(wide);
    };
    const auto sequences = static_cast<index_t>(batch.rows.size());
    logical_cache<double> all;
    all.dims = {sequences, shape.heads, shape.head_dim(), shape.value, 0};
    all.heads.resize(static_cast<std::size_t>(sequences * shape.heads));
    for (index_t seq = 0; seq < sequences; ++seq) {
      all.seen.push_back(kv.seen(seq));
      all.ordered = all.ordered && kv.ordered(seq, 0);
      for (index_t slot = 0; slot < kv.slots(seq, 0); ++slot) {
        const kv_rows r = kv.rows(seq, 0, {slot, slot + 1});
        const TK* row = reinterpret_cast<const TK*>(r.key);
        for (index_t h = 0; h < shape.heads; ++h) {
          logical_head<double>& to = all.at(seq, h);
          to.position.push_back(r.positions != nullptr ? r.positions[0] : r.first);
          to.bias.push_back(r.bias != nullptr ? r.bias[0] : 0.f);
          to.hole.push_back(row == nullptr || to.bias.back() == -__builtin_inff());
          const bool live = to.hole.back() == 0;
          const auto dot = [&](const std::vector<TW>& w, index_t at) {
            double sum = 0;
            for (index_t e = 0; live && e < shape.rank; ++e)
              sum += number(w[static_cast<std::size_t>(at * shape.rank + e)]) * number(row[shape.latent_begin() + e]);
            return sum;
          };
          for (index_t d = 0; d < shape.nope; ++d) to.keys.push_back(dot(w_uk, h * shape.nope + d));
          for (index_t d = 0; d < shape.rope; ++d) to.keys.push_back(live ? number(row[shape.rope_begin() + d]) : 0.);
          for (index_t d = 0; d < shape.value; ++d) to.values.push_back(dot(w_uv, h * shape.value + d));
        }
      }
    }
    return all;
  }
};

/// Both forms and both orders of a row, on two sequences of odd sizes.
template <class TW, class TK, class TQ, class TO> void expect_layer_within_bound() {
  const erased_tiler below{causal{}};
  sequential one;
  latent_shape s{.heads = 3, .rank = 40, .nope = 20, .rope = 8, .value = 24};
  for (const latent_order order : {latent_order::latent_first, latent_order::rope_first}) {
    s.order = order;
    const layer_under_test<TW, TK, TQ, TO> l(s, {{1, 9}, {77, 20}}, 11);
    for (const latent_form form : {latent_form::naive, latent_form::absorbed}) {
      const auto got = l.run(erased_executor(one), {.form = form, .expand_slots = 32}, l.contiguous(), below);
      ASSERT_EQ(got.code, errc::ok);
      EXPECT_LE(l.worst(got, l.contiguous(), below), 1);
    }
  }
}

} // namespace heed::test
