// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "model.hpp"

#include <cmath>
#include <set>

namespace llama {
namespace {

/// Reads sizes and tensors, and remembers which tensors were taken.
class loader {
public:
  explicit loader(const gguf_file& file) : file_(file) {}

  [[noreturn]] void fail(const std::string& what) const { throw file_error(file_.name() + ": " + what); }

  [[nodiscard]] index_t size(const std::string& key, index_t most) const {
    const std::int64_t value = file_.integer("llama." + key);
    if (value < 1 || value > most)
      fail("llama." + key + " is " + std::to_string(value) + ", but must be from 1 to " + std::to_string(most));
    return value;
  }
  [[nodiscard]] index_t size(const std::string& key, index_t most, index_t otherwise) const {
    return file_.has("llama." + key) ? size(key, most) : otherwise;
  }
  [[nodiscard]] double positive(const std::string& key, double otherwise) const {
    const double value = file_.has("llama." + key) ? file_.number("llama." + key) : otherwise;
    if (!(value > 0) || !std::isfinite(value))
      fail("llama." + key + " is " + std::to_string(value) + ", but must be > 0");
    return value;
  }

  [[nodiscard]] const tensor_info* find(const std::string& name, index_t rows, index_t cols) {
    const tensor_info* t = file_.find(name);
    if (t == nullptr) return nullptr;
    taken_.insert(name);
    if (t->rows != rows || t->cols != cols)
      fail("tensor \"" + name + "\" is " + std::to_string(t->rows) + " x " + std::to_string(t->cols) +
           ", but the model needs " + std::to_string(rows) + " x " + std::to_string(cols));
    return t;
  }
  [[nodiscard]] const tensor_info& take(const std::string& name, index_t rows, index_t cols) {
    const tensor_info* t = find(name, rows, cols);
    if (t == nullptr) fail("tensor \"" + name + "\" is missing");
    return *t;
  }
  [[nodiscard]] std::vector<float> vector(const std::string& name, index_t n) {
    std::vector<float> out(static_cast<std::size_t>(n));
    dequantise(take(name, 1, n), 0, 1, out.data());
    return out;
  }
  /// A tensor that was not asked for would change the result: biases, experts, another architecture's extras.
  void refuse_the_rest() const {
    for (const tensor_info& t : file_.tensors())
      if (taken_.find(t.name) == taken_.end())
        fail("tensor \"" + t.name.substr(0, 80) + "\" is none that this program knows");
  }

private:
  const gguf_file& file_;
  std::set<std::string> taken_;
};

model_shape read_shape(const gguf_file& file, const loader& in) {
  constexpr index_t most_width = 1 << 20, most_heads = 1 << 14, most_dim = 1 << 14;
  if (const std::string name = file.text("general.architecture"); name != "llama")
    in.fail("general.architecture is \"" + name.substr(0, 40) + "\", but only \"llama\" is read");
  if (file.has("llama.expert_count") && file.integer("llama.expert_count") != 0)
    in.fail("llama.expert_count is " + std::to_string(file.integer("llama.expert_count")) +
            ", but experts are not supported");
  model_shape s;
  s.context = in.size("context_length", index_t{1} << 31);
  s.width = in.size("embedding_length", most_width);
  s.layers = in.size("block_count", 4096);
  s.feed_forward = in.size("feed_forward_length", most_width);
  s.q_heads = in.size("attention.head_count", most_heads);
  s.kv_heads = in.size("attention.head_count_kv", most_heads, s.q_heads);
  if (s.q_heads % s.kv_heads != 0)
    in.fail("llama.attention.head_count is " + std::to_string(s.q_heads) + ", no multiple of head_count_kv, " +
            std::to_string(s.kv_heads));
  if (!file.has("llama.attention.key_length") && s.width % s.q_heads != 0)
    in.fail("llama.embedding_length is " + std::to_string(s.width) + ", no multiple of attention.head_count, " +
            std::to_string(s.q_heads));
  s.key_dim = in.size("attention.key_length", most_dim, s.width / s.q_heads);
  s.value_dim = in.size("attention.value_length", most_dim, s.width / s.q_heads);
  s.norm_epsilon = static_cast<float>(in.positive("attention.layer_norm_rms_epsilon", 1e-5));
  return s;
}

/// divisors: of the frequencies, ggml's way to write Llama 3's scaling; empty without.
heed::rope read_rope(const gguf_file& file, const loader& in, const model_shape& s,
                     const std::vector<float>& divisors) {
  heed::rope r;
  r.layout = heed::rope_layout::interleaved;
  r.dims = in.size("rope.dimension_count", s.key_dim, s.key_dim);
  r.theta = in.positive("rope.freq_base", 10000);
  const std::string scaling = file.has("llama.rope.scaling.type") ? file.text("llama.rope.scaling.type") : "none";
  for (const char* key : {"rope.scaling.attn_factor", "rope.scaling.yarn_attn_factor", "rope.scaling.yarn_ext_factor"})
    if (in.positive(key, 1) != 1) in.fail(std::string("llama.") + key + " is not 1");
  const double factor = in.positive("rope.scaling.factor", 1);
  if (!divisors.empty()) {
    if (scaling != "none") in.fail("rope.scaling.type is \"" + scaling.substr(0, 40) + "\" besides rope_freqs.weight");
    r.scaling = heed::rope_scaling::divisors(divisors);
  } else if (scaling == "linear") {
    r.scaling = heed::rope_scaling::linear(factor);
  } else if (scaling == "yarn") {
    r.scaling = heed::rope_scaling::yarn(
        {.factor = factor,
         .original_length = in.size("rope.scaling.original_context_length", index_t{1} << 31, s.context),
         .beta_fast = in.positive("rope.scaling.yarn_beta_fast", 32),
         .beta_slow = in.positive("rope.scaling.yarn_beta_slow", 1),
         .magnitude = heed::yarn_magnitude(factor)});
  } else if (scaling != "none") {
    in.fail("llama.rope.scaling.type is \"" + scaling.substr(0, 40) + "\", but only none, linear and yarn are known");
  }
  if (const heed::failure f = r.check()) in.fail(std::string("llama.") + heed::error(f).what());
  return r;
}

} // namespace

model::model(const gguf_file& file) {
  loader in(file);
  shape_ = read_shape(file, in);
  model_shape& s = shape_;
  const tensor_info* embedding = file.find("token_embd.weight");
  if (embedding == nullptr) in.fail("tensor \"token_embd.weight\" is missing");
  s.vocabulary = in.size("vocab_size", index_t{1} << 31, embedding->rows);
  embedding_ = linear(in.take("token_embd.weight", s.vocabulary, s.width));
  if (const tensor_info* output = in.find("output.weight", s.vocabulary, s.width); output != nullptr) {
    output_ = linear(*output);
    tied_ = false;
  }
  output_norm_ = in.vector("output_norm.weight", s.width);
  if (const tensor_info* divisors = file.find("rope_freqs.weight"); divisors != nullptr)
    rope_divisors_ = in.vector("rope_freqs.weight", divisors->cols);
  rope_ = read_rope(file, in, s, rope_divisors_);
  for (index_t i = 0; i < s.layers; ++i) {
    const std::string block = "blk." + std::to_string(i) + ".";
    const auto matrix = [&](const char* name, index_t rows, index_t cols) {
      return linear(in.take(block + name + ".weight", rows, cols));
    };
    model_layer layer;
    layer.attention_norm = in.vector(block + "attn_norm.weight", s.width);
    layer.query = matrix("attn_q", s.q_heads * s.key_dim, s.width);
    layer.key = matrix("attn_k", s.kv_heads * s.key_dim, s.width);
    layer.value = matrix("attn_v", s.kv_heads * s.value_dim, s.width);
    layer.output = matrix("attn_output", s.width, s.q_heads * s.value_dim);
    layer.feed_forward_norm = in.vector(block + "ffn_norm.weight", s.width);
    layer.gate = matrix("ffn_gate", s.feed_forward, s.width);
    layer.up = matrix("ffn_up", s.feed_forward, s.width);
    layer.down = matrix("ffn_down", s.width, s.feed_forward);
    layers_.push_back(std::move(layer));
  }
  in.refuse_the_rest();
}

} // namespace llama
