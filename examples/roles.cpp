// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Every mask, score, source, epilogue, observer and executor in one call each: the calls of the README's tables. Each
// is asked whether heed would take it; the others of these examples run and are checked.
#include <heed/heed.hpp>

#include <cstdio>
#include <vector>

constexpr heed::index_t tokens = 64, q_heads = 8, kv_heads = 2, dim = 64, pages = 4, sinks = 4;

int main() {
  std::vector<float> q_data(tokens * q_heads * dim), o_data(q_data), k_data(tokens * kv_heads * dim), v_data(k_data);
  const auto q = heed::view(q_data.data(), tokens, q_heads, dim);
  const auto o = heed::view(o_data.data(), tokens, q_heads, dim);
  const auto k = heed::view(k_data.data(), tokens, kv_heads, dim), v = heed::view(v_data.data(), tokens, kv_heads, dim);
  const auto kv = heed::contiguous(k, v);
  int asked = 0, taken = 0;
  const auto ask = [&](const char* call, const auto& source, const auto&... role) {
    const bool good = heed::validate(q, source, o, role...) == heed::errc::ok;
    ++asked;
    taken += good ? 1 : 0;
    if (!good) std::printf("not taken: %s\n", call);
  };
  const auto role = [&](const char* call, const auto& r) { ask(call, kv, r); };
  const auto source = [&](const char* call, const auto& s) { ask(call, s); };

  // Lists that calls below read.
  const std::vector<int> ids(tokens, 0), lengths{tokens}, prefix{16}, tree_prefix{0};
  std::vector<int> parents(tokens, 0);
  parents[0] = -1;
  std::vector<std::uint64_t> ancestors(tokens);
  if (heed::tree_ancestors(parents, 1, ancestors)) return 1;
  const std::vector<std::uint8_t> bits(tokens * tokens / 8, 255), bytes(tokens * tokens, 1);
  const std::vector<heed::index_t> positions(tokens, 0);
  const std::vector<int> columns{tokens};
  const heed::block_lists blocks({.rows = tokens, .keys = tokens, .block_rows = 16, .block_keys = 16});

  role("full", heed::full{});
  role("causal", heed::causal{});
  role("window", heed::sliding_window{255, 0});
  role("chunked", heed::chunked_local{8192});
  role("lengths", heed::key_lengths{lengths});
  role("prefix", heed::prefix_lm{prefix});
  role("document", heed::all_of(heed::document({.queries = ids, .keys = ids}), heed::causal{}));
  role("sinks", heed::all_of(heed::causal{}, heed::any_of(heed::first_keys{4}, heed::sliding_window{255, 0})));
  role("neighborhood", heed::neighborhood<2>{.grid = {8, 8}, .window = {7, 7}});
  role("blocks", heed::all_of(blocks.mask(), heed::causal{}));
  role("tree", heed::tree{.prefix = tree_prefix, .ancestors = ancestors});
  role("bits", heed::bit_matrix{.packed = bits, .columns = columns});
  role("bytes", heed::byte_matrix(heed::view(bytes.data(), tokens, tokens)));
  const std::vector<int> top_keys(tokens * 2, -1);
  role("key lists", heed::key_lists({.positions = top_keys, .width = 2}));
  role("none of", heed::none_of(heed::sliding_window{7, 7}));
  role("top left", heed::query_positions::top_left());
  role("listed", heed::query_positions::listed(positions));
  role("pieces", heed::prompt_rows{});

  const std::vector<float> table(q_heads * 257), factors(tokens, 1.f), slopes(q_heads, 0.1f);
  const std::vector<float> bias(q_heads * tokens * tokens);
  const heed::neighborhood<2> near{.grid = {8, 8}, .window = {7, 7}};
  const std::vector<float> window_table(q_heads * 13 * 13);
  role("scale", heed::scale{0.125});
  role("soft cap", heed::soft_cap{50.f});
  role("alibi", heed::alibi::standard(q_heads));
  role("slopes", heed::alibi(slopes));
  role("relative", heed::relative_bias(heed::view(table.data(), q_heads, 257)));
  role("neighborhood bias", heed::neighborhood_bias(near, heed::view(window_table.data(), q_heads, 13, 13)));
  role("dense bias", heed::dense_bias(heed::view(bias.data(), 1, q_heads, tokens, tokens)));
  role("row scale", heed::row_scale::by_position(factors));
  role("log n", heed::log_n{.trained_length = 4096});
  role("temperature", heed::temperature_tuning{.floor_scale = 8192, .attn_scale = 0.1f});
  role("chain", heed::chain(heed::soft_cap{50.f}, heed::alibi::standard(q_heads)));
  role("own", heed::score([](auto x, auto at) { return x + decltype(x)(-0.01f) * distance(x, at); }));

  std::vector<float> lse(tokens * q_heads), sink_logits(q_heads), sums(q_heads * tokens), rows(q_heads * 32 * tokens),
      pools(q_heads * 4 * 4);
  role("lse", heed::lse(heed::view(lse.data(), tokens, q_heads)));
  role("sink", heed::sink_logit(sink_logits));
  role("sums", heed::key_sums(heed::view(sums.data(), 1, q_heads, tokens), heed::row_choice::last(32)));
  role("rows", heed::probability_rows(heed::view(rows.data(), 1, q_heads, 32, tokens), heed::row_choice::last(32)));
  role("pools", heed::block_pool<float>(heed::view(pools.data(), 1, q_heads, 4, 4), {.rows = 16, .slots = 16}));

  const auto k_pool = heed::view(k_data.data(), pages, 16, kv_heads, dim);
  const auto v_pool = heed::view(v_data.data(), pages, 16, kv_heads, dim);
  const std::vector<int> page_ids{2, 0, 3, 1}, page_offsets{0, pages}, last_page{16}, offsets{0, tokens};
  const std::vector<int> list{5, 3, 9, 60}, head_offsets{0, 32, tokens};
  const std::vector<heed::head_source> kinds{heed::head_source::first, heed::head_source::second};
  const auto one_k = heed::view(k_data.data(), tokens, 1, dim), one_v = heed::view(v_data.data(), tokens, 1, dim);
  const auto full_heads = heed::contiguous(one_k, one_v), streaming_heads = full_heads;
  const std::vector<float> slot_bias(kv_heads * tokens);
  source("contiguous", heed::contiguous(k, v));
  source("packed", heed::contiguous(k, v, offsets));
  source("table", heed::paged(k_pool, v_pool, heed::block_table{page_ids, pages, lengths}));
  source("csr", heed::paged(k_pool, v_pool, heed::page_table{page_offsets, page_ids, last_page}));
  source("ring", heed::sink_ring(k, v, {.sinks = sinks, .seen = 1000}));
  const std::vector<float> latent_data(tokens * 576), q_latent(tokens * q_heads * 576);
  std::vector<float> o_latent(tokens * q_heads * 512);
  const auto latent_rows = heed::view(latent_data.data(), tokens, 576);
  ++asked;
  taken +=
      heed::validate(heed::view(q_latent.data(), tokens, q_heads, 576), heed::latent(latent_rows, {.value_dim = 512}),
                     heed::view(o_latent.data(), tokens, q_heads, 512), heed::scale{0.07}) == heed::errc::ok;
  source("joined", heed::joined(kv, heed::contiguous(k, v)));
  source("gathered", heed::gathered(kv, {.indices = list, .width = 4, .order = heed::slot_order::any}));
  source("split", heed::head_split(full_heads, streaming_heads, kinds));
  const auto k_rows = heed::view(k_data.data(), tokens, dim), v_rows = heed::view(v_data.data(), tokens, dim);
  source("ragged", heed::ragged_heads(k_rows, v_rows, {.kv_heads = kv_heads, .offsets = head_offsets}));
  source("biased", heed::biased(kv, heed::view(slot_bias.data(), 1, kv_heads, tokens)));

  // A cache that shrinks: two sequences in pages of one head each, and a smaller one that is packed.
  std::vector<float> k_pages(24 * 8 * dim), v_pages(k_pages), bias_of_slots(24 * 8), key_means(4 * dim),
      value_means(4 * dim);
  std::vector<heed::index_t> page_lists(4 * 8), held(4), free_pages(24), seen(2), slot_positions(24 * 8), counts(4),
      stand(4);
  heed::paged_cache cache(heed::view(k_pages.data(), 24, 8, 1, dim), heed::view(v_pages.data(), 24, 8, 1, dim),
                          {.kv_heads = kv_heads,
                           .pages = page_lists,
                           .max_pages = 8,
                           .lengths = held,
                           .free_pages = free_pages,
                           .seen = seen,
                           .positions = slot_positions,
                           .bias = bias_of_slots,
                           .means = {key_means, value_means, counts, stand}});
  std::vector<float> k_small(tokens * kv_heads * dim), v_small(k_small), small_bias(tokens * kv_heads);
  std::vector<heed::index_t> small_held(kv_heads), small_positions(tokens * kv_heads), small_seen(1);
  heed::contiguous_cache small(heed::view(k_small.data(), 1, tokens, kv_heads, dim),
                               heed::view(v_small.data(), 1, tokens, kv_heads, dim),
                               {small_held, small_positions, small_seen, small_bias});
  std::vector<float> ring_keys((sinks + 16) * dim), ring_values(ring_keys), whole_keys(tokens * dim),
      whole_values(whole_keys);
  std::vector<heed::index_t> whole_held(1), whole_seen(1), ring_seen(1);
  heed::contiguous_cache whole(heed::view(whole_keys.data(), 1, tokens, 1, dim),
                               heed::view(whole_values.data(), 1, tokens, 1, dim),
                               {.lengths = whole_held, .seen = whole_seen});
  heed::sink_ring_cache rings(heed::view(ring_keys.data(), 1, sinks + 16, 1, dim),
                              heed::view(ring_values.data(), 1, sinks + 16, 1, dim),
                              {.sinks = sinks, .seen = ring_seen});
  const std::vector<int> two{0, 40, tokens};
  const auto done = [&](const char* call, const heed::failure& f) {
    ++asked;
    taken += f ? 0 : 1;
    if (f) std::printf("not taken: %s: %s\n", call, heed::error(f).what());
  };
  done("batch", heed::append_batch(cache, heed::ragged(k, two), heed::ragged(v, two)));
  heed::score_table scores(cache.source());
  heed::kept_lists kept(cache.source());
  const std::vector<heed::index_t> budgets(kv_heads, 16);
  done("select", heed::select_top(scores, heed::protect_ends{.sinks = 4, .recent = 8}, budgets, kept));
  const auto stays = heed::gathered(cache.source(), kept.as_gather(0));
  done("gathered", stays.check());
  done("compact", heed::compact(cache, 0, kept, scores));
  kept.clear();
  for (heed::index_t h = 0; h < kv_heads; ++h) kept.push(h, 0);
  done("fold", heed::compact_folding(cache, 0, kept));
  done("fork", cache.copy_sequence(0, 1));
  done("copy", small.copy_from(cache.source(), 0, 0));
  heed::reindex(small, 0, heed::rope{.dims = dim});
  done("rollback", cache.rollback(0, 3));
  done("parts", heed::head_split_cache(whole, rings, kinds).append(0, k, v));

  std::printf("roles: %d of %d calls are taken: %s\n", taken, asked, taken == asked ? "good" : "WRONG");
  return taken == asked ? 0 : 1;
}
