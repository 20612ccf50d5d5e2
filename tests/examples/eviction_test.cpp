// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// The example's caches that shrink: nothing changes while nothing is evicted, and what is evicted is gone.
#include "llama/eviction.hpp"

#include "support/example_data.hpp"
#include "support/gguf_writer.hpp"
#include "support/llama_session.hpp"
#include "support/program.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace {

using namespace heed::testing_support;
using tokens = std::vector<llama::token_t>;

const loaded_model& random_model() {
  static const loaded_model m(random_llama({}).bytes());
  return m;
}

/// Heads in order, layers alike.
std::shared_ptr<llama::head_profile> plain_profile(const llama::model_shape& s) {
  auto p = std::make_shared<llama::head_profile>();
  const auto layers = static_cast<std::size_t>(s.layers), q = static_cast<std::size_t>(s.q_heads),
             kv = static_cast<std::size_t>(s.kv_heads);
  std::vector<std::ptrdiff_t> ranking(q);
  std::iota(ranking.begin(), ranking.end(), std::ptrdiff_t{0});
  p->retrieval_heads.assign(layers, ranking);
  p->layer_error.assign(layers, 1. / static_cast<double>(s.layers));
  for (std::size_t i = 0; i < layers * kv; ++i) {
    p->reconstruction_gates.push_back(1.f / static_cast<float>(1 + i));
    p->position_gates.push_back(1.f - p->reconstruction_gates.back());
  }
  for (std::size_t i = 0; i < layers * q; ++i) p->echo.push_back(1.f / static_cast<float>(1 + i));
  p->induction = p->echo;
  return p;
}

constexpr const char* evicting[] = {"h2o",    "tova",        "snap_kv",       "pyramid_kv",
                                    "ada_kv", "compress_kv", "duo_attention", "razor_attention"};

llama::request some_request(std::ptrdiff_t said) {
  tokens prompt = {1};
  std::mt19937 random(3);
  while (prompt.size() < 60) prompt.push_back(3 + static_cast<llama::token_t>(random() % 50));
  return {prompt, said, 0, 0};
}

run_options options_of(const std::string& policy) {
  run_options o = {.chunk = 16};
  o.cache.keep = llama::parse_policy(policy);
  o.cache.page = 4;
  o.cache.profile = plain_profile(random_model().lm.weights.shape());
  return o;
}

TEST(examples_eviction, a_budget_over_everything_changes_no_token) {
  const llama::request r = some_request(30);
  const tokens full = continue_texts(random_model(), {r}, {.chunk = 16})[0];
  for (const std::string name : evicting)
    for (const std::ptrdiff_t threads : {1, 2})
      for (const std::ptrdiff_t page : {1, 16}) {
        run_options o = options_of(name + ":budget=100");
        o.threads = threads;
        o.cache.page = page;
        EXPECT_EQ(continue_texts(random_model(), {r}, o)[0], full) << name;
      }
}

