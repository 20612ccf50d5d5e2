// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Stored probabilities against a double loop, beside sums of the same call.
#include <heed/observe/probability_rows.hpp>

#include <observe/observed.hpp>

#include <heed/exec/thread_pool.hpp>
#include <heed/mask/sliding_window.hpp>
#include <heed/observe/key_sums.hpp>
#include <support/refusal.hpp>

namespace {
using namespace heed;
using namespace heed::test;

TEST(observe_probability_rows, equal_the_double_loop) {
  const sample<> s(1, {33, 2, 0}, {150, 17, 5}, 2, 4, 16, 8);
  const sliding_window window{20, 0};
  const probabilities_of exact[3] = {{s, 0, window}, {s, 1, window}, {s, 2, window}};
  const std::vector<index_t> some{0, 5, 6}, all{0, 1, 2, 3, 4, 5, 6, 7};
  for (const row_choice& chosen : {row_choice::last(3), row_choice::between(1, 30), row_choice::all()})
    for (const auto& heads : {some, all}) {
      const index_t rows = chosen.stretch(33).size(), n = static_cast<index_t>(heads.size());
      std::vector<float> first;
      for (const index_t workers : {1, 2, 3}) {
        std::vector<float> out(place(3 * n * rows * 152), 9.f), sums(place(3 * 8 * 150));
        thread_pool pool(workers);
        (void)s.run_on(pool, s.kv(), window,
                       probability_rows<float>(view(out.data(), 3, n, rows, 152), chosen.of_heads(heads)),
                       key_sums<float>(view(sums.data(), 3, 8, 150)));
        if (workers == 1) first = out;
        EXPECT_TRUE(same_bits(out, first));
      }
      margin m;
      for (index_t seq = 0; seq < 3; ++seq)
        for (index_t i = 0; i < n; ++i)
          for (index_t r = 0; r < rows; ++r)
            for (index_t k = 0; k < 152; ++k) {
              const auto& e = exact[seq];
              const range at = chosen.stretch(e.rows);
              const bool there = at.begin + r < at.end && k < e.slots;
              const double want = there ? e.at(heads[place(i)], at.begin + r, k) : 0.;
              const auto got = static_cast<double>(first[place(((seq * n + i) * rows + r) * 152 + k)]);
              if (want == 0) {
                EXPECT_EQ(got, 0.);
              } else {
                EXPECT_TRUE(m.add(got, want, e.off(heads[place(i)], at.begin + r, k))) << got << ", exact " << want;
              }
            }
    }
}

TEST(observe_probability_rows, refused_with_code_and_text) {
  const index_t slots[2] = {6, 5};
  const std::vector<index_t> offsets{0, 4, 6};
  call_extents e;
  e.sequences = 2;
  e.tokens = 6;
  e.q_heads = 4;
  e.kv_heads = 2;
  e.row_offsets = offsets;
  e.source = slots;
  e.slots_of = [](const void* p, index_t s, index_t) noexcept { return static_cast<const index_t*>(p)[s]; };
  std::vector<float> x(300);
  const auto check = [&](const tensor_view<float, 4>& v, const row_choice& c = row_choice::last(3)) {
    return refusal(probability_rows<float>(v, c).check(e));
  };
  const std::string name = "probability_rows: ";
  EXPECT_EQ(check(view(x.data(), 2, 4, 3, 6)), refusal());
  EXPECT_EQ(check(view(x.data(), 1, 4, 3, 6)),
            refusal(errc::bad_extent, name + "extent[0] is 1, but the sequences are 2"));
  EXPECT_EQ(check(view(x.data(), 2, 5, 3, 6)),
            refusal(errc::bad_extent, name + "extent[1] is 5, but the chosen heads are 4"));
  EXPECT_EQ(check(view(x.data(), 2, 4, 2, 6)),
            refusal(errc::bad_extent, name + "extent[2] is 2, but the chosen rows are 3"));
  EXPECT_EQ(check(view(x.data(), 2, 4, 3, 5)), refusal(errc::bad_extent, name + "extent[3] is 5, but the slots are 6"));
  EXPECT_EQ(check(view<float>(nullptr, 2, 4, 3, 6)),
            refusal(errc::null_pointer, name + "data is 0, but the elements in view are 144"));
  EXPECT_EQ(check(strided(x.data(), {2, 4, 3, 6}, {72, 12, 6, 1})),
            refusal(errc::bad_stride, name + "stride[1] is 12, rows are written, so the least is 18"));
  EXPECT_EQ(check(view(x.data(), 2, 4, 3, 6), row_choice::between(4, 2)),
            refusal(errc::bad_value, name + "end of the rows is 2, but the first row is 4"));
}
} // namespace
