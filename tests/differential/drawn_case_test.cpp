// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// How the sizes of a random case are drawn, its exact answer, and its verdict: the parts without types, compiled once.
#include <differential/drawn_case.hpp>

#include <heed/exec/sequential.hpp>
#include <heed/exec/thread_pool.hpp>

#include <support/row_pool.hpp>
#include <support/tolerance.hpp>

#include <algorithm>
#include <cstdio>

#include <gtest/gtest.h>

namespace heed::test {
tile_shape current_shape;

std::vector<instantiation>& instantiations() {
  static std::vector<instantiation> all;
  return all;
}

namespace {
/// Sizes near the borders of vectors and register tiles, and others.
index_t drawn_dim(random& gen, index_t most) {
  static const std::vector<index_t> borders{1,  2,  7,  8,  15, 16, 17,  31,  32,  33,
                                            48, 63, 64, 65, 80, 96, 127, 128, 129, 256};
  const index_t n = gen.chance(2) ? gen.one_of(borders) : gen.integer(1, most);
  return std::min(n, most);
}
tile_shape drawn_shape(random& gen) {
  tile_shape s;
  s.panels = gen.integer(1, 3);
  s.block_keys = gen.chance(2) ? 8 * gen.integer(1, 16) : gen.integer(8, 128);
  s.chunk_slots = gen.integer(8, 200);
  s.few_lanes = gen.chance(2) ? 8 : gen.integer(0, 8);
  s.decode_block_keys = gen.chance(2) ? 8 * gen.integer(1, 16) : gen.integer(8, 128);
  s.decode_chunk_slots = gen.integer(8, 200);
  return s;
}
} // namespace

drawn_case::drawn_case(std::uint64_t seed, const number_rules& rules) : gen(seed) {
  const index_t profile = gen.integer(0, 9);
  std::vector<index_t> seen;
  kv_heads = gen.integer(1, 3);
  group = gen.one_of(std::vector<index_t>{1, 1, 2, 3, 4, 7, 8});
  if (profile < 6) { // more than one query tile and more than one chunk
    shape = drawn_shape(gen);
    shape.panels = 1;
    shape.chunk_slots = gen.integer(8, 24);
    key_dim = drawn_dim(gen, 40);
    value_dim = drawn_dim(gen, 40);
    kv_heads = gen.integer(1, 2);
    const index_t full = std::max<index_t>(1, rules.panel_lanes / group);
    for (index_t n = gen.chance(4) ? 2 : 1; n > 0; --n) {
      rows.push_back(full + gen.integer(1, full + 3));
      seen.push_back(gen.integer(40, 130));
    }
    if (gen.chance(2)) {
      rows.push_back(gen.integer(0, 3));
      seen.push_back(gen.integer(0, 50));
    }
  } else if (profile == 6) { // one or few tokens over longer caches
    shape = gen.chance(3) ? tile_shape{} : drawn_shape(gen);
    key_dim = drawn_dim(gen, 160);
    value_dim = drawn_dim(gen, 160);
    for (index_t n = gen.integer(1, 4); n > 0; --n) {
      rows.push_back(gen.integer(0, std::max<index_t>(1, 8 / group)));
      seen.push_back(gen.chance(4) ? gen.integer(0, 40) : gen.integer(0, 600));
    }
  } else if (profile == 7) { // the standard tiles
    key_dim = drawn_dim(gen, 64);
    value_dim = drawn_dim(gen, 64);
    kv_heads = 1;
    rows = {gen.integer(1, 90)};
    seen = {gen.integer(0, 200)};
  } else { // small ones: no sequence, no row, no key, large dims
    shape = gen.chance(2) ? tile_shape{} : drawn_shape(gen);
    key_dim = drawn_dim(gen, 300);
    value_dim = drawn_dim(gen, 300);
    for (index_t n = gen.chance(8) ? 0 : gen.integer(1, 4); n > 0; --n) {
      rows.push_back(gen.integer(0, 9));
      seen.push_back(gen.integer(0, 30));
    }
  }
  shape.few_lanes = std::min(shape.few_lanes, rules.few_lanes);
  for (const index_t n : rows) offsets.push_back(offsets.back() + n);
  cache = make_cache<double>(gen, seen, kv_heads, key_dim, value_dim);
  const double loud = gen.one_of(std::vector<double>{.25, 1., 1., 4.});
  for (auto& h : cache.heads) {
    for (double& x : h.keys) x = rules.rounded_row(x);
    for (double& x : h.values) x = rules.rounded_row(x * 3);
  }
  for (index_t i = 0; i < tokens() * heads() * key_dim; ++i)
    q.push_back(rules.rounded_query(loud * static_cast<double>(gen.unit())));
  scale = gen.chance(3) ? static_cast<double>(gen.unit()) : 1 / std::sqrt(static_cast<double>(key_dim));
  workers = gen.one_of(std::vector<index_t>{1, 1, 1, 2, 3, 8});
  const index_t where = gen.integer(0, 5);
  positions = where == 0 ? standing::from_zero : where == 1 ? standing::listed : standing::at_end;
  if (positions == standing::listed)
    for (index_t t = 0; t < tokens(); ++t) listed.push_back(gen.integer(-3, most_seen() + 3));
}

index_t drawn_case::longest() const noexcept {
  index_t n = 0;
  for (const auto& h : cache.heads) n = std::max(n, h.slots());
  return n;
}
index_t drawn_case::most_seen() const noexcept {
  return cache.seen.empty() ? 0 : *std::max_element(cache.seen.begin(), cache.seen.end());
}
index_t drawn_case::most_rows() const noexcept {
  return rows.empty() ? 0 : *std::max_element(rows.begin(), rows.end());
}
reference::call drawn_case::call() const noexcept {
  reference::call c;
  c.scale = scale;
  c.row_offsets = offsets.data();
  if (positions == standing::listed) c.positions = listed.data();
  if (positions == standing::from_zero) c.align = reference::alignment::top_left;
  return c;
}
std::string drawn_case::text() const {
  const auto list = [](const std::vector<index_t>& l) {
    std::string s;
    for (const index_t x : l) s += (s.empty() ? "" : ",") + std::to_string(x);
    return s;
  };
  return "rows " + list(rows) + " seen " + list(cache.seen) + " heads " + std::to_string(heads()) + "/" +
         std::to_string(kv_heads) + " dims " + std::to_string(key_dim) + "/" + std::to_string(value_dim) + " workers " +
         std::to_string(workers) + " panels " + std::to_string(shape.panels) + " blocks " +
         std::to_string(shape.block_keys) + "/" + std::to_string(shape.decode_block_keys) + " chunks " +
         std::to_string(shape.chunk_slots) + "/" + std::to_string(shape.decode_chunk_slots) + " few " +
         std::to_string(shape.few_lanes) + " positions " + std::to_string(static_cast<int>(positions)) + " scale " +
         std::to_string(scale);
}

exact exact_answer(const drawn_case& c, any_mask m, any_score s, const float* sinks, bool with_probabilities) {
  reference::call call = c.call();
  call.sinks = sinks;
  exact e;
  const auto q = view(c.q.data(), c.tokens(), c.heads(), c.key_dim);
  const logical_source<double> kv(c.cache);
  const std::size_t width = at(c.longest());
  if (with_probabilities) {
    e.probabilities.assign(at(c.tokens() * c.heads()) * width, 0.);
    e.rows = reference::attend(q, kv, m, s, call, [&](const query_row& row, index_t slot, double p) {
      e.probabilities[at(row.token * c.heads() + row.head) * width + at(slot)] = p;
    });
  } else {
    e.rows = reference::attend(q, kv, m, s, call);
  }
  return e;
}

void judge(const drawn_case& c, const exact& want, const answer& got, verdict& v) {
  const auto say = [&](const char* what, index_t token, index_t head, index_t d, double a, double b, double bound) {
    if (!v.wrong.empty()) return;
    char text[256];
    std::snprintf(text, sizeof text, "%s[token %td][head %td][%td] is %.9g, exact %.9g, error/bound %.3g", what, token,
                  head, d, a, b, std::fabs(a - b) / bound);
    v.wrong = text;
  };
  for (index_t s = 0; s < c.sequences(); ++s) {
    index_t most_visible = 0;
    const int kind = c.decodes(s) ? 1 : 0;
    for (index_t t = c.offsets[at(s)]; t < c.offsets[at(s + 1)]; ++t)
      for (index_t h = 0; h < c.heads(); ++h) {
        const std::size_t row = at(t * c.heads() + h);
        const row_facts facts{static_cast<double>(want.rows.visible[row]), static_cast<double>(c.key_dim),
                              want.rows.score_magnitude[row]};
        most_visible = std::max(most_visible, want.rows.visible[row]);
        if (!got.lse.empty()) {
          const double bound = got.doubles ? lse_bound<double>(facts) : lse_bound<float>(facts);
          margin m;
          if (!m.add(got.lse[row], want.rows.lse[row], bound))
            say("lse", t, h, 0, got.lse[row], want.rows.lse[row], bound);
          v.lse[kind] = std::max(v.lse[kind], m.worst);
        }
        for (index_t d = 0; d < c.value_dim; ++d) {
          const std::size_t i = row * at(c.value_dim) + at(d);
          const double exact_o = want.rows.o[i], size = want.rows.magnitude[i];
          const double bound = got.doubles             ? output_bound<double, double>(facts, size, exact_o)
                               : got.output_bits == 8  ? output_bound<float, bf16>(facts, size, exact_o)
                               : got.output_bits == 11 ? output_bound<float, f16>(facts, size, exact_o)
                                                       : output_bound<float, float>(facts, size, exact_o);
          margin m;
          if (!m.add(got.o[i], exact_o, bound)) say("o", t, h, d, got.o[i], exact_o, bound);
          v.output[kind] = std::max(v.output[kind], m.worst);
        }
      }
    v.alive = v.alive || most_visible > 0;
    v.spans =
        v.spans || (kind == 0 && c.rows[at(s)] * got.heads_per_tile > got.lanes && most_visible > c.shape.chunk_slots);
  }
}

namespace {
thread_pool& pool_of(index_t workers) {
  static thread_pool two{2}, three{3}, eight{8};
  return workers == 2 ? two : workers == 3 ? three : eight;
}
} // namespace
any_executor::any_executor(index_t workers) : workers_(workers == 1 ? 1 : pool_of(workers).workers()) {}
void any_executor::bulk(index_t n, void (*task)(void*, index_t, index_t), void* context) const noexcept {
  if (workers_ == 1)
    sequential{}.bulk(n, task, context);
  else
    pool_of(workers_).bulk(n, task, context);
}

TEST(differential_drawn_case, a_seed_gives_the_same_case) {
  const number_rules rules{"", [](double x) { return x; }, [](double x) { return x; }, 48, 8};
  index_t empty = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const drawn_case a(seed, rules), b(seed, rules);
    EXPECT_EQ(a.text(), b.text());
    EXPECT_EQ(a.q, b.q);
    empty += a.tokens() == 0 ? 1 : 0;
  }
  EXPECT_GT(empty, 0);
  EXPECT_LT(empty, 50);
}
} // namespace heed::test
