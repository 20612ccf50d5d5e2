// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Which tokens a head of a source holds.
#include <heed/concepts.hpp>

#include <vector>

namespace llama {

/// Their positions, slot by slot.
template <class Source>
[[nodiscard]] std::vector<heed::index_t> positions_in(const Source& kv, heed::index_t sequence, heed::index_t kv_head) {
  std::vector<heed::index_t> out;
  for (heed::index_t slot = 0; slot < kv.slots(sequence, kv_head);) {
    const heed::kv_rows r = kv.rows(sequence, kv_head, {slot, kv.slots(sequence, kv_head)});
    for (heed::index_t i = 0; i < r.count; ++i) out.push_back(r.positions != nullptr ? r.positions[i] : r.first + i);
    slot += r.count;
  }
  return out;
}

} // namespace llama
