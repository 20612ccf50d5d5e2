// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The Llama forward pass in double, written from the definition: no cache, no batch, nothing shared with the example
// but the file reader.
#include "llama/gguf_file.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace heed::testing_support {

/// Logits [tokens][vocabulary] of a whole text. Of rotary scalings it knows linear, YaRN and a list of divisors. window
/// > 0: a query sees the first `sinks` keys and the last `window`.
class llama_double {
public:
  explicit llama_double(const llama::gguf_file& file) : file_(file) {}

  std::vector<double> logits(const std::vector<std::int32_t>& tokens, std::ptrdiff_t sinks = 0,
                             std::ptrdiff_t window = 0) const {
    const std::size_t n = tokens.size(), width = size("embedding_length"), q_heads = size("attention.head_count");
    const std::size_t kv_heads = size("attention.head_count_kv");
    const std::size_t key_dim = size("attention.key_length", width / q_heads);
    const std::size_t value_dim = size("attention.value_length", width / q_heads);
    const std::size_t rope_dims = size("rope.dimension_count", key_dim);
    const double base = file_.has("llama.rope.freq_base") ? file_.number("llama.rope.freq_base") : 10000;
    const std::string scaling =
        file_.has("llama.rope.scaling.type") ? file_.text("llama.rope.scaling.type") : std::string();
    const double pi = 3.14159265358979323846;
    // On cosines and sines, so that it turns up squared in the scores.
    const double magnitude = scaling == "yarn" ? 1 + 0.1 * std::log(file_.number("llama.rope.scaling.factor")) : 1;
    std::vector<double> frequency(rope_dims / 2);
    for (std::size_t i = 0; i < frequency.size(); ++i) {
      frequency[i] = std::pow(base, -2 * static_cast<double>(i) / static_cast<double>(rope_dims));
      if (scaling == "linear") frequency[i] /= file_.number("llama.rope.scaling.factor");
      if (scaling == "yarn") {
        // Peng et al. 2023: the pair that turns r times in the trained context, for 32 times (or as the file says) and
        // once.
        const auto pair = [&](double r) {
          return static_cast<double>(rope_dims) *
                 std::log(file_.number("llama.rope.scaling.original_context_length") / (2 * pi * r)) /
                 (2 * std::log(base));
        };
        const char* beta = "llama.rope.scaling.yarn_beta_fast";
        const double low = std::max(0., std::floor(pair(file_.has(beta) ? file_.number(beta) : 32)));
        const double high = std::min(static_cast<double>(rope_dims - 1), std::ceil(pair(1)));
        const double ramp = std::clamp((static_cast<double>(i) - low) / (high - low), 0., 1.);
        frequency[i] *= 1 - ramp + ramp / file_.number("llama.rope.scaling.factor");
      }
      if (file_.find("rope_freqs.weight") != nullptr) frequency[i] /= weights("rope_freqs.weight")[i];
    }
    const std::vector<double> embedding = weights("token_embd.weight");
    std::vector<std::vector<double>> x(n);
    for (std::size_t t = 0; t < n; ++t) {
      const auto begin = embedding.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(tokens[t]) * width);
      x[t].assign(begin, begin + static_cast<std::ptrdiff_t>(width));
    }
    for (std::size_t l = 0; l < size("block_count"); ++l) {
      const std::string block = "blk." + std::to_string(l) + ".";
      std::vector<std::vector<double>> q(n), k(n), v(n);
      for (std::size_t t = 0; t < n; ++t) {
        const std::vector<double> h = normed(block + "attn_norm.weight", x[t]);
        q[t] = rotated(times(block + "attn_q.weight", h), t, key_dim, frequency, magnitude);
        k[t] = rotated(times(block + "attn_k.weight", h), t, key_dim, frequency, magnitude);
        v[t] = times(block + "attn_v.weight", h);
      }
      for (std::size_t t = 0; t < n; ++t) {
        std::vector<double> o(q_heads * value_dim);
        for (std::size_t head = 0; head < q_heads; ++head) {
          const std::size_t shared = head / (q_heads / kv_heads);
          std::vector<double> p(t + 1);
          double sum = 0;
          for (std::size_t j = 0; j <= t; ++j) {
            const auto key = static_cast<std::ptrdiff_t>(j);
            if (window > 0 && key >= sinks && static_cast<std::ptrdiff_t>(t - j) >= window) continue;
            double dot = 0;
            for (std::size_t d = 0; d < key_dim; ++d) dot += q[t][head * key_dim + d] * k[j][shared * key_dim + d];
            sum += p[j] = std::exp(dot / std::sqrt(static_cast<double>(key_dim)));
          }
          for (std::size_t j = 0; j <= t; ++j)
            for (std::size_t d = 0; d < value_dim; ++d)
              o[head * value_dim + d] += p[j] / sum * v[j][shared * value_dim + d];
        }
        add(x[t], times(block + "attn_output.weight", o));
      }
      for (std::size_t t = 0; t < n; ++t) {
        const std::vector<double> h = normed(block + "ffn_norm.weight", x[t]);
        std::vector<double> gate = times(block + "ffn_gate.weight", h);
        const std::vector<double> up = times(block + "ffn_up.weight", h);
        for (std::size_t i = 0; i < gate.size(); ++i) gate[i] = gate[i] / (1 + std::exp(-gate[i])) * up[i];
        add(x[t], times(block + "ffn_down.weight", gate));
      }
    }
    const char* output = file_.find("output.weight") != nullptr ? "output.weight" : "token_embd.weight";
    std::vector<double> out;
    for (std::size_t t = 0; t < n; ++t) {
      const std::vector<double> row = times(output, normed("output_norm.weight", x[t]));
      out.insert(out.end(), row.begin(), row.end());
    }
    return out;
  }

