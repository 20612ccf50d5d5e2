// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Layouts made of other layouts: a bias per slot, index lists, fresh rows behind cached ones, two sources by head.
#include <support/cache_layouts.hpp>

namespace heed::test {

/// Some heads of a logical cache, or some of its slots, as a cache of its own.
inline logical_cache<double> heads_of(const logical_cache<double>& c, const std::vector<index_t>& heads) {
  logical_cache<double> part;
  part.dims = c.dims;
  part.dims.kv_heads = static_cast<index_t>(heads.size());
  part.seen = c.seen;
  for (index_t s = 0; s < c.dims.sequences; ++s)
    for (const index_t h : heads) part.heads.push_back(c.at(s, h));
  return part;
}
inline void keep_stretch(logical_cache<double>& c, index_t seq, range slots) {
  std::vector<index_t> list;
  for (index_t i = slots.begin; i < slots.end; ++i) list.push_back(i);
  for (index_t h = 0; h < c.dims.kv_heads; ++h) keep(c.at(seq, h), list, c.dims.key_dim, c.dims.value_dim);
}

/// A contiguous source with a bias per slot.
template <class T> class biased_rows {
public:
  biased_rows(random& gen, logical_cache<double>& c) : base_(gen, c), dense_(gen.chance(2)) {
    const kv_dims d = c.dims;
    for (const auto& rows : c.heads) width_ = std::max(width_, rows.slots());
    width_ += gen.integer(0, 2);
    sequences_ = d.sequences, heads_ = d.kv_heads;
    std::vector<index_t> offsets{0};
    for (auto& rows : c.heads) {
      for (float& b : rows.bias) b = drawn_bias(gen);
      values_.insert(values_.end(), rows.bias.begin(), rows.bias.end());
      if (dense_) values_.resize(values_.size() + at(width_ - rows.slots()), std::numeric_limits<float>::quiet_NaN());
      offsets.push_back(static_cast<index_t>(values_.size()));
    }
    offsets_ = {gen, offsets};
  }
  [[nodiscard]] auto source() const noexcept {
    if (dense_) return biased(base_.source(), view(values_.data(), sequences_, heads_, width_));
    return biased(base_.source(), slot_bias{values_, offsets_.get()});
  }

private:
  contiguous_rows<T> base_;
  std::vector<float> values_;
  drawn_list offsets_;
  index_t width_ = 0, sequences_ = 0, heads_ = 0;
  bool dense_;
};

/// Lists of slots over a contiguous source, in any order and with holes, or ascending. Sequences may share a base.
template <class T> class gathered_rows {
public:
  gathered_rows(random& gen, logical_cache<double>& c) : base_(gen, share(gen, c), placing::by_slot) {
    const kv_dims d = c.dims;
    const bool per_head = gen.chance(2), ascending = gen.chance(2), dense = gen.chance(2);
    std::vector<std::vector<index_t>> lists;
    for (index_t s = 0; s < d.sequences; ++s)
      for (index_t h = 0; h < d.kv_heads; ++h) {
        if (h == 0 || per_head) {
          lists.push_back(drawn_slots(gen, c.seen[at(s)], gen.integer(1, 8), !ascending));
          for (index_t n = gen.integer(0, 3); n > 0; --n) {
            auto& l = lists.back();
            const index_t where =
                ascending ? static_cast<index_t>(l.size()) : gen.integer(0, static_cast<index_t>(l.size()));
            l.insert(l.begin() + where, -1);
          }
        }
        apply(c, s, h, lists.back());
      }
    if (!ascending) c.ordered = false;
    std::vector<index_t> indices, offsets{0}, lengths;
    for (const auto& l : lists) width_ = std::max(width_, static_cast<index_t>(l.size()));
    for (const auto& l : lists) {
      lengths.push_back(static_cast<index_t>(l.size()));
      indices.insert(indices.end(), l.begin(), l.end());
      if (dense) indices.resize(indices.size() + at(width_) - l.size(), 1 << 30);
      offsets.push_back(static_cast<index_t>(indices.size()));
    }
    indices_ = {gen, indices};
    offsets_ = {gen, offsets};
    lengths_ = {gen, lengths};
    shape_.list_per = per_head ? gather_lists::per::kv_head : gather_lists::per::sequence;
    shape_.order = ascending ? slot_order::ascending : slot_order::any;
    dense_ = dense;
  }
  [[nodiscard]] auto source() const noexcept {
    gather_lists lists = shape_;
    lists.indices = indices_.get();
    if (dense_) {
      lists.width = width_;
      lists.lengths = lengths_.get();
    } else {
      lists.offsets = offsets_.get();
    }
    if (shared_) lists.base_sequence = from_.get();
    return gathered(base_.source(), lists);
  }

private:
  /// Sometimes all sequences read a few base sequences: the logical ones become copies of those.
  logical_cache<double>& share(random& gen, logical_cache<double>& c) {
    shared_ = c.dims.sequences > 0 && gen.chance(3);
    if (!shared_) return c;
    const index_t count = gen.integer(1, c.dims.sequences);
    base_cache_ = c;
    base_cache_.dims.sequences = count;
    base_cache_.seen.resize(at(count));
    base_cache_.heads.resize(at(count * c.dims.kv_heads));
    std::vector<index_t> from;
    for (index_t s = 0; s < c.dims.sequences; ++s) {
      from.push_back(gen.integer(0, count - 1));
      c.seen[at(s)] = base_cache_.seen[at(from.back())];
      for (index_t h = 0; h < c.dims.kv_heads; ++h) c.at(s, h) = base_cache_.at(from.back(), h);
    }
    from_ = {gen, from};
    return base_cache_;
  }
  static void apply(logical_cache<double>& c, index_t seq, index_t head, const std::vector<index_t>& list) {
    logical_head<double>& rows = c.at(seq, head);
    std::vector<index_t> slots = list;
    if (rows.slots() == 0) { // only holes
      rows.position.assign(list.size(), 0);
      rows.bias.assign(list.size(), 0.f);
      rows.hole.assign(list.size(), 1);
      rows.keys.assign(list.size() * at(c.dims.key_dim), 0.);
      rows.values.assign(list.size() * at(c.dims.value_dim), 0.);
      return;
    }
    for (index_t& i : slots) i = std::max<index_t>(i, 0);
    keep(rows, slots, c.dims.key_dim, c.dims.value_dim);
    for (std::size_t i = 0; i < list.size(); ++i) rows.hole[i] = list[i] < 0;
  }

  logical_cache<double> base_cache_;
  drawn_list indices_, offsets_, lengths_, from_;
  gather_lists shape_;
  index_t width_ = 0;
  bool dense_ = false, shared_ = false;
  contiguous_rows<T> base_;
};

/// Cached pages, then fresh rows.
template <class T> class joined_rows {
public:
  joined_rows(random& gen, logical_cache<double>& c)
      : cached_cache_(c), fresh_cache_(c), cached_(gen, split(gen)), fresh_(gen, fresh_cache_, placing::by_slot) {
    c.ordered = cached_cache_.ordered;
    for (index_t s = 0; s < c.dims.sequences; ++s) {
      for (index_t h = 0; h < c.dims.kv_heads; ++h) {
        logical_head<double>& rows = c.at(s, h);
        rows = cached_cache_.at(s, h);
        const logical_head<double>& more = fresh_cache_.at(s, h);
        for (const index_t p : more.position) rows.position.push_back(p + cached_cache_.seen[at(s)]);
        rows.hole.insert(rows.hole.end(), more.hole.begin(), more.hole.end());
        rows.bias.insert(rows.bias.end(), more.bias.begin(), more.bias.end());
        rows.keys.insert(rows.keys.end(), more.keys.begin(), more.keys.end());
        rows.values.insert(rows.values.end(), more.values.begin(), more.values.end());
      }
      c.seen[at(s)] = cached_cache_.seen[at(s)] + fresh_cache_.seen[at(s)];
    }
  }
  [[nodiscard]] auto source() const noexcept { return joined(cached_.source(), fresh_.source()); }

private:
  logical_cache<double>& split(random& gen) {
    for (index_t s = 0; s < cached_cache_.dims.sequences; ++s) {
      const index_t n = cached_cache_.seen[at(s)], cut = gen.integer(0, n);
      keep_stretch(cached_cache_, s, {0, cut});
      keep_stretch(fresh_cache_, s, {cut, n});
      cached_cache_.seen[at(s)] = cut;
      fresh_cache_.seen[at(s)] = n - cut;
      for (index_t h = 0; h < fresh_cache_.dims.kv_heads; ++h)
        for (index_t& p : fresh_cache_.at(s, h).position) p -= cut;
    }
    return cached_cache_;
  }
  logical_cache<double> cached_cache_, fresh_cache_;
  paged_rows<T> cached_;
  contiguous_rows<T> fresh_;
};

/// Some heads keep everything, the others sinks and a ring.
template <class T> class split_rows {
public:
  split_rows(random& gen, logical_cache<double>& c)
      : choice_(choose(gen, c)), whole_cache_(heads_of(c, whole_)), ring_cache_(heads_of(c, streaming_)),
        contiguous_(gen, whole_cache_, placing::by_slot), ring_(gen, ring_cache_) {
    for (index_t s = 0; s < c.dims.sequences; ++s) {
      for (std::size_t i = 0; i < whole_.size(); ++i) c.at(s, whole_[i]) = whole_cache_.at(s, static_cast<index_t>(i));
      for (std::size_t i = 0; i < streaming_.size(); ++i)
        c.at(s, streaming_[i]) = ring_cache_.at(s, static_cast<index_t>(i));
    }
  }
  [[nodiscard]] auto source() const noexcept { return head_split(contiguous_.source(), ring_.source(), choice_); }

private:
  std::vector<head_source> choose(random& gen, const logical_cache<double>& c) {
    std::vector<head_source> choice;
    for (index_t h = 0; h < c.dims.kv_heads; ++h) {
      choice.push_back(gen.chance(2) ? head_source::first : head_source::second);
      (choice.back() == head_source::first ? whole_ : streaming_).push_back(h);
    }
    return choice;
  }
  std::vector<index_t> whole_, streaming_;
  std::vector<head_source> choice_;
  logical_cache<double> whole_cache_, ring_cache_;
  contiguous_rows<T> contiguous_;
  ring_rows<T> ring_;
};

/// A source of one's own: every row on its own, with position, bias and holes.
template <class T> class scattered_rows {
public:
  scattered_rows(random& gen, logical_cache<double>& c) {
    const kv_dims d = c.dims;
    c.ordered = gen.chance(2);
    for (index_t s = 0; s < d.sequences; ++s)
      for (index_t h = 0; h < d.kv_heads; ++h) {
        auto& rows = c.at(s, h);
        keep(rows, drawn_slots(gen, rows.slots(), gen.integer(4, 8), !c.ordered), d.key_dim, d.value_dim);
        for (index_t i = 0; i < rows.slots(); ++i) {
          rows.bias[at(i)] = drawn_bias(gen);
          rows.hole[at(i)] = gen.chance(8);
        }
      }
    typed_.dims = d;
    typed_.seen = c.seen;
    typed_.ordered = c.ordered;
    for (const auto& rows : c.heads) {
      logical_head<T> t{rows.position, rows.hole, rows.bias, {}, {}};
      for (index_t i = 0; i < rows.slots(); ++i) {
        const bool dead = rows.hole[at(i)] != 0 || rows.bias[at(i)] == -std::numeric_limits<float>::infinity();
        const double poison = std::numeric_limits<double>::quiet_NaN();
        for (index_t e = 0; e < d.key_dim; ++e)
          t.keys.push_back(narrowed<T>(dead ? poison : rows.keys[at(i * d.key_dim + e)]));
        for (index_t e = 0; e < d.value_dim; ++e)
          t.values.push_back(narrowed<T>(dead ? poison : rows.values[at(i * d.value_dim + e)]));
      }
      typed_.heads.push_back(std::move(t));
    }
  }
  [[nodiscard]] auto source() const noexcept { return logical_source<T>(typed_); }

private:
  logical_cache<T> typed_;
};

} // namespace heed::test
