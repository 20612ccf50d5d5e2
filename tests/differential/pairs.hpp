// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Made by tests/support/make_pairs.py: 134 lines in which all pairs of values meet.
// clang-format off

namespace heed::test {
struct axis {
  const char* name;
  int size;
  const char* values[16];
};
inline constexpr axis axes[] = {
    {"numbers", 8, {"f32", "f64", "b16", "h16", "f32_b16", "f32_h16", "b16_f32", "h16_f32"}},
    {"mask", 12, {"full", "causal", "sliding_window", "key_lengths", "document_causal", "prefix_lm", "chunked_local", "sinks_window", "tree", "bit_matrix", "byte_matrix", "user"}},
    {"score", 11, {"none", "soft_cap", "alibi", "relative_bias", "dense_bias", "log_n", "row_scale", "user", "user_vectors", "cap_alibi", "alibi_cap"}},
    {"source", 9, {"contiguous", "paged", "ring", "ragged", "biased", "gathered", "joined", "head_split", "user"}},
    {"epilogue", 7, {"store", "lse", "sink_logit", "lse_sink", "key_sums", "probability_rows", "all_of_them"}},
};
inline constexpr int pair_lines = 134;
} // namespace heed::test

#define HEED_PAIRS_00(X) \
  X(0, 0, 0, 7, 6, f32, full, none, head_split, all_of_them) \
  X(0, 8, 8, 5, 6, f32, tree, user_vectors, gathered, all_of_them) \
  X(1, 6, 4, 4, 4, f64, chunked_local, dense_bias, biased, key_sums) \
  X(2, 5, 1, 0, 3, b16, prefix_lm, soft_cap, contiguous, lse_sink) \
  X(3, 3, 5, 3, 3, h16, key_lengths, log_n, ragged, lse_sink) \
  X(4, 3, 6, 1, 4, f32_b16, key_lengths, row_scale, paged, key_sums) \
  X(5, 2, 5, 8, 5, f32_h16, sliding_window, log_n, user, probability_rows) \
  X(6, 0, 1, 2, 5, b16_f32, full, soft_cap, ring, probability_rows) \
  X(6, 10, 0, 6, 6, b16_f32, byte_matrix, none, joined, all_of_them) \
  X(7, 6, 2, 6, 1, h16_f32, chunked_local, alibi, joined, lse)

#define HEED_PAIRS_01(X) \
  X(0, 1, 3, 4, 1, f32, causal, relative_bias, biased, lse) \
  X(0, 9, 2, 3, 4, f32, bit_matrix, alibi, ragged, key_sums) \
  X(1, 7, 7, 1, 1, f64, sinks_window, user, paged, lse) \
  X(2, 6, 0, 5, 0, b16, chunked_local, none, gathered, store) \
  X(3, 4, 0, 3, 3, h16, document_causal, none, ragged, lse_sink) \
  X(4, 4, 9, 8, 5, f32_b16, document_causal, cap_alibi, user, probability_rows) \
  X(5, 3, 4, 5, 0, f32_h16, key_lengths, dense_bias, gathered, store) \
  X(6, 0, 10, 6, 1, b16_f32, full, alibi_cap, joined, lse) \
  X(6, 10, 3, 1, 2, b16_f32, byte_matrix, relative_bias, paged, sink_logit) \
  X(7, 6, 10, 0, 1, h16_f32, chunked_local, alibi_cap, contiguous, lse)

#define HEED_PAIRS_02(X) \
  X(0, 2, 7, 0, 6, f32, sliding_window, user, contiguous, all_of_them) \
  X(0, 10, 5, 2, 0, f32, byte_matrix, log_n, ring, store) \
  X(1, 8, 7, 4, 2, f64, tree, user, biased, sink_logit) \
  X(2, 6, 9, 4, 3, b16, chunked_local, cap_alibi, biased, lse_sink) \
  X(3, 4, 2, 4, 1, h16, document_causal, alibi, biased, lse) \
  X(4, 5, 3, 6, 0, f32_b16, prefix_lm, relative_bias, joined, store) \
  X(5, 3, 10, 8, 2, f32_h16, key_lengths, alibi_cap, user, sink_logit) \
  X(6, 1, 5, 8, 4, b16_f32, causal, log_n, user, key_sums) \
  X(6, 11, 0, 4, 4, b16_f32, user, none, biased, key_sums) \
  X(7, 7, 3, 3, 5, h16_f32, sinks_window, relative_bias, ragged, probability_rows)

