// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Codes and texts: every number written, cut where the buffer ends, thrown as both types.
#include <heed/error.hpp>

#include <gtest/gtest.h>

#include <string>

namespace {
using namespace heed;

std::string text(const failure& f) { return error(f).what(); }

TEST(error, names_argument_value_and_limit) {
  EXPECT_EQ(text({errc::dim_mismatch, "kv", "key_dim", 96, "but q has dim", 128}),
            "kv: key_dim is 96, but q has dim 128");
  EXPECT_EQ(text({errc::not_monotone, "q", "offsets", 7, "but the one before is", 9, 3}),
            "q: offsets[3] is 7, but the one before is 9");
  EXPECT_EQ(text({errc::bad_value, "a", "b", PTRDIFF_MIN, "c", PTRDIFF_MAX, 0}),
            "a: b[0] is -9223372036854775808, c 9223372036854775807");
  EXPECT_EQ(text({errc::bad_value, "a", "b", 0, "c", -10}), "a: b is 0, c -10");
}

TEST(error, a_long_text_is_cut_and_terminated) {
  const std::string longer(500, 'x');
  const std::string got = text({errc::bad_value, longer.c_str(), "b", 0, "c", 1});
  EXPECT_EQ(got, longer.substr(0, 199));
  char room[4] = {'a', 'b', 'c', 'd'};
  detail::text_buffer b{room, 3};
  b.put(index_t{12345});
  EXPECT_STREQ(room, "12");
  EXPECT_EQ(room[3], 'd') << "nothing behind its room";
  b.put("more");
  EXPECT_STREQ(room, "12");
}

TEST(error, is_thrown_as_itself_and_as_a_standard_exception) {
  const failure f{errc::overlap, "o", "bytes", 4, "the limit is", 0};
  EXPECT_TRUE(f);
  EXPECT_FALSE(failure{});
  try {
    detail::report(f);
    FAIL();
  } catch (const std::exception& e) {
    EXPECT_STREQ(e.what(), "o: bytes is 4, the limit is 0");
  }
  try {
    detail::report(f);
    FAIL();
  } catch (const error& e) {
    EXPECT_EQ(e.code(), errc::overlap);
    EXPECT_STREQ(e.what(), "o: bytes is 4, the limit is 0");
  }
}

TEST(error, expect_throws_unless_ok) {
  EXPECT_NO_THROW(expect(errc::ok));
  try {
    expect(errc::overlap);
    FAIL();
  } catch (const error& e) {
    EXPECT_EQ(e.code(), errc::overlap);
  }
}

TEST(error, the_handler_is_replaced_and_given_back) {
  const error_handler mine = [](const error&) noexcept {};
  const error_handler before = set_error_handler(mine);
  EXPECT_EQ(set_error_handler(before), mine);
}
} // namespace
