// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Sums of probabilities per key against a double loop, for any choice of rows and heads and any number of workers.
#include <heed/observe/key_sums.hpp>

#include <observe/observed.hpp>

#include <heed/epilogue/sink_logit.hpp>
#include <heed/exec/thread_pool.hpp>
#include <heed/mask/causal.hpp>
#include <heed/observe/probability_rows.hpp>
#include <support/refusal.hpp>

namespace {
using namespace heed;
using namespace heed::test;

struct choice {
  row_choice rows;
  std::vector<index_t> heads;
  [[nodiscard]] row_choice get() const { return rows.of_heads(heads); }
};
std::vector<choice> choices() {
  return {{row_choice::all(), {}},           {row_choice::last(4), {}},      {row_choice::last(1), {0, 3, 5}},
          {row_choice::between(3, 21), {}},  {row_choice::all(), {1, 2, 4}}, {row_choice::last(0), {}},
          {row_choice::between(30, 40), {5}}};
}
constexpr index_t slots = 211;

/// Two sequences; two observers, the lse and a sink in one call.
std::vector<float> sums_of(const sample<>& s, const choice& c, index_t workers) {
  const index_t heads = c.get().head_count(s.q_heads());
  std::vector<float> out(place(2 * heads * (slots + 3)), 9.f), all(place(2 * s.q_heads() * slots), 9.f);
  const std::vector<float> sinks(place(s.q_heads()), 1.f);
  thread_pool pool(workers);
  (void)s.run_on(pool, s.kv(), causal{}, key_sums<float>(view(out.data(), 2, heads, slots + 3), c.get()),
                 sink_logit(sinks), key_sums<float>(view(all.data(), 2, s.q_heads(), slots)));
  return out;
}

TEST(observe_key_sums, equal_the_double_loop_for_any_choice_and_worker_count) {
  const sample<> s(1, {33, 5}, {slots, 17}, 2, 3, 16, 8);
  const probabilities_of exact[2] = {{s, 0, causal{}}, {s, 1, causal{}}};
  for (const choice& c : choices()) {
    const auto out = sums_of(s, c, 1);
    for (const index_t workers : {2, 3}) EXPECT_TRUE(same_bits(out, sums_of(s, c, workers))) << workers << " workers";
    const index_t heads = c.get().head_count(6);
    margin m;
    for (index_t seq = 0; seq < 2; ++seq)
      for (index_t i = 0; i < heads; ++i)
        for (index_t k = 0; k < slots + 3; ++k) {
          const auto& e = exact[seq];
          const index_t head = c.heads.empty() ? i : c.heads[place(i)];
          const range rows = c.rows.stretch(e.rows);
          double sum = 0, share = 0;
          for (index_t r = rows.begin; k < e.slots && r < rows.end; ++r) {
            sum += e.at(head, r, k);
            share += e.off(head, r, k);
          }
          const double got = static_cast<double>(out[place((seq * heads + i) * (slots + 3) + k)]);
          if (sum == 0) {
            EXPECT_EQ(got, 0.) << "slots that no chosen row sees are cleared";
          } else {
            const auto n = static_cast<double>(rows.size());
            EXPECT_TRUE(m.add(got, sum, sum_bound<float>(n, share, sum))) << got << ", exact " << sum;
          }
        }
  }
}

TEST(observe_key_sums, of_a_row_sum_to_one_with_or_without_a_sink) {
  const sample<> s(2, {1}, {90}, 1, 4, 8, 8);
  std::vector<float> out(4 * 90, 9.f);
  const std::vector<float> sinks(4, 5.f);
  (void)s.run(causal{}, sink_logit(sinks), key_sums<float>(view(out.data(), 1, 4, 90)));
  for (std::size_t h = 0; h < 4; ++h) {
    double sum = 0;
    for (std::size_t k = 0; k < 90; ++k) sum += static_cast<double>(out[h * 90 + k]);
    EXPECT_NEAR(sum, 1., 90 * epsilon<float>);
  }
}

TEST(observe_key_sums, of_many_rows_accumulate_in_blocks) {
  // Five equal keys: each row adds the same 1/5. One accumulator would round always to the same side: 7.9 bounds off.
  const index_t rows = 20000;
  sample<> s(4, {rows}, {5}, 1, 1, 8, 6);
  for (float& x : s.q) x = 0.f;
  std::vector<float> o(place(rows * 6)), sums(5, 9.f);
  attend(sequential{}, ragged(s.queries(), s.offsets), s.kv(), ragged(view(o.data(), rows, 1, 6), s.offsets),
         key_sums<float>(view(sums.data(), 1, 1, 5)));
  const double each = row_share<float>({5, 8, 0}, 0.2), sum = rows / 5.;
  margin m;
  for (const float x : sums)
    EXPECT_TRUE(m.add(static_cast<double>(x), sum, sum_bound<float>(rows, rows * each, sum))) << x;
}

TEST(observe_key_sums, refused_with_code_and_text_and_nothing_is_written) {
  const sample<> s(3, {4, 2}, {6, 5}, 2, 2, 8, 6);
  std::vector<float> x(200, 9.f);
  const auto run = [&](const tensor_view<float, 3>& v, const row_choice& c = {}) {
    const auto before = x;
    std::vector<float> o(place(6 * 4 * 6), 9.f);
    const refusal r = refusal_of([&] {
      attend(sequential{}, ragged(s.queries(), s.offsets), s.kv(), ragged(view(o.data(), 6, 4, 6), s.offsets),
             key_sums<float>(v, c));
    });
    if (r.code != errc::ok) {
      EXPECT_EQ(x, before);
      for (const float y : o) EXPECT_EQ(y, 9.f);
    }
    return r;
  };
  EXPECT_EQ(run(view(x.data(), 2, 4, 6)), refusal());
  EXPECT_EQ(run(view(x.data(), 3, 4, 6)),
            refusal(errc::bad_extent, "key_sums: extent[0] is 3, but the sequences are 2"));
  EXPECT_EQ(run(view(x.data(), 2, 3, 6)),
            refusal(errc::bad_extent, "key_sums: extent[1] is 3, but the chosen heads are 4"));
  const std::vector<index_t> heads{1, 3};
  EXPECT_EQ(run(view(x.data(), 2, 4, 6), row_choice::all().of_heads(heads)),
            refusal(errc::bad_extent, "key_sums: extent[1] is 4, but the chosen heads are 2"));
  EXPECT_EQ(run(view(x.data(), 2, 2, 6), row_choice::all().of_heads(heads)), refusal());
  EXPECT_EQ(run(view(x.data(), 2, 4, 5)), refusal(errc::bad_extent, "key_sums: extent[2] is 5, but the slots are 6"));
  EXPECT_EQ(run(view<float>(nullptr, 2, 4, 6)),
            refusal(errc::null_pointer, "key_sums: data is 0, but the elements in view are 48"));
  EXPECT_EQ(run(strided(x.data(), {2, 4, 6}, {24, 0, 1})),
            refusal(errc::bad_stride, "key_sums: stride[1] is 0, rows are written, so the least is 6"));
  EXPECT_EQ(run(view(x.data(), 2, 4, 6), row_choice::last(-1)),
            refusal(errc::bad_value, "key_sums: last rows is -1, the least is 0"));
}
} // namespace
