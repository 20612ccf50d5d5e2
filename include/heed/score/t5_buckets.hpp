// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// T5's buckets of relative positions, and the table by distance that relative_bias reads.
#include <heed/problem/call_extents.hpp>
#include <heed/view/tensor_view.hpp>

namespace heed {

/// Which side of a query its keys stand on: decoders see the past, encoders both sides.
enum class bucket_sides : unsigned char { past, both };

/// Distances below half of a side's buckets have a bucket each, the others share in powers up to max_distance.
///
/// Requires  buckets >= 2 (both: >= 4, even), max_distance > half the buckets of a side; else errc::bad_value
/// Source    Raffel et al. 2020 (T5), section 2.1 and the released code, which takes the logarithm in float
struct t5_buckets {
  index_t buckets = 32, max_distance = 128;
  bucket_sides sides = bucket_sides::past;

  /// The bucket of distance q - k.
  [[nodiscard]] HEED_INLINE index_t of(index_t distance) const noexcept {
    const index_t side = side_buckets(), exact = side / 2;
    const bool after = distance < 0; // the key stands after the query
    const index_t first = after && sides == bucket_sides::both ? side : 0;
    const index_t n = !after ? distance : sides == bucket_sides::both ? -distance : 0;
    if (n < exact) return first + n;
    if (n >= max_distance) return first + side - 1;
    const float span =
        static_cast<float>(__builtin_log(static_cast<double>(max_distance) / static_cast<double>(exact)));
    const float part = __builtin_logf(static_cast<float>(n) / static_cast<float>(exact)) / span;
    return first + lesser(exact + static_cast<index_t>(part * static_cast<float>(side - exact)), side - 1);
  }

  /// Writes the table of relative_bias: out[head][d + max_distance] = by_bucket[of(d)][head].
  /// Shapes    by_bucket: [buckets][heads], as checkpoints store it; out: [heads][2 max_distance + 1]
  template <element T>
  [[nodiscard]] HEED_INLINE failure expand(tensor_view<const T, 2> by_bucket, tensor_view<T, 2> out) const noexcept {
    if (const failure f = check()) return f;
    if (const failure f = detail::check_view("by_bucket", by_bucket)) return f;
    if (const failure f = detail::check_view("out", out)) return f;
    if (by_bucket.extent(0) != buckets)
      return {errc::bad_extent, "by_bucket", "number of rows", by_bucket.extent(0), "but buckets is", buckets};
    if (out.extent(0) != by_bucket.extent(1))
      return {errc::bad_extent, "out", "number of rows", out.extent(0), "but the heads are", by_bucket.extent(1)};
    if (out.extent(1) != 2 * max_distance + 1)
      return {errc::bad_extent, "out", "number of columns", out.extent(1), "must be", 2 * max_distance + 1};
    for (index_t column = 0; column < out.extent(1); ++column) {
      const index_t bucket = of(column - max_distance);
      for (index_t head = 0; head < out.extent(0); ++head) out(head, column) = by_bucket(bucket, head);
    }
    return {};
  }

  [[nodiscard]] HEED_INLINE failure check() const noexcept {
    const bool both = sides == bucket_sides::both;
    constexpr index_t most_buckets = index_t{1} << 20, most_distance = index_t{1} << 40;
    if (buckets > most_buckets) return {errc::bad_value, "t5_buckets", "buckets", buckets, "the most is", most_buckets};
    if (max_distance > most_distance)
      return {errc::bad_value, "t5_buckets", "max_distance", max_distance, "the most is", most_distance};
    if (buckets < (both ? 4 : 2) || (both && buckets % 2 != 0))
      return {errc::bad_value, "t5_buckets", "buckets", buckets, both ? "must be even and at least" : "the least is",
              both ? 4 : 2};
    if (max_distance <= side_buckets() / 2)
      return {errc::bad_value, "t5_buckets", "max_distance", max_distance, "must be above", side_buckets() / 2};
    return {};
  }

private:
  HEED_INLINE index_t side_buckets() const noexcept { return sides == bucket_sides::both ? buckets / 2 : buckets; }
};

} // namespace heed
