// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Tables of random numbers: what a source lets pass stays inside its buffers (protected pages end the program
// otherwise) and is lawful.
#include <heed/kv/biased.hpp>
#include <heed/kv/contiguous.hpp>
#include <heed/kv/gathered.hpp>
#include <heed/kv/paged.hpp>
#include <heed/kv/ragged_heads.hpp>
#include <heed/kv/sink_ring.hpp>

#include <kv/source_probe.hpp>
#include <support/guarded_buffer.hpp>

#include <random>

namespace heed {
namespace {

using list = std::vector<int>;

class hostile {
public:
  explicit hostile(unsigned seed) : gen_(seed) {}
  int number(int least, int most) { return std::uniform_int_distribution<int>(least, most)(gen_); }
  bool chance(int one_in) { return number(1, one_in) == 1; }
  /// n numbers, rarely one too many or too few.
  list numbers(int n, int least, int most) {
    if (chance(12)) n += number(-1, 1);
    list x;
    for (int i = 0; i < n; ++i) x.push_back(number(least, most));
    return x;
  }
  /// count + 1 offsets, mostly ascending from 0.
  list offsets(int count, int most_step) {
    list x{chance(10) ? number(-1, 2) : 0};
    for (int i = 0; i < count; ++i) x.push_back(x.back() + number(chance(10) ? -1 : 0, most_step));
    return x;
  }
  std::vector<index_t> positions(index_t n, int most) {
    std::vector<index_t> x;
    index_t last = -1;
    for (index_t i = 0; i < n; ++i) x.push_back(last = chance(40) ? number(-1, most) : last + number(1, 3));
    return x;
  }

private:
  std::mt19937 gen_;
};

struct tally {
  int passed = 0, refused = 0;
  /// unique: whether the tables can name a slot twice, which no check refuses.
  template <class K> void judge(const K& kv, bool unique = true) {
    if (kv.check()) {
      ++refused;
      return;
    }
    ++passed;
    ASSERT_GE(test::read_all(kv), 0);
    if (unique) test::expect_lawful(kv);
  }
};

TEST(kv_hostile_tables, contiguous_stays_inside) {
  const test::guarded_buffer<float> k(6 * 2 * 3), v(6 * 2 * 5, test::guard::before);
  tally t;
  for (unsigned seed = 0; seed < 3000; ++seed) {
    hostile h(seed);
    const int sequences = h.number(0, 3);
    const list offsets = h.offsets(sequences, 4), lengths = h.numbers(sequences, -1, 4),
               seen = h.numbers(sequences, 0, 30);
    const auto positions = h.positions(6 - h.number(0, 1), 12);
    contiguous_layout l;
    l.offsets = offsets;
    if (h.chance(2)) l.lengths = lengths;
    if (h.chance(2)) l.positions = positions;
    if (h.chance(2)) l.seen = seen;
    t.judge(contiguous(view(k.data(), 6, 2, 3), view(v.data(), 6, 2, 5), l));
    l.offsets = {};
    t.judge(contiguous(view(k.data(), 3, 2, 2, 3), view(v.data(), 3, 2, 2, 5), l));
  }
  EXPECT_GT(t.passed, 500);
  EXPECT_GT(t.refused, 500);
}

TEST(kv_hostile_tables, paged_stays_inside) {
  tally t;
  for (unsigned seed = 0; seed < 4000; ++seed) {
    hostile h(seed);
    const int page = h.number(1, 4), pages = h.number(0, 5), sequences = h.number(0, 3), form = h.number(0, 3);
    const bool per_head = form > 1, one = per_head && h.chance(2);
    const index_t stored = one ? 1 : 2;
    const test::guarded_buffer<float> k(pages * page * stored * 3), v(pages * page * stored, test::guard::before);
    const int lists = per_head ? 2 * sequences : sequences;
    const list offsets = h.offsets(lists, 2),
               ids = h.numbers(offsets.back() < 0 ? 0 : offsets.back(), -1 - (h.chance(20) ? 1 : 0),
                               pages - (h.chance(6) ? 0 : 1));
    const int max_pages = h.number(0, 3);
    const list dense = h.numbers(lists * max_pages, -1, pages - 1),
               lengths = h.numbers(lists, form == 0 ? 1 : 0, page * (form == 1 ? max_pages : 1));
    const list seen = h.numbers(sequences, 10, 60);
    const auto positions = h.positions(pages * page, 20);
    paged_slots slots;
    if (h.chance(3)) slots.positions = positions;
    if (h.chance(2)) slots.seen = seen;
    const auto kp = view(k.data(), pages, page, stored, 3);
    const auto vp = view(v.data(), pages, stored, page, 1).swapped(1, 2);
    if (form == 0) t.judge(paged(kp, vp, page_table{offsets, ids, lengths}, slots));
    if (form == 1) t.judge(paged(kp, vp, block_table{dense, max_pages, lengths}, slots));
    if (form == 2) t.judge(paged(kp, vp, head_page_table{2, offsets, ids, 0, lengths}, slots));
    if (form == 3) t.judge(paged(kp, vp, head_page_table{2, {}, dense, max_pages, lengths}, slots));
  }
  EXPECT_GT(t.passed, 500);
  EXPECT_GT(t.refused, 500);
}

TEST(kv_hostile_tables, ragged_heads_and_rings_stay_inside) {
  const test::guarded_buffer<float> k(12 * 3), v(12 * 2, test::guard::before);
  tally ragged, rings;
  for (unsigned seed = 0; seed < 3000; ++seed) {
    hostile h(seed);
    const int sequences = h.number(0, 2);
    const list offsets = h.offsets(2 * sequences, 4), lengths = h.numbers(2 * sequences, -1, 4),
               seen = h.numbers(sequences, 0, 40);
    const auto positions = h.positions(12 - h.number(0, 1), 20);
    ragged_heads_layout l{.kv_heads = h.chance(20) ? h.number(-1, 3) : 2, .offsets = offsets};
    if (h.chance(2)) l.lengths = lengths;
    if (h.chance(2)) l.positions = positions;
    if (h.chance(2)) l.seen = seen;
    ragged.judge(ragged_heads(view(k.data(), 12, 3), view(v.data(), 12, 2), l));
    rings.judge(sink_ring(view(k.data(), 6, 2, 3), view(v.data(), 6, 2, 2),
                          {.sinks = h.number(-1, 7), .seen = h.number(-1, 30)}));
  }
  EXPECT_GT(ragged.passed, 300);
  EXPECT_GT(ragged.refused, 500);
  EXPECT_GT(rings.passed, 1500);
  EXPECT_GT(rings.refused, 300);
}

TEST(kv_hostile_tables, gathered_and_biased_stay_inside) {
  const test::guarded_buffer<float> k(10 * 2 * 3), v(10 * 2 * 2, test::guard::before);
  tally t, biases;
  for (unsigned seed = 0; seed < 3000; ++seed) {
    hostile h(seed);
    const list base_offsets{0, 4, 10};
    const auto base = contiguous(view(k.data(), 10, 2, 3), view(v.data(), 10, 2, 2), base_offsets);
    const int sequences = h.number(0, 3), per_head = h.number(0, 1), lists = sequences * (per_head + 1);
    const list offsets = h.offsets(lists, 3), from = h.numbers(sequences, h.chance(10) ? -1 : 0, h.chance(10) ? 2 : 1);
    const int width = h.number(0, 3);
    const bool dense = h.chance(2);
    list indices = h.numbers(dense                            ? lists * width
                             : greater(offsets.back(), 0) > 0 ? offsets.back()
                                                              : 0,
                             h.chance(2) ? -1 : 0, h.chance(4) ? 6 : 3);
    const list lengths = h.numbers(lists, h.chance(10) ? -1 : 0, width);
    gather_lists g;
    g.list_per = per_head != 0 ? gather_lists::per::kv_head : gather_lists::per::sequence;
    g.indices = indices;
    if (!dense) g.offsets = offsets;
    g.width = width;
    if (dense) g.lengths = lengths;
    g.base_sequence = from;
    if (h.chance(4)) g.order = slot_order::ascending;
    t.judge(gathered(base, g), g.order == slot_order::ascending);
    const test::guarded_buffer<float> numbers(h.number(16, 21));
    const list starts = h.offsets(4, 6);
    const auto b = biased(
        base, slot_bias{std::span<const float>(numbers.data(), static_cast<std::size_t>(numbers.size())), starts});
    biases.judge(b);
    if (b.check()) continue;
    float sum = 0;
    for (index_t s = 0; s < 2; ++s)
      for (index_t head = 0; head < 2; ++head)
        for (index_t i = 0; i < b.slots(s, head); ++i) sum += b.rows(s, head, {i, i + 1}).bias[0];
    EXPECT_EQ(sum, 0.f);
  }
  EXPECT_GT(t.passed, 500);
  EXPECT_GT(t.refused, 500);
  EXPECT_GT(biases.passed, 0);
  EXPECT_GT(biases.refused, 500);
}

} // namespace
} // namespace heed