TEST(examples_eviction, every_policy_gives_bytes_back) {
  const llama::model_shape& s = random_model().lm.weights.shape();
  // Positions are kept with the keys; a compensated slot carries a bias besides, and each head its means.
  const std::ptrdiff_t slot_bytes = (s.key_dim + s.value_dim) * 4 + 12, heads = s.layers * s.kv_heads;
  for (const std::string name : evicting) {
    run_options o = options_of(name + ":budget=" + (name == "razor_attention" ? "0.5" : "0.25"));
    llama::cache_options c = o.cache;
    const llama::request r = some_request(8);
    c.max_tokens = 70;
    c.prompt_tokens = 60;
    c.max_step = 16;
    heed::thread_pool pool(1);
    const auto cache = llama::make_cache(s, c, pool);
    llama::engine engine(random_model().lm.weights, *cache, pool);
    llama::generation_speed speed;
    std::ptrdiff_t held = 0;
    llama::generation_events events;
    events.ended = [&](std::size_t, std::ptrdiff_t sequence) {
      for (std::ptrdiff_t l = 0; l < s.layers; ++l)
        for (std::ptrdiff_t h = 0; h < s.kv_heads; ++h) {
          const auto kept = cache->held_positions(sequence, l, h);
          EXPECT_TRUE(std::is_sorted(kept.begin(), kept.end())) << name;
          EXPECT_EQ(kept.back(), 66) << name << ": the newest token";
          held += static_cast<std::ptrdiff_t>(kept.size());
        }
    };
    static_cast<void>(llama::generate(engine, *cache, random_model().lm.words, {r}, {1, 16}, speed, events));
    const double share = static_cast<double>(held) / static_cast<double>(67 * heads);
    EXPECT_LT(share, name == "razor_attention" ? 0.6 : 0.4) << name;
    EXPECT_GT(share, 0.2) << name;
    // A page of four for each list may be partly empty.
    EXPECT_LE(speed.bytes_at_end, (held + 3 * heads) * slot_bytes + heads * (s.key_dim + s.value_dim + 4) * 4) << name;
    EXPECT_GE(speed.bytes_at_end, held * (s.key_dim + s.value_dim) * 4) << name;
    // Rings are full to the last row; pages are given back.
    EXPECT_GE(cache->bytes(), speed.bytes_at_end + (name == "duo_attention" ? 0 : 1)) << name;
    EXPECT_LE(cache->bytes_held(), heads * (s.key_dim + s.value_dim + 4) * 4) << name << ": all pages are back";
  }
}

/// Bytes of rows: full heads with all tokens, the others with sinks and recent tokens.
std::ptrdiff_t duo_bytes(const llama::model_shape& s, std::ptrdiff_t full, std::ptrdiff_t seen,
                         std::ptrdiff_t streaming) {
  return (full * seen + (s.layers * s.kv_heads - full) * std::min(seen, streaming)) * (s.key_dim + s.value_dim) * 4;
}

TEST(examples_eviction, duo_attention_holds_what_its_formula_says) {
  const llama::model_shape& s = random_model().lm.weights.shape();
  for (const char* full : {"0", "0.25", "0.5", "1"}) {
    run_options o = options_of("duo_attention:sinks=2,recent=6,full=" + std::string(full));
    const auto kinds = llama::plan_eviction(o.cache.keep, s, o.cache.profile.get(), 60).kinds;
    const std::ptrdiff_t heads = std::count(kinds.begin(), kinds.end(), heed::head_source::first);
    EXPECT_EQ(heads == 0, std::string(full) == "0");
    o.cache.max_tokens = 70;
    o.cache.max_step = 16;
    heed::thread_pool pool(1);
    const auto cache = llama::make_cache(s, o.cache, pool);
    llama::engine engine(random_model().lm.weights, *cache, pool);
    llama::generation_speed speed;
    static_cast<void>(llama::generate(engine, *cache, random_model().lm.words, {some_request(8)}, {1, 16}, speed, {}));
    EXPECT_EQ(speed.bytes_at_end, duo_bytes(s, heads, 67, 8)) << full;
    EXPECT_EQ(cache->bytes(), duo_bytes(s, heads, 70, 8)) << full << ": the whole buffers";
    EXPECT_EQ(cache->bytes_held(), 0) << full << ": released";
  }
}

TEST(examples_eviction, duo_attention_without_streaming_heads_says_what_the_full_cache_says) {
  // Chunks longer and shorter than the ring, several texts at once, and heads that all stream but lose nothing.
  const llama::request r = some_request(20);
  const tokens full = continue_texts(random_model(), {r}, {.chunk = 16})[0];
  for (const char* how : {"full=1,sinks=0,recent=1", "full=0,sinks=4,recent=80", "full=0.5,sinks=0,recent=90"})
    for (const std::ptrdiff_t chunk : {1, 7, 60}) {
      run_options o = options_of("duo_attention:" + std::string(how));
      o.chunk = chunk;
      o.parallel = 2;
      o.cache.layout = llama::cache_layout::paged;
      const auto said = continue_texts(random_model(), {r, some_request(3), r}, o);
      EXPECT_EQ(said[0], full) << how << ", " << chunk;
      EXPECT_EQ(said[2], full) << how << ", " << chunk;
    }
}

