// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "heat_map.hpp"

#include "svg.hpp"

#include <algorithm>
#include <cmath>

namespace needle {
namespace {

int percent(double value) { return static_cast<int>(std::lround(100 * value)); }

constexpr int cell_width = 30, cell_height = 24, label_width = 48, gap = 28, top = 64, page_width = 1100;

/// One map with its upper left corner at (x, y).
void draw_map(drawing& d, const heat_map& map, const std::string& row_name, const std::string& column_name, int x,
              int y) {
  d.text(x + label_width, y - 8, "title", map.title);
  for (std::size_t r = 0; r < map.rows.size(); ++r) {
    const int cy = y + static_cast<int>(r) * cell_height;
    d.text(x + label_width - 6, cy + 16, "label", map.rows[r], "end");
    for (std::size_t c = 0; c < map.columns.size(); ++c) {
      const double v = map.at(r, c);
      const int cx = x + label_width + static_cast<int>(c) * cell_width;
      d.box(cx, cy, cell_width - 1, cell_height - 1, hex(colour_of(v)));
      d.text(cx + cell_width / 2, cy + 16, "cell", std::to_string(percent(v)), "start", is_bright(v) ? "#000" : "#fff");
    }
  }
  const int bottom = y + static_cast<int>(map.rows.size()) * cell_height;
  for (std::size_t c = 0; c < map.columns.size(); ++c)
    d.text(x + label_width + static_cast<int>(c) * cell_width + cell_width / 2, bottom + 14, "label", map.columns[c],
           "middle");
  d.text(x + label_width, bottom + 30, "label", "down: " + row_name + "; across: " + column_name);
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
                const std::vector<heat_map>& maps, const std::string& unit) {
  std::size_t columns = 0, rows = 0;
  for (const heat_map& map : maps) {
    columns = std::max(columns, map.columns.size());
    rows = std::max(rows, map.rows.size());
  }
  const int map_width = label_width + static_cast<int>(columns) * cell_width + gap;
  const int map_height = static_cast<int>(rows) * cell_height + 72;
  const auto count = static_cast<int>(maps.size());
  const int maps_in_row = std::max(1, page_width / map_width);
  const int width = std::max(gap + std::min(maps_in_row, std::max(count, 1)) * map_width, 420);
  // The first, the full cache as a rule, stands alone where that makes whole rows of the others.
  const int alone = count % maps_in_row == 1 ? maps_in_row - 1 : 0, cells = count + alone;
  const int height = top + (cells + maps_in_row - 1) / maps_in_row * map_height + 40;
  drawing d(width, height, heading);
  for (int i = 0; i < count; ++i) {
    const int place = i == 0 ? 0 : i + alone;
    draw_map(d, maps[static_cast<std::size_t>(i)], row_name, column_name, gap + place % maps_in_row * map_width,
             top + 8 + place / maps_in_row * map_height);
  }
  d.scale(gap + 160, height - 30, unit + ": 0", "100");
  return d.finish();
}

} // namespace needle
