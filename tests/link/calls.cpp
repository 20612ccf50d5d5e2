// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// The same calls of heed, built once per instruction set; HEED_CALLS is the name of this build's entry. Uses neither
// standard containers nor algorithms, so that what the objects share is heed's doing.
#include <heed/attention.hpp>
#include <heed/epilogue/lse.hpp>
#include <heed/evict/compact.hpp>
#include <heed/evict/reindex.hpp>
#include <heed/evict/select.hpp>
#include <heed/exec/sequential.hpp>
#include <heed/exec/thread_pool.hpp>
#include <heed/kv/contiguous.hpp>
#include <heed/kv/contiguous_cache.hpp>
#include <heed/kv/gathered.hpp>
#include <heed/kv/head_split.hpp>
#include <heed/kv/joined.hpp>
#include <heed/kv/paged.hpp>
#include <heed/kv/sink_ring.hpp>
#include <heed/mask/all_of.hpp>
#include <heed/mask/causal.hpp>
#include <heed/mask/sliding_window.hpp>
#include <heed/merge.hpp>
#include <heed/observe/key_sums.hpp>
#include <heed/score/soft_cap.hpp>
#include <heed/view/tensor_view.hpp>

namespace {

constexpr heed::index_t tokens = 37, heads = 4, kv_heads = 2, dim = 24;

template <class T> double walk_source() {
  static T k[tokens * kv_heads * dim], v[tokens * kv_heads * dim];
  for (heed::index_t i = 0; i < tokens * kv_heads * dim; ++i) {
    k[i] = heed::narrow<T>(static_cast<heed::accum_t<T>>(i % 7));
    v[i] = heed::narrow<T>(static_cast<heed::accum_t<T>>(i % 5));
  }
  const auto kv = heed::contiguous(heed::view(k, tokens, kv_heads, dim), heed::view(v, tokens, kv_heads, dim));
  double sum = 0;
  for (heed::index_t at = 0; at < tokens;) {
    const heed::kv_rows rows = kv.rows(0, 1, {at, tokens});
    heed::accum_t<T> out[dim];
    kv.keys_as().unpack(rows.key, nullptr, out);
    for (const auto x : out) sum += static_cast<double>(x);
    at += rows.count;
  }
  return sum;
}

double walk_mask() {
  const auto mask = heed::all_of(heed::causal{}, heed::sliding_window{.left = 5, .right = 0});
  const heed::index_t rows[3] = {3, 4, 5};
  heed::tile t{0, 0, {0, 1}, rows, rows, {3, 6}, {0, tokens}, {0, tokens}};
  heed::key_run runs[4];
  double sum = static_cast<double>(mask.runs(t, runs));
  for (heed::index_t k = 0; k < tokens; ++k) sum += mask.allows({0, 0, 4, k, 4, k}) ? 1 : 0;
  return sum + static_cast<double>(heed::soft_cap{30.f}(1.f, heed::cell{}));
}

double work_together() {
  heed::thread_pool pool{2};
  double part[8] = {};
  pool.bulk(
      8,
      [](void* context, heed::index_t i, heed::index_t) { static_cast<double*>(context)[i] = static_cast<double>(i); },
      part);
  heed::sequential{}.bulk(
      8, [](void* context, heed::index_t i, heed::index_t) { static_cast<double*>(context)[i] += 1; }, part);
  double sum = 0;
  for (const double x : part) sum += x;
  return sum;
}

template <class T> double sum_of(const T* x, heed::index_t n) {
  double sum = 0;
  for (heed::index_t i = 0; i < n; ++i) sum += static_cast<double>(heed::widen(x[i]));
  return sum;
}

/// Causal grouped-query prefill, then paged decode of the last token by plan and run.
template <class T> double attend_twice() {
  constexpr heed::index_t page = 8, pages = 5;
  static T q[tokens * heads * dim], k[pages * page * kv_heads * dim], v[pages * page * kv_heads * dim],
      o[tokens * heads * dim];
  for (heed::index_t i = 0; i < tokens * heads * dim; ++i)
    q[i] = heed::narrow<T>(static_cast<float>(i % 11) / 8 - 0.5f);
  for (heed::index_t i = 0; i < pages * page * kv_heads * dim; ++i) {
    k[i] = heed::narrow<T>(static_cast<float>(i % 13) / 8 - 0.5f);
    v[i] = heed::narrow<T>(static_cast<float>(i % 17) / 8);
  }
  heed::thread_pool pool{2};
  const auto whole = heed::contiguous(heed::view(k, tokens, kv_heads, dim), heed::view(v, tokens, kv_heads, dim));
  heed::attend(pool, heed::view(q, tokens, heads, dim), whole, heed::view(o, tokens, heads, dim), heed::causal{},
               heed::soft_cap{30.f});
  double sum = sum_of(o, tokens * heads * dim);

  static const int offsets[2] = {0, pages}, page_ids[pages] = {3, 0, 4, 1, 2}, last_page_len[1] = {tokens % page};
  const auto cache =
      heed::paged(heed::view(k, pages, page, kv_heads, dim), heed::view(v, pages, page, kv_heads, dim),
                  heed::page_table{.offsets = offsets, .pages = page_ids, .last_page_len = last_page_len});
  const heed::plan plan = heed::make_plan(heed::decode_shape{1, heads, tokens}, cache, heed::causal{});
  static std::byte workspace[1 << 24];
  if (plan.workspace_bytes(pool.workers()) > static_cast<heed::index_t>(sizeof workspace)) return -1e9;
  if (heed::run(pool, plan, heed::view(q, 1, heads, dim), cache, heed::view(o, 1, heads, dim), workspace,
                heed::causal{}) != heed::errc::ok)
    return -1e9;
  return sum + sum_of(o, heads * dim);
}

/// Listed rows and fresh ones behind them, observed; heads of which one is a ring; and both results merged.
double attend_in_parts() {
  constexpr heed::index_t rows = 24, fresh = 4;
  static float q[fresh * heads * dim], k[(rows + fresh) * kv_heads * dim], v[(rows + fresh) * kv_heads * dim];
  static float o[fresh * heads * dim], other[fresh * heads * dim], sums[heads * 12];
  static float z[fresh * heads], other_z[fresh * heads];
  for (heed::index_t i = 0; i < fresh * heads * dim; ++i) q[i] = static_cast<float>(i % 11) / 8 - 0.5f;
  for (heed::index_t i = 0; i < (rows + fresh) * kv_heads * dim; ++i) {
    k[i] = static_cast<float>(i % 13) / 8 - 0.5f;
    v[i] = static_cast<float>(i % 17) / 8;
  }
  static const int listed[] = {0, 1, 2, 5, 9, 11, 20, 21};
  const auto keys = heed::view(k, rows + fresh, kv_heads, dim), values = heed::view(v, rows + fresh, kv_heads, dim);
  const auto held = heed::gathered(heed::contiguous(keys.slice(0, 0, rows), values.slice(0, 0, rows)),
                                   {.indices = listed, .width = 8, .order = heed::slot_order::ascending});
  const auto queries = heed::view(q, fresh, heads, dim);
  heed::attend(heed::sequential{}, queries,
               heed::joined(held, heed::contiguous(keys.slice(0, rows, fresh), values.slice(0, rows, fresh))),
               heed::view(o, fresh, heads, dim), heed::causal{}, heed::lse(heed::view(z, fresh, heads)),
               heed::key_sums(heed::view(sums, 1, heads, 12)));

  static const heed::head_source choice[kv_heads] = {heed::head_source::first, heed::head_source::second};
  const auto whole = heed::contiguous(keys.slice(1, 0, 1), values.slice(1, 0, 1));
  const auto ring = heed::sink_ring(keys.slice(1, 1, 1).slice(0, 0, 9), values.slice(1, 1, 1).slice(0, 0, 9),
                                    {.sinks = 2, .seen = rows + fresh});
  heed::attend(heed::sequential{}, queries, heed::head_split(whole, ring, choice), heed::view(other, fresh, heads, dim),
               heed::causal{}, heed::lse(heed::view(other_z, fresh, heads)));
  heed::merge(heed::view(o, fresh, heads, dim), heed::view(z, fresh, heads), heed::view(other, fresh, heads, dim),
              heed::view(other_z, fresh, heads));
  return sum_of(o, fresh * heads * dim) + sum_of(z, fresh * heads) + sum_of(sums, heads * 12);
}

/// A cache that grows, evicts, folds and goes back.
template <class T> double shrink_cache() {
  constexpr heed::index_t rows = 20, lists = kv_heads;
  static T fresh[rows * kv_heads * dim], k[rows * kv_heads * dim], v[rows * kv_heads * dim];
  static heed::index_t lengths[lists], positions[lists * rows], seen[1], counts[lists], where[lists];
  static float bias[lists * rows], key_means[lists * dim], value_means[lists * dim];
  for (heed::index_t i = 0; i < rows * kv_heads * dim; ++i) fresh[i] = heed::narrow<T>(static_cast<float>(i % 9));
  heed::contiguous_cache<T, T> cache(heed::view(k, 1, rows, kv_heads, dim), heed::view(v, 1, rows, kv_heads, dim),
                                     {lengths, positions, seen, bias, {key_means, value_means, counts, where}});
  const auto x = heed::view(fresh, rows, kv_heads, dim);
  if (cache.append(0, x, x)) return -1e9;
  heed::score_table scores(cache.source());
  heed::kept_lists kept(cache.source());
  for (float& s : scores.row(1)) s = static_cast<float>(&s - scores.row(1).data());
  const heed::index_t budgets[lists] = {7, 9};
  if (heed::select_top(scores, heed::protect_ends{2, 1} | heed::unprotected{}, budgets, kept)) return -1e9;
  if (heed::compact(cache, 0, kept, scores)) return -1e9;
  heed::reindex(cache, 0, heed::rope{.dims = dim});
  kept.clear();
  if (heed::compact_folding(cache, 0, kept) || cache.append(0, x.slice(0, 0, 3), x.slice(0, 0, 3))) return -1e9;
  if (cache.rollback(0, 1)) return -1e9;
  return static_cast<double>(cache.slots(0, 0) + cache.seen(0) + cache.bytes_held());
}

} // namespace

/// What the calls come to; -1 where an error thrown here is not caught here.
double HEED_CALLS() {
  double sum = walk_source<float>() + walk_source<heed::bf16>() + walk_mask() + work_together();
  sum += attend_twice<float>() + attend_twice<heed::bf16>();
  sum += attend_in_parts();
  sum += shrink_cache<float>() + shrink_cache<heed::bf16>();
  try {
    heed::expect(heed::errc::overlap);
    sum = -1;
  } catch (const heed::error& e) {
    sum += static_cast<double>(e.code() == heed::errc::overlap) + static_cast<double>(e.what()[0] == 'r');
  }
  return sum;
}

/// Throws across the border between the two builds.
void HEED_THROWS() { heed::expect(heed::errc::bad_value); }
