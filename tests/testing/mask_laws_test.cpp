// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/mask/causal.hpp>
#include <heed/testing/mask_laws.hpp>

#include <gtest/gtest.h>

namespace heed::test {
namespace {

/// Causal, to be broken in one place each.
struct honest {
  bool allows(cell at) const noexcept { return at.k <= at.q; }
  index_t runs(const tile& t, std::span<key_run> out) const noexcept { return causal{}.runs(t, out); }
};

struct honest_and_tight : honest {
  static constexpr bool tight = true;
};

template <mask M> std::string broken_law(const M& m) {
  return testing::check_mask(m, {.rows = {66, 130}, .seen = {131, 200}, .q_heads = 4, .kv_heads = 2}).broken;
}
#define EXPECT_BREAKS(m, law) EXPECT_EQ(broken_law(m).substr(0, sizeof(law) - 1), law)

TEST(testing_mask_laws, find_nothing_in_an_honest_mask) {
  EXPECT_EQ(broken_law(honest{}), "");
  EXPECT_EQ(broken_law(causal{}), "");
}
TEST(testing_mask_laws, find_a_key_outside_the_runs) {
  struct short_by_one : honest {
    index_t runs(const tile& t, std::span<key_run> out) const noexcept {
      tile less = t;
      less.k.begin = t.k.begin == 0 ? 1 : t.k.begin;
      return causal{}.runs(less, out);
    }
  };
  EXPECT_BREAKS(short_by_one{}, "outside the runs a cell is allowed at key 0;");
}
TEST(testing_mask_laws, find_a_full_run_that_is_not) {
  struct too_full : honest {
    index_t runs(const tile& t, std::span<key_run> out) const noexcept {
      run_writer w{out, t.k};
      static_cast<void>(w.put({t.k.begin, t.q_hull.end}, coverage::full));
      return w.n;
    }
  };
  EXPECT_BREAKS(too_full{}, "in a full run a cell is not allowed at key");
}
TEST(testing_mask_laws, find_runs_that_leave_the_tile) {
  struct unclipped : honest {
    index_t runs(const tile& t, std::span<key_run> out) const noexcept {
      run_writer w{out, {t.k.begin, t.q_hull.end}};
      static_cast<void>(w.put({0, t.q_hull.end}, coverage::partial));
      return w.n;
    }
  };
  EXPECT_BREAKS(unclipped{}, "a run ends behind the tile's keys at");
  struct starts_early : honest {
    index_t runs(const tile& t, std::span<key_run> out) const noexcept {
      run_writer w{out, {0, t.k.end}};
      static_cast<void>(w.put({0, t.q_hull.end}, coverage::partial));
      return w.n;
    }
  };
  EXPECT_BREAKS(starts_early{}, "runs overlap, descend or begin before the tile's keys at");
  struct empty_run : honest {
    index_t runs(const tile& t, std::span<key_run> out) const noexcept {
      out[0] = {{t.k.begin, t.k.begin}, coverage::partial};
      return 1;
    }
  };
  EXPECT_BREAKS(empty_run{}, "a run is empty or covers nothing at");
}
TEST(testing_mask_laws, find_runs_that_depend_on_the_buffer) {
  struct forgets_the_rest : honest {
    index_t runs(const tile& t, std::span<key_run> out) const noexcept {
      const index_t n = causal{}.runs(t, out);
      return out.size() == 1 && t.k.begin > 0 && n > 0 && out[0].cover == coverage::partial ? 0 : n;
    }
  };
  EXPECT_BREAKS(forgets_the_rest{}, "runs differ between buffers of 40 and 1;");
  struct writes_behind : honest {
    index_t runs(const tile& t, std::span<key_run> out) const noexcept {
      out.data()[out.size()] = {{0, 0}, coverage::none};
      return causal{}.runs(t, out);
    }
  };
  EXPECT_BREAKS(writes_behind{}, "runs writes behind its buffer of");
  struct counts_too_many : honest {
    index_t runs(const tile&, std::span<key_run> out) const noexcept { return static_cast<index_t>(out.size()) + 1; }
  };
  EXPECT_BREAKS(counts_too_many{}, "runs answers with a count that its buffer does not hold: 41;");
}
TEST(testing_mask_laws, find_bits_that_differ) {
  struct one_row_off : honest {
    void bits(const tile& t, std::span<const index_t> k, std::span<const index_t> slots,
              std::span<std::uint64_t> rows) const noexcept {
      causal{}.bits(t, k, slots, rows);
      for (std::uint64_t& r : rows) r <<= 1;
    }
  };
  EXPECT_BREAKS(one_row_off{}, "bits differ from allows at key");
}
TEST(testing_mask_laws, find_claims_of_tightness_that_do_not_hold) {
  struct all_partial : honest_and_tight {
    index_t runs(const tile& t, std::span<key_run> out) const noexcept {
      run_writer w{out, t.k};
      static_cast<void>(w.put({t.k.begin, t.q_hull.end}, coverage::partial));
      return w.n;
    }
  };
  EXPECT_BREAKS(all_partial{}, "tight, but not full where every row sees the key:");
  struct one_key_more : honest_and_tight {
    index_t runs(const tile& t, std::span<key_run> out) const noexcept {
      run_writer w{out, t.k};
      static_cast<void>(w.put(range{t.k.begin, t.q_hull.end + 1}, range{t.k.begin, t.q_hull.begin + 1}));
      return w.n;
    }
  };
  EXPECT_BREAKS(one_key_more{}, "tight, but a run holds a key that no row sees:");
  struct looks_at_slots : causal {
    void bits(const tile& t, std::span<const index_t>, std::span<const index_t> slots,
              std::span<std::uint64_t> rows) const noexcept {
      causal::bits(t, slots, slots, rows);
    }
  };
  EXPECT_BREAKS(looks_at_slots{}, "bits differ from allows at key");
}
TEST(testing_mask_laws, find_heads_that_are_not_alike) {
  struct says_alike : honest {
    bool allows(cell at) const noexcept { return at.k <= at.q - at.head; }
    index_t runs(const tile& t, std::span<key_run> out) const noexcept {
      run_writer w{out, t.k};
      static_cast<void>(w.put({t.k.begin, t.q_hull.end}, coverage::partial));
      return w.n;
    }
  };
  EXPECT_BREAKS(says_alike{}, "alike, but heads differ at key");
  struct never_alike : honest {
    bool alike(range) const noexcept { return false; }
  };
  EXPECT_BREAKS(never_alike{}, "alike is false for one head alone:");
}

struct halves : honest {
  index_t query_tiles(index_t, index_t rows, index_t capacity) const noexcept {
    return (rows + capacity - 1) / capacity;
  }
  index_t query_tile(index_t, index_t rows, index_t capacity, index_t i, std::span<index_t> out) const noexcept {
    index_t n = 0;
    for (index_t r = i * capacity; r < rows && n < capacity; ++r) out[static_cast<std::size_t>(n++)] = r;
    return n;
  }
};
TEST(testing_mask_laws, find_tiles_that_are_no_partition) {
  EXPECT_EQ(broken_law(halves{}), "");
  struct loses_the_last : halves {
    index_t query_tiles(index_t seq, index_t rows, index_t capacity) const noexcept {
      return halves::query_tiles(seq, rows, capacity) - 1;
    }
  };
  EXPECT_BREAKS(loses_the_last{}, "the query tiles are no partition: not once in them is row 65;");
  struct repeats : halves {
    index_t query_tiles(index_t seq, index_t rows, index_t capacity) const noexcept {
      return halves::query_tiles(seq, rows, capacity) + 1;
    }
    index_t query_tile(index_t seq, index_t rows, index_t capacity, index_t i, std::span<index_t> out) const noexcept {
      return halves::query_tile(seq, rows, capacity, i == query_tiles(seq, rows, capacity) - 1 ? 0 : i, out);
    }
  };
  EXPECT_BREAKS(repeats{}, "the query tiles are no partition: not once in them is row 0;");
  struct descends : halves {
    index_t query_tile(index_t seq, index_t rows, index_t capacity, index_t i, std::span<index_t> out) const noexcept {
      const index_t n = halves::query_tile(seq, rows, capacity, i, out);
      if (n > 1) std::swap(out[0], out[1]);
      return n;
    }
  };
  EXPECT_BREAKS(descends{}, "the rows of a query_tile do not ascend");
  struct invents : halves {
    index_t query_tile(index_t, index_t rows, index_t, index_t, std::span<index_t> out) const noexcept {
      out[0] = rows;
      return 1;
    }
  };
  EXPECT_BREAKS(invents{}, "query_tile names a row that is not there 66;");
  struct overflows : halves {
    index_t query_tile(index_t, index_t, index_t capacity, index_t, std::span<index_t>) const noexcept {
      return capacity + 1;
    }
  };
  EXPECT_BREAKS(overflows{}, "query_tile writes more rows than its capacity");
}
TEST(testing_mask_laws, name_seed_sequence_heads_keys_rows_and_positions) {
  struct none : honest {
    index_t runs(const tile&, std::span<key_run>) const noexcept { return 0; }
  };
  const auto report = testing::check_mask(none{}, {.rows = {2}, .seen = {5}, .seed = 77});
  EXPECT_TRUE(report);
  EXPECT_EQ(
      report.broken,
      "outside the runs a cell is allowed at key 0; seed 77, sequence 0, heads [0, 1), keys [0, 5), rows 0, at 3");
}
} // namespace
} // namespace heed::test
