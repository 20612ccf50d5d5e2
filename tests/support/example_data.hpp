// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Where the tests of the examples find models that are not part of the repository.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace heed::testing_support {

/// The repository's folder, from the place of this file.
inline std::filesystem::path repository() {
  return std::filesystem::absolute(std::filesystem::path(__FILE__)).parent_path().parent_path().parent_path();
}

/// A file of the data folder (environment variable HEED_TEST_DATA, else the folder shared/data beside the repository);
/// empty if it is not there.
inline std::string data_file(const std::string& name) {
  const char* given = std::getenv("HEED_TEST_DATA");
  const std::filesystem::path folder =
      given != nullptr ? std::filesystem::path(given) : repository().parent_path() / "shared" / "data";
  const std::filesystem::path file = folder / name;
  return std::filesystem::exists(file) ? file.string() : std::string();
}

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

/// The parts of a JSON list of objects, one per top-level object. Enough for the files that our scripts write.
inline std::vector<std::string> json_objects(const std::string& text) {
  std::vector<std::string> out;
  int depth = 0;
  bool quoted = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') quoted = !quoted;
    if (quoted && c == '\\') ++i;
    if (quoted) continue;
    if (c == '{' && depth++ == 0) begin = i;
    if (c == '}' && --depth == 0) out.push_back(text.substr(begin, i - begin + 1));
  }
  return out;
}

/// Where the value of a key begins; npos if it is absent.
inline std::size_t json_value(const std::string& object, const std::string& key) {
  const std::size_t at = object.find("\"" + key + "\"");
  return at == std::string::npos ? at : object.find_first_not_of(" :\n\r\t", at + key.size() + 2);
}

/// The number under a key, or the numbers of the list under it.
inline std::vector<double> json_numbers(const std::string& object, const std::string& key) {
  std::vector<double> out;
  const std::size_t begin = json_value(object, key);
  if (begin == std::string::npos) return out;
  const bool list = object[begin] == '[';
  const char* p = object.c_str() + begin + (list ? 1 : 0);
  for (char* end = nullptr;; p = end + 1) {
    const double x = std::strtod(p, &end);
    if (end == p) break;
    out.push_back(x);
    if (!list) break;
    end += std::string(end).find_first_not_of(" \n\r\t");
    if (*end != ',') break;
  }
  return out;
}

/// The text under a key; of escapes only \" \\ \n and \u for control characters are known.
inline std::string json_string(const std::string& object, const std::string& key) {
  std::string out;
  std::size_t i = json_value(object, key);
  if (i == std::string::npos) return out;
  for (++i; i < object.size() && object[i] != '"'; ++i) {
    if (object[i] != '\\') {
      out += object[i];
    } else if (object[++i] == 'n') {
      out += '\n';
    } else if (object[i] == 'u') {
      out += static_cast<char>(std::stoi(object.substr(i + 1, 4), nullptr, 16));
      i += 4;
    } else {
      out += object[i];
    }
  }
  return out;
}

} // namespace heed::testing_support
