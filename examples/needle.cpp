// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// heed_needle: what a cache policy keeps and costs. A small model answers questions about facts hidden in long filler,
// for every context length, depth, policy and budget.
#include "llama/command_line.hpp"
#include "llama/text_output.hpp"
#include "needle/heat_map.hpp"
#include "needle/pictures.hpp"
#include "needle/recall.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <unistd.h>

namespace {

using llama::index_t;

constexpr const char* usage_text = R"(usage: heed_needle [options]
  --model FILE       the needle model (examples/needle_model/needle.gguf)
  --profile DIR      what heed_profile wrote (profile beside the model)
  --out DIR          folder for pictures and tables (needle_out)
  --policy NAME      NAME or NAME:key=value,...; may be given several times (all there are; heed_generate --help lists
                     them)
  --budgets LIST     tokens, or fractions of the context; for policies without one of their own (0.05,0.1,0.2,0.4)
  --contexts LIST    prompt lengths in tokens (512,1024)
  --depths N         depths from 0 to 100 percent (6)
  --samples N        prompts per context, depth, policy and budget (2)
  --ask WHEN         prompt: the question is part of it; late: it comes after the eviction (prompt)
  --kv-type TYPE     type of cached keys and values: f32, f16, bf16 (f32)
  --threads N        threads (as many as the machine has cores)
  --seed S           first prompt's seed (4294967296: prompts that the model's maker measured on)
)";

struct options {
  std::string model = "examples/needle_model/needle.gguf", out = "needle_out", profile;
  std::vector<std::string> policies, budgets;
  needle::recall_options recall;
  index_t threads = llama::all_threads();
};

needle::question parse_question(const std::string& text) {
  if (text == "prompt") return needle::question::in_prompt;
  if (text == "late") return needle::question::after_eviction;
  throw llama::usage_error("--ask is \"" + text + "\", but there are prompt and late");
}

options parse(int argc, char** argv) {
  options o;
  llama::command_line in(argc, argv, usage_text);
  std::string budgets = "0.05,0.1,0.2,0.4";
  while (in.next()) {
    if (in.is("--model"))
      o.model = in.value();
    else if (in.is("--profile"))
      o.profile = in.value();
    else if (in.is("--out"))
      o.out = in.value();
    else if (in.is("--policy"))
      o.policies.push_back(in.value());
    else if (in.is("--budgets"))
      budgets = in.value();
    else if (in.is("--contexts"))
      o.recall.contexts = in.counts(needle::least_length({}), 1 << 20);
    else if (in.is("--depths"))
      o.recall.depths = in.count(2, 101);
    else if (in.is("--samples"))
      o.recall.samples = in.count(1, 100000);
    else if (in.is("--ask"))
      o.recall.asked = parse_question(in.value());
    else if (in.is("--kv-type"))
      o.recall.type = llama::parse_kv_type(in.value());
    else if (in.is("--threads"))
      o.threads = in.threads();
    else if (in.is("--seed"))
      o.recall.seed = in.seed();
    else
      in.refuse();
  }
  for (std::size_t at = 0; at <= budgets.size();) {
    const std::size_t end = std::min(budgets.find(',', at), budgets.size());
    o.budgets.push_back(budgets.substr(at, end - at));
    at = end + 1;
  }
  if (o.policies.empty()) o.policies = llama::policy_names();
  if (o.profile.empty()) o.profile = llama::profile_folder(o.model);
  return o;
}

/// Every policy with every budget; one that states what it keeps runs as it is.
std::vector<needle::recall_row> rows_of(const options& o) {
  std::vector<needle::recall_row> out;
  for (const std::string& text : o.policies) {
    if (text.find(':') != std::string::npos || text == "full") {
      out.push_back({.keep = llama::parse_policy(text)});
      continue;
    }
    for (const std::string& budget : o.budgets)
      out.push_back({.keep = llama::parse_policy(text + ":budget=" + budget)});
  }
  return out;
}

