// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Layouts, buffers and checks depend on a number type only: layouts_test.cpp and wrappers_test.cpp compile them, and
// the parts of the covering array do not again.
#include <differential/drawn_epilogues.hpp>
#include <differential/strided_rows.hpp>
#include <support/cache_wrappers.hpp>

#define HEED_EACH_LAYOUT(X, T)                                                                                         \
  X(class, row_pool<T>)                                                                                                \
  X(class, contiguous_rows<T>)                                                                                         \
  X(class, paged_rows<T>)                                                                                              \
  X(class, ring_rows<T>)                                                                                               \
  X(class, ragged_rows<T>)
#define HEED_EACH_WRAPPER(X, T)                                                                                        \
  X(struct, strided_rows<T>)                                                                                           \
  X(class, biased_rows<T>)                                                                                             \
  X(class, gathered_rows<T>)                                                                                           \
  X(class, joined_rows<T>)                                                                                             \
  X(class, split_rows<T>)                                                                                              \
  X(class, scattered_rows<T>)
#define HEED_EACH_EPILOGUE(X, A)                                                                                       \
  X(struct, epilogues::lse<A>)                                                                                         \
  X(struct, epilogues::sink_logit<A>)                                                                                  \
  X(struct, epilogues::lse_sink<A>)                                                                                    \
  X(struct, epilogues::key_sums<A>)                                                                                    \
  X(struct, epilogues::probability_rows<A>)                                                                            \
  X(struct, epilogues::all_of_them<A>)
#define HEED_EXTERN(kind, ...) extern template kind __VA_ARGS__;
#define HEED_COMPILE(kind, ...) template kind __VA_ARGS__;

namespace heed::test {
#if !defined(HEED_COMPILES_LAYOUTS)
HEED_EACH_LAYOUT(HEED_EXTERN, float)
HEED_EACH_LAYOUT(HEED_EXTERN, double)
HEED_EACH_LAYOUT(HEED_EXTERN, bf16)
HEED_EACH_LAYOUT(HEED_EXTERN, f16)
#endif
#if !defined(HEED_COMPILES_WRAPPERS)
HEED_EACH_WRAPPER(HEED_EXTERN, float)
HEED_EACH_WRAPPER(HEED_EXTERN, double)
HEED_EACH_WRAPPER(HEED_EXTERN, bf16)
HEED_EACH_WRAPPER(HEED_EXTERN, f16)
HEED_EACH_EPILOGUE(HEED_EXTERN, float)
HEED_EACH_EPILOGUE(HEED_EXTERN, double)
#endif
} // namespace heed::test
