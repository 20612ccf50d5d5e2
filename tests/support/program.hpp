// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Runs a program as a user without a terminal does, and keeps files in a folder that goes away.
#include <array>
#include <cstdio>
#include <filesystem>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace heed::testing_support {

struct answer {
  int code = -1;
  std::string out; ///< standard output and error
};

inline answer call(const std::string& program, const std::string& arguments) {
  answer a;
  std::FILE* pipe = ::popen((program + " " + arguments + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return a;
  std::array<char, 4096> some{};
  for (std::size_t n; (n = std::fread(some.data(), 1, some.size(), pipe)) > 0;) a.out.append(some.data(), n);
  const int status = ::pclose(pipe);
  a.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return a;
}

struct temporary_folder {
  std::filesystem::path path;
  temporary_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "heed_test_XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path = name;
  }
  ~temporary_folder() {
    std::error_code ignored;
    if (!path.empty()) std::filesystem::remove_all(path, ignored);
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
};

} // namespace heed::testing_support
