// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Built with -fno-exceptions -fno-rtti: where heed would throw, the user's handler runs, and the call returns.
#include <heed/attention.hpp>
#include <heed/epilogue/lse.hpp>
#include <heed/exec/parallel_for.hpp>
#include <heed/exec/thread_pool.hpp>
#include <heed/kv/contiguous.hpp>
#include <heed/kv/contiguous_cache.hpp>
#include <heed/mask/causal.hpp>
#include <heed/mask/sliding_window.hpp>
#include <heed/merge.hpp>
#include <heed/rope/rope_table.hpp>
#include <heed/rope/rotate.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#if defined(__cpp_exceptions) || defined(__cpp_rtti)
#error "this test is about a build without exceptions and RTTI"
#endif

namespace {
bool memory_is_out = false;
}
// What attend takes its workspace from. Out of line: GCC warns of free after operator new where it sees both bodies.
[[gnu::noinline]] void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return memory_is_out ? nullptr : std::malloc(bytes == 0 ? 1 : bytes);
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  void* const p = std::malloc(bytes == 0 ? 1 : bytes);
  if (p == nullptr) std::abort();
  return p;
}

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

/// A call that is right, one that a role refuses, and one whose operands do not fit.
void attend_three_times() {
  constexpr heed::index_t tokens = 3, heads = 2, dim = 8;
  float q[tokens * heads * dim], k[tokens * heads * dim], o[tokens * heads * dim], lse[tokens * heads];
  for (float& x : q) x = 0.5f;
  for (float& x : k) x = 0.25f;
  const auto untouched = [&] {
    for (const float x : o)
      if (x != -7.f) return false;
    for (const float x : lse)
      if (x != -7.f) return false;
    return true;
  };
  const auto mark = [&] {
    for (float& x : o) x = -7.f;
    for (float& x : lse) x = -7.f;
    calls = 0;
    code = heed::errc::ok;
  };
  heed::thread_pool pool{2};
  const auto rows = heed::view(q, tokens, heads, dim);
  const auto kv = heed::contiguous(heed::view(k, tokens, heads, dim), heed::view(k, tokens, heads, dim));
  const auto lse_of_rows = heed::lse(heed::view(lse, tokens, heads));

  mark();
  heed::attend(pool, rows, kv, heed::view(o, tokens, heads, dim), heed::causal{}, lse_of_rows);
  expect_that("a right call tells no handler", calls == 0);
  expect_that("a right call writes its output", o[0] == 0.25f && lse[0] != -7.f);

  mark();
  heed::attend(pool, rows, kv, heed::view(o, tokens, heads, dim), heed::sliding_window{.left = -3}, lse_of_rows);
  expect_that("a wrong role tells the handler once", calls == 1 && code == heed::errc::bad_value);
  expect_that("the text names the role's value", std::strstr(text, "-3") != nullptr);
  expect_that("a refused role leaves the output untouched", untouched());

  mark();
  heed::attend(pool, rows, kv, heed::view(o, tokens, heads, dim - 1), lse_of_rows);
  expect_that("operands that do not fit tell the handler once", calls == 1 && code == heed::errc::dim_mismatch);
  expect_that("operands that do not fit leave the output untouched", untouched());

  mark();
  memory_is_out = true;
  heed::attend(pool, rows, kv, heed::view(o, tokens, heads, dim), heed::causal{}, lse_of_rows);
  memory_is_out = false;
  expect_that("a workspace that can't be had tells the handler once", calls == 1 && code == heed::errc::out_of_memory);
  expect_that("the text names the caller and the bytes",
              std::strstr(text, "attend: workspace bytes is ") == text &&
                  std::strstr(text, ", the bytes allocated are 0") != nullptr);
  expect_that("without a workspace the output is untouched", untouched());

  mark();
  const heed::plan plan = heed::make_plan(heed::batch_shape{.sequences = -1}, kv);
  expect_that("a plan that can't be made tells the handler", calls == 1 && !plan.valid());
  std::byte workspace[1];
  expect_that("run returns a code",
              heed::run(pool, plan, rows, kv, heed::view(o, tokens, heads, dim), workspace) != heed::errc::ok);
  expect_that("run leaves the output untouched", calls == 1 && untouched());
}

/// An executor that was refused hands out no worker number: the workspace has room for as many as it says.
void refused_loop_is_not_used() {
  bool used = false;
  const auto loop = [&](heed::index_t, auto) { used = true; };
  calls = 0;
  heed::parallel_for_executor run{4096, loop};
  expect_that("a refused worker count tells the handler", calls == 1 && code == heed::errc::bad_value);
  const float x[8] = {};
  float o[8] = {-7.f};
  const auto rows = heed::view(x, 1, 1, 8);
  heed::attend(run, rows, heed::contiguous(rows, rows), heed::view(o, 1, 1, 8));
  expect_that("a call on it is refused", calls == 2 && std::strstr(text, "executor: workers is 0") != nullptr);
  expect_that("a call on it runs nothing", !used && o[0] == -7.f);
}

/// Constructors and calls besides attend: they tell the handler and leave everything as it is.
void refuse_elsewhere() {
  float a[16], b[16], logs[2] = {-7.f, -7.f}, other_logs[1] = {0.f}, room[8];
  for (float& x : a) x = -7.f;
  for (float& x : b) x = 1.f;
  const auto untouched = [&] {
    for (const float x : a)
      if (x != -7.f) return false;
    return logs[0] == -7.f;
  };
  const auto told = [&](const char* what, heed::errc expected, const char* line) {
    expect_that(what, calls == 1 && code == expected && std::strcmp(text, line) == 0 && untouched());
    if (std::strcmp(text, line) != 0) std::printf("said: %s\n", text);
    calls = 0;
  };
  calls = 0;
  heed::merge(heed::view(a, 2, 1, 8), heed::view(logs, 2, 1), heed::view(b, 2, 1, 8), heed::view(other_logs, 1, 1));
  told("merge", heed::errc::bad_extent, "other_lse: extent[0] is 1, but o has 2");
  const heed::index_t positions[2] = {1, 2};
  heed::rotate(heed::rope{.dims = 7}, positions, heed::view(a, 2, 1, 8));
  told("rotate", heed::errc::bad_value, "rope: dims is 7, must be even and at least 0");
  const heed::rope_table<float> table(heed::rope{.dims = 8}, positions, std::span<float>(room));
  told("rope_table", heed::errc::length_out_of_range, "numbers: size divided by dims is 1, but the tokens are 2");
  heed::index_t lengths[1] = {-7}, kept[2], seen[1];
  heed::contiguous_cache<float, float> cache(heed::view(a, 1, 2, 1, 8), heed::view(b, 1, 2, 1, 4),
                                             {std::span<heed::index_t>(lengths, 0), kept, seen});
  expect_that("a cache tells no handler: its calls return the failure",
              calls == 0 && cache.append(0, heed::view(b, 1, 1, 8), heed::view(b, 1, 1, 4)).code != heed::errc::ok);
  expect_that("and it writes nothing", calls == 0 && untouched() && lengths[0] == -7);
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

  attend_three_times();
  refuse_elsewhere();
  refused_loop_is_not_used();
  calls = 2;

  expect_that("the handler before is returned", heed::set_error_handler(nullptr) == note);
  heed::expect(heed::errc::overlap);
  expect_that("a handler taken away runs no more", calls == 2);
  std::printf("%d expectations failed\n", failed);
  return failed == 0 ? 0 : 1;
}
