// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Several epilogues as one, in the order given.
#include <heed/concepts.hpp>

namespace heed {

/// Factors multiply; each epilogue's finish is called. The empty list stores the output and nothing else.
template <class... E> struct epilogue_list;
template <> struct epilogue_list<> {
  template <class A> HEED_INLINE A scale(query_row, A) const noexcept { return A(1); }
  template <class A> HEED_INLINE void finish(query_row, A) const noexcept {}
};
template <class First, class... Rest> struct epilogue_list<First, Rest...> {
  First first;
  epilogue_list<Rest...> rest;
  template <class A> HEED_INLINE A scale(query_row at, A lse) const noexcept {
    return first.scale(at, lse) * rest.scale(at, lse);
  }
  template <class A> HEED_INLINE void finish(query_row at, A lse) const noexcept {
    first.finish(at, lse);
    rest.finish(at, lse);
  }
};
/// The list with one more epilogue in front.
template <class First, class... Rest>
HEED_INLINE epilogue_list<First, Rest...> prepend(const First& first, const epilogue_list<Rest...>& rest) noexcept {
  return {first, rest};
}
static_assert(epilogue<epilogue_list<>, float> && epilogue<epilogue_list<>, double>);

} // namespace heed
