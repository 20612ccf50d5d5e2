// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// What a kernel must not touch: dead slots, memory beside its rows, the alignment of its caller.
#include <attention/sample.hpp>

#include <heed/kv/biased.hpp>
#include <heed/kv/paged.hpp>
#include <heed/mask/bit_matrix.hpp>
#include <heed/mask/causal.hpp>
#include <heed/mask/full.hpp>
#include <heed/mask/sliding_window.hpp>

#include <support/guarded_buffer.hpp>

namespace {
using namespace heed;
using namespace heed::test;
constexpr float nan_f = std::numeric_limits<float>::quiet_NaN(), inf_f = std::numeric_limits<float>::infinity();

/// Prefill and decode, one panel and several, one block of keys and several.
struct size {
  index_t rows, keys;
};
const std::vector<size> sizes{{1, 70}, {2, 300}, {4, 9}, {33, 97}, {70, 200}};

template <class T> erased_source<T> from(const sample<T>& s) { return erased_source<T>(s.kv()); }

void poison(std::vector<float>& rows, index_t row, index_t width, float with) {
  std::fill_n(rows.begin() + row * width, width, with);
}

TEST(attention_robustness, a_poisoned_slot_reaches_exactly_the_rows_that_see_it) {
  for (const auto& [rows, keys] : sizes)
    for (const auto& m : {erased_mask(causal{}), erased_mask(sliding_window{20, 2})}) {
      const sample<> s(1, {rows}, {keys}, 2, 3, 20, 18);
      const auto clean = s.run_from(from(s), m);
      for (const index_t slot : {index_t{0}, keys / 2, keys - 3, keys - 1}) {
        // A value: one number of one head. A key: all of the row.
        sample<> bad_value = s, bad_key = s;
        bad_value.v[place((slot * 2 + 1) * 18 + 17)] = nan_f;
        bad_key.k[place((slot * 2 + 1) * 20 + 19)] = nan_f;
        const auto value = bad_value.run_from(from(bad_value), m), key = bad_key.run_from(from(bad_key), m);
        for (index_t r = 0; r < rows; ++r)
          for (index_t h = 0; h < 6; ++h) {
            const bool reads = h / 3 == 1 && m.allows({0, h, keys - rows + r, slot, r, slot});
            const std::size_t row = place(r * 6 + h);
            EXPECT_EQ(std::isnan(key.lse[row]), reads);
            EXPECT_EQ(value.lse[row], clean.lse[row]);
            for (std::size_t d = 0; d < 18; ++d) {
              const std::size_t i = row * 18 + d;
              EXPECT_EQ(std::isnan(value.o[i]), reads && d == 17) << "value, row " << r << " head " << h;
              EXPECT_EQ(std::isnan(key.o[i]), reads) << "key, row " << r << " head " << h;
              if (!reads) {
                EXPECT_EQ(key.o[i], clean.o[i]);
              }
              if (!reads || d != 17) {
                EXPECT_EQ(value.o[i], clean.o[i]);
              }
            }
          }
      }
    }
}

TEST(attention_robustness, dead_slots_never_enter_whatever_they_hold) {
  for (const size& n : sizes) {
    const index_t rows = n.rows, keys = n.keys;
    const sample<> s(2, {rows}, {keys}, 1, 2, 24, 16);
    // Every fourth slot is evicted by its bias, and the window hides the first ones from all rows.
    const erased_mask window(sliding_window{keys / 2, 0});
    std::vector<float> bias(place(keys), 0.f);
    for (index_t i = 0; i < keys; i += 4) bias[place(i)] = -inf_f;
    const auto source = [&](const sample<>& x) {
      return erased_source<float>(biased(x.kv(), tensor_view<const float, 3>(view(bias.data(), 1, 1, keys))));
    };
    const auto clean = s.run_from(source(s), window);
    expect_within(s, clean, s.exact_from(source(s), window));
    for (const float with : {nan_f, -nan_f, inf_f, -inf_f}) {
      sample<> bad = s;
      for (index_t i = 0; i < keys; ++i) {
        const bool seen = keys - 1 - i <= keys / 2 || (rows > 1 && keys - rows - i <= keys / 2);
        if (i % 4 != 0 && seen) continue;
        poison(bad.k, i, 24, with);
        poison(bad.v, i, 16, with);
      }
      EXPECT_TRUE(bad.run_from(source(bad), window) == clean) << rows << " rows, poison " << with;
    }
  }
}

TEST(attention_robustness, pages_that_are_holes_are_not_read) {
  const index_t rows = 40, keys = 128, page = 16;
  const sample<> s(3, {rows}, {keys}, 2, 2, 16, 16);
  std::vector<index_t> ids{0, 1, -1, 3, 4, -1, -1, 7}, offsets{0, 8}, last{16};
  const auto source = [&](const sample<>& x) {
    return erased_source<float>(
        paged(view(x.k.data(), 8, page, 2, 16), view(x.v.data(), 8, page, 2, 16), page_table{offsets, ids, last}));
  };
  const auto clean = s.run_from(source(s), erased_mask(causal{}));
  expect_within(s, clean, s.exact_from(source(s), causal{}));
  sample<> bad = s;
  for (index_t i = 0; i < keys; ++i)
    if (ids[place(i / page)] < 0) {
      poison(bad.k, i, 2 * 16, nan_f);
      poison(bad.v, i, 2 * 16, nan_f);
    }
  EXPECT_TRUE(bad.run_from(source(bad), erased_mask(causal{})) == clean);
}

TEST(attention_robustness, rows_without_keys_give_zeros_and_minus_infinity) {
  // Rows take turns: nothing, only the last key, only the first; the first blocks of a tile are empty for most.
  for (const size& n : sizes) {
    const index_t rows = n.rows, keys = n.keys;
    const sample<> s(4, {rows}, {keys}, 2, 2, 16, 16);
    std::vector<std::uint8_t> bits(place((rows * keys + 7) / 8), 0);
    const auto set = [&](index_t bit) {
      bits[place(bit / 8)] = static_cast<std::uint8_t>(bits[place(bit / 8)] | (1u << (bit % 8)));
    };
    for (index_t r = 0; r < rows; ++r)
      if (r % 3 != 0) set(r * keys + (r % 3 == 1 ? keys - 1 : 0));
    const std::vector<index_t> columns{keys};
    const erased_mask m(bit_matrix{bits, columns, {}});
    const auto got = s.run_from(from(s), m);
    expect_within(s, got, s.exact(m));
    for (index_t i = 0; i < rows * 4; ++i) {
      if (i / 4 % 3 != 0) continue;
      EXPECT_EQ(got.lse[place(i)], -inf_f);
      for (index_t d = 0; d < 16; ++d) EXPECT_EQ(got.o[place(i * 16 + d)], 0.f);
    }
  }
}

/// Everything between protected pages, at one end and at the other.
template <class T> void expect_stays_inside(const size& n, index_t key_dim, index_t value_dim) {
  const sample<T> s(5, {n.rows}, {n.keys}, 2, 2, key_dim, value_dim);
  const auto plain = s.run_from(from(s), erased_mask(causal{}));
  for (const guard side : {guard::after, guard::before}) {
    guarded_buffer<T> q(s.q, side), k(s.k, side), v(s.v, side), o(static_cast<index_t>(plain.o.size()), side);
    guarded_buffer<accum_t<T>> logs(static_cast<index_t>(plain.lse.size()), side);
    const auto kv = contiguous(view(k.data(), n.keys, 2, key_dim), view(v.data(), n.keys, 2, value_dim));
    attend(sequential{}, ragged(view(q.data(), n.rows, 4, key_dim), s.offsets), erased_source<T>(kv),
           ragged(view(o.data(), n.rows, 4, value_dim), s.offsets), erased_mask(causal{}),
           lse(view(logs.data(), n.rows, 4)));
    EXPECT_TRUE(same_bits(std::vector<T>(o.begin(), o.end()), plain.o)) << key_dim << "/" << value_dim;
    EXPECT_TRUE(same_bits(std::vector<accum_t<T>>(logs.begin(), logs.end()), plain.lse));
  }
}
TEST(attention_robustness, buffers_may_end_at_a_protected_page) {
  for (const size& n : {size{1, 1}, size{1, 67}, size{2, 130}, size{17, 31}, size{50, 97}})
    for (const auto& [dk, dv] :
         {std::pair<index_t, index_t>{1, 1}, {3, 2}, {15, 17}, {16, 16}, {31, 33}, {64, 80}, {129, 65}}) {
      expect_stays_inside<float>(n, dk, dv);
      expect_stays_inside<bf16>(n, dk, dv);
      expect_stays_inside<f16>(n, dk, dv);
    }
}

TEST(attention_robustness, misaligned_bases_change_no_bit) {
  for (const auto& [rows, keys] : sizes) {
    const sample<> s(6, {rows}, {keys}, 2, 2, 17, 23);
    const auto plain = s.run_from(from(s), erased_mask(causal{}));
    for (index_t off = 1; off < 16; ++off) {
      const auto moved = [&](const std::vector<float>& x, index_t by) {
        misaligned_buffer<float> b(static_cast<index_t>(x.size()), by % 16);
        std::copy(x.begin(), x.end(), b.data());
        return b;
      };
      auto q = moved(s.q, off), k = moved(s.k, 3 * off), v = moved(s.v, 5 * off), o = moved(plain.o, 7 * off),
           logs = moved(plain.lse, 11 * off);
      std::fill_n(o.data(), plain.o.size(), 9.f);
      const auto kv = contiguous(view(k.data(), keys, 2, 17), view(v.data(), keys, 2, 23));
      attend(sequential{}, ragged(view(q.data(), rows, 4, 17), s.offsets), erased_source<float>(kv),
             ragged(view(o.data(), rows, 4, 23), s.offsets), erased_mask(causal{}), lse(view(logs.data(), rows, 4)));
      EXPECT_EQ(std::memcmp(o.data(), plain.o.data(), plain.o.size() * sizeof(float)), 0) << "offset " << off;
      EXPECT_EQ(std::memcmp(logs.data(), plain.lse.data(), plain.lse.size() * sizeof(float)), 0);
    }
  }
}
} // namespace