std::vector<needle::heat_map> maps_of(const needle::recall_options& o, const std::vector<needle::recall_row>& rows) {
  std::vector<needle::heat_map> maps;
  for (const needle::recall_row& s : rows) {
    if (!s.refused.empty()) continue;
    needle::heat_map map;
    map.title = s.keep.short_text();
    for (const index_t context : o.contexts) map.rows.push_back(std::to_string(context));
    for (index_t d = 0; d < o.depths; ++d) map.columns.push_back(std::to_string(100 * d / (o.depths - 1)));
    for (const index_t n : s.recalled) map.values.push_back(static_cast<double>(n) / static_cast<double>(o.samples));
    maps.push_back(std::move(map));
  }
  return maps;
}

std::string table_of(const needle::recall_options& o, const std::vector<needle::recall_row>& rows) {
  char line[300];
  std::snprintf(line, sizeof line, "%-32s %7s %13s %11s %11s %11s %11s\n", "policy", "recall", "95% interval",
                "cache bytes", "peak bytes", "prefill t/s", "decode t/s");
  std::string out = line, notes;
  for (const needle::recall_row& s : rows) {
    if (!s.refused.empty()) {
      notes += s.keep.short_text() + " did not run: " + s.refused + "\n";
      continue;
    }
    index_t right = 0;
    for (const index_t n : s.recalled) right += n;
    const needle::interval at = needle::wilson(right, o.samples * static_cast<index_t>(s.recalled.size()));
    std::snprintf(line, sizeof line, "%-32s %6.1f%% %5.1f - %5.1f %11td %11td %11.0f %11.0f\n",
                  s.keep.short_text().c_str(), 100 * needle::mean_recall(o, s), 100 * at.low, 100 * at.high, s.bytes,
                  s.peak_bytes, s.prefill_per_s, s.decode_per_s);
    out += line;
  }
  std::snprintf(line, sizeof line,
                "recall: mean of all cells; bytes of the cache at the end and at most, and tokens/s: at context %td\n",
                *std::max_element(o.contexts.begin(), o.contexts.end()));
  return out + line + notes;
}

std::string csv_of(const needle::recall_options& o, const std::vector<needle::recall_row>& rows) {
  std::string out = "policy,setting,context,depth_percent,samples,recalled,cache_bytes,peak_bytes,"
                    "prefill_tokens_per_s,decode_tokens_per_s\n";
  for (const needle::recall_row& s : rows)
    for (std::size_t i = 0; i < s.recalled.size(); ++i) {
      const auto depths = static_cast<std::size_t>(o.depths);
      char line[300];
      std::snprintf(line, sizeof line, "%s,\"%s\",%td,%td,%td,%td,%td,%td,%.1f,%.1f\n", s.keep.name().c_str(),
                    s.keep.text().c_str(), o.contexts[i / depths],
                    100 * static_cast<index_t>(i % depths) / (o.depths - 1), o.samples, s.recalled[i], s.bytes,
                    s.peak_bytes, s.prefill_per_s, s.decode_per_s);
      out += line;
    }
  return out;
}

/// Recall over the bytes held, as a share of the full cache's.
std::string curves_of(const needle::recall_options& o, const std::vector<needle::recall_row>& rows) {
  index_t most = 1;
  for (const needle::recall_row& s : rows) most = std::max(most, s.bytes);
  std::vector<needle::curve> curves;
  for (const needle::recall_row& s : rows) {
    if (!s.refused.empty() || s.keep.keeps_all()) continue;
    if (curves.empty() || curves.back().name != s.keep.name()) curves.push_back({s.keep.name(), {}, {}});
    curves.back().x.push_back(s.keep.how.has("budget") && s.keep.how.is_fraction("budget")
                                  ? s.keep.how.number("budget")
                                  : static_cast<double>(s.bytes) / static_cast<double>(most));
    curves.back().y.push_back(needle::mean_recall(o, s));
  }
  return needle::svg_of_curves("Recall of a hidden fact over the budget", "budget in percent of the prompt",
                               "recall in percent", curves);
}

