// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "pictures.hpp"

#include "svg.hpp"

#include <algorithm>
#include <cmath>

namespace needle {

std::string svg_of_curves(const std::string& heading, const std::string& x_name, const std::string& y_name,
                          const std::vector<curve>& curves) {
  constexpr double left = 70, top = 60, width = 520, height = 320, legend = left + width + 24;
  double low = 1, high = 0;
  for (const curve& c : curves)
    for (const double x : c.x) {
      low = std::min(low, x);
      high = std::max(high, x);
    }
  if (low >= high) low = high / 2;
  const auto at_x = [&](double x) { return left + width * std::log(x / low) / std::log(high / low); };
  const auto at_y = [&](double y) { return top + height * (1 - y); };
  drawing d(static_cast<int>(legend) + 240, static_cast<int>(top + height) + 70, heading);
  for (int y = 0; y <= 100; y += 20) {
    d.line(format("%g,%g %g,%g", left, at_y(y / 100.), left + width, at_y(y / 100.)), "#ddd");
    d.text(left - 8, at_y(y / 100.) + 4, "label", std::to_string(y), "end");
  }
  std::vector<double> ticks;
  for (const curve& c : curves) ticks.insert(ticks.end(), c.x.begin(), c.x.end());
  std::sort(ticks.begin(), ticks.end());
  ticks.erase(std::unique(ticks.begin(), ticks.end()), ticks.end());
  for (const double x : ticks) d.text(at_x(x), top + height + 18, "label", format("%g", 100 * x), "middle");
  d.text(left + width / 2, top + height + 42, "label", x_name, "middle");
  d.text(left - 42, top - 12, "label", y_name);
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const std::string colour = line_colour(i);
    const double ly = top + 8 + 20 * static_cast<double>(i);
    std::string points;
    for (std::size_t j = 0; j < curves[i].x.size(); ++j)
      points += format("%g,%g ", at_x(curves[i].x[j]), at_y(curves[i].y[j]));
    d.line(points, colour, 2, curves[i].x.size() > 1 ? nullptr : "2 4");
    for (std::size_t j = 0; j < curves[i].x.size(); ++j) d.dot(at_x(curves[i].x[j]), at_y(curves[i].y[j]), 3, colour);
    d.line(format("%g,%g %g,%g", legend, ly, legend + 24, ly), colour, 2);
    d.text(legend + 32, ly + 4, "label", curves[i].name);
  }
  return d.finish();
}

std::string svg_of_kept(const std::string& heading, std::ptrdiff_t tokens, std::ptrdiff_t marked_begin,
                        std::ptrdiff_t marked_end, const std::vector<kept_rows>& policies) {
  constexpr double left = 90, width = 900, row_height = 7;
  const auto at = [&](std::ptrdiff_t t) { return left + width * static_cast<double>(t) / static_cast<double>(tokens); };
  double height = 70;
  for (const kept_rows& p : policies) height += 34 + row_height * static_cast<double>(p.rows.size());
  drawing d(static_cast<int>(left + width) + 30, static_cast<int>(height), heading);
  double y = 64;
  for (const kept_rows& p : policies) {
    const double bottom = y + row_height * static_cast<double>(p.rows.size());
    d.text(left, y - 6, "title", p.title);
    d.box(left, y, width, bottom - y, "#f2f2f2");
    for (std::size_t r = 0; r < p.rows.size(); ++r) {
      const double top = y + row_height * static_cast<double>(r);
      if (r == 0 || p.rows[r] != p.rows[r - 1]) d.text(left - 6, top + 8, "label", p.rows[r], "end");
      const std::vector<std::ptrdiff_t>& kept = p.positions[r];
      std::string stretches;
      for (std::size_t i = 0; i < kept.size();) {
        std::size_t end = i + 1;
        while (end < kept.size() && kept[end] == kept[end - 1] + 1) ++end;
        stretches += format("M%.1f %gh%.1f", at(kept[i]), top + row_height / 2,
                            std::max(at(kept[end - 1] + 1) - at(kept[i]), 0.8));
        i = end;
      }
      d.path(stretches, "#3b528b", row_height - 1);
    }
    for (const std::ptrdiff_t edge : {marked_begin, marked_end})
      d.line(format("%g,%g %g,%g", at(edge), y - 2, at(edge), bottom + 2), "#d55e00", 0.8);
    y = bottom + 34;
  }
  d.text(left, y - 12, "label",
         "tokens of the text from left to right; between the orange lines: the fact that is asked for");
  return d.finish();
}

} // namespace needle
