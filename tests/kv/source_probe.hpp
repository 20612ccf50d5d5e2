// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// How the tests of this room look at a source: the text of a refusal, single elements, and every byte that it promises.
#include <heed/error.hpp>
#include <heed/problem/call_extents.hpp>
#include <heed/testing/source_laws.hpp>
#include <heed/view/tensor_view.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace heed::test {

inline std::string text(const failure& f) { return f ? error(f).what() : "ok"; }

/// Numbers 0, 1, 2 ...: an element tells where it lies.
template <class T = float> std::vector<T> numbered(index_t n) {
  std::vector<T> x;
  for (index_t i = 0; i < n; ++i) x.push_back(narrow<T>(static_cast<accum_t<T>>(i)));
  return x;
}

template <class K> auto element_of(const K& kv, index_t seq, index_t head, index_t slot, bool value, index_t e) {
  using accum = typename K::key_format::accum;
  const kv_rows r = kv.rows(seq, head, {slot, slot + 1});
  if (r.key == nullptr) return accum{-1};
  std::vector<accum> row(static_cast<std::size_t>(value ? kv.dims().value_dim : kv.dims().key_dim));
  if (value)
    kv.values_as().unpack(r.value, r.value_scales, row);
  else
    kv.keys_as().unpack(r.key, r.key_scales, row);
  return row[static_cast<std::size_t>(e)];
}
/// Element e of the key (value) in a slot; -1 in a hole.
template <class K> auto key_at(const K& kv, index_t seq, index_t head, index_t slot, index_t e = 0) {
  return element_of(kv, seq, head, slot, false, e);
}
template <class K> auto value_at(const K& kv, index_t seq, index_t head, index_t slot, index_t e = 0) {
  return element_of(kv, seq, head, slot, true, e);
}
template <class K> index_t position_at(const K& kv, index_t seq, index_t head, index_t slot) {
  const kv_rows r = kv.rows(seq, head, {slot, slot + 1});
  return r.positions != nullptr ? r.positions[0] : r.first;
}

/// Reads every element of every slot in the longest stretches; beside a protected page an address outside ends the
/// program. Returns the number of rows read.
template <class K> index_t read_all(const K& kv) {
  const kv_dims d = kv.dims();
  index_t rows = 0;
  typename K::key_format::accum sum{};
  std::vector<typename K::key_format::accum> key(static_cast<std::size_t>(d.key_dim));
  std::vector<typename K::value_format::accum> value(static_cast<std::size_t>(d.value_dim));
  for (index_t s = 0; s < d.sequences; ++s)
    for (index_t h = 0; h < d.kv_heads; ++h)
      for (index_t i = 0, n = kv.slots(s, h); i < n;) {
        const kv_rows r = kv.rows(s, h, {i, n});
        for (index_t j = 0; r.key != nullptr && j < r.count; ++j, ++rows) {
          kv.keys_as().unpack(r.key + j * r.key_stride, nullptr, key);
          kv.values_as().unpack(r.value + j * r.value_stride, nullptr, value);
          sum += key.back() + static_cast<typename K::key_format::accum>(value.back());
        }
        i += r.count;
      }
  return sum == sum ? rows : -1;
}

/// A source that says it has more lists than can be counted.
template <class K> struct vast : K {
  index_t sequences;
  vast(const K& kv, index_t n) : K(kv), sequences(n) {}
  [[nodiscard]] kv_dims dims() const noexcept {
    kv_dims d = K::dims();
    d.sequences = sequences;
    return d;
  }
  [[nodiscard]] failure check(const call_extents&) const noexcept { return {}; }
};

template <class K> void expect_lawful(const K& kv) {
  const testing::source_report r = testing::check_source(kv);
  EXPECT_FALSE(r) << r.broken << "; seq " << r.seq << ", kv_head " << r.kv_head << ", slot " << r.slot << ", value "
                  << r.value << ", expected " << r.expected;
}

} // namespace heed::test