TEST(examples_eviction, each_text_of_a_batch_equals_its_text_alone) {
  std::vector<llama::request> requests;
  for (const std::ptrdiff_t n : {60, 33, 50, 21}) {
    requests.push_back(some_request(12));
    requests.back().prompt.resize(static_cast<std::size_t>(n));
  }
  for (const char* policy : {"h2o:budget=0.5", "snap_kv:budget=0.5", "compress_kv:budget=0.7",
                             "duo_attention:sinks=2,recent=6", "razor_attention:local=0.3"}) {
    run_options o = options_of(policy);
    std::vector<tokens> alone;
    for (const llama::request& r : requests) alone.push_back(continue_texts(random_model(), {r}, o)[0]);
    for (const std::ptrdiff_t parallel : {2, 3}) {
      o.parallel = parallel;
      o.threads = parallel - 1;
      o.cache.layout = llama::cache_layout::paged;
      EXPECT_EQ(continue_texts(random_model(), requests, o), alone) << policy;
    }
  }
}

TEST(examples_eviction, a_late_question_is_read_after_the_eviction) {
  llama::request r = some_request(4);
  const tokens full = continue_texts(random_model(), {r}, {.chunk = 60})[0];
  r.late = 5;
  EXPECT_EQ(continue_texts(random_model(), {r}, {.chunk = 60})[0], full) << "nothing is evicted";
  run_options o = options_of("snap_kv:budget=20");
  o.chunk = 60;
  std::ptrdiff_t rows = 0;
  llama::cache_options c = o.cache;
  c.max_tokens = 70;
  c.max_step = 60;
  heed::thread_pool pool(1);
  const auto cache = llama::make_cache(random_model().lm.weights.shape(), c, pool);
  llama::engine engine(random_model().lm.weights, *cache, pool);
  llama::generation_speed speed;
  llama::generation_events events;
  events.ended = [&](std::size_t, std::ptrdiff_t) {
    rows = static_cast<std::ptrdiff_t>(cache->held_positions(0, 0, 0).size());
  };
  static_cast<void>(llama::generate(engine, *cache, random_model().lm.words, {r}, {1, 60}, speed, events));
  EXPECT_EQ(rows, 20 + 5 + 3) << "kept of the prompt, the question, and what was said but the last";
}

TEST(examples_eviction, sixteen_bit_caches_run) {
  for (const llama::kv_type type : {llama::kv_type::f16, llama::kv_type::bf16}) {
    run_options o = options_of("compress_kv:budget=0.5");
    o.cache.type = type;
    EXPECT_EQ(continue_texts(random_model(), {some_request(5)}, o)[0].size(), 5u);
  }
}

TEST(examples_eviction, refuses_what_cannot_work) {
  const llama::model_shape& s = random_model().lm.weights.shape();
  const auto profile = plain_profile(s);
  for (const auto& [policy, part] : std::vector<std::pair<std::string, std::string>>{
           {"snap_kv:budget=8", "snap_kv: budget is 8, but the window alone holds 8"},
           {"snap_kv:pool=4", "pool"},
           {"compress_kv:budget=6,window=8", "window alone holds"},
           {"razor_attention:budget=0.4,induction=0.5", "heads keep everything, and the others need 6 tokens each"}}) {
    try {
      static_cast<void>(llama::plan_eviction(llama::parse_policy(policy), s, profile.get(), 60));
      ADD_FAILURE() << policy << " was taken";
    } catch (const llama::usage_error& e) {
      EXPECT_NE(std::string(e.what()).find(part), std::string::npos) << e.what();
      EXPECT_EQ(std::string(e.what()).substr(0, 11), "--policy is") << e.what();
    }
  }
  EXPECT_THROW(static_cast<void>(llama::plan_eviction(llama::parse_policy("compress_kv"), s, nullptr, 60)),
               llama::usage_error);
  for (const std::ptrdiff_t prompt : {2, 40}) // a tenth of it is 0 or 4 tokens
    try {
      static_cast<void>(llama::plan_eviction(llama::parse_policy("compress_kv:budget=0.1"), s, profile.get(), prompt));
      ADD_FAILURE() << prompt;
    } catch (const llama::usage_error& e) {
      EXPECT_NE(std::string(e.what()).find("but the window alone holds 8"), std::string::npos) << e.what();
    }
}

