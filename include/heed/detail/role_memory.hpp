// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Checks of roles that need a call: their own preconditions, and that nothing is stored where something is read.
#include <heed/detail/roles.hpp>
#include <heed/view/footprint.hpp>

namespace heed {
namespace detail {
inline namespace HEED_ISA {

/// A role that stores results says where, so that the front door can keep them off what the call reads.
template <class R>
concept storing_role = requires(const R r) {
  { r.stores_in() }
  noexcept->std::same_as<footprint>;
  { R::name } -> std::convertible_to<const char*>;
};

template <class R> HEED_INLINE failure check_apart(const R& r, const footprint& other, const char* sharing) noexcept {
  if constexpr (storing_role<R>)
    if (may_share(r.stores_in(), other)) return {errc::overlap, R::name, sharing, 1, "the limit is", 0};
  return {};
}

/// What a call reads through a role, said in a message.
template <class R, class A> consteval const char* read_through() {
  switch (role_of<R, A>()) {
  case role::mask:
    return "buffers shared with the mask";
  case role::score:
    return "buffers shared with the score modifier";
  case role::positions:
    return "buffers shared with query_positions";
  case role::prompt:
    return "buffers shared with prompt_rows";
  default:
    return "buffers shared with what an epilogue or observer reads";
  }
}
/// Nothing is written where a role reads. argument: of the memory that is written.
template <class A, class R>
HEED_INLINE failure check_unread(const R& r, const char* argument, const footprint& written) noexcept {
  if (touches(r, written)) return {errc::overlap, argument, read_through<R, A>(), 1, "the limit is", 0};
  return {};
}
/// What a role stores lies apart from what others read and, where they come later, store.
template <class A, class R, class Other>
HEED_INLINE failure check_roles_apart(const R& r, index_t i, const Other& other, index_t j) noexcept {
  if constexpr (storing_role<R>) {
    if (i != j)
      if (const failure f = check_unread<A>(other, R::name, r.stores_in())) return f;
    if constexpr (storing_role<Other>)
      if (i < j) return check_apart(other, r.stores_in(), "buffers shared with what another role stores");
  }
  return {};
}
template <class A, class R, class... Other>
HEED_INLINE failure check_apart_from_all(const R& r, index_t i, const Other&... others) noexcept {
  failure first;
  index_t j = 0;
  ((first = first ? first : check_roles_apart<A>(r, i, others, j), ++j), ...);
  return first;
}

template <class R, class K, class P> HEED_INLINE failure check_role(const R& r, const K& kv, const P& p) noexcept {
  if constexpr (self_checking<R>)
    if (const failure f = r.check(p.extents)) return f;
  if (const failure f = check_apart(r, p.read, "buffers shared with q")) return f;
  if (const failure f = check_apart(r, p.written, "buffers shared with o")) return f;
  if constexpr (storing_role<R>)
    if (touches(kv, r.stores_in())) return {errc::overlap, R::name, "buffers shared with kv", 1, "the limit is", 0};
  return {};
}

} // namespace HEED_ISA
} // namespace detail
} // namespace heed
