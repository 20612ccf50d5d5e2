// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Several score modifiers, one after the other, in the order they are written.
#include <heed/problem/call_extents.hpp>
#include <heed/view/footprint.hpp>

namespace heed {

/// chain(a, b, c): c(b(a(x))). The order is the model's: most cap before they add a bias, FlashInfer adds ALiBi first.
///
/// Laws      score_mod; batched_score_mod where all are; gives weights if the last does; lane_bound_score_mod if
///           a part is. check reports the first that fails
/// Cost      the sum of its parts
template <class First, class... Rest> class chain {
public:
  static constexpr bool gives_weights = weight_mod<chain<Rest...>>;

  HEED_INLINE explicit constexpr chain(First first, Rest... rest) noexcept : first_(first), rest_(rest...) {}

  template <class A>
  requires(score_mod<First, A>&& score_mod<chain<Rest...>, A>) HEED_INLINE A operator()(A x,
                                                                                        const cell& at) const noexcept {
    return rest_(first_(x, at), at);
  }
  template <class B>
  requires(batched_score_mod<First, B>&& batched_score_mod<chain<Rest...>, B>) HEED_INLINE B
  operator()(B x, const cells<B>& at) const noexcept {
    return rest_(first_(x, at), at);
  }

  /// Both parts over the same lanes.
  template <class F, class R> struct of_lanes {
    F first;
    R rest;
    template <class B> HEED_INLINE B operator()(B x, const cells<B>& at) const noexcept {
      return rest(first(x, at), at);
    }
  };
  template <class B>
  requires(lane_bound_score_mod<First, B> || lane_bound_score_mod<chain<Rest...>, B>) HEED_INLINE
      auto over(const cells<B>& at) const noexcept {
    return of_lanes<decltype(over_lanes(first_, at)), decltype(over_lanes(rest_, at))>{over_lanes(first_, at),
                                                                                       over_lanes(rest_, at)};
  }

  HEED_INLINE failure check(const call_extents& e) const noexcept {
    if constexpr (self_checking<First>)
      if (const failure f = first_.check(e)) return f;
    return rest_.check(e);
  }
  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept {
    return detail::touches(first_, f) || rest_.touches(f);
  }

private:
  First first_;
  chain<Rest...> rest_;
};

template <class Last> class chain<Last> {
public:
  static constexpr bool gives_weights = weight_mod<Last>;

  HEED_INLINE explicit constexpr chain(Last last) noexcept : last_(last) {}

  template <class A>
  requires score_mod<Last, A> HEED_INLINE A operator()(A x, const cell& at) const noexcept { return last_(x, at); }
  template <class B>
  requires batched_score_mod<Last, B> HEED_INLINE B operator()(B x, const cells<B>& at) const noexcept {
    return last_(x, at);
  }

  template <class B>
  requires lane_bound_score_mod<Last, B> HEED_INLINE auto over(const cells<B>& at) const noexcept {
    return last_.over(at);
  }

  HEED_INLINE failure check(const call_extents& e) const noexcept {
    if constexpr (self_checking<Last>) return last_.check(e);
    return {};
  }
  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept { return detail::touches(last_, f); }

private:
  Last last_;
};
template <class First, class... Rest> chain(First, Rest...) -> chain<First, Rest...>;

} // namespace heed