private:
  std::size_t size(const std::string& key) const { return static_cast<std::size_t>(file_.integer("llama." + key)); }
  std::size_t size(const std::string& key, std::size_t otherwise) const {
    return file_.has("llama." + key) ? size(key) : otherwise;
  }
  std::vector<double> weights(const std::string& name) const {
    const llama::tensor_info& t = *file_.find(name);
    std::vector<float> numbers(static_cast<std::size_t>(t.rows * t.cols));
    llama::dequantise(t, 0, t.rows, numbers.data());
    return {numbers.begin(), numbers.end()};
  }
  std::vector<double> times(const std::string& name, const std::vector<double>& x) const {
    const std::vector<double> w = weights(name);
    std::vector<double> out(w.size() / x.size());
    for (std::size_t i = 0; i < out.size(); ++i)
      for (std::size_t j = 0; j < x.size(); ++j) out[i] += w[i * x.size() + j] * x[j];
    return out;
  }
  std::vector<double> normed(const std::string& name, const std::vector<double>& x) const {
    std::vector<double> out = weights(name);
    double sum = 0;
    for (const double v : x) sum += v * v;
    const double scale =
        1 / std::sqrt(sum / static_cast<double>(x.size()) + file_.number("llama.attention.layer_norm_rms_epsilon"));
    for (std::size_t i = 0; i < x.size(); ++i) out[i] *= x[i] * scale;
    return out;
  }
  static std::vector<double> rotated(std::vector<double> x, std::size_t position, std::size_t dim,
                                     const std::vector<double>& frequency, double magnitude) {
    for (std::size_t head = 0; head < x.size(); head += dim)
      for (std::size_t i = 0; i < frequency.size(); ++i) {
        const double angle = static_cast<double>(position) * frequency[i];
        const double a = x[head + 2 * i] * magnitude, b = x[head + 2 * i + 1] * magnitude;
        x[head + 2 * i] = a * std::cos(angle) - b * std::sin(angle);
        x[head + 2 * i + 1] = b * std::cos(angle) + a * std::sin(angle);
      }
    return x;
  }
  static void add(std::vector<double>& x, const std::vector<double>& y) {
    for (std::size_t i = 0; i < x.size(); ++i) x[i] += y[i];
  }

  const llama::gguf_file& file_;
};

} // namespace heed::testing_support
