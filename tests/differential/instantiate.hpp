// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// One entry of the covering array: draws a case of these types, runs it through the front door, and has it judged.
#include <heed/attention.hpp>

#include <differential/compiled_once.hpp>
#include <differential/drawn_masks.hpp>
#include <differential/drawn_scores.hpp>

namespace heed::test {

template <class TQ, class TKV, class TO> struct types {
  using query = TQ;
  using row = TKV;
  using output = TO;
  using accum = accum_t<TKV>;
};
namespace number_types {
using f32 = types<float, float, float>;
using f64 = types<double, double, double>;
using b16 = types<bf16, bf16, bf16>;
using h16 = types<f16, f16, f16>;
using f32_b16 = types<float, bf16, float>;
using f32_h16 = types<float, f16, float>;
using b16_f32 = types<bf16, bf16, float>;
using h16_f32 = types<f16, f16, float>;
} // namespace number_types
namespace sources {
template <class T> using contiguous = contiguous_rows<T>;
template <class T> using paged = paged_rows<T>;
template <class T> using ring = ring_rows<T>;
template <class T> using ragged = ragged_rows<T>;
template <class T> using biased = biased_rows<T>;
template <class T> using gathered = gathered_rows<T>;
template <class T> using joined = joined_rows<T>;
template <class T> using head_split = split_rows<T>;
template <class T> using user = scattered_rows<T>;
} // namespace sources

template <class T> double rounded(double x) { return static_cast<double>(widen(narrowed<T>(x))); }
template <class N> const number_rules& rules_of(const char* name) {
  static const number_rules rules{name, &rounded<typename N::query>, &rounded<typename N::row>,
                                  kernel::kernel_shape<typename N::accum>::panel_lanes,
                                  kernel::decode_scratch<typename N::accum>::max_lanes};
  return rules;
}

template <class N, class Mask, class Score, class Source, class Epilogue> verdict run_case(drawn_case& c) {
  using A = typename N::accum;
  verdict v;
  Source source(c.gen, c.cache);
  Mask mask(c);
  Score score(c);
  Epilogue epilogue(c);
  const auto kv = source.source();
  const auto m = mask.get();
  const auto s = score.get();
  strided_rows<typename N::query> q(c, c.key_dim);
  q.fill(c.q);
  strided_rows<typename N::output> o(c, c.value_dim);
  const bool planned = c.gen.chance(2);
  const auto positions = c.positions == drawn_case::standing::listed      ? query_positions::listed(c.listed)
                         : c.positions == drawn_case::standing::from_zero ? query_positions::top_left()
                                                                          : query_positions{};
  current_shape = c.shape;
  const auto call = [&](any_executor on) {
    epilogue.with([&](const auto&... more) {
      const auto rows = ragged(q.rows(), c.offsets);
      const auto out = ragged(o.rows(), c.offsets);
      if (planned) {
        const batch_shape limits{c.sequences(), c.tokens(), c.heads(), c.longest(), c.most_rows()};
        const auto made = make_plan(limits, kv, m, drawn_tuning{}, more...);
        std::vector<std::byte> memory(at(made.workspace_bytes(on.workers())) + 64, std::byte{0x5a});
        const std::span<std::byte> workspace(memory.data(), memory.size() - 64);
        const errc code =
            run(on, made, rows, kv, out, workspace, m, s, heed::scale{c.scale}, positions, drawn_tuning{}, more...);
        if (code != errc::ok) v.wrong = "run refused it, errc " + std::to_string(static_cast<int>(code));
        for (std::size_t i = memory.size() - 64; i < memory.size(); ++i)
          if (memory[i] != std::byte{0x5a}) v.wrong = "written behind the workspace";
      } else {
        try {
          attend(on, rows, kv, out, m, s, heed::scale{c.scale}, positions, drawn_tuning{}, more...);
        } catch (const error& e) {
          v.wrong = std::string("attend refused it: ") + e.what();
        }
      }
    });
  };
  call(any_executor(c.workers));
  v.accepted = v.wrong.empty();
  if (!v.accepted) return v;
  answer got{o.take(), epilogue.logs(), 32, std::is_same_v<A, double>, 1, 1};
  if (!o.all_marks()) v.wrong = "written between the rows of o";
  if (c.gen.chance(6)) { // the same bits on another executor
    call(any_executor(c.workers == 1 ? 3 : 1));
    const auto again = o.take();
    if (std::memcmp(again.data(), got.o.data(), again.size() * sizeof(double)) != 0)
      v.wrong = "other bits with " + std::to_string(c.workers == 1 ? 3 : 1) + " workers";
  }
  if constexpr (std::is_same_v<typename N::output, bf16>) got.output_bits = 8;
  if constexpr (std::is_same_v<typename N::output, f16>) got.output_bits = 11;
  got.lanes = c.shape.panels * kernel::kernel_shape<A>::panel_lanes;
  got.heads_per_tile = alike(m, {0, c.group}) ? std::min(c.group, got.lanes) : 1;
  const exact want = exact_answer(c, erased_mask(m), erased_score(s, score), epilogue.sinks(), Epilogue::observes);
  judge(c, want, got, v);
  if constexpr (Epilogue::observes) epilogue.check(c, want, v);
  return v;
}

} // namespace heed::test

/// A line of pairs.hpp: the places of the five values on their axes, and the values.
#define HEED_DIFFERENTIAL_CASE(a, b, c, d, e, numbers, mask, score, source, epilogue)                                  \
  const ::heed::test::registrar case_##a##_##b##_##c##_##d##_##e(                                                      \
      {{a, b, c, d, e},                                                                                                \
       &::heed::test::run_case<                                                                                        \
           ::heed::test::number_types::numbers, ::heed::test::masks::mask, ::heed::test::scores::score,                \
           ::heed::test::sources::source<typename ::heed::test::number_types::numbers::row>,                           \
           ::heed::test::epilogues::epilogue<typename ::heed::test::number_types::numbers::accum>>,                    \
       &::heed::test::rules_of<::heed::test::number_types::numbers>(#numbers)});
