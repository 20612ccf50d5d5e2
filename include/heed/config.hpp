// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Version, the few HEED_ macros, and the name of the instruction set that the including file is compiled for.

#define HEED_VERSION_MAJOR 0
#define HEED_VERSION_MINOR 1
#define HEED_VERSION_PATCH 0

#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error "heed: -ffast-math and -ffinite-math-only break masks, NaN and log-sum-exp; compile this file without them"
#endif
#if !defined(__GNUC__)
#error "heed: GCC 12 or Clang 14, or newer, is needed"
#endif

// Bodies that the compiler may emit out of line live in an inline namespace named after the instruction set, so that
// files compiled with different flags link without sharing code (tests/link). HEED_ISA_SCALAR forces the scalar path.
#if !defined(HEED_ISA_SCALAR) && !defined(__AVX2__) && !defined(__SSE2__) && !defined(__aarch64__)
#define HEED_ISA_SCALAR 1
#endif
#if defined(HEED_ISA_SCALAR)
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(__FP_FAST_FMAF)
#define HEED_ISA_SCALAR_FMA 1
#define HEED_ISA_BASE scalar_fma
#else
#define HEED_ISA_BASE scalar
#endif
#elif defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#define HEED_ISA_AVX512 1
#if defined(__AVX512BF16__) && defined(__AVX512VNNI__)
#define HEED_ISA_BASE avx512_bf16_vnni
#elif defined(__AVX512BF16__)
#define HEED_ISA_BASE avx512_bf16
#elif defined(__AVX512VNNI__)
#define HEED_ISA_BASE avx512_vnni
#else
#define HEED_ISA_BASE avx512
#endif
#elif defined(__AVX2__) && defined(__FMA__)
#define HEED_ISA_AVX2 1
#if defined(__F16C__)
#define HEED_ISA_BASE avx2_f16c
#else
#define HEED_ISA_BASE avx2
#endif
#elif defined(__AVX__)
#define HEED_ISA_SSE2 1
#define HEED_ISA_BASE sse2_vex
#elif defined(__SSE4_1__)
#define HEED_ISA_SSE2 1
#define HEED_ISA_BASE sse2_sse4
#elif defined(__SSE2__)
#define HEED_ISA_SSE2 1
#define HEED_ISA_BASE sse2
#else
#define HEED_ISA_NEON 1
#define HEED_ISA_BASE neon
#endif

#define HEED_JOIN_(a, b) a##b
#define HEED_JOIN(a, b) HEED_JOIN_(a, b)
#define HEED_STRING_(a) #a
#define HEED_STRING(a) HEED_STRING_(a)
// A file without exceptions has other bodies too, so it has a namespace of its own.
#if defined(__cpp_exceptions)
#define HEED_ISA HEED_ISA_BASE
#else
#define HEED_ISA HEED_JOIN(HEED_ISA_BASE, _noexcept)
#endif

#define HEED_INLINE __attribute__((always_inline)) inline
#define HEED_NOINLINE __attribute__((noinline))
// For lambdas: [&](auto i) HEED_BODY { ... } belongs to the function around it and leaves no symbol.
#define HEED_BODY __attribute__((always_inline))
// For functions that a CUDA build also compiles for the device.
#if defined(__CUDACC__)
#define HEED_FN __host__ __device__ HEED_INLINE
#else
#define HEED_FN HEED_INLINE
#endif

// Inner preconditions, debug builds only: public ones are checked once at the front door and return an errc.
#if defined(NDEBUG)
#define HEED_EXPECTS(condition) static_cast<void>(0)
#else
#define HEED_EXPECTS(condition) ((condition) ? static_cast<void>(0) : __builtin_trap())
#endif
