// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A model with its vocabulary, from one file.
#include "model.hpp"
#include "vocabulary.hpp"

namespace llama {

/// Throws file_error
struct language_model {
  explicit language_model(const gguf_file& file) : words(file), weights(file) {
    if (words.size() != weights.shape().vocabulary)
      throw file_error(file.name() + ": the tokenizer has " + std::to_string(words.size()) +
                       " tokens, but tensor \"token_embd.weight\" has " + std::to_string(weights.shape().vocabulary) +
                       " rows");
  }
  vocabulary words;
  model weights;
};

} // namespace llama
