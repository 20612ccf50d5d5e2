// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// What can go wrong, said once: a code, and a message that names the argument, its value and the limit.
// The only file that throws.
#include <heed/concepts.hpp>

#include <exception>

namespace heed {

enum class errc : unsigned char {
  ok,
  null_pointer,        ///< a pointer is null although something would be read or written through it
  bad_extent,          ///< an extent is negative, zero where that is not legal, or differs from its partner
  bad_stride,          ///< a last stride other than 1, or rows that overlap where they are written
  misaligned,          ///< an address is no multiple of the element's alignment
  size_overflow,       ///< extent x stride, or a byte count, does not fit into 64 bits
  overlap,             ///< the output shares memory with an input
  heads_not_divisible, ///< query heads are no multiple of key-value heads
  dim_mismatch,        ///< head dims of q, keys, values and o do not fit together
  not_monotone,        ///< offsets descend, or list entries do not ascend
  index_out_of_range,  ///< a page, slot, block or head index outside its table
  length_out_of_range, ///< a length is negative or goes beyond its buffer
  bad_value,           ///< a parameter outside its domain (window < 0, scale NaN ...)
  limit_exceeded,      ///< a call is larger than the limits that its plan was made for
  plan_mismatch,       ///< a call's types or sizes differ from those its plan was made for
  workspace_too_small, ///< fewer bytes than plan.workspace_bytes(workers)
  out_of_memory,       ///< attend could not allocate its workspace
};

/// A value or limit as it stands in a message: a whole number, or a real one, told to six digits.
class figure {
public:
  HEED_INLINE constexpr figure() noexcept : whole_(0), is_real_(false) {}
  template <std::integral T> HEED_INLINE constexpr figure(T x) noexcept : whole_{x}, is_real_(false) {} // NOLINT
  template <std::floating_point T>
  HEED_INLINE constexpr figure(T x) noexcept : real_(static_cast<double>(x)), is_real_(true) {} // NOLINT
  [[nodiscard]] HEED_INLINE constexpr bool is_real() const noexcept { return is_real_; }
  [[nodiscard]] HEED_INLINE constexpr double real() const noexcept {
    return is_real_ ? real_ : static_cast<double>(whole_);
  }
  /// Of a real number the part before the point, held inside 64 bits; NaN becomes the least.
  HEED_INLINE constexpr operator index_t() const noexcept { // NOLINT
    if (!is_real_) return whole_;
    if (real_ >= 9.2e18) return PTRDIFF_MAX;
    return real_ > -9.2e18 ? static_cast<index_t>(real_) : PTRDIFF_MIN;
  }

private:
  union {
    index_t whole_;
    double real_;
  };
  bool is_real_;
};

/// A code with the text for people: "<argument>: <property> is <value>, <relation> <limit>".
/// Texts are string literals. at >= 0 names an entry: "offsets[3] is 7, ...".
struct failure {
  errc code = errc::ok;
  const char* argument = "";
  const char* property = "";
  figure value = 0;
  const char* relation = "";
  figure limit = 0;
  index_t at = -1;
  HEED_INLINE explicit operator bool() const noexcept { return code != errc::ok; }
};

namespace detail {
/// Writes text and numbers into a fixed buffer, always terminated, cut when full.
struct text_buffer {
  char* out;
  index_t room;
  HEED_INLINE void put(const char* s) noexcept {
    while (*s != '\0' && room > 1) {
      *out++ = *s++;
      --room;
    }
    *out = '\0';
  }
  HEED_INLINE void put(index_t value) noexcept {
    char digits[24];
    int n = 23;
    digits[n] = '\0';
    // Negative throughout: -2^63 has no positive partner.
    index_t rest = value < 0 ? value : -value;
    do {
      digits[--n] = static_cast<char>('0' - rest % 10);
      rest /= 10;
    } while (rest != 0);
    if (value < 0) digits[--n] = '-';
    put(&digits[n]);
  }
};

inline namespace HEED_ISA {
/// Six digits without trailing zeros, as printf's %g in the C locale: 0.7, 1e-05, 9.2e+18, nan, -inf.
HEED_NOINLINE inline void put_real(text_buffer& b, double x) noexcept {
  if (x != x) return b.put("nan");
  if (__builtin_signbit(x)) b.put("-");
  double rest = __builtin_fabs(x);
  if (rest == __builtin_inf()) return b.put("inf");
  if (!(rest > 0)) return b.put("0"); // and what counts as zero where denormals do
  index_t tens = 0;                   // rest * 10^tens is |x|; each step errs by an ulp, 1e-13 in all
  for (; rest >= 10; ++tens) rest /= 10;
  for (; rest < 1; --tens) rest *= 10;
  auto digits = static_cast<index_t>(rest * 1e5 + 0.5);
  if (digits >= 1000000) digits /= 10, ++tens;
  const bool scientific = tens < -4 || tens > 5;
  const index_t point = scientific ? 1 : tens + 1; // digits before it
  char text[7];
  index_t n = 6;
  for (index_t i = 6; i-- > 0; digits /= 10) text[i] = static_cast<char>('0' + digits % 10);
  while (n > 1 && n > point && text[n - 1] == '0') --n;
  text[n] = '\0';
  if (point <= 0) {
    b.put("0.");
    for (index_t i = point; i < 0; ++i) b.put("0");
    return b.put(text);
  }
  const char* const behind = text + point;
  char first[7];
  for (index_t i = 0; i < point; ++i) first[i] = text[i];
  first[point] = '\0';
  b.put(first);
  if (n > point) {
    b.put(".");
    b.put(behind);
  }
  if (!scientific) return;
  b.put(tens < 0 ? "e-" : "e+");
  const index_t power = tens < 0 ? -tens : tens;
  if (power < 10) b.put("0");
  b.put(power);
}
} // namespace HEED_ISA
HEED_INLINE void put_figure(text_buffer& b, const figure& x) noexcept {
  if (x.is_real())
    put_real(b, x.real());
  else
    b.put(static_cast<index_t>(x));
}
} // namespace detail

/// What attend throws: a code and a text for people. The text lives in the object: no allocation. The thrown object is
/// a std::exception too, so `catch (const heed::error&)` and `catch (const std::exception&)` both see it.
class error {
public:
  HEED_INLINE explicit error(const failure& f) noexcept : code_(f.code), text_{} {
    detail::text_buffer b{text_, static_cast<index_t>(sizeof text_)};
    b.put(f.argument);
    b.put(": ");
    b.put(f.property);
    if (f.at >= 0) {
      b.put("[");
      b.put(f.at);
      b.put("]");
    }
    b.put(" is ");
    detail::put_figure(b, f.value);
    b.put(", ");
    b.put(f.relation);
    b.put(" ");
    detail::put_figure(b, f.limit);
  }
  [[nodiscard]] HEED_INLINE errc code() const noexcept { return code_; }
  [[nodiscard]] HEED_INLINE const char* what() const noexcept { return text_; }

private:
  errc code_;
  char text_[200];
};

namespace detail {
inline namespace HEED_ISA {
/// Virtual functions are emitted by every object file, so they stand in the instruction set's namespace; the type to
/// catch is one for all.
class thrown_error final : public error, public std::exception {
public:
  HEED_INLINE explicit thrown_error(const failure& f) noexcept : error(f) {}
  [[nodiscard]] const char* what() const noexcept override { return error::what(); }
};
} // namespace HEED_ISA
} // namespace detail

/// Runs where heed would throw when exceptions are off. Replace it at start-up; if it returns, so does the call, and
/// the output is untouched. The default does nothing.
using error_handler = void (*)(const error&) noexcept;
namespace detail {
inline constinit error_handler current_error_handler = nullptr;
}
/// Not synchronised: set it before the first call. Returns the previous handler.
HEED_INLINE error_handler set_error_handler(error_handler handler) noexcept {
  const error_handler before = detail::current_error_handler;
  detail::current_error_handler = handler;
  return before;
}

namespace detail {
/// Throws, or tells the handler.
HEED_INLINE void report(const failure& f) {
#if defined(__cpp_exceptions)
  throw thrown_error(f);
#else
  if (current_error_handler != nullptr) current_error_handler(error(f));
#endif
}
} // namespace detail

/// For callers who prefer an exception to a failure that a call has returned.
HEED_INLINE void expect(const failure& f) {
  if (f) detail::report(f);
}
/// For callers of `run` who prefer an exception to a code. Without exceptions the handler is told.
HEED_INLINE void expect(errc code) {
  if (code != errc::ok) detail::report({code, "run", "its errc", static_cast<index_t>(code), "expected", 0});
}

} // namespace heed
