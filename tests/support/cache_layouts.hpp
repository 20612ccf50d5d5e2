// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The rows of a logical cache laid out in every way that heed reads. A layout draws its own form (strides, page size,
// kind of table, evictions, holes), takes out of the logical cache what it does not hold, and poisons with NaN every
// element that no row owns.
#include <heed/kv/biased.hpp>
#include <heed/kv/contiguous.hpp>
#include <heed/kv/gathered.hpp>
#include <heed/kv/head_split.hpp>
#include <heed/kv/joined.hpp>
#include <heed/kv/paged.hpp>
#include <heed/kv/ragged_heads.hpp>
#include <heed/kv/sink_ring.hpp>

#include <support/row_pool.hpp>

#include <algorithm>

namespace heed::test {

/// Whether slots keep the positions 0, 1, 2 ..., or carry positions of their own after an eviction.
enum class placing : unsigned char { drawn, by_slot };

/// Two strided views: packed sequences or a dense batch.
template <class T> class contiguous_rows {
public:
  contiguous_rows(random& gen, logical_cache<double>& c, placing how = placing::drawn) {
    const kv_dims d = c.dims;
    const bool placed = how == placing::drawn && gen.chance(3), shuffled = placed && gen.chance(2);
    packed_ = gen.chance(2);
    index_t longest = 0;
    for (index_t s = 0; s < d.sequences; ++s) {
      if (placed) {
        const auto kept = drawn_slots(gen, c.seen[at(s)], 6, shuffled);
        for (index_t h = 0; h < d.kv_heads; ++h) keep(c.at(s, h), kept, d.key_dim, d.value_dim);
        if (!shuffled && gen.chance(2)) c.seen[at(s)] = kept.empty() ? 0 : kept.back() + 1;
      }
      longest = std::max(longest, slots_of(c, s));
    }
    if (shuffled) c.ordered = false;
    std::vector<index_t> offsets{packed_ ? gen.integer(0, 3) : 0}, lengths;
    for (index_t s = 0; s < d.sequences; ++s) {
      lengths.push_back(slots_of(c, s));
      offsets.push_back(offsets.back() + lengths.back() + gen.integer(0, 2));
    }
    const index_t batch = packed_ ? 1 : d.sequences, room = packed_ ? offsets.back() : longest + gen.integer(0, 3);
    pool_ = pool_pair<T>(gen, batch, room, d.kv_heads, d);
    if (placed) positions_.assign(at(batch * room), -7);
    for (index_t s = 0; s < d.sequences; ++s)
      for (index_t i = 0; i < lengths[at(s)]; ++i) {
        const index_t outer = packed_ ? 0 : s, inner = packed_ ? offsets[at(s)] + i : i;
        for (index_t h = 0; h < d.kv_heads; ++h) pool_.put(outer, inner, h, c.at(s, h), i, d);
        if (placed) positions_[at(outer * room + inner)] = c.at(s, 0).position[at(i)];
      }
    if (packed_) offsets_ = {gen, offsets};
    lengths_ = {gen, lengths};
    seen_ = {gen, c.seen};
    placed_ = placed;
    if (shuffled) order_ = slot_order::any;
  }
  [[nodiscard]] auto source() const noexcept {
    contiguous_layout at;
    if (packed_) at.offsets = offsets_.get();
    at.lengths = lengths_.get();
    if (placed_) at.positions = positions_;
    at.seen = seen_.get();
    at.order = order_;
    return packed_ ? contiguous(pool_.k.inner_view(), pool_.v.inner_view(), at)
                   : contiguous(pool_.k.view(), pool_.v.view(), at);
  }

private:
  static index_t slots_of(const logical_cache<double>& c, index_t s) {
    return c.dims.kv_heads > 0 ? c.at(s, 0).slots() : c.seen[at(s)];
  }
  pool_pair<T> pool_;
  drawn_list offsets_, lengths_, seen_;
  std::vector<index_t> positions_;
  slot_order order_ = slot_order::ascending;
  bool packed_ = false, placed_ = false;
};

/// Pages in shuffled order, found by one of the three tables.
template <class T> class paged_rows {
public:
  paged_rows(random& gen, logical_cache<double>& c) {
    const kv_dims d = c.dims;
    const auto form = gen.integer(0, 3); // compressed, dense, per head compressed, per head dense
    form_ = static_cast<int>(form);
    heads_ = d.kv_heads;
    const bool per_head = form >= 2, one_head = per_head && gen.chance(2);
    const bool placed = gen.chance(3), shuffled = placed && gen.chance(2), biased = gen.chance(3);
    const bool holes = (!placed || shuffled) && gen.chance(2);
    const index_t page = gen.one_of(std::vector<index_t>{1, 2, 3, 5, 8, 16, 17, 32});
    for (index_t s = 0; s < d.sequences; ++s) {
      std::vector<index_t> kept;
      for (index_t h = 0; h < d.kv_heads; ++h) {
        if (h == 0 || per_head) {
          kept = placed ? drawn_slots(gen, c.seen[at(s)], 6, shuffled) : drawn_slots(gen, c.seen[at(s)], 8, false);
          if (per_head && !placed) kept.resize(at(gen.integer(0, c.seen[at(s)])));
        }
        keep(c.at(s, h), kept, d.key_dim, d.value_dim);
      }
    }
    if (shuffled) c.ordered = false;

    // Lists of pages: ids are a shuffled numbering with a few pages that nobody owns.
    const index_t each = per_head ? d.kv_heads : 1;
    std::vector<index_t> offsets{0}, lengths;
    index_t longest = 0;
    for (index_t s = 0; s < d.sequences; ++s)
      for (index_t h = 0; h < each; ++h) {
        const index_t n = c.at(s, h).slots(), pages = (n + page - 1) / page;
        longest = std::max(longest, pages);
        offsets.push_back(offsets.back() + pages);
        lengths.push_back(form == 0 ? (n > 0 ? n - (pages - 1) * page : 0) : n);
      }
    const index_t used = offsets.back(), total = used + gen.integer(0, 3);
    std::vector<index_t> ids(at(total));
    for (index_t i = 0; i < total; ++i) ids[at(i)] = i;
    if (!gen.chance(4)) gen.shuffle(ids); // in order: neighbours are read as one stretch
    ids.resize(at(used));
    pool_ = pool_pair<T>(gen, total, page, one_head ? 1 : d.kv_heads, d);
    if (placed) positions_.assign(at(total * page), -7);
    if (biased) bias_.assign(at(total * page), std::numeric_limits<float>::quiet_NaN());
    for (index_t l = 0; l < static_cast<index_t>(lengths.size()); ++l) {
      const index_t s = l / each, n = c.at(s, l % each).slots();
      for (index_t first = 0; first < n; first += page) {
        index_t& id = ids[at(offsets[at(l)] + first / page)];
        const bool hole = holes && gen.chance(3);
        for (index_t i = first; i < std::min(n, first + page); ++i) {
          const float bias = biased ? drawn_bias(gen) : 0.f;
          for (index_t h = per_head ? l % each : 0; h < (per_head ? l % each + 1 : d.kv_heads); ++h) {
            auto& rows = c.at(s, h);
            rows.hole[at(i)] = hole;
            rows.bias[at(i)] = bias;
            if (!hole && bias != -std::numeric_limits<float>::infinity())
              pool_.put(id, i - first, one_head ? 0 : h, rows, i, d);
          }
          if (placed) positions_[at(id * page + i - first)] = c.at(s, l % each).position[at(i)];
          if (biased) bias_[at(id * page + i - first)] = bias;
        }
        if (hole) id = -1;
      }
    }
    if (form % 2 == 1) { // dense: lists of the same room, entries behind the end are garbage
      max_pages_ = longest + gen.integer(0, 2);
      std::vector<index_t> dense(lengths.size() * at(max_pages_), 1 << 30);
      for (std::size_t l = 0; l < lengths.size(); ++l)
        for (index_t i = 0; i < offsets[l + 1] - offsets[l]; ++i)
          dense[l * at(max_pages_) + at(i)] = ids[at(offsets[l] + i)];
      ids = dense;
    }
    pages_ = {gen, ids};
    offsets_ = {gen, offsets};
    lengths_ = {gen, lengths};
    seen_ = {gen, c.seen};
    if (shuffled) order_ = slot_order::any;
  }
  [[nodiscard]] auto source() const noexcept {
    paged_slots slots;
    if (!positions_.empty()) slots.positions = positions_;
    if (!bias_.empty()) slots.bias = bias_;
    slots.seen = seen_.get();
    slots.order = order_;
    const auto k = pool_.k.view(), v = pool_.v.view();
    if (form_ == 0) return paged(k, v, page_table{offsets_.get(), pages_.get(), lengths_.get()}, slots);
    if (form_ == 1) return paged(k, v, block_table{pages_.get(), max_pages_, lengths_.get()}, slots);
    const index_list offsets = form_ == 2 ? offsets_.get() : index_list{};
    return paged(k, v, head_page_table{heads_, offsets, pages_.get(), max_pages_, lengths_.get()}, slots);
  }

private:
  pool_pair<T> pool_;
  drawn_list pages_, offsets_, lengths_, seen_;
  std::vector<index_t> positions_;
  std::vector<float> bias_;
  index_t max_pages_ = 0, heads_ = 0;
  slot_order order_ = slot_order::ascending;
  int form_ = 0;
};

/// Sinks and a ring.
template <class T> class ring_rows {
public:
  ring_rows(random& gen, logical_cache<double>& c) : sinks_(gen.integer(0, 5)) {
    const kv_dims d = c.dims;
    const index_t longest = c.seen.empty() ? 0 : *std::max_element(c.seen.begin(), c.seen.end());
    const index_t ring = gen.integer(1, longest + 2), capacity = sinks_ + ring;
    pool_ = pool_pair<T>(gen, d.sequences, capacity, d.kv_heads, d);
    for (index_t s = 0; s < d.sequences; ++s) {
      const index_t n = c.seen[at(s)];
      std::vector<index_t> kept;
      for (index_t p = 0; p < n; ++p)
        if (n <= capacity || p < sinks_ || p >= n - ring) kept.push_back(p);
      for (index_t h = 0; h < d.kv_heads; ++h) {
        keep(c.at(s, h), kept, d.key_dim, d.value_dim);
        for (index_t i = 0; i < c.at(s, h).slots(); ++i) {
          const index_t p = kept[at(i)];
          pool_.put(s, p < sinks_ ? p : sinks_ + (p - sinks_) % ring, h, c.at(s, h), i, d);
        }
      }
    }
    seen_ = {gen, c.seen};
  }
  [[nodiscard]] auto source() const noexcept {
    return sink_ring(pool_.k.view(), pool_.v.view(), sink_ring_batch{sinks_, seen_.get()});
  }

private:
  pool_pair<T> pool_;
  drawn_list seen_;
  index_t sinks_;
};

/// Each head its own rows, one after the other.
template <class T> class ragged_rows {
public:
  ragged_rows(random& gen, logical_cache<double>& c) {
    const kv_dims d = c.dims;
    const bool placed = gen.chance(2), shuffled = placed && gen.chance(2);
    heads_ = d.kv_heads;
    std::vector<index_t> offsets{gen.integer(0, 2)}, lengths;
    for (index_t s = 0; s < d.sequences; ++s)
      for (index_t h = 0; h < d.kv_heads; ++h) {
        auto kept = drawn_slots(gen, c.seen[at(s)], placed ? gen.integer(1, 8) : 8, shuffled);
        if (!placed) kept.resize(at(gen.integer(0, c.seen[at(s)])));
        keep(c.at(s, h), kept, d.key_dim, d.value_dim);
        lengths.push_back(c.at(s, h).slots());
        offsets.push_back(offsets.back() + lengths.back() + gen.integer(0, 2));
      }
    if (shuffled) c.ordered = false;
    pool_ = pool_pair<T>(gen, 1, offsets.back(), 1, d);
    if (placed) positions_.assign(at(offsets.back()), -7);
    for (index_t l = 0; l < static_cast<index_t>(lengths.size()); ++l)
      for (index_t i = 0; i < lengths[at(l)]; ++i) {
        const auto& rows = c.at(l / heads_, l % heads_);
        pool_.put(0, offsets[at(l)] + i, 0, rows, i, d);
        if (placed) positions_[at(offsets[at(l)] + i)] = rows.position[at(i)];
      }
    offsets_ = {gen, offsets};
    lengths_ = {gen, lengths};
    seen_ = {gen, c.seen};
    if (shuffled) order_ = slot_order::any;
  }
  [[nodiscard]] auto source() const noexcept {
    ragged_heads_layout at{heads_, offsets_.get(), lengths_.get(), {}, seen_.get(), order_};
    if (!positions_.empty()) at.positions = positions_;
    const auto k = pool_.k.inner_view(), v = pool_.v.inner_view();
    return ragged_heads(tensor_view<const T, 2>(k.data(), {k.extent(0), k.extent(2)}, {k.stride(0), 1}),
                        tensor_view<const T, 2>(v.data(), {v.extent(0), v.extent(2)}, {v.stride(0), 1}), at);
  }

private:
  pool_pair<T> pool_;
  drawn_list offsets_, lengths_, seen_;
  std::vector<index_t> positions_;
  index_t heads_ = 0;
  slot_order order_ = slot_order::ascending;
};

} // namespace heed::test
