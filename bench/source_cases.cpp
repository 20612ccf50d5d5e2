// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Every key-value source, on the plain call without a mask.
#include "role_sizes.hpp"

namespace heed::bench {
namespace {

/// Numbers 0 to n - 1, each once, in an order that jumps: stride coprime to n.
template <class Buffers> std::span<std::int64_t> shuffled(Buffers& b, index_t n) {
  const auto list = b.template keep<std::int64_t>(n);
  index_t step = n / 2 + 1;
  const auto divides = [&] {
    index_t x = n, y = step;
    while (y != 0) x = std::exchange(y, x % y);
    return x;
  };
  while (n > 1 && divides() != 1) ++step;
  for (index_t i = 0; i < n; ++i) list[static_cast<std::size_t>(i)] = i * step % n;
  return list;
}
template <class Buffers> index_list ascending(Buffers& b, index_t first, index_t step, index_t n) {
  const auto list = b.template keep<std::int64_t>(n);
  for (index_t i = 0; i < n; ++i) list[static_cast<std::size_t>(i)] = first + i * step;
  return std::span<const std::int64_t>(list);
}
/// The keys as a pool of pages of 16 in a shuffled order; the last page of the sequence is not full where keys % 16.
template <class Buffers> index_t page_count(const Buffers& b) { return b.n.keys / 16; }
template <class Buffers> block_table shuffled_pages(Buffers& b) {
  return {std::span<const std::int64_t>(shuffled(b, page_count(b))), page_count(b),
          ascending(b, 16 * page_count(b), 0, 1)};
}

} // namespace

std::vector<bench_case> source_cases() {
  std::vector<bench_case> list;
  list.push_back(role_case("full+heads_outside", [](auto& b, index_t) {
    const call_size& n = b.n; // [kv_heads][keys][dim]
    return bind(contiguous(view(b.keys(0).data(), n.kv_heads, n.keys, n.key_dim).swapped(0, 1),
                           view(b.values(0).data(), n.kv_heads, n.keys, n.value_dim).swapped(0, 1)));
  }));
  list.push_back(role_case("full+own_positions", [](auto& b, index_t) {
    const auto at = b.template keep<index_t>(b.n.keys);
    for (index_t i = 0; i < b.n.keys; ++i) at[static_cast<std::size_t>(i)] = 2 * i;
    contiguous_layout layout;
    layout.positions = at;
    return bind(contiguous(b.keys(0), b.values(0), layout));
  }));
  list.push_back(role_case("full+paged16", [](auto& b, index_t) {
    const call_size& n = b.n;
    return bind(paged(view(b.keys(0).data(), page_count(b), 16, n.kv_heads, n.key_dim),
                      view(b.values(0).data(), page_count(b), 16, n.kv_heads, n.value_dim), shuffled_pages(b)));
  }));
  list.push_back(role_case("full+paged16_hnd", [](auto& b, index_t) {
    const call_size& n = b.n; // [pages][kv_heads][page][dim]
    return bind(paged(view(b.keys(0).data(), page_count(b), n.kv_heads, 16, n.key_dim).swapped(1, 2),
                      view(b.values(0).data(), page_count(b), n.kv_heads, 16, n.value_dim).swapped(1, 2),
                      shuffled_pages(b)));
  }));
  list.push_back(role_case("full+paged16_csr", [](auto& b, index_t) {
    const call_size& n = b.n;
    const page_table table{ascending(b, 0, page_count(b), 2), std::span<const std::int64_t>(shuffled(b, page_count(b))),
                           ascending(b, 16, 0, 1)};
    return bind(paged(view(b.keys(0).data(), page_count(b), 16, n.kv_heads, n.key_dim),
                      view(b.values(0).data(), page_count(b), 16, n.kv_heads, n.value_dim), table));
  }));
  list.push_back(role_case("full+paged1", [](auto& b, index_t) {
    const call_size& n = b.n;
    const block_table table{std::span<const std::int64_t>(shuffled(b, n.keys)), n.keys, ascending(b, n.keys, 0, 1)};
    return bind(paged(view(b.keys(0).data(), n.keys, 1, n.kv_heads, n.key_dim),
                      view(b.values(0).data(), n.keys, 1, n.kv_heads, n.value_dim), table));
  }));
  list.push_back(role_case("full+sink_ring", [](auto& b, index_t) {
    const call_size& n = b.n;
    return bind(sink_ring(view(b.keys(0).data(), n.keys, n.kv_heads, n.key_dim),
                          view(b.values(0).data(), n.keys, n.kv_heads, n.value_dim), {4, n.keys + n.keys / 3}));
  }));
  list.push_back(role_case("full+joined", [](auto& b, index_t) {
    const index_t cached = b.n.keys * 2 / 3;
    return bind(joined(
        contiguous(b.keys(0).slice(1, 0, cached), b.values(0).slice(1, 0, cached)),
        contiguous(b.keys(0).slice(1, cached, b.n.keys - cached), b.values(0).slice(1, cached, b.n.keys - cached))));
  }));
  list.push_back(role_case("full+gathered", [](auto& b, index_t) {
    gather_lists lists;
    lists.indices = std::span<const std::int64_t>(shuffled(b, b.n.keys));
    lists.width = b.n.keys;
    lists.order = slot_order::any;
    return bind(gathered(b.rows_of(0), lists));
  }));
  list.push_back(role_case("full+head_split", [](auto& b, index_t) {
    const index_t half = b.n.kv_heads / 2;
    const auto choice = b.template keep<head_source>(b.n.kv_heads);
    for (index_t h = 0; h < b.n.kv_heads; ++h)
      choice[static_cast<std::size_t>(h)] = h < half ? head_source::first : head_source::second;
    return bind(head_split(
        contiguous(b.keys(0).slice(2, 0, half), b.values(0).slice(2, 0, half)),
        contiguous(b.keys(0).slice(2, half, b.n.kv_heads - half), b.values(0).slice(2, half, b.n.kv_heads - half)),
        std::span<const head_source>(choice)));
  }));
  list.push_back(role_case("full+ragged_heads", [](auto& b, index_t) {
    const call_size& n = b.n;
    ragged_heads_layout layout;
    layout.kv_heads = n.kv_heads;
    layout.offsets = ascending(b, 0, n.keys, n.kv_heads + 1);
    return bind(ragged_heads(view(b.keys(0).data(), n.kv_heads * n.keys, n.key_dim),
                             view(b.values(0).data(), n.kv_heads * n.keys, n.value_dim), layout));
  }));
  return list;
}

} // namespace heed::bench
