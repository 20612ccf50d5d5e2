// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Text to tokens and back, as SentencePiece's merges do it in llama.cpp.
#include "gguf_file.hpp"

#include <unordered_map>

namespace llama {

using token_t = std::int32_t;

/// The vocabulary of a "llama" tokenizer: pieces with scores; spaces are U+2581.
///
/// Law    encode merges the adjacent pair whose joined piece has the best score, the leftmost of equals, until no
///        pair is a piece; what is no piece then becomes its bytes ("<0x41>"), or the unknown token
class vocabulary {
public:
  /// Throws file_error if the file's tokenizer is of another kind or its tables don't fit together.
  explicit vocabulary(const gguf_file& file);
  vocabulary(const vocabulary&) = delete; // ids_ looks into pieces_
  vocabulary& operator=(const vocabulary&) = delete;

  [[nodiscard]] index_t size() const noexcept { return static_cast<index_t>(pieces_.size()); }
  /// The begin token is put in front if the file says so. Text is never read as a control token.
  [[nodiscard]] std::vector<token_t> encode(std::string_view text) const;
  /// The bytes that a token prints; nothing for control tokens. A character may be spread over several tokens.
  [[nodiscard]] std::string decode(token_t token) const;
  /// Ends a text. -1: none.
  [[nodiscard]] token_t end() const noexcept { return end_; }

private:
  enum class kind : std::uint8_t { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };

  std::vector<std::string> pieces_;
  std::vector<float> scores_;
  std::vector<kind> kinds_;
  std::unordered_map<std::string_view, token_t> ids_; // into pieces_
  token_t begin_ = -1, end_ = -1, unknown_ = -1;
  bool add_begin_ = true, add_end_ = false, add_space_ = true;

  [[nodiscard]] token_t find(std::string_view piece) const;
  void append_bytes(std::string_view text, std::vector<token_t>& out) const;
};

} // namespace llama
