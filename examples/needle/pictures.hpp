// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Recall over budget as lines, and which tokens each layer and head kept.
#include <cstddef>
#include <string>
#include <vector>

namespace needle {

/// Points of a line, ascending in x.
struct curve {
  std::string name;
  std::vector<double> x, y;
};

/// A whole SVG file: curves in percent over x in percent, x on a logarithmic scale.
[[nodiscard]] std::string svg_of_curves(const std::string& heading, const std::string& x_name,
                                        const std::string& y_name, const std::vector<curve>& curves);

/// What one policy kept of a text: a row for each layer and head with the positions that are still there.
struct kept_rows {
  std::string title;
  std::vector<std::string> rows;
  std::vector<std::vector<std::ptrdiff_t>> positions;
};

/// A whole SVG file: one strip per policy, tokens from left to right, with `marked` (begin, end) across all of them.
[[nodiscard]] std::string svg_of_kept(const std::string& heading, std::ptrdiff_t tokens, std::ptrdiff_t marked_begin,
                                      std::ptrdiff_t marked_end, const std::vector<kept_rows>& policies);

} // namespace needle