#define HEED_PAIRS_03(X) \
  X(0, 2, 8, 4, 3, f32, sliding_window, user_vectors, biased, lse_sink) \
  X(0, 11, 5, 7, 0, f32, user, log_n, head_split, store) \
  X(1, 8, 9, 7, 4, f64, tree, cap_alibi, head_split, key_sums) \
  X(2, 7, 4, 4, 6, b16, sinks_window, dense_bias, biased, all_of_them) \
  X(3, 4, 6, 2, 0, h16, document_causal, row_scale, ring, store) \
  X(4, 6, 5, 7, 5, f32_b16, chunked_local, log_n, head_split, probability_rows) \
  X(5, 4, 1, 5, 0, f32_h16, document_causal, soft_cap, gathered, store) \
  X(6, 2, 9, 5, 5, b16_f32, sliding_window, cap_alibi, gathered, probability_rows) \
  X(7, 0, 8, 3, 4, h16_f32, full, user_vectors, ragged, key_sums) \
  X(7, 8, 5, 0, 1, h16_f32, tree, log_n, contiguous, lse)

#define HEED_PAIRS_04(X) \
  X(0, 3, 3, 2, 3, f32, key_lengths, relative_bias, ring, lse_sink) \
  X(0, 11, 6, 7, 2, f32, user, row_scale, head_split, sink_logit) \
  X(1, 9, 5, 6, 6, f64, bit_matrix, log_n, joined, all_of_them) \
  X(2, 8, 2, 8, 5, b16, tree, alibi, user, probability_rows) \
  X(3, 5, 9, 1, 6, h16, prefix_lm, cap_alibi, paged, all_of_them) \
  X(4, 7, 6, 0, 1, f32_b16, sinks_window, row_scale, contiguous, lse) \
  X(5, 5, 5, 4, 5, f32_h16, prefix_lm, log_n, biased, probability_rows) \
  X(6, 3, 1, 7, 5, b16_f32, key_lengths, soft_cap, head_split, probability_rows) \
  X(7, 1, 1, 1, 3, h16_f32, causal, soft_cap, paged, lse_sink) \
  X(7, 9, 1, 4, 2, h16_f32, bit_matrix, soft_cap, biased, sink_logit)

#define HEED_PAIRS_05(X) \
  X(0, 3, 9, 4, 4, f32, key_lengths, cap_alibi, biased, key_sums) \
  X(1, 0, 4, 2, 3, f64, full, dense_bias, ring, lse_sink) \
  X(1, 10, 8, 3, 3, f64, byte_matrix, user_vectors, ragged, lse_sink) \
  X(2, 8, 3, 3, 3, b16, tree, relative_bias, ragged, lse_sink) \
  X(3, 6, 1, 6, 4, h16, chunked_local, soft_cap, joined, key_sums) \
  X(4, 8, 4, 2, 2, f32_b16, tree, dense_bias, ring, sink_logit) \
  X(5, 5, 10, 6, 5, f32_h16, prefix_lm, alibi_cap, joined, probability_rows) \
  X(6, 4, 8, 0, 2, b16_f32, document_causal, user_vectors, contiguous, sink_logit) \
  X(7, 1, 2, 8, 2, h16_f32, causal, alibi, user, sink_logit) \
  X(7, 9, 6, 1, 2, h16_f32, bit_matrix, row_scale, paged, sink_logit)

