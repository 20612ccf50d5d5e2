// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Caches of every kind with memory of their own, counted, for tests that treat them alike.
#include <heed/kv/contiguous_cache.hpp>
#include <heed/kv/head_split_cache.hpp>
#include <heed/kv/latent_cache.hpp>
#include <heed/kv/paged_cache.hpp>
#include <heed/kv/ragged_heads_cache.hpp>
#include <heed/kv/sink_ring_cache.hpp>

#include <support/counted_bytes.hpp>

namespace heed::test {

/// Room for `rows` slots per head; pages: of the pool, where there is one.
struct cache_size {
  index_t sequences = 1, heads = 1, rows = 0, key_dim = 1, value_dim = 1, page = 4, pages = 0;
  [[nodiscard]] index_t lists() const { return sequences * heads; }
};
inline std::size_t many(index_t n) { return static_cast<std::size_t>(n); }

/// Memory for means of `lists` lists of `heads` heads.
struct owned_means {
  counted<float> keys, values;
  counted<index_t> counts, slots;
  owned_means(index_t lists, index_t heads, const cache_size& s)
      : keys(many(lists * heads * s.key_dim)), values(many(lists * heads * s.value_dim)), counts(many(lists)),
        slots(many(lists)) {}
  [[nodiscard]] slot_means get() { return {keys, values, counts, slots}; }
};

template <class T> struct contiguous_owner {
  static constexpr const char* name = "contiguous";
  using cache_type = contiguous_cache<T, T>;
  counted<T> k, v;
  counted<index_t> lengths, positions, seen;
  counted<float> bias;
  owned_means means;
  cache_type cache;
  explicit contiguous_owner(const cache_size& s)
      : k(many(s.lists() * s.rows * s.key_dim)), v(many(s.lists() * s.rows * s.value_dim)), lengths(many(s.lists())),
        positions(many(s.lists() * s.rows)), seen(many(s.sequences)), bias(many(s.lists() * s.rows)),
        means(s.lists(), 1, s), cache(view(k.data(), s.sequences, s.rows, s.heads, s.key_dim),
                                      view(v.data(), s.sequences, s.rows, s.heads, s.value_dim),
                                      {lengths, positions, seen, bias, means.get()}) {}
};

template <class T> struct ragged_owner {
  static constexpr const char* name = "ragged";
  using cache_type = ragged_heads_cache<T, T>;
  std::vector<index_t> offsets;
  counted<T> k, v;
  counted<index_t> lengths, positions, seen;
  counted<float> bias;
  owned_means means;
  cache_type cache;
  explicit ragged_owner(const cache_size& s) : ragged_owner(s, even_offsets(s)) {}
  ragged_owner(const cache_size& s, const std::vector<index_t>& where)
      : offsets(where), k(many(where.back() * s.key_dim)), v(many(where.back() * s.value_dim)),
        lengths(many(s.lists())), positions(many(where.back())), seen(many(s.sequences)), bias(many(where.back())),
        means(s.lists(), 1, s),
        cache(view(k.data(), where.back(), s.key_dim), view(v.data(), where.back(), s.value_dim),
              {s.heads, offsets, lengths, positions, seen, bias, means.get()}) {}
  static std::vector<index_t> even_offsets(const cache_size& s) {
    std::vector<index_t> at;
    for (index_t l = 0; l <= s.lists(); ++l) at.push_back(l * s.rows);
    return at;
  }
};

/// PerHead: a page belongs to one head; else all heads of a sequence share a list.
template <class T, bool PerHead> struct paged_owner {
  static constexpr const char* name = PerHead ? "paged, a list per head" : "paged, a list per sequence";
  using cache_type = paged_cache<T, T>;
  index_t stored, lists;
  counted<T> k, v;
  counted<index_t> ids, lengths, free, seen, positions;
  counted<float> bias;
  owned_means means;
  cache_type cache;
  explicit paged_owner(const cache_size& s)
      : stored(PerHead ? 1 : s.heads), lists(PerHead ? s.lists() : s.sequences),
        k(many(s.pages * s.page * stored * s.key_dim)), v(many(s.pages * s.page * stored * s.value_dim)),
        ids(many(lists * most_pages(s))), lengths(many(lists)), free(many(s.pages)), seen(many(s.sequences)),
        positions(many(s.pages * s.page)), bias(many(s.pages * s.page)), means(lists, stored, s),
        cache(view(k.data(), s.pages, s.page, stored, s.key_dim), view(v.data(), s.pages, s.page, stored, s.value_dim),
              {PerHead ? s.heads : 0, ids, most_pages(s), lengths, free, seen, positions, bias, means.get()}) {}
  static index_t most_pages(const cache_size& s) { return (s.rows + s.page - 1) / s.page; }
};

/// Rows of which the value is a part: one head, and nothing to fold into.
template <class T> struct latent_owner {
  static constexpr const char* name = "latent";
  static constexpr index_t value_offset = 1;
  using cache_type = paged_cache<T, T, true>;
  counted<T> pool;
  counted<index_t> ids, lengths, free, seen, positions;
  counted<float> bias;
  owned_means means;
  cache_type cache;
  explicit latent_owner(const cache_size& s)
      : pool(many(s.pages * s.page * s.key_dim)), ids(many(s.sequences * most_pages(s))), lengths(many(s.sequences)),
        free(many(s.pages)), seen(many(s.sequences)), positions(many(s.pages * s.page)), bias(many(s.pages * s.page)),
        means(0, 1, s), cache(latent_cache(view(pool.data(), s.pages, s.page, s.key_dim),
                                           {.value_dim = s.value_dim, .value_offset = value_offset},
                                           {0, ids, most_pages(s), lengths, free, seen, positions, bias})) {}
  static index_t most_pages(const cache_size& s) { return (s.rows + s.page - 1) / s.page; }
};

/// Even heads whole, odd ones with sinks and a ring of `window` and `slack` rows.
template <class T> struct split_owner {
  static constexpr const char* name = "two parts";
  using cache_type = head_split_cache<contiguous_cache<T, T>, sink_ring_cache<T, T>>;
  index_t firsts, seconds, ring_rows;
  counted<T> fk, fv, rk, rv;
  counted<index_t> lengths, seen, ring_seen, written;
  std::vector<head_source> choice;
  contiguous_cache<T, T> full;
  sink_ring_cache<T, T> ring;
  cache_type cache;
  split_owner(const cache_size& s, index_t sinks, index_t window, index_t slack)
      : firsts((s.heads + 1) / 2), seconds(s.heads / 2), ring_rows(sinks + window + slack),
        fk(many(s.sequences * firsts * s.rows * s.key_dim)), fv(many(s.sequences * firsts * s.rows * s.value_dim)),
        rk(many(s.sequences * seconds * ring_rows * s.key_dim)),
        rv(many(s.sequences * seconds * ring_rows * s.value_dim)), lengths(many(s.sequences * firsts)),
        seen(many(s.sequences)), ring_seen(many(s.sequences)), written(many(s.sequences)), choice(many(s.heads)),
        full(view(fk.data(), s.sequences, s.rows, firsts, s.key_dim),
             view(fv.data(), s.sequences, s.rows, firsts, s.value_dim), {.lengths = lengths, .seen = seen}),
        ring(view(rk.data(), s.sequences, ring_rows, seconds, s.key_dim),
             view(rv.data(), s.sequences, ring_rows, seconds, s.value_dim),
             {.sinks = sinks, .seen = ring_seen, .window = window, .written = written}),
        cache(full, ring, chosen(choice)) {}
  static std::span<const head_source> chosen(std::vector<head_source>& list) {
    for (std::size_t h = 0; h < list.size(); ++h) list[h] = h % 2 == 0 ? head_source::first : head_source::second;
    return list;
  }
};

} // namespace heed::test
