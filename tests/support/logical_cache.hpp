// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// What a key-value cache holds, said without a layout: rows per (sequence, key-value head, slot). It is a source of its
// own (the plainest one, for the oracle), and oracle_cache.hpp lays the same rows out in every way that heed reads.
#include <heed/view/element.hpp>

#include <support/random.hpp>

#include <limits>
#include <vector>

namespace heed::test {

/// Rows of one (sequence, kv head), slots ascending.
template <class T> struct logical_head {
  std::vector<index_t> position;
  std::vector<unsigned char> hole; ///< 1: nothing is stored
  std::vector<float> bias;
  std::vector<T> keys, values; ///< [slots][key_dim], [slots][value_dim]

  [[nodiscard]] index_t slots() const noexcept { return static_cast<index_t>(position.size()); }
};

template <class T> struct logical_cache {
  kv_dims dims{};
  std::vector<logical_head<T>> heads; ///< [sequences][kv_heads]
  std::vector<index_t> seen;          ///< [sequences]
  bool ordered = true;

  [[nodiscard]] logical_head<T>& at(index_t seq, index_t kv_head) {
    return heads[static_cast<std::size_t>(seq * dims.kv_heads + kv_head)];
  }
  [[nodiscard]] const logical_head<T>& at(index_t seq, index_t kv_head) const {
    return heads[static_cast<std::size_t>(seq * dims.kv_heads + kv_head)];
  }
};

/// Random rows at positions 0 .. lengths[s] - 1 for every head. With values_at >= 0 a value is the part of its key row
/// that starts there (latent rows).
template <class T>
logical_cache<T> make_cache(random& gen, const std::vector<index_t>& lengths, index_t kv_heads, index_t key_dim,
                            index_t value_dim, index_t values_at = -1) {
  logical_cache<T> c;
  c.dims = {static_cast<index_t>(lengths.size()), kv_heads, key_dim, value_dim, values_at < 0 ? 0 : values_at};
  c.seen = lengths;
  for (const index_t n : lengths)
    for (index_t h = 0; h < kv_heads; ++h) {
      logical_head<T> rows;
      for (index_t i = 0; i < n; ++i) rows.position.push_back(i);
      rows.hole.assign(static_cast<std::size_t>(n), 0);
      rows.bias.assign(static_cast<std::size_t>(n), 0.f);
      rows.keys = gen.numbers<T>(n * key_dim);
      rows.values =
          values_at < 0 ? gen.numbers<T>(n * value_dim) : std::vector<T>(static_cast<std::size_t>(n * value_dim));
      if (values_at >= 0)
        for (index_t i = 0; i < n; ++i)
          for (index_t e = 0; e < value_dim; ++e)
            rows.values[static_cast<std::size_t>(i * value_dim + e)] =
                rows.keys[static_cast<std::size_t>(i * key_dim + values_at + e)];
      c.heads.push_back(std::move(rows));
    }
  return c;
}

/// Keeps the listed slots of one head, in that order.
template <class T>
void keep(logical_head<T>& rows, const std::vector<index_t>& slots, index_t key_dim, index_t value_dim) {
  logical_head<T> kept;
  for (const index_t s : slots) {
    const auto i = static_cast<std::size_t>(s);
    kept.position.push_back(rows.position[i]);
    kept.hole.push_back(rows.hole[i]);
    kept.bias.push_back(rows.bias[i]);
    kept.keys.insert(kept.keys.end(), rows.keys.begin() + s * key_dim, rows.keys.begin() + (s + 1) * key_dim);
    kept.values.insert(kept.values.end(), rows.values.begin() + s * value_dim,
                       rows.values.begin() + (s + 1) * value_dim);
  }
  rows = std::move(kept);
}

/// A logical cache as a source: one row per call of rows, every slot with its position and bias written out.
template <class T> class logical_source {
public:
  using key_format = elements<T>;
  using value_format = elements<T>;
  static constexpr bool values_alias_keys = false;

  explicit logical_source(const logical_cache<T>& cache) noexcept : cache_(&cache) {}

  [[nodiscard]] kv_dims dims() const noexcept { return cache_->dims; }
  [[nodiscard]] key_format keys_as() const noexcept { return {}; }
  [[nodiscard]] value_format values_as() const noexcept { return {}; }
  [[nodiscard]] index_t slots(index_t seq, index_t kv_head) const noexcept { return cache_->at(seq, kv_head).slots(); }
  [[nodiscard]] index_t seen(index_t seq) const noexcept { return cache_->seen[static_cast<std::size_t>(seq)]; }
  [[nodiscard]] bool ordered(index_t, index_t) const noexcept { return cache_->ordered; }
  [[nodiscard]] index_t locate(index_t seq, index_t kv_head, index_t position) const noexcept {
    const auto& list = cache_->at(seq, kv_head).position;
    index_t slot = 0;
    while (slot < static_cast<index_t>(list.size()) && list[static_cast<std::size_t>(slot)] < position) ++slot;
    return slot;
  }
  [[nodiscard]] kv_rows rows(index_t seq, index_t kv_head, range slots) const noexcept {
    const auto& head = cache_->at(seq, kv_head);
    const auto i = static_cast<std::size_t>(slots.begin);
    kv_rows r;
    r.count = 1;
    r.positions = head.position.data() + i;
    r.bias = head.bias.data() + i;
    if (head.hole[i] == 0) {
      const auto dims = cache_->dims;
      r.key = reinterpret_cast<const std::byte*>(head.keys.data() + slots.begin * dims.key_dim);
      r.value = reinterpret_cast<const std::byte*>(head.values.data() + slots.begin * dims.value_dim);
      r.key_stride = dims.key_dim * static_cast<index_t>(sizeof(T));
      r.value_stride = dims.value_dim * static_cast<index_t>(sizeof(T));
    }
    return r;
  }

private:
  const logical_cache<T>* cache_;
};

static_assert(kv_source<logical_source<float>>);

} // namespace heed::test
