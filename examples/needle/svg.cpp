// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "svg.hpp"

#include <algorithm>
#include <cmath>

namespace needle {

colour colour_of(double value) {
  constexpr colour stops[] = {{68, 1, 84}, {59, 82, 139}, {33, 145, 140}, {94, 201, 98}, {253, 231, 37}};
  const double x = std::clamp(value, 0., 1.) * 4;
  const int i = std::min(3, static_cast<int>(x));
  const auto mix = [&](int a, int b) { return a + static_cast<int>(std::lround((x - i) * (b - a))); };
  return {mix(stops[i].red, stops[i + 1].red), mix(stops[i].green, stops[i + 1].green),
          mix(stops[i].blue, stops[i + 1].blue)};
}

std::string hex(colour c) { return format("#%02x%02x%02x", c.red, c.green, c.blue); }

std::string line_colour(std::size_t number) {
  constexpr const char* colours[] = {"#222222", "#e69f00", "#56b4e9", "#009e73", "#d55e00",
                                     "#0072b2", "#cc79a7", "#999933", "#882255", "#44aa99"};
  return colours[number % std::size(colours)];
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else
      out += c;
  }
  return out;
}

drawing::drawing(int width, int height, const std::string& heading) {
  out_ = format("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
                "font-family=\"sans-serif\">\n",
                width, height, width, height);
  out_ += "<style>.heading{font-size:17px;font-weight:bold}.title{font-size:13px;font-weight:bold}"
          ".label{font-size:11px;fill:#444}.cell{font-size:10px;text-anchor:middle}</style>\n"
          "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
  text(28, 30, "heading", heading);
}

void drawing::text(double x, double y, const char* kind, const std::string& words, const char* anchor,
                   const char* fill) {
  out_ += format("<text x=\"%g\" y=\"%g\" class=\"%s\"", x, y, kind);
  if (std::string(anchor) != "start") out_ += format(" text-anchor=\"%s\"", anchor);
  if (fill != nullptr) out_ += format(" fill=\"%s\"", fill);
  out_ += ">" + escaped(words) + "</text>\n";
}
void drawing::box(double x, double y, double width, double height, const std::string& fill) {
  out_ +=
      format("<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" fill=\"%s\"/>\n", x, y, width, height, fill.c_str());
}
void drawing::line(const std::string& points, const std::string& stroke, double width, const char* dashes) {
  out_ += "<polyline points=\"" + points +
          format("\" fill=\"none\" stroke=\"%s\" stroke-width=\"%g\"", stroke.c_str(), width);
  if (dashes != nullptr) out_ += format(" stroke-dasharray=\"%s\"", dashes);
  out_ += "/>\n";
}
void drawing::path(const std::string& d, const std::string& stroke, double width) {
  out_ += "<path d=\"" + d + format("\" stroke=\"%s\" stroke-width=\"%g\"/>\n", stroke.c_str(), width);
}
void drawing::dot(double x, double y, double radius, const std::string& fill) {
  out_ += format("<circle cx=\"%g\" cy=\"%g\" r=\"%g\" fill=\"%s\"/>\n", x, y, radius, fill.c_str());
}
void drawing::scale(double x, double y, const std::string& low, const std::string& high) {
  constexpr int steps = 20, step = 8;
  text(x, y + 12, "label", low, "end");
  for (int i = 0; i <= steps; ++i) box(x + 8 + step * i, y, step, 14, hex(colour_of(static_cast<double>(i) / steps)));
  text(x + 8 + step * (steps + 1) + 6, y + 12, "label", high);
}

} // namespace needle
