// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Neighborhoods of any rank without their type, so that one kernel serves the tests, and rows of large grids against
// the oracle.
#include <attention/sample.hpp>

#include <heed/mask/neighborhood.hpp>

namespace heed::test {

/// A neighborhood of one to three axes; allocates when built.
class any_neighborhood : public erased_mask {
public:
  template <int Rank>
  explicit any_neighborhood(const neighborhood<Rank>& m)
      : erased_mask(m), grid_(std::make_shared<neighborhood<Rank>>(m)),
        tiles_([](const void* p, index_t seq, index_t rows, index_t capacity) noexcept {
          return static_cast<const neighborhood<Rank>*>(p)->query_tiles(seq, rows, capacity);
        }),
        tile_(
            [](const void* p, index_t seq, index_t rows, index_t capacity, index_t i, std::span<index_t> out) noexcept {
              return static_cast<const neighborhood<Rank>*>(p)->query_tile(seq, rows, capacity, i, out);
            }),
        panels_([](const void* p, index_t seq) noexcept {
          return static_cast<const neighborhood<Rank>*>(p)->tile_panels(seq);
        }),
        most_([](const void* p, index_t sequences, index_t tokens, index_t capacity) noexcept {
          return static_cast<const neighborhood<Rank>*>(p)->most_query_tiles(sequences, tokens, capacity);
        }),
        check_([](const void* p, const call_extents& e) noexcept {
          return static_cast<const neighborhood<Rank>*>(p)->check(e);
        }) {}
  [[nodiscard]] index_t query_tiles(index_t seq, index_t rows, index_t capacity) const noexcept {
    return tiles_(grid_.get(), seq, rows, capacity);
  }
  [[nodiscard]] index_t query_tile(index_t seq, index_t rows, index_t capacity, index_t i,
                                   std::span<index_t> out) const noexcept {
    return tile_(grid_.get(), seq, rows, capacity, i, out);
  }
  [[nodiscard]] index_t tile_panels(index_t seq) const noexcept { return panels_(grid_.get(), seq); }
  [[nodiscard]] index_t most_query_tiles(index_t sequences, index_t tokens, index_t capacity) const noexcept {
    return most_(grid_.get(), sequences, tokens, capacity);
  }
  [[nodiscard]] failure check(const call_extents& e) const noexcept { return check_(grid_.get(), e); }

private:
  std::shared_ptr<const void> grid_;
  index_t (*tiles_)(const void*, index_t, index_t, index_t) noexcept;
  index_t (*tile_)(const void*, index_t, index_t, index_t, index_t, std::span<index_t>) noexcept;
  index_t (*panels_)(const void*, index_t) noexcept;
  index_t (*most_)(const void*, index_t, index_t, index_t) noexcept;
  failure (*check_)(const void*, const call_extents&) noexcept;
};
static_assert(bounded_query_tiler<any_neighborhood> && panel_query_tiler<any_neighborhood> &&
              bit_mask<any_neighborhood>);

/// The call that the tests of this room make; compiled once per type, in calls_test.cpp.
template <class T> struct grid_call {
  using mutable_lse = tensor_view<accum_t<T>, 2>;
  static void attend(const erased_executor& executor, const ragged_view<const T>& q, const erased_source<T>& kv,
                     const ragged_view<T>& o, const any_neighborhood& m, const mutable_lse& lse, const scale& factor);
};
/// With the sample's scale.
template <class T> outcome<T> run_grid(const sample<T>& s, const erased_source<T>& kv, const any_neighborhood& m) {
  outcome<T> r{std::vector<T>(place(s.tokens() * s.q_heads() * s.value_dim), narrow<T>(9)),
               std::vector<accum_t<T>>(place(s.tokens() * s.q_heads()), 9)};
  sequential one;
  grid_call<T>::attend(erased_executor(one), ragged(s.queries(), s.offsets), kv,
                       ragged(view(r.o.data(), s.tokens(), s.q_heads(), s.value_dim), s.offsets), m,
                       view(r.lse.data(), s.tokens(), s.q_heads()), {s.call.scale});
  return r;
}

/// One sequence whose queries and keys are a grid.
template <class T = float>
sample<T> grid_sample(std::uint64_t seed, index_t tokens, index_t kv_heads = 1, index_t group = 2, index_t key_dim = 8,
                      index_t value_dim = 12) {
  return sample<T>(seed, {tokens}, {tokens}, kv_heads, group, key_dim, value_dim);
}
template <class T, int Rank> outcome<T> run_grid(const sample<T>& s, const neighborhood<Rank>& m) {
  return run_grid(s, erased_source<T>(s.kv()), any_neighborhood(m));
}

/// Some rows of a call of one sequence: those at the ends, and others spread evenly; all where there are few.
inline std::vector<index_t> spread_rows(index_t rows, index_t count) {
  std::vector<index_t> list;
  for (index_t i = 0; i < lesser(rows, count); ++i) list.push_back(rows <= count ? i : i * (rows - 1) / (count - 1));
  return list;
}
/// The given rows inside their bounds.
template <class T, class Source, class Mask>
void expect_rows_within(const sample<T>& s, const Source& kv, const Mask& m, const outcome<T>& got,
                        const std::vector<index_t>& rows) {
  sample<T> part = s;
  part.offsets = {0, static_cast<index_t>(rows.size())};
  part.q.clear();
  outcome<T> some;
  std::vector<index_t> positions;
  for (const index_t row : rows) {
    const auto add = [&](auto& to, const auto& from, index_t width) {
      to.insert(to.end(), from.begin() + row * width, from.begin() + (row + 1) * width);
    };
    add(part.q, s.q, s.q_heads() * s.key_dim);
    add(some.o, got.o, s.q_heads() * s.value_dim);
    add(some.lse, got.lse, s.q_heads());
    positions.push_back(kv.seen(0) - s.tokens() + row);
  }
  part.call.positions = positions.data();
  expect_within(part, some, part.exact_from(kv, m));
}

} // namespace heed::test
