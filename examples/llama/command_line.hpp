// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Options of a program: --name value, read one after the other, with messages that say what there is.
#include "policy.hpp"

#include <cstdint>
#include <iostream>
#include <vector>

namespace llama {

/// The arguments of a program. --help prints the usage and ends the program.
class command_line {
public:
  command_line(int argc, char** argv, const char* usage) : argc_(argc), argv_(argv), usage_(usage) {}

  /// Goes on to the next option; false after the last.
  [[nodiscard]] bool next();
  [[nodiscard]] bool is(const char* name) const { return name_ == name; }
  /// What follows the option. All throw usage_error where it is missing or wrong.
  [[nodiscard]] std::string value();
  [[nodiscard]] index_t count(index_t least, index_t most) { return parse_count(name_, value(), least, most); }
  /// Whole numbers, separated by commas.
  [[nodiscard]] std::vector<index_t> counts(index_t least, index_t most);
  /// A number in [least, most].
  [[nodiscard]] double number(double least, double most) { return parse_number(name_, value(), least, most); }
  [[nodiscard]] std::uint64_t seed() { return static_cast<std::uint64_t>(count(0, index_t{1} << 62)); }
  [[nodiscard]] index_t threads() { return count(1, 1 << 10); }
  [[noreturn]] void refuse() const { fail("there is no option \"" + name_ + "\""); }
  /// A message with the usage below.
  [[noreturn]] void fail(const std::string& message) const { throw usage_error(message + "\n" + usage_); }

private:
  int argc_, at_ = 0;
  char** argv_;
  const char* usage_;
  std::string name_;
};

/// As many threads as the machine has cores.
[[nodiscard]] index_t all_threads();

/// Writes a file, or throws.
void write_file(const std::string& path, const std::string& text);

/// Runs a program's main part. Ends with 2 where the command line is wrong, with 1 where anything else is.
template <class F> int run_program(const char* name, F&& body) {
  try {
    return body();
  } catch (const usage_error& e) {
    std::cerr << name << ": " << e.what() << "\n";
    return 2;
  } catch (const std::exception& e) {
    std::cerr << name << ": " << e.what() << "\n";
    return 1;
  }
}

} // namespace llama
