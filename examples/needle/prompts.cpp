// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "prompts.hpp"

#include <algorithm>
#include <numeric>

namespace needle {
namespace {

constexpr std::uint64_t golden = 0x9E3779B97F4A7C15, chain_salt = 0x68656564, split_salt = 0x6E656564;

std::uint64_t mix(std::uint64_t z) noexcept {
  z += golden;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
  z = (z ^ z >> 27) * 0x94D049BB133111EB;
  return z ^ z >> 31;
}

class splitmix64 {
public:
  explicit splitmix64(std::uint64_t seed) noexcept : state_(seed) {}
  std::uint64_t next() noexcept {
    const std::uint64_t z = mix(state_);
    state_ += golden;
    return z;
  }
  std::uint64_t below(std::uint64_t n) noexcept { return (next() >> 32) * n >> 32; }

private:
  std::uint64_t state_;
};

/// One pair in eight was never shown in training.
bool is_test(std::uint64_t key, std::uint64_t first, std::uint64_t second) noexcept {
  return (mix(((key * vocabulary::values + first) * vocabulary::values + second) ^ split_salt) & 7) == 0;
}

token_t id(token_t first, std::uint64_t number) noexcept { return first + static_cast<token_t>(number); }

/// A Markov chain over the words, with a stop about every sixteenth token.
class filler {
public:
  explicit filler(splitmix64& random) noexcept : random_(random), word_(random.below(vocabulary::words)) {}
  token_t next() noexcept {
    const std::uint64_t r = random_.next();
    if (!stopped_ && (r & 15) == 0) {
      stopped_ = true;
      return vocabulary::stop;
    }
    stopped_ = false;
    word_ = mix((word_ * 8 + std::min(r >> 8 & 7, r >> 16 & 7)) ^ chain_salt) % vocabulary::words;
    return id(vocabulary::first_word, word_);
  }
  void stop() noexcept { stopped_ = true; }

private:
  splitmix64& random_;
  std::uint64_t word_;
  bool stopped_ = true;
};

struct block {
  token_t tokens[5];
  index_t place; ///< filler tokens before it
};

block draw_block(splitmix64& random, bool fact, std::vector<std::uint64_t>& used) {
  std::uint64_t key = random.below(vocabulary::keys);
  while (std::find(used.begin(), used.end(), key) != used.end()) key = random.below(vocabulary::keys);
  used.push_back(key);
  std::uint64_t first = 0, second = 0;
  do {
    first = random.below(vocabulary::values);
    second = random.below(vocabulary::values);
  } while (first == second || !is_test(key, first, second));
  const token_t lead = fact ? vocabulary::fact : id(vocabulary::first_lead, random.below(vocabulary::leads));
  return {{lead, id(vocabulary::first_key, key), id(vocabulary::first_value, first),
           id(vocabulary::first_value, second), vocabulary::stop},
          0};
}

} // namespace

prompt draw_prompt(const prompt_options& o) {
  splitmix64 random(o.seed);
  std::vector<std::uint64_t> used;
  std::vector<block> blocks;
  for (index_t i = 0; i < o.facts + o.decoys; ++i) blocks.push_back(draw_block(random, i < o.facts, used));
  const index_t room = o.length - least_length(o);
  for (block& b : blocks)
    b.place = &b == blocks.data() ? room * o.depth / 100
                                  : static_cast<index_t>(random.below(static_cast<std::uint64_t>(room) + 1));
  std::vector<std::size_t> order(blocks.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return blocks[a].place < blocks[b].place; });

  filler chain(random);
  prompt p;
  p.tokens = {vocabulary::begin};
  index_t written = 0;
  const auto fill = [&](index_t to) {
    for (; written < to; ++written) p.tokens.push_back(chain.next());
  };
  for (const std::size_t i : order) {
    fill(blocks[i].place);
    if (i == 0) p.fact_at = static_cast<index_t>(p.tokens.size());
    p.tokens.insert(p.tokens.end(), std::begin(blocks[i].tokens), std::end(blocks[i].tokens));
    chain.stop();
  }
  fill(room);
  p.tokens.insert(p.tokens.end(), {vocabulary::ask, blocks[0].tokens[1]});
  std::copy_n(blocks[0].tokens + 2, 2, p.answer);
  return p;
}

} // namespace needle
