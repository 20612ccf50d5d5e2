// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/testing/source_laws.hpp>

#include <gtest/gtest.h>

#include <string>

namespace heed {
namespace {

/// A lawful source of 6 slots, each part of which a test may break.
struct breakable {
  using key_format = elements<float>;
  using value_format = elements<float>;
  static constexpr bool values_alias_keys = false;
  enum class fault {
    none,
    negative_slots,
    negative_seen,
    no_heads,
    no_dim,
    count_zero,
    count_too_large,
    no_value,
    changes_with_walk,
    negative_position,
    beyond_seen,
    descends,
    twice,
    locate_low,
    locate_high,
    locate_outside,
    refuses,
    bias_shifts
  };
  fault is = fault::none;
  bool in_order = true;
  static constexpr float data[6] = {};
  static constexpr index_t up[6] = {0, 1, 4, 5, 8, 9}, down[6] = {0, 1, 5, 4, 8, 9}, same[6] = {0, 1, 4, 4, 8, 9},
                           minus[6] = {-1, 1, 4, 5, 8, 9}, far[6] = {0, 1, 4, 5, 8, 10};
  static constexpr float bias[7] = {};

  [[nodiscard]] const index_t* positions() const noexcept {
    if (is == fault::descends) return down;
    if (is == fault::twice) return same;
    if (is == fault::negative_position) return minus;
    return is == fault::beyond_seen ? far : up;
  }
  [[nodiscard]] kv_dims dims() const noexcept {
    return {1, is == fault::no_heads ? 0 : 1, is == fault::no_dim ? 0 : 1, 1, 0};
  }
  [[nodiscard]] key_format keys_as() const noexcept { return {}; }
  [[nodiscard]] value_format values_as() const noexcept { return {}; }
  [[nodiscard]] index_t slots(index_t, index_t) const noexcept { return is == fault::negative_slots ? -1 : 6; }
  [[nodiscard]] index_t seen(index_t) const noexcept { return is == fault::negative_seen ? -1 : 10; }
  [[nodiscard]] bool ordered(index_t, index_t) const noexcept { return in_order; }
  [[nodiscard]] index_t locate(index_t, index_t, index_t position) const noexcept {
    index_t i = 0;
    while (i < 6 && positions()[i] < position) ++i;
    if (is == fault::locate_outside) return 7;
    if (is == fault::locate_low && i > 3) return i - 1;
    if (is == fault::locate_high && i < 3) return i + 1;
    return i;
  }
  [[nodiscard]] kv_rows rows(index_t, index_t, range s) const noexcept {
    kv_rows r;
    r.count = is == fault::count_zero ? 0 : is == fault::count_too_large ? s.size() + 1 : s.size();
    const index_t shift = is == fault::changes_with_walk && s.size() == 1 && s.begin > 0 ? 1 : 0;
    r.key = reinterpret_cast<const std::byte*>(data + s.begin - shift);
    r.value = is == fault::no_value ? nullptr : reinterpret_cast<const std::byte*>(data + s.begin);
    r.key_stride = r.value_stride = sizeof(float);
    r.positions = positions() + s.begin;
    r.bias = bias + s.begin + (is == fault::bias_shifts && s.size() > 1 ? 1 : 0);
    return r;
  }
  [[nodiscard]] failure check(const call_extents&) const noexcept {
    return is == fault::refuses ? failure{errc::bad_value, "kv", "value", 1, "limit", 0} : failure{};
  }
};
static_assert(kv_source<breakable>);

TEST(testing_source_laws, a_lawful_source_passes) {
  EXPECT_FALSE(testing::check_source(breakable{}));
  EXPECT_FALSE(testing::check_source(breakable{.in_order = false}));
}

TEST(testing_source_laws, each_broken_law_is_named) {
  using f = breakable::fault;
  const auto broken = [](f fault, bool in_order = true) {
    const testing::source_report r = testing::check_source(breakable{fault, in_order});
    return std::string(r.broken == nullptr ? "none" : r.broken);
  };
  EXPECT_EQ(broken(f::refuses), "check: a source in use does not refuse itself");
  EXPECT_EQ(broken(f::no_heads), "dims: kv_heads is at least 1");
  EXPECT_EQ(broken(f::no_dim), "dims: key_dim is at least 1");
  EXPECT_EQ(broken(f::negative_slots), "slots: at least 0");
  EXPECT_EQ(broken(f::negative_seen), "seen: at least 0");
  EXPECT_EQ(broken(f::count_zero), "rows: count is at least 1");
  EXPECT_EQ(broken(f::count_too_large), "rows: count is at most the slots asked");
  EXPECT_EQ(broken(f::no_value), "rows: a key comes with a value");
  EXPECT_EQ(broken(f::changes_with_walk), "rows: a slot is the same however the walk is cut");
  EXPECT_EQ(broken(f::bias_shifts), "rows: a slot is the same however the walk is cut");
  EXPECT_EQ(broken(f::negative_position), "positions: at least 0");
  EXPECT_EQ(broken(f::beyond_seen), "positions: below seen");
  EXPECT_EQ(broken(f::descends), "positions: ascend if ordered");
  EXPECT_EQ(broken(f::descends, false), "none");
  EXPECT_EQ(broken(f::twice, false), "positions: unique per head");
  EXPECT_EQ(broken(f::locate_low), "locate: slots from it on are at or after the position");
  EXPECT_EQ(broken(f::locate_high), "locate: slots before it are before the position");
  EXPECT_EQ(broken(f::locate_outside), "locate: in [0, slots]");
  EXPECT_EQ(broken(f::locate_outside, false), "none");
}

/// Says that its two heads are equal; one may hold less, or stand elsewhere.
struct unequal : breakable {
  static constexpr bool equal_heads = true;
  index_t less = 0;
  bool moved = false;
  [[nodiscard]] kv_dims dims() const noexcept { return {1, 2, 1, 1, 0}; }
  [[nodiscard]] index_t slots(index_t, index_t head) const noexcept { return 6 - head * less; }
  [[nodiscard]] bool ordered(index_t, index_t) const noexcept { return false; }
  [[nodiscard]] kv_rows rows(index_t seq, index_t head, range s) const noexcept {
    kv_rows r = breakable::rows(seq, head, s);
    if (moved && head == 1) r.positions = breakable::down + s.begin;
    return r;
  }
};
static_assert(equal_heads_source<unequal> && !equal_heads_source<breakable>);

TEST(testing_source_laws, equal_heads_hold_the_same_positions) {
  const auto broken = [](unequal kv) {
    const testing::source_report r = testing::check_source(kv);
    return std::string(r.broken == nullptr ? "none" : r.broken);
  };
  EXPECT_EQ(broken({}), "none");
  unequal kv;
  kv.less = 1;
  EXPECT_EQ(broken(kv), "equal_heads: slots are those of head 0");
  kv.less = 0;
  kv.moved = true;
  EXPECT_EQ(broken(kv), "equal_heads: positions are those of head 0");
}

TEST(testing_source_laws, a_report_says_where) {
  const testing::source_report r = testing::check_source(breakable{breakable::fault::descends});
  EXPECT_EQ(r.seq, 0);
  EXPECT_EQ(r.kv_head, 0);
  EXPECT_EQ(r.slot, 3);
  EXPECT_EQ(r.value, 4);
  EXPECT_EQ(r.expected, 5);
}

} // namespace
} // namespace heed
