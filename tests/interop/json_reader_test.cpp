// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// JSON texts that are right, and every way to be wrong.
#include <heed/interop/json_reader.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace {
using heed::index_t;
using heed::json_reader;

std::string fault_of(std::string_view text) {
  json_reader json(text);
  if (json.skip()) (void)json.finish();
  return json.fault();
}

TEST(interop_json_reader, walks_objects_arrays_numbers_and_strings) {
  json_reader json(R"( { "a" : [ 1, -2.5e1 ,3 ], "b\u00e4\n\ud83d\ude00": {}, "c": [] } )");
  std::string key;
  double x = 0;
  std::vector<double> numbers;
  ASSERT_TRUE(json.begin_object() && json.next_key(key));
  EXPECT_EQ(key, "a");
  ASSERT_TRUE(json.begin_array());
  while (json.next_element() && json.number(x)) numbers.push_back(x);
  EXPECT_EQ(numbers, (std::vector<double>{1, -25, 3}));
  ASSERT_TRUE(json.next_key(key) && json.skip());
  EXPECT_EQ(key, "b\xc3\xa4\n\xf0\x9f\x98\x80");
  ASSERT_TRUE(json.next_key(key) && json.begin_array());
  EXPECT_FALSE(json.next_element());
  EXPECT_FALSE(json.next_key(key));
  EXPECT_TRUE(json.finish());
  EXPECT_EQ(json.fault(), "");
}

TEST(interop_json_reader, whole_numbers_have_limits) {
  const auto read = [](std::string_view text) {
    json_reader json(text);
    index_t x = -9;
    return json.whole("a head", 0, 7, x) ? std::to_string(x) : json.fault();
  };
  EXPECT_EQ(read("7"), "7");
  EXPECT_EQ(read("3e0"), "3");
  EXPECT_EQ(read("8"), "line 1, column 1: a head is 8, but must be a whole number from 0 to 7");
  EXPECT_EQ(read("-1"), "line 1, column 1: a head is -1, but must be a whole number from 0 to 7");
  EXPECT_EQ(read("1.5"), "line 1, column 1: a head is 1.5, but must be a whole number from 0 to 7");
}

TEST(interop_json_reader, right_texts_have_no_fault) {
  for (const char* text : {"0", "-0.5E+3", "true", "[null,false]", R"("\\/\"")", "{\"a\":{\"b\":[[]]}}", " [1] \n"})
    EXPECT_EQ(fault_of(text), "") << text;
}

TEST(interop_json_reader, says_what_is_wrong_and_where) {
  EXPECT_EQ(fault_of(""), "line 1, column 1: expected a number, but the text ends");
  EXPECT_EQ(fault_of("[1,\n 2,]"), "line 2, column 4: expected a number, but there is ']'");
  EXPECT_EQ(fault_of("[1 2]"), "line 1, column 4: expected a comma or ], but there is '2'");
  EXPECT_EQ(fault_of("{\"a\" 1}"), "line 1, column 6: expected a colon, but there is '1'");
  EXPECT_EQ(fault_of("{\"a\":1,}"), "line 1, column 8: expected a string, but there is '}'");
  EXPECT_EQ(fault_of("{\"a\":1"), "line 1, column 7: expected a comma or }, but the text ends");
  EXPECT_EQ(fault_of("[1] x"), "line 1, column 5: expected the end of the text, but there is 'x'");
  EXPECT_EQ(fault_of("01"), "line 1, column 2: expected the end of the text, but there is '1'");
  EXPECT_EQ(fault_of("1."), "line 1, column 1: expected a number, but there is '1'");
  EXPECT_EQ(fault_of("1e999"), "line 1, column 1: the number 1e999 does not fit");
  EXPECT_EQ(fault_of("NaN"), "line 1, column 1: expected a number, but there is 'N'");
  EXPECT_EQ(fault_of("\"abc"), "line 1, column 5: the string does not end");
  EXPECT_EQ(fault_of("\"a\nb\""), "line 1, column 3: a control character in a string");
  EXPECT_EQ(fault_of("\"\\x\""), "line 1, column 3: an escape that there is not");
  EXPECT_EQ(fault_of("\"\\u12g4\""), "line 1, column 3: an escape that there is not");
  EXPECT_EQ(fault_of("\"\\ud800\""), "line 1, column 7: half of a surrogate pair");
  EXPECT_EQ(fault_of("\"\\udc00\""), "line 1, column 7: half of a surrogate pair");
  EXPECT_EQ(fault_of(std::string(65, '[')), "line 1, column 66: deeper than 64 levels");
}

TEST(interop_json_reader, every_cut_of_a_text_is_refused) {
  const std::string text = R"({"a": [1, 2.5], "b": "x\u0041", "c": {"d": null}})";
  ASSERT_EQ(fault_of(text), "");
  for (std::size_t n = 0; n < text.size(); ++n) EXPECT_NE(fault_of(text.substr(0, n)), "") << n << " characters";
}
} // namespace
