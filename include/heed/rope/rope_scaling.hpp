// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// How rotary frequencies are changed for contexts beyond the trained one: linear, YaRN, Llama 3, or a list of divisors.
#include <heed/detail/scalar_ops.hpp>
#include <heed/error.hpp>

namespace heed {

/// Whether YaRN's ramp begins and ends at whole frequencies (the paper's code, ggml, DeepSeek) or between them
/// (gpt-oss, "truncate": false).
enum class yarn_ramp : unsigned char { whole, exact };

/// Frequencies that turn less than beta_slow times in the trained context are divided by factor, those that turn more
/// than beta_fast times are kept, with a ramp between.
///
/// Units     original_length: the trained context in tokens
/// Source    Peng et al. 2023, YaRN, section 3
struct yarn_parameters {
  double factor = 1;
  index_t original_length = 4096;
  double beta_fast = 32, beta_slow = 1;
  /// On cosines and sines, so squared on scores: yarn_magnitude(factor) for ggml and gpt-oss; 1 where the model has it
  /// in the scale (DeepSeek) or not at all.
  double magnitude = 1;
  yarn_ramp ramp = yarn_ramp::whole;
};
/// 0.1 ln(factor) + 1, and 1 for factors up to 1.
HEED_INLINE double yarn_magnitude(double factor) noexcept { return factor > 1 ? 0.1 * __builtin_log(factor) + 1 : 1; }

/// Wave lengths beyond original_length / low_freq_factor are stretched by factor, those below original_length /
/// high_freq_factor are kept, with a ramp between.
///
/// Source    Llama 3.1 (Meta 2024), released code; the defaults are those of Llama 3.1
struct llama3_parameters {
  double factor = 8, low_freq_factor = 1, high_freq_factor = 4;
  index_t original_length = 8192;
};

/// A change of the frequencies f_l = theta^(-2l / dims); none by default.
///
/// Cost      a few operations per frequency; paid once per call or table
class rope_scaling {
public:
  HEED_INLINE rope_scaling() noexcept : yarn_{}, llama3_{} {}
  /// f / factor: positions are squeezed. Source: Chen et al. 2023, position interpolation
  HEED_INLINE static rope_scaling linear(double factor) noexcept {
    rope_scaling s;
    s.kind_ = kind::linear;
    s.yarn_.factor = factor;
    return s;
  }
  HEED_INLINE static rope_scaling yarn(const yarn_parameters& p) noexcept {
    rope_scaling s;
    s.kind_ = kind::yarn;
    s.yarn_ = p;
    return s;
  }
  HEED_INLINE static rope_scaling llama3(const llama3_parameters& p = {}) noexcept {
    rope_scaling s;
    s.kind_ = kind::llama3;
    s.llama3_ = p;
    return s;
  }
  /// f_l / list[l], list: [dims / 2], the caller's memory (ggml's rope_freqs, LongRoPE). magnitude is on cosines and
  /// sines.
  HEED_INLINE static rope_scaling divisors(std::span<const float> list, double magnitude = 1) noexcept {
    rope_scaling s;
    s.kind_ = kind::divisors;
    s.list_ = list;
    s.yarn_.magnitude = magnitude;
    return s;
  }

  /// The factor on cosines and sines.
  [[nodiscard]] HEED_INLINE double magnitude() const noexcept { return yarn_.magnitude; }

