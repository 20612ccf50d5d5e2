// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "command_line.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <thread>

namespace llama {

bool command_line::next() {
  if (++at_ >= argc_) return false;
  name_ = argv_[at_];
  if (name_ == "--help") {
    std::cout << usage_;
    std::exit(0);
  }
  return true;
}

std::string command_line::value() {
  if (at_ + 1 >= argc_) throw usage_error(name_ + " needs a value");
  return argv_[++at_];
}

std::vector<index_t> command_line::counts(index_t least, index_t most) {
  const std::string text = value();
  std::vector<index_t> out;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    out.push_back(parse_count(name_, text.substr(at, end - at), least, most));
    at = end + 1;
  }
  return out;
}

index_t all_threads() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

void write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) throw std::runtime_error(path + " cannot be written");
}

} // namespace llama