#define HEED_PAIRS_06(X) \
  X(0, 4, 10, 1, 5, f32, document_causal, alibi_cap, paged, probability_rows) \
  X(1, 0, 6, 4, 5, f64, full, row_scale, biased, probability_rows) \
  X(1, 10, 10, 5, 3, f64, byte_matrix, alibi_cap, gathered, lse_sink) \
  X(2, 9, 3, 7, 1, b16, bit_matrix, relative_bias, head_split, lse) \
  X(3, 7, 8, 7, 0, h16, sinks_window, user_vectors, head_split, store) \
  X(4, 9, 0, 0, 5, f32_b16, bit_matrix, none, contiguous, probability_rows) \
  X(5, 6, 8, 1, 6, f32_h16, chunked_local, user_vectors, paged, all_of_them) \
  X(6, 5, 2, 2, 6, b16_f32, prefix_lm, alibi, ring, all_of_them) \
  X(7, 1, 4, 1, 3, h16_f32, causal, dense_bias, paged, lse_sink) \
  X(7, 10, 6, 8, 6, h16_f32, byte_matrix, row_scale, user, all_of_them)

#define HEED_PAIRS_07(X) \
  X(0, 5, 4, 7, 1, f32, prefix_lm, dense_bias, head_split, lse) \
  X(1, 1, 8, 2, 5, f64, causal, user_vectors, ring, probability_rows) \
  X(1, 11, 1, 2, 3, f64, user, soft_cap, ring, lse_sink) \
  X(2, 10, 7, 2, 1, b16, byte_matrix, user, ring, lse) \
  X(3, 8, 0, 1, 0, h16, tree, none, paged, store) \
  X(4, 10, 1, 4, 4, f32_b16, byte_matrix, soft_cap, biased, key_sums) \
  X(5, 7, 0, 8, 3, f32_h16, sinks_window, none, user, lse_sink) \
  X(6, 5, 6, 4, 1, b16_f32, prefix_lm, row_scale, biased, lse) \
  X(7, 1, 9, 5, 0, h16_f32, causal, cap_alibi, gathered, store) \
  X(7, 11, 9, 0, 0, h16_f32, user, cap_alibi, contiguous, store)

#define HEED_PAIRS_08(X) \
  X(0, 6, 3, 8, 3, f32, chunked_local, relative_bias, user, lse_sink) \
  X(1, 2, 0, 1, 2, f64, sliding_window, none, paged, sink_logit) \
  X(2, 0, 5, 1, 2, b16, full, log_n, paged, sink_logit) \
  X(2, 10, 9, 3, 1, b16, byte_matrix, cap_alibi, ragged, lse) \
  X(3, 9, 8, 5, 3, h16, bit_matrix, user_vectors, gathered, lse_sink) \
  X(4, 11, 4, 3, 2, f32_b16, user, dense_bias, ragged, sink_logit) \
  X(5, 7, 2, 0, 3, f32_h16, sinks_window, alibi, contiguous, lse_sink) \
  X(6, 5, 8, 8, 2, b16_f32, prefix_lm, user_vectors, user, sink_logit) \
  X(7, 2, 2, 7, 2, h16_f32, sliding_window, alibi, head_split, sink_logit)

#define HEED_PAIRS_09(X) \
  X(0, 6, 6, 2, 6, f32, chunked_local, row_scale, ring, all_of_them) \
  X(1, 2, 3, 8, 4, f64, sliding_window, relative_bias, user, key_sums) \
  X(2, 0, 9, 4, 1, b16, full, cap_alibi, biased, lse) \
  X(2, 11, 2, 1, 3, b16, user, alibi, paged, lse_sink) \
  X(3, 10, 4, 0, 5, h16, byte_matrix, dense_bias, contiguous, probability_rows) \
  X(4, 11, 8, 8, 1, f32_b16, user, user_vectors, user, lse) \
  X(5, 8, 10, 4, 0, f32_h16, tree, alibi_cap, biased, store) \
  X(6, 6, 7, 3, 2, b16_f32, chunked_local, user, ragged, sink_logit) \
  X(7, 3, 0, 2, 1, h16_f32, key_lengths, none, ring, lse)

