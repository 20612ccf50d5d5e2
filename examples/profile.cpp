// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// heed_profile: what each head of a model is for. Asks generated questions, watches the attention, and writes the
// files by which cache policies choose heads and split budgets, with a picture.
#include "llama/command_line.hpp"
#include "llama/head_profile.hpp"
#include "llama/text_output.hpp"
#include "needle/heat_map.hpp"
#include "profile/head_scores.hpp"
#include "profile/layer_error.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <numeric>

namespace {

using llama::index_t;

constexpr const char* usage_text = R"(usage: heed_profile [options]
  --model FILE       the needle model (examples/needle_model/needle.gguf)
  --out DIR          folder for the profile (profile beside the model)
  --contexts LIST    prompt lengths in tokens (256,512,1024)
  --depths N         depths from 0 to 100 percent (11)
  --samples N        prompts per context and depth (2)
  --repeat N         random tokens that are told four times (500)
  --threads N        threads (as many as the machine has cores)
  --seed S           first prompt's seed (8589934592: none that recall is measured on)
)";

struct options {
  std::string model = "examples/needle_model/needle.gguf", out;
  std::vector<index_t> contexts = {256, 512, 1024};
  index_t depths = 11, samples = 2, repeat = 500, threads = llama::all_threads();
  std::uint64_t seed = std::uint64_t{1} << 33;
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
    else if (in.is("--depths"))
      o.depths = in.count(2, 101);
    else if (in.is("--samples"))
      o.samples = in.count(1, 100000);
    else if (in.is("--repeat"))
      o.repeat = in.count(1, 1 << 20);
    else if (in.is("--threads"))
      o.threads = in.threads();
    else if (in.is("--seed"))
      o.seed = in.seed();
    else
      in.refuse();
  }
  if (o.out.empty()) o.out = llama::profile_folder(o.model);
  return o;
}

/// As a picture: each number over `most`.
needle::heat_map map_of(const std::string& title, const profile::head_table& t, double most) {
  needle::heat_map map;
  map.title = title;
  for (index_t l = 0; l < t.layers; ++l) map.rows.push_back(std::to_string(l));
  for (index_t h = 0; h < t.heads; ++h) map.columns.push_back(std::to_string(h));
  for (const double x : t.numbers) map.values.push_back(most > 0 ? x / most : 0);
  return map;
}

/// Query heads of each layer, best first; ties by lower number.
std::vector<std::vector<index_t>> ranked(const profile::head_table& t) {
  std::vector<std::vector<index_t>> out;
  for (index_t l = 0; l < t.layers; ++l) {
    std::vector<index_t> heads(static_cast<std::size_t>(t.heads));
    std::iota(heads.begin(), heads.end(), index_t{0});
    std::stable_sort(heads.begin(), heads.end(), [&](index_t a, index_t b) { return t.at(l, a) > t.at(l, b); });
    out.push_back(heads);
  }
  return out;
}

std::vector<float> floats(const profile::head_table& t) { return {t.numbers.begin(), t.numbers.end()}; }

int run(const options& o) {
  const llama::gguf_file file(o.model);
  const llama::language_model model(file);
  if (model.words.size() < needle::vocabulary::first_word + static_cast<index_t>(needle::vocabulary::words))
    throw std::runtime_error(o.model + " is not the needle model: its vocabulary is smaller");
  const llama::model_shape& s = model.weights.shape();
  heed::thread_pool pool(o.threads);
  llama::progress_line line;
  const auto told = [&](const char* what) {
    return [&line, what](index_t done, index_t all) {
      line.show(std::string(what) + ": " + std::to_string(done) + " of " + std::to_string(all));
    };
  };
  const auto prompts = profile::spread_prompts(o.contexts, o.depths, o.samples, o.seed);
  const auto few = profile::spread_prompts(o.contexts, 3, 1, o.seed);

  const auto retrieval = profile::score_retrieval(model, pool, prompts, told("retrieval heads"));
  const auto repetition = profile::score_repetition(model, pool, o.repeat, 4, 2, o.seed, told("echo and induction"));
  const auto positions = profile::score_positions(model, pool, few, 500, told("attention by position"));
  const auto reconstruction = profile::score_reconstruction(model, pool, few, told("text told again"));
  llama::head_profile p;
  p.retrieval_heads = ranked(retrieval.score);
  const auto error = profile::measure_layer_error(model, pool, p.retrieval_heads, prompts, told("layer errors"));
  p.layer_error = error.share;
  p.position_gates = floats(mean_over_groups(positions, s.kv_heads));
  p.reconstruction_gates = floats(max_over_groups(reconstruction, s.kv_heads));
  p.echo = floats(repetition.echo);
  p.induction = floats(repetition.induction);
  line.clear();

  std::filesystem::create_directories(o.out);
  write_profile(p, o.out);
  const double most = *std::max_element(retrieval.score.numbers.begin(), retrieval.score.numbers.end());
  profile::head_table errors(s.layers, 1);
  errors.numbers = error.share;
  const std::vector<needle::heat_map> maps = {map_of("layer error, share of all", errors, 1),
                                              map_of("retrieval, of the greatest", retrieval.score, most),
                                              map_of("reconstruction (gates)", reconstruction, 1),
                                              map_of("evenness by position (gates)", positions, 1),
                                              map_of("echo", repetition.echo, 1),
                                              map_of("induction", repetition.induction, 1)};
  const std::filesystem::path out(o.out);
  llama::write_file((out / "heads.svg").string(),
                    needle::svg("What the heads of the model are for", "layer", "query head", maps, "percent"));
  std::printf("%s\n%td of %td runs answered rightly and count; greatest retrieval score %.2f\n",
              needle::draw(maps, needle::paint::numbers_only).c_str(), retrieval.kept, retrieval.runs, most);
  std::printf("wrote the profile to %s\n", o.out.c_str());
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  return llama::run_program("heed_profile", [&] { return run(parse(argc, argv)); });
}
