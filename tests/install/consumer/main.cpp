// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// A user's program: causal grouped-query prefill, then decode of the last token from a paged copy of the same cache.
// It sees heed only as a package: no header of the tests, no flag of the project.
#include <heed/heed.hpp>

#include <cmath>
#include <cstdio>
#include <vector>

int main() {
  constexpr heed::index_t tokens = 37, q_heads = 4, kv_heads = 2, dim = 16, page = 8, pages = 5;
  std::vector<float> q(tokens * q_heads * dim), k(pages * page * kv_heads * dim), v(k.size()), o(q.size()),
      last(q_heads * dim);
  for (std::size_t i = 0; i < q.size(); ++i) q[i] = static_cast<float>(i % 11) / 8 - 0.5f;
  for (std::size_t i = 0; i < k.size(); ++i) k[i] = static_cast<float>(i % 13) / 8 - 0.5f;
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = static_cast<float>(i % 17) / 8;

  heed::thread_pool pool{2};
  const auto whole =
      heed::contiguous(heed::view(k.data(), tokens, kv_heads, dim), heed::view(v.data(), tokens, kv_heads, dim));
  heed::attend(pool, heed::view(q.data(), tokens, q_heads, dim), whole, heed::view(o.data(), tokens, q_heads, dim),
               heed::causal{});

  const std::vector<int> offsets = {0, pages}, ids = {0, 1, 2, 3, 4}, last_page_len = {tokens % page};
  const auto cache =
      heed::paged(heed::view(k.data(), pages, page, kv_heads, dim), heed::view(v.data(), pages, page, kv_heads, dim),
                  heed::page_table{.offsets = offsets, .pages = ids, .last_page_len = last_page_len});
  const auto plan = heed::make_plan(heed::decode_shape{.sequences = 1, .q_heads = q_heads, .max_slots = tokens}, cache,
                                    heed::causal{});
  std::vector<std::byte> workspace(static_cast<std::size_t>(plan.workspace_bytes(pool.workers())));
  heed::expect(heed::run(pool, plan, heed::view(q.data() + (tokens - 1) * q_heads * dim, 1, q_heads, dim), cache,
                         heed::view(last.data(), 1, q_heads, dim), workspace, heed::causal{}));

  float apart = 0;
  for (std::size_t i = 0; i < last.size(); ++i)
    apart = std::fmax(apart, std::fabs(last[i] - o[(tokens - 1) * q_heads * dim + i]));
  std::printf("heed %d.%d.%d: prefill and paged decode differ by %g\n", HEED_VERSION_MAJOR, HEED_VERSION_MINOR,
              HEED_VERSION_PATCH, static_cast<double>(apart));
  return apart < 1e-5f && o[0] == v[0] ? 0 : 1;
}
