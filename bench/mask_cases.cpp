// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Every built-in mask. Parameters are shares of the sequence, so that a test runs the same case at a small size.
#include "role_sizes.hpp"

namespace heed::bench {
namespace {

/// count documents of equal length, ids by position.
template <class Buffers> index_list document_list(Buffers& b, index_t count) {
  const auto ids = b.template keep<std::int64_t>(b.n.keys);
  for (index_t i = 0; i < b.n.keys; ++i) ids[static_cast<std::size_t>(i)] = i * count / b.n.keys;
  return std::span<const std::int64_t>(ids);
}
template <class Buffers> index_list one_number(Buffers& b, index_t x) {
  const auto list = b.template keep<std::int64_t>(1);
  list[0] = x;
  return std::span<const std::int64_t>(list);
}
/// Causal as bytes, [heads][rows][keys]; head h sees h keys less.
template <class Buffers> auto bytes_of(Buffers& b, index_t heads) {
  const auto bytes = b.template keep<std::uint8_t>(heads * b.n.rows * b.n.keys);
  for (index_t h = 0; h < heads; ++h)
    for (index_t r = 0; r < b.n.rows; ++r)
      for (index_t k = 0; k < b.n.keys; ++k)
        bytes[static_cast<std::size_t>((h * b.n.rows + r) * b.n.keys + k)] = k + h <= r + b.n.keys - b.n.rows;
  return view(static_cast<const std::uint8_t*>(bytes.data()), index_t{1}, heads, b.n.rows, b.n.keys);
}
template <class Buffers> std::span<const std::uint8_t> bits_of(Buffers& b) {
  const auto bits = b.template keep<std::uint8_t>((b.n.rows * b.n.keys + 7) / 8);
  for (index_t r = 0; r < b.n.rows; ++r)
    for (index_t k = 0; k <= r + b.n.keys - b.n.rows; ++k) {
      const index_t bit = r * b.n.keys + k;
      bits[static_cast<std::size_t>(bit / 8)] |= static_cast<std::uint8_t>(1u << (bit % 8));
    }
  return bits;
}
/// A binary draft tree of all query rows behind a prefix.
template <class Buffers> tree binary_tree(Buffers& b) {
  const index_t nodes = b.n.rows, words = (nodes + 63) / 64;
  const auto parents = b.template keep<std::int64_t>(nodes);
  for (index_t i = 0; i < nodes; ++i) parents[static_cast<std::size_t>(i)] = i == 0 ? -1 : (i - 1) / 2;
  const auto ancestors = b.template keep<std::uint64_t>(nodes * words);
  const failure f = tree_ancestors(std::span<const std::int64_t>(parents), words, ancestors);
  if (f) detail::report(f);
  return tree{one_number(b, b.n.keys - nodes), ancestors, words, {}};
}

} // namespace

std::vector<bench_case> mask_cases() {
  const auto mask_case = [](const char* suffix, auto mask_for) {
    return role_case(suffix, [=](auto& b, index_t) { return bind(b.rows_of(0), mask_for(b)); });
  };
  std::vector<bench_case> list;
  list.push_back(mask_case("causal", [](auto&) { return causal{}; }));
  list.push_back(role_case("causal+top_left",
                           [](auto& b, index_t) { return bind(b.rows_of(0), causal{}, query_positions::top_left()); }));
  list.push_back(role_case("causal+listed_positions", [](auto& b, index_t) {
    const auto at = b.template keep<index_t>(b.n.rows);
    for (index_t i = 0; i < b.n.rows; ++i) at[static_cast<std::size_t>(i)] = i;
    return bind(b.rows_of(0), causal{}, query_positions::listed(at));
  }));
  list.push_back(mask_case("window_quarter", [](auto& b) { return sliding_window{b.n.keys / 4 - 1, 0}; }));
  list.push_back(mask_case("window_sixteenth", [](auto& b) { return sliding_window{b.n.keys / 16 - 1, 0}; }));
  list.push_back(mask_case("window_both_sides", [](auto& b) { return sliding_window{b.n.keys / 8, b.n.keys / 8}; }));
  list.push_back(mask_case("key_lengths", [](auto& b) { return key_lengths{one_number(b, b.n.keys * 3 / 4)}; }));
  list.push_back(mask_case("document8", [](auto& b) {
    const index_list ids = document_list(b, 8);
    return document({.queries = ids, .keys = ids});
  }));
  list.push_back(mask_case("document8_causal", [](auto& b) {
    const index_list ids = document_list(b, 8);
    return all_of(document({.queries = ids, .keys = ids}), causal{});
  }));
  list.push_back(mask_case("prefix_lm", [](auto& b) { return prefix_lm{one_number(b, b.n.keys / 4)}; }));
  list.push_back(mask_case("chunked_local", [](auto& b) { return chunked_local{b.n.keys / 4}; }));
  list.push_back(mask_case("sinks_window", [](auto& b) {
    return all_of(causal{}, any_of(first_keys{4}, sliding_window{b.n.keys / 4 - 1, 0}));
  }));
  list.push_back(mask_case("none_of_window", [](auto& b) { return none_of(sliding_window{b.n.keys / 8, unlimited}); }));
  list.push_back(mask_case("bit_matrix", [](auto& b) { return bit_matrix{bits_of(b), one_number(b, b.n.keys), {}}; }));
  list.push_back(mask_case("byte_matrix", [](auto& b) { return byte_matrix(bytes_of(b, 1)); }));
  list.push_back(mask_case("byte_matrix_per_head", [](auto& b) { return byte_matrix(bytes_of(b, b.n.q_heads)); }));
  const call_size verify{1, 64, 2048, 8, 8, 128, 128};
  list.push_back(make_case<float>("verify/f32/" + size_name(verify) + "/tree", verify, limit::arithmetic,
                                  [](auto& b, index_t) { return bind(b.rows_of(0), binary_tree(b)); }));
  return list;
}

} // namespace heed::bench
