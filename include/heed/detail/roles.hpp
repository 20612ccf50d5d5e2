// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Sorts the tail arguments of a call by what they model, and refuses what does not fit with one line of text.
#include <heed/epilogue/epilogue_list.hpp>
#include <heed/epilogue/lse.hpp>
#include <heed/epilogue/sink_logit.hpp>
#include <heed/mask/full.hpp>
#include <heed/plan/tuning.hpp>
#include <heed/problem/prompt_rows.hpp>
#include <heed/problem/query_positions.hpp>
#include <heed/problem/scale.hpp>
#include <heed/score/none.hpp>
#include <heed/view/ragged.hpp>

namespace heed {
namespace detail {
inline namespace HEED_ISA {

enum class role : unsigned char { mask, score, scale, positions, prompt, tuning, epilogue, observer, unknown };

template <class R, class A> consteval role role_of() {
  if constexpr (std::is_same_v<R, heed::scale>)
    return role::scale;
  else if constexpr (std::is_same_v<R, query_positions>)
    return role::positions;
  else if constexpr (std::is_same_v<R, prompt_rows>)
    return role::prompt;
  else if constexpr (heed::mask<R>)
    return role::mask;
  else if constexpr (heed::tuning<R>)
    return role::tuning;
  else if constexpr (heed::epilogue<R, A>)
    return role::epilogue;
  else if constexpr (heed::observer<R, A>)
    return role::observer;
  else if constexpr (score_mod<R, A>)
    return role::score;
  else
    return role::unknown;
}
template <role Which, class A, class... R>
inline constexpr int roles_given = (0 + ... + (role_of<R, A>() == Which ? 1 : 0));

/// The argument of a role, or the default.
template <role Which, class A, class Default> HEED_INLINE const Default& pick(const Default& d) noexcept { return d; }
template <role Which, class A, class Default, class First, class... Rest>
HEED_INLINE const auto& pick(const Default& d, const First& first, const Rest&... rest) noexcept {
  if constexpr (role_of<First, A>() == Which)
    return first;
  else
    return pick<Which, A>(d, rest...);
}

/// All epilogues, in the order given.
template <class A> HEED_INLINE epilogue_list<> list_epilogues() noexcept { return {}; }
template <class A, class First, class... Rest>
HEED_INLINE auto list_epilogues(const First& first, const Rest&... rest) noexcept {
  auto others = list_epilogues<A>(rest...);
  if constexpr (role_of<First, A>() == role::epilogue)
    return prepend(first, others);
  else
    return others;
}

// ---- compile-time checks: each stops at the first thing wrong, so that one line is printed --------------------------

/// Element type of q or o: a view of rank 3 or 4, or a ragged view.
template <class V> struct row_element { using type = void; };
template <class T, int Rank, class Space> struct row_element<tensor_view<T, Rank, Space>> {
  using type = std::conditional_t<(Rank == 3 || Rank == 4) && std::is_same_v<Space, host_space>, T, void>;
};
template <class T> struct row_element<ragged_view<T>> { using type = T; };

template <class K> consteval bool check_source() {
  constexpr bool formats = requires {
    typename K::key_format;
    typename K::value_format;
  };
  static_assert(formats, "heed: kv does not model heed::kv_source: no key_format and value_format");
  if constexpr (formats) {
    constexpr bool readable = row_format<typename K::key_format> && row_format<typename K::value_format>;
    static_assert(readable,
                  "heed: kv does not model heed::kv_source: key_format or value_format is no heed::row_format");
    constexpr bool dims = readable && requires(const K kv) {
      { kv.dims() }
      noexcept->std::same_as<kv_dims>;
    };
    static_assert(!readable || dims, "heed: kv does not model heed::kv_source: no dims() noexcept -> kv_dims");
    constexpr bool rows = dims && requires(const K kv, index_t i, range r) {
      { kv.rows(i, i, r) }
      noexcept->std::same_as<kv_rows>;
    };
    static_assert(!dims || rows,
                  "heed: kv does not model heed::kv_source: no rows(seq, kv_head, slots) noexcept -> kv_rows");
    constexpr bool slots = rows && requires(const K kv, index_t i) {
      { kv.slots(i, i) }
      noexcept->std::same_as<index_t>;
    };
    static_assert(!rows || slots,
                  "heed: kv does not model heed::kv_source: no slots(seq, kv_head) noexcept -> index_t");
    constexpr bool seen = slots && requires(const K kv, index_t i) {
      { kv.seen(i) }
      noexcept->std::same_as<index_t>;
    };
    static_assert(!slots || seen, "heed: kv does not model heed::kv_source: no seen(seq) noexcept -> index_t");
    constexpr bool located = seen && requires(const K kv, index_t i) {
      { kv.ordered(i, i) }
      noexcept->std::same_as<bool>;
      { kv.locate(i, i, i) }
      noexcept->std::same_as<index_t>;
    };
    static_assert(!seen || located, "heed: kv does not model heed::kv_source: no ordered(seq, kv_head) -> bool and "
                                    "locate(seq, kv_head, position) -> index_t, both noexcept");
    static_assert(!located || kv_source<K>, "heed: kv does not model heed::kv_source: values_alias_keys, keys_as() or "
                                            "values_as() is missing, or it is not copyable");
    return kv_source<K>;
  } else
    return false;
}

template <class A, class... R>
inline constexpr bool weights_given = (false || ... || (role_of<R, A>() == role::score && weight_mod<R>));

/// Index of the first role of the kind, or -1.
template <role Which, class A, class... R> consteval int first_role() {
  const role kinds[] = {role_of<R, A>()..., role::unknown};
  for (int i = 0; i < static_cast<int>(sizeof...(R)); ++i)
    if (kinds[i] == Which) return i;
  return -1;
}
template <class T, class... R> inline constexpr int times_given = (0 + ... + (std::is_same_v<T, R> ? 1 : 0));
/// An epilogue is one column or one output more: the same type twice is two answers to one question.
template <class A, class... R>
inline constexpr bool epilogue_twice = (false || ... ||
                                        (role_of<R, A>() == role::epilogue && times_given<R, R...> > 1));

enum class role_fault : unsigned char {
  none,
  first_unknown,
  second_unknown,
  third_unknown,
  later_unknown,
  mask,
  score,
  scale,
  positions,
  prompt,
  tuning,
  lse,
  sink,
  epilogue,
  weights
};

template <class A, class... R> consteval role_fault fault_of_roles() {
  constexpr int unknown = first_role<role::unknown, A, R...>();
  if (unknown == 0) return role_fault::first_unknown;
  if (unknown == 1) return role_fault::second_unknown;
  if (unknown == 2) return role_fault::third_unknown;
  if (unknown > 2) return role_fault::later_unknown;
  if (roles_given < role::mask, A, R... >> 1) return role_fault::mask;
  if (roles_given < role::score, A, R... >> 1) return role_fault::score;
  if (roles_given < role::scale, A, R... >> 1) return role_fault::scale;
  if (roles_given < role::positions, A, R... >> 1) return role_fault::positions;
  if (roles_given < role::prompt, A, R... >> 1) return role_fault::prompt;
  if (roles_given < role::tuning, A, R... >> 1) return role_fault::tuning;
  if (times_given < lse<A>, R... >> 1) return role_fault::lse;
  if (times_given < sink_logit, R... >> 1) return role_fault::sink;
  if (epilogue_twice<A, R...>) return role_fault::epilogue;
  if (weights_given<A, R...> && roles_given < role::observer, A, R... >> 0) return role_fault::weights;
  return role_fault::none;
}

template <class A, class... R> consteval bool check_roles() {
  constexpr role_fault found = fault_of_roles<A, R...>();
  static_assert(
      found != role_fault::first_unknown,
      "heed: the first tail argument models no role: it is no mask, score modifier, scale, query_positions, "
      "prompt_rows, tuning, epilogue or observer (an output view or a lambda may have another accumulator type)");
  static_assert(
      found != role_fault::second_unknown,
      "heed: the second tail argument models no role: it is no mask, score modifier, scale, query_positions, "
      "prompt_rows, tuning, epilogue or observer (an output view or a lambda may have another accumulator type)");
  static_assert(
      found != role_fault::third_unknown,
      "heed: the third tail argument models no role: it is no mask, score modifier, scale, query_positions, "
      "prompt_rows, tuning, epilogue or observer (an output view or a lambda may have another accumulator type)");
  static_assert(
      found != role_fault::later_unknown,
      "heed: a tail argument behind the third models no role: it is no mask, score modifier, scale, query_positions, "
      "prompt_rows, tuning, epilogue or observer (an output view or a lambda may have another accumulator type)");
  static_assert(found != role_fault::mask,
                "heed: mask is given twice; combine masks with heed::all_of or heed::any_of");
  static_assert(found != role_fault::score, "heed: score modifier is given twice; put them in order with heed::chain");
  static_assert(found != role_fault::scale, "heed: scale is given twice; multiply the two");
  static_assert(found != role_fault::positions, "heed: query_positions is given twice; each row has one position");
  static_assert(found != role_fault::prompt, "heed: prompt_rows is given twice; one says it for all sequences");
  static_assert(found != role_fault::tuning, "heed: tuning is given twice; a call has one tile shape");
  static_assert(found != role_fault::lse, "heed: lse is given twice; copy the result of one");
  static_assert(found != role_fault::sink,
                "heed: sink_logit is given twice; one with log(exp(a) + exp(b)) is the softmax over both columns");
  static_assert(found != role_fault::epilogue, "heed: an epilogue is given twice; each type at most once");
  static_assert(found != role_fault::weights,
                "heed: an observer is given, but the score modifier gives weights: there are no probabilities");
  return found == role_fault::none;
}

/// Whether calls on K must name their scale: where a value is a part of its key, the key holds more than the head had
/// before absorption, and 1/sqrt(key_dim) is silently wrong.
template <class K> inline constexpr bool scale_is_explicit = K::values_alias_keys;

template <class K, class A, class... R> consteval bool check_roles_on() {
  if constexpr (check_roles<A, R...>()) {
    constexpr bool scaled = !scale_is_explicit<K> || roles_given<role::scale, A, R...> == 1;
    static_assert(scaled, "heed: scale is not given: values of kv are a part of their keys, so that 1/sqrt(key_dim) is "
                          "not the scale of its heads; pass heed::scale");
    return scaled;
  } else
    return false;
}

template <class Q, class K, class O> consteval bool check_operands() {
  using q = typename row_element<Q>::type;
  using o = typename row_element<O>::type;
  constexpr bool q_ok = !std::is_void_v<q>;
  static_assert(q_ok, "heed: q is no heed::tensor_view of rank 3 or 4 on the host, and no heed::ragged_view");
  constexpr bool o_ok = !std::is_void_v<o> && !std::is_const_v<o>;
  static_assert(
      !q_ok || o_ok,
      "heed: o is no heed::tensor_view of rank 3 or 4 of mutable elements on the host, and no heed::ragged_view");
  if constexpr (q_ok && o_ok) {
    constexpr bool numbers = element<std::remove_const_t<q>> && element<o>;
    static_assert(numbers, "heed: q or o holds no heed::element (float, double, f16, bf16)");
    constexpr bool source = numbers && check_source<K>();
    if constexpr (source) {
      using a = typename K::key_format::accum;
      constexpr bool same = std::is_same_v<a, typename K::value_format::accum> && std::is_same_v<a, accum_t<q>> &&
                            std::is_same_v<a, accum_t<o>>;
      static_assert(same, "heed: q, kv and o accumulate in different types (double goes with double only)");
      return same;
    } else
      return false;
  } else
    return false;
}
/// Not looked at where an earlier argument is wrong: one line is printed.
template <bool EarlierHold, class Q, class K, class O> consteval bool check_operands_after() {
  if constexpr (EarlierHold)
    return check_operands<Q, K, O>();
  else
    return false;
}

/// What run is given behind kv: o, then the workspace.
template <class... Rest> inline constexpr bool has_output = false;
template <class O, class... Rest>
inline constexpr bool has_output<O, Rest...> = !std::is_convertible_v<O&, std::span<std::byte>>;
template <class... Rest> inline constexpr bool workspace_is_second = false;
template <class O, class W, class... Rest>
inline constexpr bool workspace_is_second<O, W, Rest...> = std::is_convertible_v<W&, std::span<std::byte>>;

} // namespace HEED_ISA
} // namespace detail
} // namespace heed
