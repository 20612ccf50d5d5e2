// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Which rows are pieces of a prompt: a role of a call, for engines that cut prompts and want the bits of the whole.
#include <heed/problem/call_extents.hpp>
#include <heed/view/footprint.hpp>

namespace heed {

/// Sequences whose rows are pieces of a prompt. However few they are they take the kernel that many rows take, so that
/// with a full or causal mask a prompt has the same bits whole and in pieces of any sizes. Without this role few rows
/// (rows x heads of a group within the plan's few_lanes) take the decode kernel, which is faster and rounds otherwise.
///
/// `prompt_rows{}`: all sequences of the call. `listed(flags)`: those whose flag is not 0; the others are decode steps.
///
/// Shapes    listed: [sequences], the caller's memory, read during the call
/// Requires  a plan that was made with this role; a list has a flag for each sequence, else errc::bad_extent
class prompt_rows {
public:
  HEED_INLINE constexpr prompt_rows() noexcept = default;
  [[nodiscard]] static HEED_INLINE constexpr prompt_rows none() noexcept {
    prompt_rows p;
    p.kind_ = kind::none;
    return p;
  }
  [[nodiscard]] static HEED_INLINE constexpr prompt_rows listed(std::span<const unsigned char> flags) noexcept {
    prompt_rows p;
    p.kind_ = kind::list;
    p.flags_ = flags;
    return p;
  }

  [[nodiscard]] HEED_INLINE bool operator()(index_t seq) const noexcept {
    if (kind_ == kind::list) return flags_[static_cast<std::size_t>(seq)] != 0;
    return kind_ == kind::all;
  }
  [[nodiscard]] HEED_INLINE bool may_name_any() const noexcept { return kind_ != kind::none; }

  [[nodiscard]] HEED_INLINE failure check(const call_extents& e) const noexcept {
    if (kind_ != kind::list || static_cast<index_t>(flags_.size()) == e.sequences) return {};
    return {errc::bad_extent,        "prompt_rows", "size", static_cast<index_t>(flags_.size()),
            "but the sequences are", e.sequences};
  }
  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept {
    return may_share(f, footprint_of(flags_));
  }

private:
  enum class kind : unsigned char { all, none, list };
  kind kind_ = kind::all;
  std::span<const unsigned char> flags_;
};

} // namespace heed
