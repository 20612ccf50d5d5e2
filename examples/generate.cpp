// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// heed_generate: continues texts with a Llama model; all attention is computed by heed.
#include "llama/command_line.hpp"
#include "llama/generation.hpp"
#include "llama/language_model.hpp"
#include "llama/prefill_selection.hpp"
#include "llama/text_output.hpp"

#include <cstdio>
#include <fstream>
#include <utility>

namespace {

constexpr const char* usage_text = R"(usage: heed_generate --model FILE.gguf --prompt TEXT --tokens N [options]
  --model FILE         GGUF: Llama architecture; F32, F16, BF16 or Q8_0 tensors; SentencePiece vocabulary
  --prompt TEXT        text to continue; may be given several times
  --prompt-file FILE   one prompt a line
  --tokens N           length of the continuation in tokens (64)
  --policy NAME        what the cache keeps, NAME or NAME:key=value,...: full, window, streaming, h2o, tova, snap_kv,
                       pyramid_kv, ada_kv, compress_kv, duo_attention or razor_attention; budget=256 are tokens,
                       budget=0.1 is a fraction of the prompt (full). streaming keeps sinks and a window at the
                       positions that they have in the text
  --profile DIR        what heed_profile wrote (profile beside the model)
  --prefill NAME       reads prompts through block lists, NAME or NAME:key=value,...: proxy_attn, anchor_attn, xattention
                       or vertical_slash (everything); --json reports what they keep
  --kv-type TYPE       type of cached keys and values: f32, f16, bf16 (f32)
  --layout LAYOUT      contiguous or paged (contiguous; paged where several texts run at once)
  --page N             tokens in a page (16)
  --parallel N         texts at once; fewer prompts than N are repeated, each with the next seed (1)
  --chunk N            prompt tokens in one step (256)
  --threads N          threads (as many as the machine has cores)
  --temperature T      0 takes the likeliest token (0)
  --seed S             for temperatures above 0 (1)
  --json               print one JSON object instead of streaming the text
)";

struct options {
  std::string model, profile;
  std::vector<std::string> prompts;
  llama::cache_options cache;
  llama::setting prefill; ///< without a name: dense
  bool layout_given = false, json = false;
  std::ptrdiff_t tokens = 64, parallel = 1, chunk = 256, threads = llama::all_threads();
  double temperature = 0;
  std::uint64_t seed = 1;
};

void read_prompts(const std::string& path, std::vector<std::string>& prompts) {
  std::ifstream file(path);
  if (!file) throw llama::usage_error("--prompt-file: " + path + " cannot be opened");
  for (std::string line; std::getline(file, line);)
    if (!line.empty()) prompts.push_back(line);
}

options parse(int argc, char** argv) {
  constexpr std::ptrdiff_t most_tokens = std::ptrdiff_t{1} << 24;
  options o;
  llama::command_line in(argc, argv, usage_text);
  while (in.next()) {
    if (in.is("--json")) {
      o.json = true;
    } else if (in.is("--model")) {
      o.model = in.value();
    } else if (in.is("--prompt")) {
      o.prompts.push_back(in.value());
    } else if (in.is("--prompt-file")) {
      read_prompts(in.value(), o.prompts);
    } else if (in.is("--tokens")) {
      o.tokens = in.count(0, most_tokens);
    } else if (in.is("--policy")) {
      o.cache.keep = llama::parse_policy(in.value());
    } else if (in.is("--prefill")) {
      o.prefill = llama::parse_prefill(in.value());
    } else if (in.is("--profile")) {
      o.profile = in.value();
    } else if (in.is("--kv-type")) {
      o.cache.type = llama::parse_kv_type(in.value());
    } else if (in.is("--layout")) {
      o.cache.layout = llama::parse_layout(in.value());
      o.layout_given = true;
    } else if (in.is("--page")) {
      o.cache.page = in.count(1, 1 << 16);
    } else if (in.is("--parallel")) {
      o.parallel = in.count(1, 1 << 12);
    } else if (in.is("--chunk")) {
      o.chunk = in.count(1, 1 << 20);
    } else if (in.is("--threads")) {
      o.threads = in.threads();
    } else if (in.is("--temperature")) {
      o.temperature = in.number(0, 1000);
    } else if (in.is("--seed")) {
      o.seed = in.seed();
    } else {
      in.refuse();
    }
  }
  if (o.model.empty()) in.fail("--model is missing");
  if (o.profile.empty()) o.profile = llama::profile_folder(o.model);
  if (o.prompts.empty()) in.fail("--prompt is missing");
  if (o.parallel > 1 && !o.layout_given) o.cache.layout = llama::cache_layout::paged;
  return o;
}

std::string json_of(const llama::vocabulary& words, const std::vector<llama::token_t>& prompt,
                    const std::vector<llama::token_t>& tokens) {
  std::string text;
  for (const llama::token_t t : tokens) text += words.decode(t);
  return "\"prompt_tokens\": " + llama::json_numbers(prompt) + ", \"tokens\": " + llama::json_numbers(tokens) +
         ", \"text\": " + llama::json_text(text);
}

