// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// heed_needle: what a cache policy keeps and costs. A small model answers questions about facts hidden in long filler,
// for every context length, depth, policy and budget.
#include "llama/command_line.hpp"
#include "llama/generation.hpp"
#include "llama/language_model.hpp"
#include "llama/text_output.hpp"
#include "needle/heat_map.hpp"
#include "needle/prompts.hpp"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <unistd.h>

namespace {

using llama::index_t;

constexpr const char* usage_text = R"(usage: heed_needle [options]
  --model FILE       the needle model (examples/needle_model/needle.gguf)
  --out DIR          folder for needle.svg and needle.csv (needle_out)
  --contexts LIST    prompt lengths in tokens (256,512,1024,2048)
  --budgets LIST     tokens that a policy keeps; each runs as streaming (4 sinks) and window (128,256,512,1024)
  --depths N         depths from 0 to 100 percent (11)
  --samples N        prompts per context, depth, policy and budget (4)
  --kv-type TYPE     type of cached keys and values: f32, f16, bf16 (f32)
  --threads N        threads (as many as the machine has cores)
  --seed S           first prompt's seed (4294967296: prompts that the model's maker measured on)
)";

struct options {
  std::string model = "examples/needle_model/needle.gguf", out = "needle_out";
  std::vector<index_t> contexts = {256, 512, 1024, 2048}, budgets = {128, 256, 512, 1024};
  index_t depths = 11, samples = 4, threads = llama::all_threads();
  llama::kv_type type = llama::kv_type::f32;
  std::uint64_t seed = std::uint64_t{1} << 32;
};

options parse(int argc, char** argv) {
  options o;
  llama::command_line in(argc, argv, usage_text);
  while (in.next()) {
    if (in.is("--model"))
      o.model = in.value();
    else if (in.is("--out"))
      o.out = in.value();
    else if (in.is("--contexts"))
      o.contexts = in.counts(needle::least_length({}), 1 << 20);
    else if (in.is("--budgets"))
      o.budgets = in.counts(5, 1 << 20);
    else if (in.is("--depths"))
      o.depths = in.count(2, 101);
    else if (in.is("--samples"))
      o.samples = in.count(1, 100000);
    else if (in.is("--kv-type"))
      o.type = llama::parse_kv_type(in.value());
    else if (in.is("--threads"))
      o.threads = in.threads();
    else if (in.is("--seed"))
      o.seed = in.seed();
    else
      in.refuse();
  }
  return o;
}

/// A policy with its results.
struct setting {
  llama::policy keep;
  std::vector<index_t> recalled; ///< [contexts][depths], of `samples`
  index_t bytes = 0;
  double prefill = 0, decode = 0; ///< tokens per second at the longest context
};

std::vector<setting> settings_of(const options& o) {
  std::vector<setting> out = {{llama::policy{}, {}}};
  for (const index_t budget : o.budgets) {
    out.push_back({{llama::policy::kind::streaming, 4, budget - 4}, {}});
    out.push_back({{llama::policy::kind::window, 0, budget}, {}});
  }
  return out;
}

/// Asks all questions of one setting. `asked` is told after each.
template <class Asked>
void sweep(const llama::language_model& model, heed::thread_pool& pool, const options& o, setting& s, Asked&& asked) {
  constexpr index_t speed_tokens = 64, chunk = 256;
  const index_t longest = *std::max_element(o.contexts.begin(), o.contexts.end());
  llama::cache_options cache_options;
  cache_options.keep = s.keep;
  cache_options.type = o.type;
  cache_options.max_tokens = longest + speed_tokens;
  cache_options.max_step = chunk;
  const auto cache = llama::make_cache(model.weights.shape(), cache_options, pool);
  llama::engine engine(model.weights, *cache, pool);
  const auto answer = [&](const needle::prompt& p, index_t tokens, llama::generation_speed& speed) {
    return llama::generate(engine, *cache, model.words, {{p.tokens, tokens, 0, 0}}, {1, chunk}, speed)[0];
  };
  for (const index_t context : o.contexts)
    for (index_t d = 0; d < o.depths; ++d) {
      s.recalled.push_back(0);
      for (index_t i = 0; i < o.samples; ++i) {
        // Each sample another prompt, the same for every policy.
        const auto number = static_cast<std::uint64_t>(d + o.depths * i);
        const auto p =
            needle::draw_prompt({.seed = o.seed + number, .length = context, .depth = 100 * d / (o.depths - 1)});
        llama::generation_speed unused;
        const auto said = answer(p, 2, unused);
        s.recalled.back() += said.size() == 2 && said[0] == p.answer[0] && said[1] == p.answer[1] ? 1 : 0;
        asked(s, context);
      }
    }
  llama::generation_speed speed;
  static_cast<void>(answer(needle::draw_prompt({.seed = o.seed, .length = longest}), speed_tokens, speed));
  s.bytes = cache->bytes() - (s.keep.keeps_all() ? cache->bytes() / cache_options.max_tokens * speed_tokens : 0);
  s.prefill = speed.prefill_per_s();
  s.decode = speed.decode_per_s();
}

