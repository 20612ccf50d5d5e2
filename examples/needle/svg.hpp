// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// An SVG file, shape by shape, and the colours of its numbers.
#include <cstdio>
#include <string>

namespace needle {

struct colour {
  int red, green, blue;
};
/// Of a value from 0 to 1 in viridis: ordered in brightness, so that it can be read without colours too.
[[nodiscard]] colour colour_of(double value);
/// Whether black text is the one to read on it.
[[nodiscard]] inline bool is_bright(double value) { return value > 0.6; }
/// #rrggbb
[[nodiscard]] std::string hex(colour c);
/// Colours far apart, for lines.
[[nodiscard]] std::string line_colour(std::size_t number);

[[nodiscard]] std::string escaped(const std::string& text);

template <class... T> std::string format(const char* pattern, T... values) {
  char text[400];
  std::snprintf(text, sizeof text, pattern, values...);
  return text;
}

/// A drawing with a heading on white. Lengths in pixels, the origin in the upper left corner.
/// Classes of text: heading, title, label, cell.
class drawing {
public:
  drawing(int width, int height, const std::string& heading);

  void text(double x, double y, const char* kind, const std::string& words, const char* anchor = "start",
            const char* fill = nullptr);
  void box(double x, double y, double width, double height, const std::string& fill);
  /// points: "x,y x,y ..."
  void line(const std::string& points, const std::string& stroke, double width = 1, const char* dashes = nullptr);
  /// d: a path of SVG.
  void path(const std::string& d, const std::string& stroke, double width);
  void dot(double x, double y, double radius, const std::string& fill);
  /// The viridis scale with words at both ends.
  void scale(double x, double y, const std::string& low, const std::string& high);
  [[nodiscard]] std::string finish() const { return out_ + "</svg>\n"; }

private:
  std::string out_;
};

} // namespace needle
