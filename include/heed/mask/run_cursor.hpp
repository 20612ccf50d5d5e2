// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Writing and reading runs: what the masks and their combinations share.
#include <heed/concepts.hpp>

namespace heed {

/// Positions that a mask may be asked about; interval ends beyond them mean "unlimited". Sums of two still fit.
inline constexpr range all_positions{-(index_t{1} << 61), index_t{1} << 61};

HEED_INLINE constexpr bool holds(range r, index_t x) noexcept { return x >= r.begin && x < r.end; }

/// Writes runs into the buffer that a mask was given: clips them to the tile's keys, joins touching runs of equal
/// coverage, and stops when the buffer is full.
///
/// Requires  runs are put in ascending order, disjoint
/// Laws      after put has said false nothing more is written
struct run_writer {
  std::span<key_run> out;
  range clip;
  index_t n = 0;

  /// False: the buffer is full and this run was dropped.
  [[nodiscard]] HEED_INLINE bool put(range r, coverage cover) noexcept {
    r = meet(r, clip);
    if (r.empty() || cover == coverage::none) return true;
    if (n > 0) {
      key_run& last = out[static_cast<std::size_t>(n - 1)];
      if (last.k.end == r.begin && last.cover == cover) {
        last.k.end = r.end;
        return true;
      }
    }
    if (n == static_cast<index_t>(out.size())) return false;
    out[static_cast<std::size_t>(n++)] = {r, cover};
    return true;
  }
  /// A stretch that some see, of which `every` is what all see.
  [[nodiscard]] HEED_INLINE bool put(range some, range every) noexcept {
    every = meet(every, some);
    if (every.empty()) return put(some, coverage::partial);
    return put({some.begin, every.begin}, coverage::partial) && put(every, coverage::full) &&
           put({every.end, some.end}, coverage::partial);
  }
};

/// Reads the runs of a mask one after the other, however many there are, through a small buffer.
///
/// Cost      one call of runs per `capacity` runs; no memory beyond the object
template <class Mask> class run_cursor {
public:
  static constexpr index_t capacity = 8;

  HEED_INLINE run_cursor(const Mask& m, const tile& t) noexcept : mask_(&m), tile_(t) { refill(); }

  /// The coverage at position p; `end` is lowered to where it may change. p must not descend between calls.
  [[nodiscard]] HEED_INLINE coverage at(index_t p, index_t& end) noexcept {
    while (i_ < n_ && buffer_[i_].k.end <= p)
      if (++i_ == n_ && n_ == capacity) {
        tile_.k.begin = greater(buffer_[n_ - 1].k.end, p);
        refill();
      }
    if (i_ == n_) return coverage::none;
    const key_run& r = buffer_[i_];
    if (r.k.begin > p) {
      end = lesser(end, r.k.begin);
      return coverage::none;
    }
    end = lesser(end, r.k.end);
    return r.cover;
  }

private:
  HEED_INLINE void refill() noexcept {
    i_ = 0;
    n_ = tile_.k.empty() ? 0 : mask_->runs(tile_, std::span<key_run>(buffer_, capacity));
  }

  const Mask* mask_;
  tile tile_;
  key_run buffer_[capacity];
  index_t n_ = 0, i_ = 0;
};

} // namespace heed
