// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// What a refusal says: its text as people see it, and its code.
#include <heed/error.hpp>

#include <ostream>
#include <string>

namespace heed::test {

struct refusal {
  errc code = errc::ok;
  std::string text;
  refusal() = default;
  refusal(errc c, std::string t) : code(c), text(std::move(t)) {}
  refusal(const failure& f) : code(f.code), text(f ? error(f).what() : "") {} // NOLINT: so that tests read well
  friend bool operator==(const refusal& a, const refusal& b) { return a.code == b.code && a.text == b.text; }
  friend std::ostream& operator<<(std::ostream& out, const refusal& r) {
    return out << static_cast<int>(r.code) << " \"" << r.text << '"';
  }
};

/// Runs f and says what it threw.
template <class F> refusal refusal_of(const F& f) {
  try {
    f();
  } catch (const error& e) {
    return {e.code(), e.what()};
  }
  return {};
}

} // namespace heed::test
