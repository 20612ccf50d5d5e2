// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Quest: at decode, the pages whose largest possible score is highest.
#include <heed/select/cost.hpp>
#include <heed/select/ranking.hpp>
#include <heed/select/sequence_keys.hpp>

namespace heed {

/// Which lists Quest makes: one per query head, as the source, or one per key-value head, from the largest bound of its
/// query heads or from their sum, so that a page is read once per group.
enum class pages_per : unsigned char { query_head, group_by_max, group_by_sum };

/// Bound      u of a page is the sum over d of max(q[d] min[d], q[d] max[d]), where min and max are those of the page's
///            keys: no key of the page scores more
/// Select     the last page, and of the others the best by descending u and lower page, together as many pages as hold
///            `budget` tokens, at least least_pages
///
/// Units      budget: tokens; pages hold the tokens that their bounds were made for
/// Laws       budget >= tokens keeps every page
/// Cost       2 / page of the bytes of all keys, read once per step
/// Source     Tang et al. 2024, Quest, algorithm 1; the last page outside the scoring as in mit-han-lab/Quest's
/// kernels.
///            Ours: the budget is rounded up to pages
struct quest {
  index_t budget = 1024, least_pages = 3;
  pages_per lists = pages_per::query_head;

  [[nodiscard]] HEED_INLINE failure check() const noexcept {
    if (budget < 0) return {errc::bad_value, "quest", "budget", budget, "the least is", 0};
    if (least_pages < 1) return {errc::bad_value, "quest", "least_pages", least_pages, "the least is", 1};
    return {};
  }
};

/// Largest and smallest key numbers of each page of one sequence, kept up to date token by token.
///
/// Shapes    rows(): [pages][kv_heads][2 key_dim], the maxima, then the minima
/// Cost      memory for max_tokens is taken once; append is O(kv_heads key_dim) per token
template <class A> class page_bounds {
public:
  HEED_INLINE page_bounds(index_t kv_heads, index_t key_dim, index_t page, index_t max_tokens)
      : kv_heads_(kv_heads), dim_(key_dim), page_(page), most_(max_tokens) {
    const auto least = [](const char* what, index_t value, index_t limit) HEED_BODY {
      if (value < limit) detail::report({errc::bad_value, "page_bounds", what, value, "the least is", limit});
    };
    least("kv_heads", kv_heads, 1);
    least("key_dim", key_dim, 1);
    least("page", page, 1);
    least("max_tokens", max_tokens, 0);
    if (page_ < 1 || most_ < 0 || kv_heads_ < 1 || dim_ < 1) return;
    index_t n = 2;
    for (const index_t x : {detail::parts(most_, page_), kv_heads_, dim_})
      if (__builtin_mul_overflow(n, x, &n) || n > index_t{1} << 40) {
        detail::report({errc::size_overflow, "page_bounds", "max_tokens", most_,
                        "the numbers that they take may be at most", index_t{1} << 40});
        return;
      }
    numbers_.resize(static_cast<std::size_t>(n));
    row_.resize(static_cast<std::size_t>(dim_));
  }

  /// Takes the keys of the next tokens: [tokens][kv_heads][key_dim].
  ///
  /// Throws    error where shapes differ or max_tokens is exceeded; nothing is taken then
  template <class T> HEED_INLINE void append(const tensor_view<T, 3>& k) {
    if (const failure f = detail::check_view("k", k)) return detail::report(f);
    if (k.extent(1) != kv_heads_)
      return detail::report({errc::bad_extent, "page_bounds", "kv_heads of k", k.extent(1), "but it has", kv_heads_});
    if (k.extent(2) != dim_)
      return detail::report({errc::dim_mismatch, "page_bounds", "dim of k", k.extent(2), "but it has", dim_});
    if (k.extent(0) > most_ - tokens_)
      return detail::report(
          {errc::limit_exceeded, "page_bounds", "tokens", tokens_ + k.extent(0), "the limit is", most_});
    for (index_t i = 0; i < k.extent(0); ++i, ++tokens_)
      for (index_t h = 0; h < kv_heads_; ++h)
        take(&k(i, h, 0), numbers_.data() + (tokens_ / page_ * kv_heads_ + h) * 2 * dim_);
  }
  /// Takes the keys that a sequence holds beyond those taken: after each append to its cache.
  template <class K> HEED_INLINE void append(const sequence_keys<K>& k) {
    if (const failure f = k.check("page_bounds", tokens_)) return detail::report(f);
    if (k.heads() != kv_heads_)
      return detail::report({errc::bad_extent, "page_bounds", "kv_heads of k", k.heads(), "but it has", kv_heads_});
    if (k.dim() != dim_)
      return detail::report({errc::dim_mismatch, "page_bounds", "dim of k", k.dim(), "but it has", dim_});
    if (k.tokens() > most_)
      return detail::report({errc::limit_exceeded, "page_bounds", "tokens", k.tokens(), "the limit is", most_});
    for (; tokens_ < k.tokens(); ++tokens_)
      for (index_t h = 0; h < kv_heads_; ++h) {
        k.unpack(h, {tokens_, tokens_ + 1}, row_.data());
        take(row_.data(), numbers_.data() + (tokens_ / page_ * kv_heads_ + h) * 2 * dim_);
      }
  }
  HEED_INLINE void clear() noexcept { tokens_ = 0; }

  [[nodiscard]] HEED_INLINE index_t tokens() const noexcept { return tokens_; }
  [[nodiscard]] HEED_INLINE index_t page() const noexcept { return page_; }
  [[nodiscard]] HEED_INLINE index_t pages() const noexcept { return detail::parts(tokens_, page_); }
  [[nodiscard]] HEED_INLINE index_t most_pages() const noexcept { return detail::parts(most_, page_); }
  [[nodiscard]] HEED_INLINE index_t kv_heads() const noexcept { return kv_heads_; }
  [[nodiscard]] HEED_INLINE index_t key_dim() const noexcept { return dim_; }
  [[nodiscard]] HEED_INLINE index_t bytes() const noexcept { return static_cast<index_t>(numbers_.size() * sizeof(A)); }
  [[nodiscard]] HEED_INLINE tensor_view<const A, 3> rows() const noexcept {
    return view(numbers_.data(), pages(), kv_heads_, 2 * dim_);
  }

private:
  template <class T> HEED_INLINE void take(const T* key, A* bounds) noexcept {
    const bool first = tokens_ % page_ == 0;
    for (index_t d = 0; d < dim_; ++d) {
      const A x = static_cast<A>(widen(key[d]));
      if (first || x > bounds[d]) bounds[d] = x;
      if (first || x < bounds[dim_ + d]) bounds[dim_ + d] = x;
    }
  }

  index_t kv_heads_, dim_, page_, most_, tokens_ = 0;
  std::vector<A> numbers_, row_; ///< row_: one key of a source
};

namespace detail {
inline namespace HEED_ISA {

/// Bounds of all pages for each query head, [q_heads][pages]: [max(q, 0) | min(q, 0)] times [maxima | minima].
template <class A, class Executor, class TQ>
A* bound_pages(Executor& executor, const page_bounds<A>& bounds, const tensor_view<TQ, 3>& q, select_scratch<A>& s) {
  const index_t heads = q.extent(1), dim = q.extent(2), pages = bounds.pages();
  A* const halves = room(s.q, heads * 2 * dim);
  for (index_t h = 0; h < heads; ++h)
    for (index_t d = 0; d < dim; ++d) {
      const A x = static_cast<A>(widen(q(0, h, d)));
      halves[h * 2 * dim + d] = x > 0 ? x : A(0);
      halves[h * 2 * dim + dim + d] = x > 0 ? A(0) : x;
    }
  A* const zero = room(s.lse, heads);
  for (index_t h = 0; h < heads; ++h) zero[h] = A(0);
  room(s.positions, 1);
  s.positions[0] = pages - 1;
  A* const u = room(s.pooled, heads * bounds.most_pages());
  pool_scores<A>(executor, s, view(static_cast<const A*>(halves), 1, heads, 2 * dim), bounds.rows(),
                 view(static_cast<const A*>(zero), 1, heads),
                 {std::span<const index_t>(s.positions).first(1), 1., bounds.most_pages()},
                 block_pool<A>(view(u, 1, heads, 1, pages), {1, 1, pool_by::maximum, shown::logarithms}));
  return u;
}

/// The best n of all pages into s.row, ascending; the last one always.
template <class A> void best_pages(select_scratch<A>& s, std::span<const A> u, index_t n) {
  const auto pages = static_cast<index_t>(u.size()), others = lesser(n, pages) - 1;
  rank_top(u.first(static_cast<std::size_t>(pages - 1)), others, s.order);
  s.row.assign(s.order.begin(), s.order.begin() + others);
  std::sort(s.row.begin(), s.row.end());
  s.row.push_back(static_cast<std::int32_t>(pages - 1));
}

} // namespace HEED_ISA
} // namespace detail

inline namespace HEED_ISA {

/// Writes the page lists of the next query token of sequence seq into `out`, which the caller has reset: rows 1, keys
/// at least the tokens, block_keys the page, a list per query head or per key-value head.
///
/// Shapes    q: [1][q_heads][key_dim]
/// Effects   allocates nothing once scratch and `out` have held as much
/// Throws    error where shapes do not fit
template <class A, class Executor, class TQ>
void select_pages(Executor& executor, const quest& how, const page_bounds<A>& bounds, const tensor_view<TQ, 3>& q,
                  index_t seq, block_lists& out, select_scratch<A>& s) {
  const index_t heads = q.extent(1), group = heads / bounds.kv_heads();
  failure f = how.check();
  if (!f) f = detail::check_view("q", q);
  if (!f && q.extent(0) != 1) f = {errc::bad_extent, "q", "rows", q.extent(0), "a decode step has", 1};
  if (!f && (heads < 1 || heads % bounds.kv_heads() != 0))
    f = {errc::heads_not_divisible, "q", "heads", heads, "which is no multiple of kv_heads", bounds.kv_heads()};
  if (!f && q.extent(2) != bounds.key_dim())
    f = {errc::dim_mismatch, "q", "dim", q.extent(2), "but the bounds have", bounds.key_dim()};
  if (!f && out.shape().block_keys != bounds.page())
    f = {errc::bad_value,      "quest",      "keys of a block of the lists", out.shape().block_keys,
         "but the pages have", bounds.page()};
  const index_t lists = how.lists == pages_per::query_head ? heads : bounds.kv_heads();
  if (!f && out.shape().lists != lists)
    f = {errc::bad_extent, "quest", "lists", out.shape().lists, "but it makes", lists};
  if (f) return detail::report(f);
  const index_t pages = bounds.pages();
  if (pages == 0) return;
  s.order.reserve(static_cast<std::size_t>(bounds.most_pages()));
  const A* u = detail::bound_pages(executor, bounds, q, s);
  const index_t n = greater(how.least_pages, detail::parts(how.budget, bounds.page()));
  for (index_t l = 0; l < lists; ++l) {
    const A* own = u + l * pages;
    if (how.lists != pages_per::query_head) {
      A* const joint = detail::room(s.other, bounds.most_pages());
      const A* const first = u + l * group * pages;
      for (index_t p = 0; p < pages; ++p) {
        A x = first[p];
        for (index_t h = 1; h < group; ++h) {
          const A y = first[h * pages + p];
          x = how.lists == pages_per::group_by_sum ? x + y : y > x ? y : x;
        }
        joint[p] = x;
      }
      own = joint;
    }
    detail::best_pages(s, std::span<const A>(own, static_cast<std::size_t>(pages)), n);
    out.set_row(seq, l, 0, s.row);
  }
}

/// The same for one sequence; resets `out` itself. Attend with out.mask().
template <class A, class Executor, class TQ>
selection_cost select(Executor& executor, const quest& how, const page_bounds<A>& bounds, const tensor_view<TQ, 3>& q,
                      block_lists& out, select_scratch<A>& s) {
  const bool each = how.lists == pages_per::query_head;
  const index_t heads = q.extent(1), group = heads / bounds.kv_heads();
  out.reset({.rows = 1,
             .keys = bounds.tokens(),
             .block_rows = 1,
             .block_keys = bounds.page(),
             .lists = each ? greater(heads, 1) : bounds.kv_heads(),
             .heads_per_list = each ? 1 : greater(group, 1)});
  select_pages(executor, how, bounds, q, 0, out, s);
  selection_cost cost;
  cost.estimate_flops = 4 * static_cast<double>(heads * bounds.pages() * bounds.key_dim());
  detail::count_flops(out, bounds.tokens() - 1, heads, bounds.key_dim(), cost);
  return cost;
}

} // namespace HEED_ISA
} // namespace heed
