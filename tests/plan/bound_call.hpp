// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A checked call without its front door, for the tests of planning.
#include <attention/sample.hpp>

#include <heed/mask/causal.hpp>

namespace heed::test {

/// Default shape unless given. Refers to the sample and the mask. Source: the sample's rows, as they lie or otherwise.
template <class Mask = causal, class Source = decltype(std::declval<const sample<>&>().kv())> struct bound_call {
  using source = Source;
  using call_type = kernel::call<float, float, float, source, Mask, no_score_mod, epilogue_list<>>;
  source kv;
  Mask m;
  epilogue_list<> none;
  no_score_mod unchanged;
  std::vector<float> o;
  problem<float, float> p;
  tile_shape shape;

  explicit bound_call(const sample<>& s, const Mask& mask = {}) : bound_call(s, s.kv(), mask) {}
  bound_call(const sample<>& s, const Source& from, const Mask& mask) : kv(from), m(mask) {
    o.resize(place(s.tokens() * s.q_heads() * s.value_dim));
    shape = detail::shape_of<float>(kv.dims());
    failed = detail::check_call(ragged(s.queries(), s.offsets), kv,
                                ragged(view(o.data(), s.tokens(), s.q_heads(), s.value_dim), s.offsets), p, m);
  }
  bound_call(const bound_call&) = delete;
  [[nodiscard]] call_type get() const noexcept { return {p, kv, m, unchanged, none, shape, kv.dims()}; }
  failure failed;
};

/// The work list of a call for some workers, in memory of its own.
template <class Mask, class Source = typename bound_call<Mask>::source> struct built_list {
  using call_type = typename bound_call<Mask, Source>::call_type;
  call_type c;
  plan made;
  std::vector<std::byte> memory;
  std::vector<index_t> rows, q;
  plan_detail::work_list<float> work;
  errc code;
  index_t total;

  built_list(const bound_call<Mask, Source>& call, const batch_shape& limits, index_t workers)
      : c(call.get()), made(plan_detail::figures_of<float, call_type>(limits, c.dims, c.shape, c.m)),
        memory(place(made.workspace_bytes(workers))), rows(1024), q(1024) {
    const auto& f = made.numbers();
    detail::arena a(memory.data(), static_cast<index_t>(memory.size()));
    const index_t groups = made.split_groups(workers);
    work.lay_out(a, {f.tiles, made.task_count(workers), groups * f.group_states, groups * f.group_numbers});
    plan_detail::work_builder<float, call_type> builder(c, work, rows.data(), q.data());
    code = builder.build(workers, kernel::decode_scratch<float>::max_parts);
    total = builder.total();
  }
};

} // namespace heed::test
