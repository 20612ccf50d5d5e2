// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Pictures as PNG files, uncompressed: nothing but the standard library is needed.
#include <string>
#include <vector>

namespace picture {

/// Colours in [0, 1], row by row from the top.
///
/// Shapes    rgb: [height][width][3]
struct image {
  int width = 0, height = 0;
  std::vector<float> rgb{};
};

/// The pictures beside each other, of equal height, with a white line of `gap` pixels between them.
image beside(const std::vector<image>& pictures, int gap);

/// Eight bits a colour; values beyond [0, 1] are cut. False: the file could not be written.
bool write_png(const std::string& path, const image& x);

/// 10 log10(1 / mean squared difference) in dB.
double peak_signal_to_noise(const image& x, const image& clean);

} // namespace picture
