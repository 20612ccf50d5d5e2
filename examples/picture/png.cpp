// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "png.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>

namespace picture {
namespace {

using bytes = std::vector<std::uint8_t>;

void put_32(bytes& to, std::uint32_t x) {
  for (int shift = 24; shift >= 0; shift -= 8) to.push_back(static_cast<std::uint8_t>(x >> shift));
}

/// The checksum of a chunk (ISO 3309, as PNG wants it).
std::uint32_t crc(const bytes& x, std::size_t from) {
  std::uint32_t c = 0xffffffffu;
  for (std::size_t i = from; i < x.size(); ++i) {
    c ^= x[i];
    for (int bit = 0; bit < 8; ++bit) c = (c & 1u) != 0 ? 0xedb88320u ^ (c >> 1) : c >> 1;
  }
  return c ^ 0xffffffffu;
}
void put_chunk(bytes& to, const std::array<char, 4>& type, const bytes& data) {
  put_32(to, static_cast<std::uint32_t>(data.size()));
  const std::size_t start = to.size();
  for (const char c : type) to.push_back(static_cast<std::uint8_t>(c));
  to.insert(to.end(), data.begin(), data.end());
  put_32(to, crc(to, start));
}

/// A zlib stream of stored blocks.
bytes stored(const bytes& data) {
  bytes z{0x78, 0x01};
  constexpr std::size_t most = 65535;
  for (std::size_t i = 0; i < data.size() || i == 0; i += most) {
    const std::size_t n = std::min(most, data.size() - i);
    z.push_back(i + n == data.size() ? 1 : 0);
    for (const std::size_t length : {n, n ^ 0xffffu}) {
      z.push_back(static_cast<std::uint8_t>(length & 0xffu));
      z.push_back(static_cast<std::uint8_t>(length >> 8));
    }
    z.insert(z.end(), data.begin() + static_cast<std::ptrdiff_t>(i), data.begin() + static_cast<std::ptrdiff_t>(i + n));
  }
  std::uint32_t a = 1, b = 0; // Adler-32
  for (const std::uint8_t x : data) {
    a = (a + x) % 65521;
    b = (b + a) % 65521;
  }
  put_32(z, b << 16 | a);
  return z;
}

} // namespace

image beside(const std::vector<image>& pictures, int gap) {
  image all;
  for (const image& p : pictures) {
    all.width += p.width + (all.width > 0 ? gap : 0);
    all.height = std::max(all.height, p.height);
  }
  all.rgb.assign(static_cast<std::size_t>(all.width) * static_cast<std::size_t>(all.height) * 3, 1.f);
  int left = 0;
  for (const image& p : pictures) {
    for (int y = 0; y < p.height; ++y)
      std::copy_n(p.rgb.begin() + static_cast<std::ptrdiff_t>(y) * p.width * 3, p.width * 3,
                  all.rgb.begin() + (static_cast<std::ptrdiff_t>(y) * all.width + left) * 3);
    left += p.width + gap;
  }
  return all;
}

bool write_png(const std::string& path, const image& x) {
  bytes rows;
  for (int y = 0; y < x.height; ++y) {
    rows.push_back(0); // filter: none
    for (int i = 0; i < 3 * x.width; ++i) {
      const float v = x.rgb[static_cast<std::size_t>(y * 3 * x.width + i)];
      rows.push_back(static_cast<std::uint8_t>(std::clamp(std::lround(v * 255.f), 0l, 255l)));
    }
  }
  bytes file{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'}, header;
  put_32(header, static_cast<std::uint32_t>(x.width));
  put_32(header, static_cast<std::uint32_t>(x.height));
  header.insert(header.end(), {8, 2, 0, 0, 0}); // 8 bits, red green blue
  put_chunk(file, {'I', 'H', 'D', 'R'}, header);
  put_chunk(file, {'I', 'D', 'A', 'T'}, stored(rows));
  put_chunk(file, {'I', 'E', 'N', 'D'}, {});
  std::FILE* const f = std::fopen(path.c_str(), "wb");
  if (f == nullptr) return false;
  const bool written = std::fwrite(file.data(), 1, file.size(), f) == file.size();
  return (std::fclose(f) == 0) && written;
}

double peak_signal_to_noise(const image& x, const image& clean) {
  double sum = 0;
  for (std::size_t i = 0; i < x.rgb.size(); ++i) {
    const double d = static_cast<double>(x.rgb[i]) - static_cast<double>(clean.rgb[i]);
    sum += d * d;
  }
  return -10 * std::log10(sum / static_cast<double>(x.rgb.size()));
}

} // namespace picture
