// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Queries see the keys of their own document: several texts packed into one sequence.
#include <heed/mask/check_list.hpp>
#include <heed/mask/exact_runs.hpp>
#include <heed/view/footprint.hpp>

namespace heed {

/// Ids of documents (segments). Sequence s owns the entries [offsets[s], offsets[s + 1]); with one sequence the offsets
/// may be left out.
///
/// Shapes    queries: [query rows], by row; keys: [keys], by position; offsets: [sequences + 1]
struct document_ids {
  index_list queries{}, keys{};
  index_list query_offsets{}, key_offsets{};
};

/// A query sees the keys whose document id equals its own. A negative id is padding: it sees nothing and nothing sees
/// it. Usually together with causal: all_of(document{{.queries = ids, .keys = ids}}, causal{}).
///
/// Requires  an id for each query row and each token seen, offsets ascending, else errc::bad_extent,
///           errc::not_monotone, errc::index_out_of_range, errc::length_out_of_range. Whether ids ascend is read when
///           the mask is built; build it again when ids change (check refuses ids whose order was lost,
///           errc::not_monotone)
/// Laws      bit_mask, tight_mask, row_divider: 64 documents of 128 tokens in one sequence, causal, take as long as in
/// 64
///           sequences; where tiles held rows of two documents, 1.17 times as long (f32, 8 heads of 128, Zen 4)
/// Cost      building: O(keys). runs: O(rows + log keys) per document in the tile where the ids of a sequence ascend
///           (padding first or last), else one pass over the keys asked about and O(rows) per change of id among those
///           between the tile's least and greatest id. bits: O(keys) and O(rows) per change of id
class document {
public:
  static constexpr bool tight = true;

  HEED_INLINE explicit document(const document_ids& ids) noexcept : ids_(ids), order_(order_of_keys()) {}

  [[nodiscard]] HEED_INLINE bool allows(cell at) const noexcept {
    const index_t id = query_id(at.seq, at.row);
    return id >= 0 && id == key_id(at.seq, at.k);
  }
  [[nodiscard]] HEED_INLINE index_t runs(const tile& t, std::span<key_run> out) const noexcept;
  HEED_INLINE void bits(const tile& t, std::span<const index_t> k, std::span<const index_t>,
                        std::span<std::uint64_t> rows) const noexcept;

  /// Behind the last document that ends in the second half of the rows, if one does.
  [[nodiscard]] HEED_INLINE index_t tile_end(index_t seq, index_t first, index_t end) const noexcept {
    for (index_t e = end; e > first + (end - first) / 2; --e)
      if (query_id(seq, e - 1) != query_id(seq, e)) return e;
    return end;
  }
  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept {
    return detail::any_shares(f, ids_.queries, ids_.keys, ids_.query_offsets, ids_.key_offsets);
  }
  [[nodiscard]] HEED_INLINE failure check(const call_extents& e) const noexcept {
    if (const failure f = detail::check_optional_offsets("document", "query_offsets", "count of query_offsets",
                                                         ids_.query_offsets, ids_.queries.size(), e))
      return f;
    if (const failure f = detail::check_optional_offsets("document", "key_offsets", "count of key_offsets",
                                                         ids_.key_offsets, ids_.keys.size(), e))
      return f;
    for (index_t s = 0; s < e.sequences; ++s) {
      const index_t q = detail::part_of(ids_.query_offsets, ids_.queries.size(), s).size();
      if (q < e.rows(s))
        return {errc::length_out_of_range, "document", "count of query ids", q, "the query rows are", e.rows(s), s};
      const index_t k = keys_of(s).size();
      if (k < e.seen(s))
        return {errc::length_out_of_range, "document", "count of key ids", k, "the tokens seen are", e.seen(s), s};
    }
    if (const index_t i = order_ == order::none ? -1 : first_descent(order_); i >= 0)
      return {
          errc::not_monotone, "document", "keys", ids_.keys[i], "when the mask was built its ids ascended; here from",
          ids_.keys[i - 1],   i};
    return {};
  }

  /// How the ids of every sequence's keys ascend.
  enum class order : unsigned char { none, padding_first, padding_last };