  /// The frequency l of dims / 2, in radians per position, plain being the one without scaling.
  [[nodiscard]] HEED_INLINE double frequency(double plain, index_t l, index_t dims, double theta) const noexcept {
    switch (kind_) {
    case kind::none:
      break;
    case kind::linear:
      return plain / yarn_.factor;
    case kind::divisors:
      return plain / static_cast<double>(list_[static_cast<std::size_t>(l)]);
    case kind::llama3: {
      const double turns = static_cast<double>(llama3_.original_length) * plain / two_pi;
      if (turns > llama3_.high_freq_factor) return plain;
      if (turns < llama3_.low_freq_factor) return plain / llama3_.factor;
      return mix(plain, plain / llama3_.factor,
                 (turns - llama3_.low_freq_factor) / (llama3_.high_freq_factor - llama3_.low_freq_factor));
    }
    case kind::yarn: {
      const bool whole = yarn_.ramp == yarn_ramp::whole;
      double low = turning(yarn_.beta_fast, dims, theta), high = turning(yarn_.beta_slow, dims, theta);
      if (whole) low = __builtin_floor(low), high = __builtin_ceil(high);
      const double last = static_cast<double>(dims - 1);
      low = low < 0 ? 0 : low;
      high = high > last ? last : high;
      const double span = high - low > 0.001 ? high - low : 0.001;
      const double ramp = (static_cast<double>(l) - low) / span;
      return mix(plain / yarn_.factor, plain, ramp < 0 ? 0 : ramp > 1 ? 1 : ramp);
    }
    }
    return plain;
  }

  [[nodiscard]] HEED_INLINE failure check(index_t dims) const noexcept {
    const auto positive = [](double x) __attribute__((always_inline)) { return x > 0 && detail::is_finite(x); };
    const auto wrong = [](const char* property, figure value) __attribute__((always_inline)) {
      return failure{errc::bad_value, "rope_scaling", property, value, "must be finite and above", 0};
    };
    if (!positive(yarn_.magnitude)) return wrong("magnitude", yarn_.magnitude);
    switch (kind_) {
    case kind::none:
      break;
    case kind::linear:
      if (!positive(yarn_.factor)) return wrong("factor", yarn_.factor);
      break;
    case kind::divisors:
      if (static_cast<index_t>(list_.size()) != dims / 2)
        return {errc::bad_extent, "rope_scaling", "number of divisors", static_cast<index_t>(list_.size()),
                "must be",        dims / 2};
      for (std::size_t l = 0; l < list_.size(); ++l)
        if (!positive(static_cast<double>(list_[l]))) {
          failure f = wrong("divisors", list_[l]);
          f.at = static_cast<index_t>(l);
          return f;
        }
      break;
    case kind::llama3:
      if (!positive(llama3_.factor)) return wrong("factor", llama3_.factor);
      if (!positive(llama3_.low_freq_factor)) return wrong("low_freq_factor", llama3_.low_freq_factor);
      if (!(llama3_.high_freq_factor > llama3_.low_freq_factor) || !detail::is_finite(llama3_.high_freq_factor))
        return {errc::bad_value,
                "rope_scaling",
                "high_freq_factor",
                llama3_.high_freq_factor,
                "must be finite and above low_freq_factor",
                llama3_.low_freq_factor};
      if (llama3_.original_length < 1) return wrong("original_length", llama3_.original_length);
      break;
    case kind::yarn:
      if (!positive(yarn_.factor)) return wrong("factor", yarn_.factor);
      if (!positive(yarn_.beta_slow)) return wrong("beta_slow", yarn_.beta_slow);
      if (!(yarn_.beta_fast > yarn_.beta_slow) || !detail::is_finite(yarn_.beta_fast))
        return {errc::bad_value, "rope_scaling", "beta_fast", yarn_.beta_fast, "must be finite and above beta_slow",
                yarn_.beta_slow};
      if (yarn_.original_length < 1) return wrong("original_length", yarn_.original_length);
      break;
    }
    return {};
  }

private:
  static constexpr double two_pi = 6.28318530717958647692528676655900577;
  enum class kind : unsigned char { none, linear, yarn, llama3, divisors };

  /// The (real) index of the frequency that turns that often in the trained context.
  HEED_INLINE double turning(double turns, index_t dims, double theta) const noexcept {
    return static_cast<double>(dims) * __builtin_log(static_cast<double>(yarn_.original_length) / (turns * two_pi)) /
           (2 * __builtin_log(theta));
  }
  HEED_INLINE static double mix(double one, double zero, double part) noexcept {
    return detail::product(one, part) + detail::product(zero, 1 - part);
  }

  kind kind_ = kind::none;
  yarn_parameters yarn_;
  llama3_parameters llama3_;
  std::span<const float> list_;
};

} // namespace heed
