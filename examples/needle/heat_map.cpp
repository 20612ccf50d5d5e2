// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "heat_map.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace needle {
namespace {

struct colour {
  int red, green, blue;
};

/// Viridis: ordered in brightness, so that it can be read without colours too.
colour colour_of(double value) {
  constexpr colour stops[] = {{68, 1, 84}, {59, 82, 139}, {33, 145, 140}, {94, 201, 98}, {253, 231, 37}};
  const double x = std::clamp(value, 0., 1.) * 4;
  const int i = std::min(3, static_cast<int>(x));
  const auto mix = [&](int a, int b) { return a + static_cast<int>(std::lround((x - i) * (b - a))); };
  return {mix(stops[i].red, stops[i + 1].red), mix(stops[i].green, stops[i + 1].green),
          mix(stops[i].blue, stops[i + 1].blue)};
}
bool is_bright(double value) { return value > 0.6; }
int percent(double value) { return static_cast<int>(std::lround(100 * value)); }

template <class... T> std::string format(const char* pattern, T... values) {
  char text[400];
  std::snprintf(text, sizeof text, pattern, values...);
  return text;
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

constexpr int cell_width = 30, cell_height = 24, label_width = 48, gap = 28, top = 64, maps_in_row = 2;

/// One map with its upper left corner at (x, y).
std::string svg_map(const heat_map& map, const std::string& row_name, const std::string& column_name, int x, int y) {
  std::string out = format("<g transform=\"translate(%d %d)\">\n", x, y);
  out += format("<text x=\"%d\" y=\"-8\" class=\"title\">%s</text>\n", label_width, escaped(map.title).c_str());
  for (std::size_t r = 0; r < map.rows.size(); ++r) {
    const int cy = static_cast<int>(r) * cell_height;
    out += format("<text x=\"%d\" y=\"%d\" class=\"label\" text-anchor=\"end\">%s</text>\n", label_width - 6, cy + 16,
                  escaped(map.rows[r]).c_str());
    for (std::size_t c = 0; c < map.columns.size(); ++c) {
      const double v = map.at(r, c);
      const colour paint = colour_of(v);
      const int cx = label_width + static_cast<int>(c) * cell_width;
      out += format("<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#%02x%02x%02x\"/>"
                    "<text x=\"%d\" y=\"%d\" class=\"cell\" fill=\"%s\">%d</text>\n",
                    cx, cy, cell_width - 1, cell_height - 1, paint.red, paint.green, paint.blue, cx + cell_width / 2,
                    cy + 16, is_bright(v) ? "#000" : "#fff", percent(v));
    }
  }
  const int bottom = static_cast<int>(map.rows.size()) * cell_height;
  for (std::size_t c = 0; c < map.columns.size(); ++c)
    out += format("<text x=\"%d\" y=\"%d\" class=\"label\" text-anchor=\"middle\">%s</text>\n",
                  label_width + static_cast<int>(c) * cell_width + cell_width / 2, bottom + 14,
                  escaped(map.columns[c]).c_str());
  out += format("<text x=\"%d\" y=\"%d\" class=\"label\">%s; %s</text>\n</g>\n", label_width, bottom + 30,
                escaped("down: " + row_name).c_str(), escaped("across: " + column_name).c_str());
  return out;
}

} // namespace

std::string draw(const std::vector<heat_map>& maps, paint how) {
  std::string out;
  for (const heat_map& map : maps) {
    out += map.title + "\n" + std::string(7, ' ');
    for (const std::string& column : map.columns) out += format("%5s", column.c_str());
    out += "\n";
    for (std::size_t r = 0; r < map.rows.size(); ++r) {
      out += format("%6s ", map.rows[r].c_str());
      for (std::size_t c = 0; c < map.columns.size(); ++c) {
        const double v = map.at(r, c);
        const colour back = colour_of(v);
        if (how == paint::colours)
          out += format("\x1b[48;2;%d;%d;%dm\x1b[38;5;%dm%4d \x1b[0m", back.red, back.green, back.blue,
                        is_bright(v) ? 16 : 231, percent(v));
        else
          out += format("%4d ", percent(v));
      }
      out += "\n";
    }
  }
  return out;
}

std::string svg(const std::string& heading, const std::string& row_name, const std::string& column_name,
                const std::vector<heat_map>& maps) {
  std::size_t columns = 0, rows = 0;
  for (const heat_map& map : maps) {
    columns = std::max(columns, map.columns.size());
    rows = std::max(rows, map.rows.size());
  }
  const int map_width = label_width + static_cast<int>(columns) * cell_width + gap;
  const int map_height = static_cast<int>(rows) * cell_height + 72;
  const auto count = static_cast<int>(maps.size());
  const int width = gap + std::min(maps_in_row, std::max(count, 1)) * map_width;
  // An odd one out, the full cache as a rule, stands first and alone, so that the others pair up below.
  const int alone = count % maps_in_row == 0 ? 0 : maps_in_row - count % maps_in_row;
  const int height = top + (count + alone) / maps_in_row * map_height + 40;
  std::string out = format("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
                           "font-family=\"sans-serif\">\n",
                           width, height, width, height);
  out += "<style>.heading{font-size:17px;font-weight:bold}.title{font-size:13px;font-weight:bold}"
         ".label{font-size:11px;fill:#444}.cell{font-size:10px;text-anchor:middle}</style>\n"
         "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
  out += format("<text x=\"%d\" y=\"30\" class=\"heading\">%s</text>\n", gap, escaped(heading).c_str());
  for (int i = 0; i < count; ++i) {
    const int place = i == 0 ? 0 : i + alone;
    out += svg_map(maps[static_cast<std::size_t>(i)], row_name, column_name, gap + place % maps_in_row * map_width,
                   top + 8 + place / maps_in_row * map_height);
  }
  out += format("<g transform=\"translate(%d %d)\"><text y=\"12\" class=\"label\">recall in percent: 0</text>\n",
                gap + label_width, height - 30);
  for (int i = 0; i <= 20; ++i) {
    const colour paint = colour_of(i / 20.);
    out += format("<rect x=\"%d\" width=\"8\" height=\"14\" fill=\"#%02x%02x%02x\"/>", 112 + 8 * i, paint.red,
                  paint.green, paint.blue);
  }
  return out + format("\n<text x=\"%d\" y=\"12\" class=\"label\">100</text></g>\n</svg>\n", 112 + 8 * 21 + 6);
}

} // namespace needle
