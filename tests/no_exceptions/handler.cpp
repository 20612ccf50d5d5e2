// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Built with -fno-exceptions -fno-rtti: where heed would throw, the user's handler runs, and the call returns.
#include <heed/error.hpp>
#include <heed/exec/thread_pool.hpp>

#include <cstdio>
#include <cstring>

#if defined(__cpp_exceptions) || defined(__cpp_rtti)
#error "this test is about a build without exceptions and RTTI"
#endif

namespace {

int failed = 0;
int calls = 0;
heed::errc code = heed::errc::ok;
char text[200];

void expect_that(const char* what, bool holds) {
  if (holds) return;
  ++failed;
  std::printf("does not hold: %s\n", what);
}

void note(const heed::error& e) noexcept {
  ++calls;
  code = e.code();
  std::strncpy(text, e.what(), sizeof text - 1);
}

} // namespace

int main() {
  heed::expect(heed::errc::overlap); // the default handler does nothing
  expect_that("the default handler lets the call return", calls == 0);

  expect_that("there is no handler before the first", heed::set_error_handler(note) == nullptr);
  heed::expect(heed::errc::ok);
  expect_that("no handler runs where nothing is wrong", calls == 0);
  heed::expect(heed::errc::overlap);
  expect_that("the handler runs once", calls == 1);
  expect_that("the handler gets the code", code == heed::errc::overlap);

  heed::thread_pool pool{0};
  expect_that("a constructor tells the handler", calls == 2 && code == heed::errc::bad_value);
  expect_that("the text names argument, value and limit", std::strstr(text, "thread_pool: workers is 0") != nullptr);

  expect_that("the handler before is returned", heed::set_error_handler(nullptr) == note);
  heed::expect(heed::errc::overlap);
  expect_that("a handler taken away runs no more", calls == 2);
  std::printf("%d handler calls, %d failed\n", calls, failed);
  return failed == 0 ? 0 : 1;
}