/// One budget of each policy: the second, or the only one.
std::string kept_of(const std::vector<needle::recall_row>& rows) {
  std::vector<needle::kept_rows> strips;
  index_t tokens = 1, fact = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const needle::recall_row& s = rows[i];
    const bool second =
        i > 0 && rows[i - 1].keep.rule == s.keep.rule && (i < 2 || rows[i - 2].keep.rule != s.keep.rule);
    const bool only = (i == 0 || rows[i - 1].keep.rule != s.keep.rule) &&
                      (i + 1 == rows.size() || rows[i + 1].keep.rule != s.keep.rule);
    if (s.kept.empty() || !(second || only)) continue;
    needle::kept_rows strip{s.keep.short_text(), {}, {}};
    for (const needle::kept_tokens& k : s.kept) {
      strip.rows.push_back("layer " + std::to_string(k.layer));
      strip.positions.push_back(k.positions);
    }
    tokens = s.kept_of;
    fact = s.fact_at;
    strips.push_back(std::move(strip));
  }
  constexpr index_t fact_tokens = 5;
  return needle::svg_of_kept("Tokens that each layer and key-value head still holds after the answer", tokens, fact,
                             fact + fact_tokens, strips);
}

int run(options o) {
  const llama::gguf_file file(o.model);
  const llama::language_model model(file);
  if (model.words.size() < needle::vocabulary::first_word + static_cast<index_t>(needle::vocabulary::words))
    throw std::runtime_error(o.model + " is not the needle model: its vocabulary is smaller");
  std::vector<needle::recall_row> rows = rows_of(o);
  const llama::model_shape& s = model.weights.shape();
  if (std::any_of(rows.begin(), rows.end(), [](const needle::recall_row& r) { return r.keep.needs_profile(); }))
    o.recall.profile =
        std::make_shared<llama::head_profile>(llama::read_profile(o.profile, s.layers, s.q_heads, s.kv_heads));
  std::filesystem::create_directories(o.out);

  heed::thread_pool pool(o.threads);
  llama::progress_line progress;
  const index_t all = static_cast<index_t>(o.recall.contexts.size()) * o.recall.depths * o.recall.samples *
                      static_cast<index_t>(rows.size());
  index_t done = 0;
  const auto begin = std::chrono::steady_clock::now();
  for (needle::recall_row& row : rows)
    needle::measure_recall(model, pool, o.recall, row, [&](index_t context) {
      if (++done % 4 == 0 || done == all)
        progress.show(std::to_string(100 * done / all) + " % of " + std::to_string(all) +
                      " questions: " + row.keep.short_text() + ", context " + std::to_string(context));
    });
  progress.clear();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();

  const auto maps = maps_of(o.recall, rows);
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  std::cout
      << "Recall in percent of a fact in filler; down: context in tokens, across: depth of the fact in percent\n\n"
      << needle::draw(maps, terminal ? needle::paint::colours : needle::paint::numbers_only) << "\n"
      << table_of(o.recall, rows);
  std::printf("%td questions in %.0f s on %td threads\n", done, seconds, pool.workers());
  const auto write = [&](const char* name, const std::string& text) {
    llama::write_file((std::filesystem::path(o.out) / name).string(), text);
  };
  write("needle.svg", needle::svg("Recall of a hidden fact by cache policy", "context", "depth in %", maps));
  write("recall.svg", curves_of(o.recall, rows));
  write("kept.svg", kept_of(rows));
  write("needle.csv", csv_of(o.recall, rows));
  std::cout << "wrote needle.svg, recall.svg, kept.svg and needle.csv to " << o.out << "\n";
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  return llama::run_program("heed_needle", [&] { return run(parse(argc, argv)); });
}