#define HEED_PAIRS_10(X) \
  X(0, 7, 1, 8, 1, f32, sinks_window, soft_cap, user, lse) \
  X(1, 2, 4, 6, 1, f64, sliding_window, dense_bias, joined, lse) \
  X(2, 1, 6, 3, 0, b16, causal, row_scale, ragged, store) \
  X(3, 0, 7, 8, 0, h16, full, user, user, store) \
  X(3, 11, 3, 5, 2, h16, user, relative_bias, gathered, sink_logit) \
  X(4, 11, 10, 3, 6, f32_b16, user, alibi_cap, ragged, all_of_them) \
  X(5, 9, 9, 2, 3, f32_h16, bit_matrix, cap_alibi, ring, lse_sink) \
  X(6, 7, 5, 5, 4, b16_f32, sinks_window, log_n, gathered, key_sums) \
  X(7, 3, 7, 5, 6, h16_f32, key_lengths, user, gathered, all_of_them)

#define HEED_PAIRS_11(X) \
  X(0, 7, 9, 6, 2, f32, sinks_window, cap_alibi, joined, sink_logit) \
  X(1, 3, 2, 0, 0, f64, key_lengths, alibi, contiguous, store) \
  X(2, 2, 10, 2, 4, b16, sliding_window, alibi_cap, ring, key_sums) \
  X(3, 1, 0, 6, 2, h16, causal, none, joined, sink_logit) \
  X(4, 0, 2, 5, 3, f32_b16, full, alibi, gathered, lse_sink) \
  X(5, 0, 3, 0, 4, f32_h16, full, relative_bias, contiguous, key_sums) \
  X(5, 9, 10, 3, 2, f32_h16, bit_matrix, alibi_cap, ragged, sink_logit) \
  X(6, 8, 6, 6, 3, b16_f32, tree, row_scale, joined, lse_sink) \
  X(7, 4, 4, 6, 4, h16_f32, document_causal, dense_bias, joined, key_sums)

#define HEED_PAIRS_12(X) \
  X(0, 7, 10, 2, 0, f32, sinks_window, alibi_cap, ring, store) \
  X(1, 4, 3, 8, 6, f64, document_causal, relative_bias, user, all_of_them) \
  X(2, 3, 8, 6, 6, b16, key_lengths, user_vectors, joined, all_of_them) \
  X(3, 1, 10, 7, 0, h16, causal, alibi_cap, head_split, store) \
  X(4, 1, 7, 0, 6, f32_b16, causal, user, contiguous, all_of_them) \
  X(5, 1, 6, 5, 1, f32_h16, causal, row_scale, gathered, lse) \
  X(5, 10, 2, 7, 2, f32_h16, byte_matrix, alibi, head_split, sink_logit) \
  X(6, 9, 4, 8, 0, b16_f32, bit_matrix, dense_bias, user, store) \
  X(7, 4, 5, 2, 4, h16_f32, document_causal, log_n, ring, key_sums)

#define HEED_PAIRS_13(X) \
  X(0, 8, 1, 5, 6, f32, tree, soft_cap, gathered, all_of_them) \
  X(1, 5, 0, 3, 2, f64, prefix_lm, none, ragged, sink_logit) \
  X(2, 4, 7, 7, 3, b16, document_causal, user, head_split, lse_sink) \
  X(3, 2, 1, 8, 1, h16, sliding_window, soft_cap, user, lse) \
  X(4, 2, 6, 1, 5, f32_b16, sliding_window, row_scale, paged, probability_rows) \
  X(5, 2, 1, 3, 0, f32_h16, sliding_window, soft_cap, ragged, store) \
  X(5, 11, 7, 6, 5, f32_h16, user, user, joined, probability_rows) \
  X(6, 9, 7, 6, 2, b16_f32, bit_matrix, user, joined, sink_logit) \
  X(7, 5, 7, 5, 4, h16_f32, prefix_lm, user, gathered, key_sums)
