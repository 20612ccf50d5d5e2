// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "vocabulary.hpp"

#include <cstdio>
#include <queue>

namespace llama {
namespace {

constexpr std::string_view space_mark = "\xe2\x96\x81";

/// Bytes of the UTF-8 character that begins so; a stray byte counts as one.
std::size_t character_bytes(char first) noexcept {
  const auto b = static_cast<unsigned char>(first);
  return b < 0xc0 ? 1 : b < 0xe0 ? 2 : b < 0xf0 ? 3 : 4;
}

std::string byte_piece(unsigned char byte) {
  char name[8];
  std::snprintf(name, sizeof name, "<0x%02X>", byte);
  return name;
}

/// A stretch of the text that is one piece so far; the list is linked because merges take entries out.
struct symbol {
  std::string_view text;
  index_t before, after;
};
struct pair {
  index_t left, right;
  float score;
  std::size_t bytes;
  // The queue's top is the greatest: best score, then leftmost.
  friend bool operator<(const pair& a, const pair& b) noexcept {
    return a.score < b.score || (a.score == b.score && a.left > b.left);
  }
};

} // namespace

vocabulary::vocabulary(const gguf_file& file) {
  const auto fail = [&](const std::string& what) -> void { throw file_error(file.name() + ": " + what); };
  if (const std::string model = file.text("tokenizer.ggml.model"); model != "llama")
    fail("tokenizer.ggml.model is \"" + model.substr(0, 40) + "\", but only \"llama\" (SentencePiece) is read");
  pieces_ = file.texts("tokenizer.ggml.tokens");
  const std::vector<double> scores = file.numbers("tokenizer.ggml.scores");
  const std::vector<double> kinds = file.numbers("tokenizer.ggml.token_type");
  if (pieces_.empty()) fail("tokenizer.ggml.tokens is empty");
  if (scores.size() != pieces_.size() || kinds.size() != pieces_.size())
    fail("the tokenizer has " + std::to_string(pieces_.size()) + " tokens, but " + std::to_string(scores.size()) +
         " scores and " + std::to_string(kinds.size()) + " types");
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    if (!(scores[i] == scores[i])) fail("tokenizer.ggml.scores[" + std::to_string(i) + "] is not a number");
    if (kinds[i] < 1 || kinds[i] > 6)
      fail("tokenizer.ggml.token_type[" + std::to_string(i) + "] is " + std::to_string(kinds[i]) +
           ", but 1 to 6 are known");
    scores_.push_back(static_cast<float>(scores[i]));
    kinds_.push_back(static_cast<kind>(kinds[i]));
    ids_[pieces_[i]] = static_cast<token_t>(i);
  }
  const auto id = [&](const char* key, token_t otherwise) {
    if (!file.has(key)) return otherwise < size() ? otherwise : token_t{-1};
    const std::int64_t value = file.integer(key);
    if (value < 0 || value >= size())
      fail(std::string(key) + " is " + std::to_string(value) + ", but there are " + std::to_string(size()) + " tokens");
    return static_cast<token_t>(value);
  };
  // SentencePiece's customs where the file says nothing.
  begin_ = id("tokenizer.ggml.bos_token_id", 1);
  end_ = id("tokenizer.ggml.eos_token_id", 2);
  unknown_ = id("tokenizer.ggml.unknown_token_id", 0);
  const auto flag = [&](const char* key, bool otherwise) { return file.has(key) ? file.flag(key) : otherwise; };
  add_begin_ = flag("tokenizer.ggml.add_bos_token", true);
  add_end_ = flag("tokenizer.ggml.add_eos_token", false);
  add_space_ = flag("tokenizer.ggml.add_space_prefix", true);
}

token_t vocabulary::find(std::string_view piece) const {
  const auto it = ids_.find(piece);
  return it == ids_.end() ? -1 : it->second;
}

void vocabulary::append_bytes(std::string_view text, std::vector<token_t>& out) const {
  for (const char c : text) {
    const token_t byte = find(byte_piece(static_cast<unsigned char>(c)));
    const token_t token = byte >= 0 ? byte : unknown_;
    if (token >= 0) out.push_back(token);
  }
}

std::vector<token_t> vocabulary::encode(std::string_view text) const {
  std::vector<token_t> out;
  if (add_begin_ && begin_ >= 0) out.push_back(begin_);
  std::string marked;
  if (add_space_ && !text.empty()) marked = space_mark;
  for (const char c : text) {
    if (c == ' ')
      marked += space_mark;
    else
      marked += c;
  }

  std::vector<symbol> symbols;
  for (std::size_t at = 0; at < marked.size();) {
    const std::size_t n = std::min(character_bytes(marked[at]), marked.size() - at);
    const auto i = static_cast<index_t>(symbols.size());
    symbols.push_back({std::string_view(marked).substr(at, n), i - 1, i + 1});
    at += n;
  }
  if (!symbols.empty()) symbols.back().after = -1;
  const auto symbol_at = [&](index_t i) -> symbol& { return symbols[static_cast<std::size_t>(i)]; };

  std::priority_queue<pair> queue;
  const auto consider = [&](index_t left, index_t right) {
    if (left < 0 || right < 0) return;
    // Neighbours lie side by side in the marked text.
    const std::string_view joined(symbol_at(left).text.data(),
                                  symbol_at(left).text.size() + symbol_at(right).text.size());
    if (const token_t token = find(joined); token >= 0)
      queue.push({left, right, scores_[static_cast<std::size_t>(token)], joined.size()});
  };
  for (index_t i = 1; i < static_cast<index_t>(symbols.size()); ++i) consider(i - 1, i);
  while (!queue.empty()) {
    const pair best = queue.top();
    queue.pop();
    symbol &left = symbol_at(best.left), &right = symbol_at(best.right);
    // Stale: one of the two has been merged since.
    if (left.text.empty() || right.text.empty() || left.text.size() + right.text.size() != best.bytes) continue;
    left.text = {left.text.data(), best.bytes};
    right.text = {};
    left.after = right.after;
    if (right.after >= 0) symbol_at(right.after).before = best.left;
    consider(left.before, best.left);
    consider(best.left, left.after);
  }
  for (index_t i = symbols.empty() ? -1 : 0; i >= 0; i = symbol_at(i).after) {
    if (const token_t token = find(symbol_at(i).text); token >= 0)
      out.push_back(token);
    else
      append_bytes(symbol_at(i).text, out);
  }
  if (add_end_ && end_ >= 0) out.push_back(end_);
  return out;
}

std::string vocabulary::decode(token_t token) const {
  if (token < 0 || token >= size()) return {};
  const auto i = static_cast<std::size_t>(token);
  const std::string& piece = pieces_[i];
  switch (kinds_[i]) {
  case kind::unknown:
  case kind::control:
  case kind::unused:
    return {};
  case kind::byte: {
    unsigned value = 0;
    if (std::sscanf(piece.c_str(), "<0x%2X>", &value) != 1) return {};
    return std::string(1, static_cast<char>(value));
  }
  case kind::normal:
  case kind::user_defined:
    break;
  }
  std::string out;
  for (std::size_t at = 0; at < piece.size();) {
    if (piece.compare(at, space_mark.size(), space_mark) == 0) {
      out += ' ';
      at += space_mark.size();
    } else {
      out += piece[at++];
    }
  }
  return out;
}

} // namespace llama