std::string json_of(const llama::setting& prefill, const llama::selection_report& r) {
  char text[200];
  std::snprintf(text, sizeof text, ", \"prefill_recall\": %.4f, \"prefill_density\": %.4f, \"prefill_estimate\": %.4f",
                r.recall, r.density, r.estimate);
  return ", \"prefill\": " + llama::json_text(prefill.text()) + text;
}

int run(const options& o) {
  const llama::gguf_file file(o.model);
  const llama::language_model model(file);
  const llama::model_shape& shape = model.weights.shape();

  std::vector<llama::request> requests;
  llama::cache_options cache_options = o.cache;
  const std::size_t count = std::max(o.prompts.size(), static_cast<std::size_t>(o.parallel));
  for (std::size_t i = 0; i < count; ++i) {
    requests.push_back({model.words.encode(o.prompts[i % o.prompts.size()]), o.tokens, o.temperature, o.seed + i});
    const auto length = static_cast<std::ptrdiff_t>(requests.back().prompt.size());
    if (length == 0) throw llama::usage_error("--prompt " + std::to_string(i + 1) + " is empty");
    cache_options.max_tokens = std::max(cache_options.max_tokens, length + o.tokens);
    cache_options.prompt_tokens = std::max(cache_options.prompt_tokens, length);
    cache_options.max_step = std::max(cache_options.max_step, std::min(length, o.chunk));
  }
  if (cache_options.max_tokens > shape.context)
    std::fprintf(stderr, "note: prompt and continuation have %td tokens, but the model was made for %td\n",
                 cache_options.max_tokens, shape.context);
  cache_options.sequences = o.parallel;
  if (o.cache.keep.needs_profile())
    cache_options.profile = std::make_shared<llama::head_profile>(
        llama::read_profile(o.profile, shape.layers, shape.q_heads, shape.kv_heads));

  heed::thread_pool pool(o.threads);
  std::unique_ptr<llama::kv_cache> cache;
  const llama::selecting_cache* selecting = nullptr;
  if (o.prefill.name().empty()) {
    cache = llama::make_cache(shape, cache_options, pool);
  } else {
    auto made = llama::make_selecting_cache(shape, cache_options, o.prefill,
                                            o.json ? llama::selection_checks::on : llama::selection_checks::off, pool);
    selecting = made.get();
    cache = std::move(made);
  }
  llama::engine engine(model.weights, *cache, pool);
  llama::progress_line progress;
  llama::generation_speed speed;
  llama::generation_events events;
  events.progress = [&](std::ptrdiff_t read, std::ptrdiff_t all) {
    if (read < all)
      progress.show("reading " + std::to_string(read) + " of " + std::to_string(all) + " prompt tokens");
    else
      progress.clear();
  };
  // Several texts would run into each other, so only a single one is streamed.
  const bool stream = !o.json && requests.size() == 1;
  // The prompt goes before the first token, so that it does not stand before a refusal.
  std::string before = o.prompts[0];
  if (stream)
    events.token = [&](std::size_t, llama::token_t t) {
      std::cout << std::exchange(before, {}) << model.words.decode(t) << std::flush;
    };
  const auto texts = llama::generate(engine, *cache, model.words, requests, {o.parallel, o.chunk}, speed, events);

  if (o.json) {
    std::cout << "{";
    if (texts.size() == 1) {
      std::cout << json_of(model.words, requests[0].prompt, texts[0]);
    } else {
      std::cout << "\"sequences\": [";
      for (std::size_t i = 0; i < texts.size(); ++i)
        std::cout << (i > 0 ? ",\n" : "\n") << "{" << json_of(model.words, requests[i].prompt, texts[i]) << "}";
      std::cout << "\n]";
    }
    std::cout << ", \"prefill_tokens_per_s\": " << llama::json_number(speed.prefill_per_s())
              << ", \"decode_tokens_per_s\": " << llama::json_number(speed.decode_per_s())
              << ", \"kv_bytes\": " << speed.bytes_at_end << ", \"kv_peak_bytes\": " << cache->bytes()
              << ", \"policy\": " << llama::json_text(o.cache.keep.text())
              << (selecting != nullptr ? json_of(o.prefill, selecting->report()) : "")
              << ", \"kernel\": " << llama::json_text(cache->kernel()) << "}\n";
    return 0;
  }
  if (stream)
    std::cout << before; // of no tokens
  else
    for (std::size_t i = 0; i < texts.size(); ++i) {
      std::cout << "[" << i + 1 << "] " << o.prompts[i % o.prompts.size()];
      for (const llama::token_t t : texts[i]) std::cout << model.words.decode(t);
      std::cout << "\n";
    }
  std::cout << std::endl;
  std::fprintf(stderr, "prefill %.0f tokens/s, decode %.0f tokens/s, cache %td bytes at the end, %td at most (%s)\n",
               speed.prefill_per_s(), speed.decode_per_s(), speed.bytes_at_end, cache->bytes(),
               o.cache.keep.text().c_str());
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  return llama::run_program("heed_generate", [&] { return run(parse(argc, argv)); });
}
