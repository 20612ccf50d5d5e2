// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/error.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <type_traits>

namespace {

using heed::errc;
using heed::failure;

std::string text_of(const failure& f) { return heed::error(f).what(); }

TEST(error, a_message_names_argument_value_and_limit) {
  EXPECT_EQ(text_of({errc::dim_mismatch, "kv", "key_dim", 96, "but q has dim", 128}),
            "kv: key_dim is 96, but q has dim 128");
  EXPECT_EQ(text_of({errc::bad_value, "window", "left", -3, "the least is", 0}), "window: left is -3, the least is 0");
}

TEST(error, a_message_names_the_entry_of_a_list) {
  EXPECT_EQ(text_of({errc::not_monotone, "ragged", "offsets", 7, "the one before is", 9, 3}),
            "ragged: offsets[3] is 7, the one before is 9");
}

TEST(error, numbers_reach_both_ends_of_64_bits) {
  using limits = std::numeric_limits<heed::index_t>;
  EXPECT_EQ(text_of({errc::bad_value, "a", "b", limits::min(), "<", limits::max()}),
            "a: b is -9223372036854775808, < 9223372036854775807");
}

TEST(error, a_long_message_is_cut_and_terminated) {
  const std::string argument(500, 'x');
  const std::string text = text_of({errc::bad_value, argument.c_str(), "b", 1, "c", 2});
  EXPECT_EQ(text, std::string(199, 'x'));
}

TEST(error, a_failure_is_true_unless_ok) {
  EXPECT_FALSE(failure{});
  EXPECT_TRUE((failure{errc::overlap}));
}

TEST(error, expect_throws_what_both_catchers_see) {
  EXPECT_NO_THROW(heed::expect(errc::ok));
  try {
    heed::expect(errc::overlap);
    FAIL() << "nothing is thrown";
  } catch (const heed::error& e) {
    EXPECT_EQ(e.code(), errc::overlap);
    EXPECT_EQ(std::string(e.what()).rfind("run: ", 0), 0u) << e.what();
  }
  try {
    heed::expect(errc::overlap);
    FAIL() << "nothing is thrown";
  } catch (const std::exception& e) {
    EXPECT_EQ(std::string(e.what()).rfind("run: ", 0), 0u) << e.what();
  }
}

TEST(error, copies_keep_the_text) {
  static_assert(std::is_trivially_copyable_v<heed::error>);
  const heed::error first({errc::overlap, "o", "bytes", 1, "but q", 2});
  const heed::error second = first; // NOLINT(performance-unnecessary-copy-initialization): the copy is the point
  EXPECT_STREQ(second.what(), first.what());
  EXPECT_NE(second.what(), first.what());
}

TEST(error, the_handler_before_is_returned) {
  static constexpr auto nothing = [](const heed::error&) noexcept {};
  const heed::error_handler before = heed::set_error_handler(nothing);
  EXPECT_NE(heed::set_error_handler(before), nullptr);
  EXPECT_EQ(heed::set_error_handler(before), before);
}

} // namespace
