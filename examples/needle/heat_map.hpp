// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Numbers by row and column as colours, for a terminal and as SVG.
#include <string>
#include <vector>

namespace needle {

/// values: [rows][columns], each from 0 to 1.
struct heat_map {
  std::string title;
  std::vector<std::string> rows, columns;
  std::vector<double> values;
  [[nodiscard]] double at(std::size_t row, std::size_t column) const { return values[row * columns.size() + column]; }
};

enum class paint { colours, numbers_only };

/// Maps of equal columns, one under the other, percent in each cell.
[[nodiscard]] std::string draw(const std::vector<heat_map>& maps, paint how);

/// A whole SVG file: the maps side by side under a heading, with a scale. unit: what the numbers are.
[[nodiscard]] std::string svg(const std::string& heading, const std::string& row_name, const std::string& column_name,
                              const std::vector<heat_map>& maps, const std::string& unit = "recall in percent");

} // namespace needle
