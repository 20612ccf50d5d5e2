// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// heed_generate: continues texts with a Llama model; all attention is computed by heed.
#include "llama/generation.hpp"
#include "llama/language_model.hpp"
#include "llama/text_output.hpp"

#include <cstdio>
#include <fstream>
#include <iostream>
#include <thread>

namespace {

constexpr const char* usage_text = R"(usage: heed_generate --model FILE.gguf --prompt TEXT --tokens N [options]
  --model FILE         GGUF: Llama architecture; F32, F16, BF16 or Q8_0 tensors; SentencePiece vocabulary
  --prompt TEXT        text to continue; may be given several times
  --prompt-file FILE   one prompt a line
  --tokens N           length of the continuation in tokens (64)
  --policy NAME        what the cache keeps: full, streaming:sinks=4,window=252 or window:window=256 (full)
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
  std::string model;
  std::vector<std::string> prompts;
  llama::cache_options cache;
  bool layout_given = false, json = false;
  std::ptrdiff_t tokens = 64, parallel = 1, chunk = 256, threads = 1;
  double temperature = 0;
  std::uint64_t seed = 1;
};

double parse_temperature(const std::string& text) {
  std::size_t used = 0;
  double value = -1;
  try {
    value = std::stod(text, &used);
  } catch (const std::exception&) {
  }
  if (used != text.size() || !(value >= 0 && value <= 1000))
    throw llama::usage_error("--temperature is \"" + text + "\", but must be a number from 0 to 1000");
  return value;
}

void read_prompts(const std::string& path, std::vector<std::string>& prompts) {
  std::ifstream file(path);
  if (!file) throw llama::usage_error("--prompt-file: " + path + " cannot be opened");
  for (std::string line; std::getline(file, line);)
    if (!line.empty()) prompts.push_back(line);
}

options parse(int argc, char** argv) {
  using llama::parse_count;
  constexpr std::ptrdiff_t most_tokens = std::ptrdiff_t{1} << 24;
  options o;
  o.threads = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--json") {
      o.json = true;
      continue;
    }
    if (name == "--help") {
      std::cout << usage_text;
      std::exit(0);
    }
    const auto value = [&]() -> std::string {
      if (i + 1 >= argc) throw llama::usage_error(name + " needs a value");
      return argv[++i];
    };
    if (name == "--model") {
      o.model = value();
    } else if (name == "--prompt") {
      o.prompts.push_back(value());
    } else if (name == "--prompt-file") {
      read_prompts(value(), o.prompts);
    } else if (name == "--tokens") {
      o.tokens = parse_count(name, value(), 0, most_tokens);
    } else if (name == "--policy") {
      o.cache.keep = llama::parse_policy(value());
    } else if (name == "--kv-type") {
      o.cache.type = llama::parse_kv_type(value());
    } else if (name == "--layout") {
      o.cache.layout = llama::parse_layout(value());
      o.layout_given = true;
    } else if (name == "--page") {
      o.cache.page = parse_count(name, value(), 1, 1 << 16);
    } else if (name == "--parallel") {
      o.parallel = parse_count(name, value(), 1, 1 << 12);
    } else if (name == "--chunk") {
      o.chunk = parse_count(name, value(), 1, 1 << 20);
    } else if (name == "--threads") {
      o.threads = parse_count(name, value(), 1, 1 << 10);
    } else if (name == "--temperature") {
      o.temperature = parse_temperature(value());
    } else if (name == "--seed") {
      o.seed = static_cast<std::uint64_t>(parse_count(name, value(), 0, (std::ptrdiff_t{1} << 62)));
    } else {
      throw llama::usage_error("there is no option \"" + name + "\"\n" + usage_text);
    }
  }
  if (o.model.empty()) throw llama::usage_error(std::string("--model is missing\n") + usage_text);
  if (o.prompts.empty()) throw llama::usage_error(std::string("--prompt is missing\n") + usage_text);
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
    cache_options.max_step = std::max(cache_options.max_step, std::min(length, o.chunk));
  }
  if (cache_options.max_tokens > shape.context)
    std::fprintf(stderr, "note: prompt and continuation have %td tokens, but the model was made for %td\n",
                 cache_options.max_tokens, shape.context);
  cache_options.sequences = o.parallel;

  heed::thread_pool pool(o.threads);
  const std::unique_ptr<llama::kv_cache> cache = llama::make_cache(shape, cache_options, pool);
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
  if (stream) events.token = [&](std::size_t, llama::token_t t) { std::cout << model.words.decode(t) << std::flush; };
  if (stream) std::cout << o.prompts[0] << std::flush;
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
              << ", \"kv_bytes\": " << cache->bytes() << ", \"policy\": " << llama::json_text(o.cache.keep.text())
              << ", \"kernel\": " << llama::json_text(cache->kernel()) << "}\n";
    return 0;
  }
  if (!stream)
    for (std::size_t i = 0; i < texts.size(); ++i) {
      std::cout << "[" << i + 1 << "] " << o.prompts[i % o.prompts.size()];
      for (const llama::token_t t : texts[i]) std::cout << model.words.decode(t);
      std::cout << "\n";
    }
  std::cout << std::endl;
  std::fprintf(stderr, "prefill %.0f tokens/s, decode %.0f tokens/s, cache %td bytes (%s)\n", speed.prefill_per_s(),
               speed.decode_per_s(), cache->bytes(), o.cache.keep.text().c_str());
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  try {
    return run(parse(argc, argv));
  } catch (const llama::usage_error& e) {
    std::cerr << "heed_generate: " << e.what() << "\n";
    return 2;
  } catch (const std::exception& e) {
    std::cerr << "heed_generate: " << e.what() << "\n";
    return 1;
  }
}