TEST(examples_eviction, budgets_set_what_stays_of_head_wise_policies) {
  const llama::model_shape& s = random_model().lm.weights.shape();
  const auto profile = plain_profile(s);
  const std::ptrdiff_t heads = s.layers * s.kv_heads;
  for (const char* budget : {"0.2", "0.5", "0.9"}) {
    const auto duo = llama::plan_eviction(llama::parse_policy("duo_attention:recent=60,budget=" + std::string(budget)),
                                          s, profile.get(), 1000);
    const std::ptrdiff_t full = std::count(duo.kinds.begin(), duo.kinds.end(), heed::head_source::first);
    const double rows = std::stod(budget) * 1000 * static_cast<double>(heads);
    EXPECT_LE(static_cast<double>(full * 1000 + (heads - full) * 64), rows) << budget;
    EXPECT_GT(static_cast<double>((full + 1) * 1000 + (heads - full - 1) * 64), rows) << "one more does not fit";
    const auto razor = llama::plan_eviction(
        llama::parse_policy("razor_attention:induction=0.1,budget=" + std::string(budget)), s, profile.get(), 1000);
    const std::ptrdiff_t kept = std::count(razor.kinds.begin(), razor.kinds.end(), heed::head_source::first);
    EXPECT_NEAR(static_cast<double>(kept * 1000 + (heads - kept) * razor.budgets[0]), rows, static_cast<double>(heads))
        << budget;
  }
}

TEST(examples_eviction, profiles_are_read_as_they_were_written) {
  const temporary_folder folder;
  const llama::model_shape& s = random_model().lm.weights.shape();
  const auto p = plain_profile(s);
  llama::write_profile(*p, folder.path.string());
  const llama::head_profile q = llama::read_profile(folder.path.string(), s.layers, s.q_heads, s.kv_heads);
  EXPECT_EQ(q.retrieval_heads, p->retrieval_heads);
  for (std::size_t l = 0; l < p->layer_error.size(); ++l) EXPECT_NEAR(q.layer_error[l], p->layer_error[l], 1e-8);
  for (std::size_t i = 0; i < p->echo.size(); ++i) EXPECT_FLOAT_EQ(q.echo[i], p->echo[i]);
  EXPECT_EQ(q.reconstruction_gates.size(), p->reconstruction_gates.size());
  try {
    static_cast<void>(llama::read_profile(folder.path.string(), s.layers + 1, s.q_heads, s.kv_heads));
    ADD_FAILURE();
  } catch (const llama::usage_error& e) {
    EXPECT_NE(std::string(e.what()).find("heed_profile --model"), std::string::npos) << e.what();
  }
}

TEST(examples_eviction, the_shipped_profile_names_the_heads_that_retrieve) {
  const auto folder = repository() / "examples" / "needle_model" / "profile";
  const llama::head_profile p = llama::read_profile(folder.string(), 4, 8, 4);
  const std::vector<std::ptrdiff_t>& first = p.retrieval_heads[1];
  EXPECT_EQ(std::accumulate(first.begin(), first.begin() + 4, std::ptrdiff_t{0}), 0 + 1 + 2 + 3);
  EXPECT_NEAR(std::accumulate(p.layer_error.begin(), p.layer_error.end(), 0.), 1, 1e-6);
  for (std::size_t h = 8; h < 12; ++h) EXPECT_GT(p.induction[h], 0.8f);
}

} // namespace
