// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Which keys each selector keeps of a long prompt, and what that costs: a table, the kept keys of one head over its
// true attention map, and recall against density. Quest chooses pages token by token, as at decode. Core-context
// attention drops nothing but pools old tokens: its recall is the mass of the tokens that stay themselves, its error
// that of both.
//   example_selectors [TOKENS [FOLDER]]: writes selectors_map.svg and selectors_recall.svg there
#include <heed/heed.hpp>
#include <heed/testing/structured_sequence.hpp>

#include "needle/svg.hpp"
#include "plain_loop.hpp"

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>

namespace {

using heed::index_t;
using needle::format;
constexpr index_t heads = 4, kv_heads = 2, dim = 64, block = 64;

struct point {
  double density, recall;
};
struct selector {
  std::string name;
  std::vector<point> points;
  heed::block_lists drawn; ///< the lists nearest to a quarter of the pairs, if there are lists
  double drawn_density = 9;
};

/// The tokens that core-context attention reads as they are.
struct unpooled_tokens {
  heed::core_context how;
  [[nodiscard]] heed::range visible(index_t, index_t q) const noexcept { return {how.pooled(q) * how.group, q + 1}; }
  [[nodiscard]] bool allows(heed::cell at) const noexcept { return heed::interval_allows(*this, at); }
  [[nodiscard]] index_t runs(const heed::tile& t, std::span<heed::key_run> out) const noexcept {
    return heed::interval_runs(*this, t, out);
  }
};

/// Mean over sampled rows and all heads of how far o is from dense, as a share of dense.
double mean_error(const heed::tensor_view<float, 3>& o, const std::vector<float>& dense,
                  const std::vector<index_t>& rows) {
  double sum = 0;
  for (const index_t r : rows)
    for (index_t h = 0; h < heads; ++h) {
      double apart = 0, size = 0;
      for (index_t d = 0; d < dim; ++d) {
        const double want = static_cast<double>(dense[static_cast<std::size_t>((r * heads + h) * dim + d)]);
        apart += std::pow(static_cast<double>(o(r, h, d)) - want, 2);
        size += want * want;
      }
      sum += std::sqrt(apart / size);
    }
  return sum / static_cast<double>(rows.size() * heads);
}

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// Share of the pairs of a square of rows and keys that a head's lists keep, of those at or below the diagonal.
double kept_share(const heed::block_lists& lists, index_t head, index_t row, index_t key, index_t size) {
  const auto mask = lists.mask();
  double kept = 0, all = 0;
  for (index_t r = row; r < row + size; r += 8)
    for (index_t j = key; j < key + size && j <= r; ++j) {
      ++all;
      kept += mask.allows({0, head, r, j, r, j}) ? 1 : 0;
    }
  return all > 0 ? kept / all : 0;
}

needle::colour over_grey(needle::colour c, double share) {
  const auto mix = [&](int x) { return static_cast<int>(0xd8 + (x - 0xd8) * share); };
  return {mix(c.red), mix(c.green), mix(c.blue)};
}

/// The head's attention in squares of `size` tokens, brighter is more; the greyer, the more of a
/// square a selector drops.
void draw_maps(const std::string& file, const std::vector<float>& map, index_t tokens, index_t size,
               const std::vector<selector>& all) {
  constexpr double edge = 230, gap = 26;
  const index_t cells = tokens / size;
  const double cell = edge / static_cast<double>(cells);
  std::vector<const selector*> maps{nullptr};
  for (const selector& s : all)
    if (s.drawn_density <= 1) maps.push_back(&s);
  needle::drawing d(static_cast<int>((edge + gap) * static_cast<double>(maps.size()) + gap), 360,
                    format("Kept keys of one head over its attention map, %td tokens", tokens));
  for (std::size_t s = 0; s < maps.size(); ++s) {
    const double left = gap + (edge + gap) * static_cast<double>(s), top = 80;
    d.text(left, top - 10, "title",
           s == 0 ? std::string("all pairs")
                  : format("%s, density %.2f", maps[s]->name.c_str(), maps[s]->drawn_density));
    for (index_t r = 0; r < cells; ++r)
      for (index_t c = 0; c <= r; ++c) {
        const double mass =
            static_cast<double>(map[static_cast<std::size_t>(r * cells + c)]) / static_cast<double>(size);
        const double share = s == 0 ? 1 : kept_share(maps[s]->drawn, 0, r * size, c * size, size);
        d.box(left + cell * static_cast<double>(c), top + cell * static_cast<double>(r), cell + 0.1, cell + 0.1,
              needle::hex(over_grey(needle::colour_of(std::fmin(1., std::cbrt(mass))), std::sqrt(share))));
      }
  }
  d.scale(gap + 60, 330, "no mass", "all of it");
  std::ofstream(file) << d.finish();
}

void draw_recall(const std::string& file, index_t tokens, const std::vector<selector>& all) {
  constexpr double left = 70, top = 60, width = 520, height = 320, legend = left + width + 24;
  needle::drawing d(static_cast<int>(legend) + 250, static_cast<int>(top + height) + 60,
                    format("Recall of attention mass by density, %td tokens", tokens));
  for (int i = 0; i <= 10; i += 2) {
    const double x = left + width * i / 10, y = top + height - height * i / 10;
    d.line(format("%g,%g %g,%g", left, y, left + width, y), "#ddd");
    d.text(left - 8, y + 4, "label", format("%d", 10 * i), "end");
    d.text(x, top + height + 18, "label", format("%d", 10 * i), "middle");
  }
  d.text(left + width / 2, top + height + 42, "label", "pairs kept, percent of causal", "middle");
  d.text(left - 42, top - 12, "label", "recall, percent");
  for (std::size_t s = 0; s < all.size(); ++s) {
    std::string line;
    for (const point& p : all[s].points) {
      const double x = left + width * p.density, y = top + height * (1 - p.recall);
      line += format("%g,%g ", x, y);
      d.dot(x, y, 3, needle::line_colour(s));
    }
    d.line(line, needle::line_colour(s), 2);
    const double y = top + 8 + 20 * static_cast<double>(s);
    d.line(format("%g,%g %g,%g", legend, y, legend + 24, y), needle::line_colour(s), 2);
    d.text(legend + 32, y + 4, "label", all[s].name);
  }
  std::ofstream(file) << d.finish();
}

} // namespace