  [[nodiscard]] HEED_INLINE order key_order() const noexcept { return order_; }
  [[nodiscard]] HEED_INLINE index_t query_id(index_t seq, index_t row) const noexcept {
    const range r = queries_of(seq);
    return row >= 0 && row < r.size() ? ids_.queries[r.begin + row] : -1;
  }
  [[nodiscard]] HEED_INLINE index_t key_id(index_t seq, index_t k) const noexcept {
    const range r = keys_of(seq);
    return k >= 0 && k < r.size() ? ids_.keys[r.begin + k] : -1;
  }
  [[nodiscard]] HEED_INLINE index_list queries() const noexcept { return ids_.queries; }
  [[nodiscard]] HEED_INLINE range queries_of(index_t seq) const noexcept {
    return detail::part_of(ids_.query_offsets, ids_.queries.size(), seq);
  }
  [[nodiscard]] HEED_INLINE index_list keys() const noexcept { return ids_.keys; }
  [[nodiscard]] HEED_INLINE range keys_of(index_t seq) const noexcept {
    return detail::part_of(ids_.key_offsets, ids_.keys.size(), seq);
  }
  /// First key in [from, to) whose id ranks at `rank` or above; asked only where key_order is not none.
  [[nodiscard]] HEED_INLINE index_t first_at(index_t seq, index_t from, index_t to, std::uint64_t rank) const noexcept {
    const index_t base = keys_of(seq).begin;
    while (from < to) {
      const index_t middle = from + (to - from) / 2;
      if (rank_of(ids_.keys[base + middle], order_) < rank)
        from = middle + 1;
      else
        to = middle;
    }
    return from;
  }
  /// Ids in the order in which they ascend: as unsigned numbers padding comes last.
  [[nodiscard]] static HEED_INLINE std::uint64_t rank_of(index_t id, order o) noexcept {
    return static_cast<std::uint64_t>(id) ^ (o == order::padding_first ? std::uint64_t{1} << 63 : 0);
  }

private:
  /// The first entry that ranks below the one before it, -1: none.
  [[nodiscard]] HEED_INLINE index_t first_descent(order o) const noexcept {
    const index_t sequences = ids_.key_offsets.empty() ? 1 : ids_.key_offsets.size() - 1;
    for (index_t s = 0; s < sequences; ++s) {
      const range r = meet(keys_of(s), {0, ids_.keys.size()});
      for (index_t i = r.begin + 1; i < r.end; ++i)
        if (rank_of(ids_.keys[i], o) < rank_of(ids_.keys[i - 1], o)) return i;
    }
    return -1;
  }
  [[nodiscard]] HEED_INLINE order order_of_keys() const noexcept {
    return first_descent(order::padding_last) < 0    ? order::padding_last
           : first_descent(order::padding_first) < 0 ? order::padding_first
                                                     : order::none;
  }

  document_ids ids_;
  order order_;
};

namespace detail {
inline namespace HEED_ISA {

/// Walks the stretches of equal key ids. Where ids ascend, those that no row has are jumped over.
template <class Document> index_t document_runs(const Document& m, const tile& t, std::span<key_run> out) noexcept {
  run_writer w{out, t.k};
  const auto order = m.key_order();
  const bool ascending = order != Document::order::none;
  const auto rows = static_cast<index_t>(t.rows.size());
  index_t least = -1, greatest = -1;
  for (const index_t row : t.rows) {
    const index_t id = m.query_id(t.seq, row);
    if (id < 0) continue;
    least = least < 0 ? id : lesser(least, id);
    greatest = greater(greatest, id);
  }
  if (least < 0) return 0;
  const range keys = meet(t.k, {0, m.keys_of(t.seq).size()});
  const index_t base = m.keys_of(t.seq).begin;
  const index_list ids = m.keys();
  index_t p = keys.begin;
  if (ascending) p = m.first_at(t.seq, p, keys.end, Document::rank_of(least, order));
  while (p < keys.end) {
    const index_t id = ids[base + p];
    if (id < least || id > greatest) {
      if (ascending) break;
      ++p;
      continue;
    }
    index_t e = p + 1, seeing = 0, next = greatest;
    if (ascending)
      e = m.first_at(t.seq, e, keys.end, Document::rank_of(id, order) + 1);
    else
      while (e < keys.end && ids[base + e] == id) ++e;
    if (least == greatest) {
      for (const index_t row : t.rows) seeing += m.query_id(t.seq, row) == id;
    } else {
      for (const index_t row : t.rows) {
        const index_t own = m.query_id(t.seq, row);
        seeing += own == id;
        if (own > id) next = lesser(next, own);
      }
    }
    if (seeing > 0 && !w.put({p, e}, seeing == rows ? coverage::full : coverage::partial)) break;
    if (ascending) {
      if (id == greatest) break;
      if (e < keys.end && ids[base + e] < next) e = m.first_at(t.seq, e, keys.end, Document::rank_of(next, order));
    }
    p = e;
  }
  return w.n;
}

template <class Document>
void document_bits(const Document& m, const tile& t, std::span<const index_t> k,
                   std::span<std::uint64_t> rows) noexcept {
  const std::size_t n = t.rows.size() < 64 ? t.rows.size() : 64;
  // Lists by value: what is written to `rows` cannot change them.
  const index_list ids = m.keys(), query_ids = m.queries();
  const range keys = m.keys_of(t.seq), queries = m.queries_of(t.seq);
  index_t own[64], last = -1;
  for (std::size_t i = 0; i < n; ++i) {
    const index_t row = t.rows[i];
    own[i] = row >= 0 && row < queries.size() ? query_ids[queries.begin + row] : -1;
  }
  std::uint64_t seeing = 0;
  for (std::size_t j = 0; j < k.size(); ++j) {
    const index_t id = k[j] >= 0 && k[j] < keys.size() ? ids[keys.begin + k[j]] : -1;
    if (id != last) {
      last = id;
      seeing = 0;
      if (id >= 0)
        for (std::size_t i = 0; i < n; ++i) seeing |= std::uint64_t{own[i] == id} << i;
    }
    rows[j] = seeing;
  }
}

} // namespace HEED_ISA
} // namespace detail

HEED_INLINE index_t document::runs(const tile& t, std::span<key_run> out) const noexcept {
  return detail::document_runs(*this, t, out);
}
HEED_INLINE void document::bits(const tile& t, std::span<const index_t> k, std::span<const index_t>,
                                std::span<std::uint64_t> rows) const noexcept {
  detail::document_bits(*this, t, k, rows);
}

static_assert(bit_mask<document> && tight_mask<document> && row_divider<document> && self_checking<document>);

} // namespace heed