double recall(const options& o, const setting& s) {
  index_t sum = 0;
  for (const index_t n : s.recalled) sum += n;
  return static_cast<double>(sum) / static_cast<double>(o.samples) / static_cast<double>(s.recalled.size());
}

std::vector<needle::heat_map> maps_of(const options& o, const std::vector<setting>& settings) {
  std::vector<needle::heat_map> maps;
  for (const setting& s : settings) {
    needle::heat_map map;
    map.title = s.keep.text();
    for (const index_t context : o.contexts) map.rows.push_back(std::to_string(context));
    for (index_t d = 0; d < o.depths; ++d) map.columns.push_back(std::to_string(100 * d / (o.depths - 1)));
    for (const index_t n : s.recalled) map.values.push_back(static_cast<double>(n) / static_cast<double>(o.samples));
    maps.push_back(std::move(map));
  }
  return maps;
}

std::string table_of(const options& o, const std::vector<setting>& settings) {
  char line[200];
  const index_t longest = *std::max_element(o.contexts.begin(), o.contexts.end());
  std::snprintf(line, sizeof line, "%-30s %7s %12s %11s %11s\n", "policy", "recall", "cache bytes", "prefill t/s",
                "decode t/s");
  std::string out = line;
  for (const setting& s : settings) {
    std::snprintf(line, sizeof line, "%-30s %6.1f%% %12td %11.0f %11.0f\n", s.keep.text().c_str(), 100 * recall(o, s),
                  s.bytes, s.prefill, s.decode);
    out += line;
  }
  std::snprintf(line, sizeof line, "recall: mean of all cells; cache bytes and tokens/s at context %td\n", longest);
  return out + line;
}

std::string csv_of(const options& o, const std::vector<setting>& settings) {
  std::string out = "policy,sinks,window,context,depth_percent,samples,recalled,cache_bytes,prefill_tokens_per_s,"
                    "decode_tokens_per_s\n";
  for (const setting& s : settings)
    for (std::size_t i = 0; i < s.recalled.size(); ++i) {
      const auto depths = static_cast<std::size_t>(o.depths);
      const index_t depth = 100 * static_cast<index_t>(i % depths) / (o.depths - 1);
      char line[300];
      const std::string text = s.keep.text();
      std::snprintf(line, sizeof line, "%s,%td,%td,%td,%td,%td,%td,%td,%.1f,%.1f\n",
                    text.substr(0, text.find(':')).c_str(), s.keep.sinks, s.keep.window, o.contexts[i / depths], depth,
                    o.samples, s.recalled[i], s.bytes, s.prefill, s.decode);
      out += line;
    }
  return out;
}

int run(const options& o) {
  const llama::gguf_file file(o.model);
  const llama::language_model model(file);
  if (model.words.size() < needle::vocabulary::first_word + static_cast<index_t>(needle::vocabulary::words))
    throw std::runtime_error(o.model + " is not the needle model: its vocabulary is smaller");
  std::filesystem::create_directories(o.out);

  heed::thread_pool pool(o.threads);
  llama::progress_line progress;
  std::vector<setting> settings = settings_of(o);
  const index_t per_setting = static_cast<index_t>(o.contexts.size()) * o.depths * o.samples;
  const index_t all = per_setting * static_cast<index_t>(settings.size());
  index_t done = 0;
  const auto begin = std::chrono::steady_clock::now();
  for (setting& s : settings)
    sweep(model, pool, o, s, [&](const setting& now, index_t context) {
      if (++done % 8 == 0 || done == all)
        progress.show(std::to_string(100 * done / all) + " % of " + std::to_string(all) +
                      " questions: " + now.keep.text() + ", context " + std::to_string(context));
    });
  progress.clear();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();

  const auto maps = maps_of(o, settings);
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  std::cout
      << "Recall in percent of a fact in filler; down: context in tokens, across: depth of the fact in percent\n\n"
      << needle::draw(maps, terminal ? needle::paint::colours : needle::paint::numbers_only) << "\n"
      << table_of(o, settings);
  std::printf("%td questions in %.0f s on %td threads\n", all, seconds, pool.workers());
  const std::filesystem::path out(o.out);
  llama::write_file((out / "needle.svg").string(), needle::svg("Recall of a hidden fact by cache policy",
                                                               "context in tokens", "depth in percent", maps));
  llama::write_file((out / "needle.csv").string(), csv_of(o, settings));
  std::cout << "wrote " << (out / "needle.svg").string() << " and " << (out / "needle.csv").string() << "\n";
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  return llama::run_program("heed_needle", [&] { return run(parse(argc, argv)); });
}