int main(int argc, char** argv) {
  const index_t tokens = argc > 1 ? (std::atoll(argv[1]) + 255) / 256 * 256 : 1024;
  const std::string folder = argc > 2 ? std::string(argv[2]) + "/" : std::string();
  const heed::testing::structured_sequence text(
      {.tokens = tokens, .q_heads = heads, .kv_heads = kv_heads, .dim = dim, .verticals = 6, .segment = 64});
  const auto q = heed::view(text.q.data(), tokens, heads, dim), k = heed::view(text.k.data(), tokens, kv_heads, dim),
             v = heed::view(text.v.data(), tokens, kv_heads, dim);
  const auto kv = heed::contiguous(k, v);
  std::vector<float> o_data(text.q.size());
  const auto o = heed::view(o_data.data(), tokens, heads, dim);
  heed::thread_pool pool{2};
  heed::select_scratch<float> scratch;
  const std::vector<index_t> sampled = heed::evenly_spaced_rows(tokens, 64);
  double worst = 0;

  double dense = HUGE_VAL;
  for (int i = 0; i < 3; ++i) {
    const double start = now();
    heed::attend(pool, q, kv, o, heed::causal{});
    dense = std::fmin(dense, now() - start);
  }
  std::printf("%td tokens, %td heads on %td, dense causal attention %.1f ms\n", tokens, heads, kv_heads, 1e3 * dense);
  std::printf("%-22s %-27s %8s %8s %8s %12s %13s\n", "selector", "setting", "density", "recall", "error",
              "estimate, ms", "attention, ms");

  const std::vector<float> dense_o = o_data;
  const auto print = [&](selector& of, const std::string& setting, const point& p, double error, double estimate,
                         double attention) {
    std::printf("%-22s %-27s %8.3f %8.3f %8.3f %12.1f %13.1f\n", of.name.c_str(), setting.c_str(), p.density, p.recall,
                error, 1e3 * estimate, 1e3 * attention);
    of.points.push_back(p);
  };
  // fill: writes the lists
  const auto run_filled = [&](selector& of, const std::string& setting, const auto& fill) {
    heed::block_lists lists;
    const double start = now();
    fill(lists);
    const double selected = now();
    heed::attend(pool, q, kv, o, heed::all_of(lists.mask(), heed::causal{}));
    const double end = now();
    const heed::selection_quality kept = heed::measure_selection(pool, q, kv, lists.mask(), sampled);
    print(of, setting, {kept.density, kept.mean_recall}, kept.mean_error, selected - start, end - selected);
    for (const index_t t : heed::evenly_spaced_rows(tokens, 9)) { // what attend made of the lists
      const index_t h = t % heads, g = h / (heads / kv_heads);
      const auto mask = lists.mask();
      worst = plain::furthest(worst,
                              plain::attend(
                                  &q(t, h, 0), dim, dim, tokens, [&](index_t j) { return &k(j, g, 0); },
                                  [&](index_t j) { return &v(j, g, 0); },
                                  [&](double x, index_t j) {
                                    return j <= t && mask.allows({0, h, t, j, t, j}) ? x : -HUGE_VAL;
                                  }),
                              &o(t, h, 0));
    }
    if (std::fabs(kept.density - 0.25) < std::fabs(of.drawn_density - 0.25)) {
      of.drawn_density = kept.density;
      of.drawn = std::move(lists);
    }
  };
  const auto run = [&](selector& of, const std::string& setting, const auto& how) {
    run_filled(of, setting, [&](heed::block_lists& lists) { (void)heed::select(pool, how, q, k, lists, scratch); });
  };
  // Each query chooses among the pages of the keys up to its own.
  const auto run_quest = [&](selector& of, index_t budget) {
    constexpr index_t page = 16;
    run_filled(of, format("%td tokens in pages of %td", budget, page), [&](heed::block_lists& lists) {
      heed::page_bounds<float> bounds(kv_heads, dim, page, tokens);
      heed::block_lists step;
      lists.reset({.rows = tokens, .keys = tokens, .block_rows = 1, .block_keys = page, .lists = heads});
      for (index_t t = 0; t < tokens; ++t) {
        bounds.append(k.slice(0, t, 1));
        (void)heed::select(pool, heed::quest{.budget = budget}, bounds, q.slice(0, t, 1), step, scratch);
        for (index_t h = 0; h < heads; ++h) lists.set_row(0, h, t, step.full_row(0, h, 0));
      }
    });
  };
  const auto run_core_context = [&](selector& of, const heed::core_context& how) {
    const index_t groups = tokens / how.group;
    std::vector<float> pooled(static_cast<std::size_t>(2 * groups * kv_heads * dim));
    const auto row = [&](index_t i) {
      return heed::view(pooled.data() + i * groups * kv_heads * dim, groups, kv_heads, dim);
    };
    const double start = now();
    heed::pool_groups(pool, how, q, k, v, row(0), row(1), scratch);
    const double estimated = now();
    heed::attend_core_context(pool, how, q, k, v, o, row(0), row(1), scratch);
    const double end = now();
    const heed::selection_quality own = heed::measure_selection(pool, q, kv, unpooled_tokens{how}, sampled);
    double rows = 0, keys = 0;
    for (const index_t t : sampled) {
      rows += static_cast<double>(t + 1);
      keys += static_cast<double>(t + 1 - how.pooled(t) * (how.group - 1));
    }
    print(of, format("local %td, groups of %td", how.local, how.group), {keys / rows, own.mean_recall},
          mean_error(o, dense_o, sampled), estimated - start, std::fmax(0, (end - estimated) - (estimated - start)));
  };

  std::vector<selector> all(6);
  all[0].name = "xattention";
  for (const double x : {0.3, 0.5, 0.7, 0.8, 0.9, 0.97})
    run(all[0], format("threshold %.2f", x), heed::xattention{.block = block, .stride = 8, .threshold = x});
  all[1].name = "proxy_attn";
  for (const double x : {0.3, 0.5, 0.7, 0.8, 0.9, 0.97})
    run(all[1], format("gamma %.2f", x),
        heed::proxy_attn{.block = block, .groups = kv_heads, .gamma = x, .min_tokens = block});
  all[2].name = "anchor_attn";
  for (const double x : {2., 5., 6., 7., 8., 10.})
    run(all[2], format("theta %g", x), heed::anchor_attn{.block = block / 2, .step = 4, .theta = x});
  all[3].name = "vertical_slash";
  for (const index_t n : {1, 4, 8, 16, 32, 64})
    run(all[3], format("%td columns, %td slashes", n, n),
        heed::vertical_slash{.vertical = n,
                             .slash = n,
                             .block = 32,
                             .granule = 8,
                             .first_columns = 4,
                             .near_diagonals = 1,
                             .least_vertical = 4,
                             .least_slash = 1});

  all[4].name = "quest";
  for (const index_t n : {48, 96, 160, 256, 384}) run_quest(all[4], n * tokens / 1024);
  all[5].name = "core_context, unpooled";
  for (const index_t n : {16, 64, 128, 256, 512}) run_core_context(all[5], {.group = 16, .local = n * tokens / 1024});

  const index_t size = tokens / 32;
  std::vector<float> map(32 * 32);
  const index_t first_head[1] = {0};
  heed::attend(pool, q, kv, o, heed::causal{},
               heed::block_pool<float>(heed::view(map.data(), 1, 1, 32, 32), {size, size},
                                       heed::row_choice::all().of_heads(first_head)));
  draw_maps(folder + "selectors_map.svg", map, tokens, size, all);
  draw_recall(folder + "selectors_recall.svg", tokens, all);
  std::printf("wrote %sselectors_map.svg and %sselectors_recall.svg\n", folder.c_str(), folder.c_str());

  {
    // [readme]
    heed::block_lists lists;
    const heed::xattention how{.block = 64, .stride = 8, .threshold = 0.9};
    const heed::selection_cost cost = heed::select(pool, how, q, k, lists, scratch);
    heed::attend(pool, q, kv, o, heed::all_of(lists.mask(), heed::causal{}));
    // [readme]
    std::printf("xattention: %.1f %% of dense work for the estimate, %.1f %% for attention\n",
                100 * cost.estimate_flops / cost.dense_flops, 100 * cost.density());
  }
  return plain::verdict("selectors", worst);
}
