// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Non-local means (Buades, Coll and Morel 2005) as neighborhood attention: a pixel becomes the average of the pixels
// around it, weighted by how alike the patches around them look. Writes the picture before and after.
//   example_denoise [FILE.png]     denoise.png unless told otherwise
#include "picture/png.hpp"

#include "plain_loop.hpp"

#include <heed/heed.hpp>

#include <chrono>
#include <random>

namespace {

using heed::index_t;
using picture::image;

constexpr int size = 144, radius = 1, patch = (2 * radius + 1) * (2 * radius + 1) * 3;
constexpr float noise = 0.1f;     // standard deviation
constexpr float likeness = 0.11f; // the larger, the more unlike patches still count
constexpr index_t window = 21, pixels = index_t{size} * size;

/// A sky, stripes, discs, a checkerboard.
image draw() {
  image x{size, size, std::vector<float>(3 * pixels)};
  for (int row = 0; row < size; ++row)
    for (int column = 0; column < size; ++column) {
      const float u = static_cast<float>(column) / size, v = static_cast<float>(row) / size;
      float r = 0.25f + 0.4f * v, g = 0.45f + 0.3f * v, b = 0.85f - 0.2f * v;
      if (v > 0.62f) { // stripes in perspective
        const bool dark = static_cast<int>(12.f * (u - 0.5f) / (v - 0.45f) + 60.f) % 2 == 0;
        r = dark ? 0.2f : 0.75f;
        g = dark ? 0.35f : 0.7f;
        b = dark ? 0.2f : 0.45f;
      }
      const auto inside = [&](float cx, float cy, float radius_of) {
        return (u - cx) * (u - cx) + (v - cy) * (v - cy) < radius_of * radius_of;
      };
      if (inside(0.76f, 0.24f, 0.14f)) r = 0.98f, g = 0.85f, b = 0.35f;
      if (inside(0.3f, 0.5f, 0.2f)) {
        const bool light = (static_cast<int>(u * 24.f) + static_cast<int>(v * 24.f)) % 2 == 0;
        r = light ? 0.9f : 0.7f;
        g = light ? 0.85f : 0.15f;
        b = light ? 0.8f : 0.15f;
      }
      const std::size_t at = static_cast<std::size_t>(row * size + column) * 3;
      x.rgb[at] = r;
      x.rgb[at + 1] = g;
      x.rgb[at + 2] = b;
    }
  return x;
}

/// The colours of the patch around every pixel, mirrored at the borders: [pixels][patch].
std::vector<float> patches(const image& x) {
  std::vector<float> p;
  const auto mirrored = [](int i) { return i < 0 ? -i : i >= size ? 2 * size - 2 - i : i; };
  for (int row = 0; row < size; ++row)
    for (int column = 0; column < size; ++column)
      for (int y = row - radius; y <= row + radius; ++y)
        for (int z = column - radius; z <= column + radius; ++z)
          for (int c = 0; c < 3; ++c)
            p.push_back(x.rgb[static_cast<std::size_t>((mirrored(y) * size + mirrored(z)) * 3 + c)] - 0.5f);
  return p;
}

} // namespace

int main(int argc, char** argv) {
  const std::string path = argc > 1 ? argv[1] : "denoise.png";
  const image clean = draw();
  image noisy = clean, after = clean;
  std::mt19937 generator(1);
  std::normal_distribution<float> normal(0.f, noise);
  for (float& x : noisy.rgb) x += normal(generator);

  // exp(-|p - p'|^2 / h^2), normalised over p', is a softmax: the square of the query's own patch drops out, that of
  // the key's becomes a bias of its slot.
  const float per_square = 1.f / (likeness * likeness * patch);
  const std::vector<float> keys = patches(noisy);
  std::vector<float> bias;
  for (index_t i = 0; i < pixels; ++i) {
    float square = 0;
    for (index_t d = 0; d < patch; ++d) {
      const float x = keys[static_cast<std::size_t>(i * patch + d)];
      square += x * x;
    }
    bias.push_back(-per_square * square);
  }

  heed::thread_pool pool{2};
  const auto start = std::chrono::steady_clock::now();
  // [readme]
  const heed::neighborhood<2> near{.grid = {size, size}, .window = {window, window}};
  const auto look = heed::view(keys.data(), pixels, 1, patch);
  const auto colour = heed::view(noisy.rgb.data(), pixels, 1, 3);
  heed::attend(pool, look, heed::biased(heed::contiguous(look, colour), heed::view(bias.data(), 1, 1, pixels)),
               heed::view(after.rgb.data(), pixels, 1, 3), near, heed::scale{2 * per_square});
  // [readme]
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  const double before_db = picture::peak_signal_to_noise(noisy, clean);
  const double after_db = picture::peak_signal_to_noise(after, clean);
  std::printf("%d x %d pixels, windows of %d x %d, patches of %d x %d, %.0f ms on 2 threads\n", size, size,
              static_cast<int>(window), static_cast<int>(window), 2 * radius + 1, 2 * radius + 1, 1e3 * seconds);
  std::printf("%s\n", heed::explain(heed::best_box(near)).c_str());
  std::printf("PSNR before %.1f dB, after %.1f dB\n", before_db, after_db);
  if (!picture::write_png(path, picture::beside({noisy, after}, 4))) {
    std::fprintf(stderr, "cannot write %s\n", path.c_str());
    return 1;
  }
  std::printf("wrote %s\n", path.c_str());

  // A few pixels by a plain loop over their window.
  double worst = 0;
  for (const index_t pixel : {index_t{0}, index_t{size - 1}, 40 * index_t{size} + 70, pixels - 1}) {
    std::vector<index_t> seen;
    for (index_t j = 0; j < pixels; ++j)
      if (near.allows({0, 0, pixel, j, pixel, j})) seen.push_back(j);
    const double root = std::sqrt(static_cast<double>(patch)); // plain::attend divides by it
    const auto at = [&](index_t j) { return seen[static_cast<std::size_t>(j)]; };
    const auto exact = plain::attend(
        keys.data() + pixel * patch, patch, 3, static_cast<index_t>(seen.size()),
        [&](index_t j) { return keys.data() + at(j) * patch; }, [&](index_t j) { return noisy.rgb.data() + at(j) * 3; },
        [&](double x, index_t j) {
          return 2 * static_cast<double>(per_square) * root * x +
                 static_cast<double>(bias[static_cast<std::size_t>(at(j))]);
        });
    worst = plain::furthest(worst, exact, after.rgb.data() + pixel * 3);
  }
  return after_db > before_db + 6 ? plain::verdict("denoise", worst) : plain::verdict("denoise", 1);
}
