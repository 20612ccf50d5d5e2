// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Random calls on every cache beside a model that keeps slots in vectors: after each call they hold the same tokens, at
// the same positions, with the same biases, and account for the same bytes. HEED_MACHINE_STEPS sets how many calls;
// tests/cache_machine.sh runs 100,000 per cache under sanitizers.
#include <heed/evict/compact.hpp>
#include <heed/kv/append_batch.hpp>

#include <kv/cache_owners.hpp>
#include <kv/source_probe.hpp>
#include <support/random.hpp>

#include <cmath>

namespace heed {
namespace {

using test::cache_size;
using test::text;
using indices = std::vector<index_t>;

struct model_slot {
  index_t position;
  std::vector<float> key, value;
  float bias = 0;
  bool stands_for_others = false;
};
struct model_head {
  std::vector<model_slot> slots;
  std::vector<float> key_mean, value_mean;
  index_t folded = 0;
};
struct model {
  cache_size size;
  std::vector<model_head> heads = std::vector<model_head>(static_cast<std::size_t>(size.lists()));
  indices seen = indices(static_cast<std::size_t>(size.sequences));
  model_head& at(index_t seq, index_t head) { return heads[static_cast<std::size_t>(seq * size.heads + head)]; }
};

/// Token `id` of head h: every element tells both.
float element_of(index_t id, index_t h, index_t e, bool value) {
  const auto x = static_cast<float>((id * 8 + h) % 4093) + static_cast<float>(e) * 0.25f;
  return value ? -x : x;
}

void forget_last(model_head& h, index_t seen) {
  while (!h.slots.empty() && h.slots.back().position >= seen) {
    if (h.slots.back().stands_for_others) h.folded = 0;
    h.slots.pop_back();
  }
}

void fold(std::vector<float>& mean, const std::vector<float>& x, index_t n) {
  if (n == 1) mean.assign(x.size(), 0.f);
  for (std::size_t e = 0; e < x.size(); ++e) mean[e] += (x[e] - mean[e]) / static_cast<float>(n);
}

/// The meaning of keep, written slot by slot.
void keep(model_head& h, const indices& kept, dropped_rows dropped) {
  std::vector<bool> in(h.slots.size());
  for (const index_t i : kept) in[static_cast<std::size_t>(i)] = true;
  std::vector<model_slot> left;
  std::size_t stands = h.slots.size(); // where the compensated slot goes
  for (std::size_t i = 0; i < h.slots.size(); ++i)
    if (h.slots[i].stands_for_others || !in[i]) stands = dropped == dropped_rows::folded ? i : stands;
  bool survives = false;
  for (std::size_t i = 0; i < h.slots.size(); ++i) {
    model_slot& s = h.slots[i];
    if (dropped == dropped_rows::folded && !in[i] && !s.stands_for_others) {
      ++h.folded;
      fold(h.key_mean, s.key, h.folded);
      fold(h.value_mean, s.value, h.folded);
    }
    if (dropped == dropped_rows::folded && i == stands) {
      left.push_back({s.position, h.key_mean, h.value_mean, std::log(static_cast<float>(h.folded)), true});
      survives = true;
    } else if (in[i] && !(dropped == dropped_rows::folded && s.stands_for_others)) {
      survives = survives || s.stands_for_others;
      left.push_back(s);
    }
  }
  if (!survives) h.folded = 0;
  h.slots = left;
}

template <class Owner> constexpr bool evicts = evicting_cache<typename Owner::cache_type>;
/// Values are a part of their keys: rows are appended whole, and nothing is folded.
template <class Owner> constexpr bool latent = requires { Owner::value_offset; };

/// Compares everything; the text of the first difference, or "".
template <class Owner> std::string difference(Owner& o, model& m, const indices& ring) {
  const auto kv = o.cache.source();
  for (index_t s = 0; s < m.size.sequences; ++s) {
    if (kv.seen(s) != m.seen[static_cast<std::size_t>(s)]) return "seen of " + std::to_string(s);
    for (index_t h = 0; h < m.size.heads; ++h) {
      std::vector<model_slot> want = m.at(s, h).slots;
      if (!ring.empty() && h % 2 == 1) { // sinks and window of a model that forgets nothing
        const auto sinks = static_cast<std::size_t>(ring[0]), window = static_cast<std::size_t>(ring[1]);
        if (want.size() > sinks + window)
          want.erase(want.begin() + ring[0], want.end() - static_cast<std::ptrdiff_t>(window));
      }
      const std::string where = std::to_string(s) + ", " + std::to_string(h);
      if (kv.slots(s, h) != static_cast<index_t>(want.size())) return "slots of " + where;
      for (index_t i = 0; i < kv.slots(s, h); ++i) {
        const model_slot& w = want[static_cast<std::size_t>(i)];
        const kv_rows r = kv.rows(s, h, {i, i + 1});
        const std::string at = where + ", slot " + std::to_string(i);
        if (test::position_at(kv, s, h, i) != w.position) return "position of " + at;
        const float bias = r.bias != nullptr ? *r.bias : 0;
        if (std::fabs(bias - w.bias) > 1e-6f * std::fabs(w.bias)) return "bias of " + at;
        const auto* k = reinterpret_cast<const float*>(r.key);
        const auto* v = reinterpret_cast<const float*>(r.value);
        for (std::size_t e = 0; e < w.key.size(); ++e)
          if (k[e] != w.key[e]) return "key of " + at;
        for (std::size_t e = 0; e < w.value.size(); ++e)
          if (v[e] != w.value[e]) return "value of " + at;
      }
      if constexpr (evicts<Owner>) {
        if (o.cache.folded(s, h) != m.at(s, h).folded) return "folded of " + where;
        const index_t c = o.cache.compensated_slot(s, h);
        for (index_t i = 0; i < kv.slots(s, h); ++i)
          if ((i == c) != want[static_cast<std::size_t>(i)].stands_for_others) return "compensated slot of " + where;
      }
    }
  }
  return "";
}

/// Bytes that must be held, from the model alone.
template <class T> index_t row_bytes(const cache_size& s) {
  return (s.key_dim + s.value_dim) * static_cast<index_t>(sizeof(T));
}
template <class O> struct held;
template <class T> struct held<test::contiguous_owner<T>> {
  static index_t bytes(model& m) {
    index_t n = 0;
    for (const auto& h : m.heads) n += static_cast<index_t>(h.slots.size());
    return n * (row_bytes<T>(m.size) + 12);
  }
};
template <class T> struct held<test::ragged_owner<T>> : held<test::contiguous_owner<T>> {};
template <class T, bool PerHead> struct held<test::paged_owner<T, PerHead>> {
  static index_t bytes(model& m) {
    index_t pages = 0;
    for (index_t s = 0; s < m.size.sequences; ++s)
      for (index_t h = 0; h < (PerHead ? m.size.heads : 1); ++h)
        pages += (static_cast<index_t>(m.at(s, h).slots.size()) + m.size.page - 1) / m.size.page;
    return pages * m.size.page * (row_bytes<T>(m.size) * (PerHead ? 1 : m.size.heads) + 12);
  }
};

template <class T> struct held<test::latent_owner<T>> {
  static index_t bytes(model& m) {
    index_t pages = 0;
    for (const auto& h : m.heads) pages += (static_cast<index_t>(h.slots.size()) + m.size.page - 1) / m.size.page;
    return pages * m.size.page * (m.size.key_dim * static_cast<index_t>(sizeof(T)) + 12);
  }
};

index_t steps_to_take(index_t fallback) {
  const char* text = std::getenv("HEED_MACHINE_STEPS");
  return text != nullptr ? std::atoll(text) : fallback;
}

/// One machine. ring: sinks and window of the odd heads, or empty.
template <class Owner> class machine {
public:
  machine(Owner& owner, const cache_size& size, const indices& ring, std::uint64_t seed)
      : o_(owner), size_(size), m_{size}, ring_(ring), gen_(seed), scores_(size.heads, size.rows),
        kept_(size.heads, size.rows) {}

  void run(index_t steps) {
    ASSERT_EQ(text(o_.cache.check()), "ok");
    const index_t before = o_.cache.bytes_reserved();
    for (index_t step = 0; step < steps; ++step) {
      what_ = "append";
      const index_t seq = gen_.integer(0, size_.sequences - 1), kind = gen_.integer(0, 19);
      if (kind < 8)
        append(seq);
      else if (kind == 8)
        append_to_all();
      else if (kind < 11)
        roll_back(seq);
      else if (kind == 11)
        release(seq);
      else if constexpr (evicts<Owner>) {
        if (kind < 17)
          evict(seq);
        else if (kind == 17)
          copy(seq, gen_.integer(0, size_.sequences - 1));
        else if (kind == 18)
          renumber(seq);
        else
          refuse(seq);
      }
      const std::string wrong = difference(o_, m_, ring_);
      ASSERT_EQ(wrong, "") << what_ << " in step " << step << " of " << Owner::name;
      if (step % 16 == 0) test::expect_lawful(o_.cache.source());
      if constexpr (evicts<Owner>) {
        const auto means =
            static_cast<index_t>(o_.means.keys.size() * 4 + o_.means.values.size() * 4 + o_.means.counts.size() * 16);
        ASSERT_EQ(o_.cache.bytes_held(), held<Owner>::bytes(m_) + means) << what_ << " in step " << step;
      }
      ASSERT_EQ(o_.cache.bytes_reserved(), before);
      if (::testing::Test::HasFailure()) FAIL() << what_ << " in step " << step << " of " << Owner::name;
    }
    EXPECT_GT(refused_, 0);
    EXPECT_GT(appended_, 0);
  }

private:
  static float value_of(index_t id, index_t h, index_t e) {
    if constexpr (latent<Owner>)
      return element_of(id, h, e + Owner::value_offset, false);
    else
      return element_of(id, h, e, true);
  }
  failure append_fresh(index_t seq, index_t tokens) {
    const auto k = view(k_.data(), tokens, size_.heads, size_.key_dim);
    if constexpr (latent<Owner>)
      return o_.cache.append(seq, k);
    else
      return o_.cache.append(seq, k, view(v_.data(), tokens, size_.heads, size_.value_dim));
  }
  /// Fresh rows for `tokens` tokens from id_ on.
  void draw(index_t tokens) {
    k_.assign(test::many(tokens * size_.heads * size_.key_dim), 0);
    v_.assign(test::many(tokens * size_.heads * size_.value_dim), 0);
    const auto k = view(k_.data(), tokens, size_.heads, size_.key_dim);
    const auto v = view(v_.data(), tokens, size_.heads, size_.value_dim);
    for (index_t t = 0; t < tokens; ++t)
      for (index_t h = 0; h < size_.heads; ++h) {
        for (index_t e = 0; e < size_.key_dim; ++e) k(t, h, e) = element_of(id_ + t, h, e, false);
        for (index_t e = 0; e < size_.value_dim; ++e) v(t, h, e) = value_of(id_ + t, h, e);
      }
  }
  void append_to_model(index_t seq, index_t first, index_t tokens) {
    index_t& seen = m_.seen[test::many(seq)];
    for (index_t h = 0; h < size_.heads; ++h)
      for (index_t t = 0; t < tokens; ++t) {
        model_slot s{seen + t, {}, {}};
        for (index_t e = 0; e < size_.key_dim; ++e) s.key.push_back(element_of(first + t, h, e, false));
        for (index_t e = 0; e < size_.value_dim; ++e) s.value.push_back(value_of(first + t, h, e));
        m_.at(seq, h).slots.push_back(s);
      }
    seen += tokens;
    appended_ += tokens;
  }
  void append(index_t seq) {
    const index_t tokens = gen_.chance(8) ? gen_.integer(0, size_.rows + 2) : gen_.integer(0, 5);
    draw(tokens);
    const bool full = no_room(seq, tokens);
    const failure code = append_fresh(seq, tokens);
    ASSERT_EQ(static_cast<bool>(code), full) << text(code);
    if (code)
      ++refused_;
    else
      append_to_model(seq, id_, tokens);
    id_ += tokens;
  }
  /// What the model says of the room: rows of a head; pages are the cache's own word, which held() checks.
  bool no_room(index_t seq, index_t tokens) {
    for (index_t h = 0; h < size_.heads; ++h) {
      if (!ring_.empty() && h % 2 == 1) continue;
      if (static_cast<index_t>(m_.at(seq, h).slots.size()) + tokens > size_.rows) return true;
    }
    if constexpr (requires { o_.cache.free_pages(); })
      return o_.cache.pages_wanted(seq, tokens) > o_.cache.free_pages();
    return false;
  }
  void append_to_all() {
    if constexpr (latent<Owner>)
      append(size_.sequences - 1);
    else
      append_ragged();
  }
  void append_ragged() {
    what_ = "append_batch";
    indices offsets{0};
    for (index_t s = 0; s < size_.sequences; ++s) offsets.push_back(offsets.back() + gen_.integer(0, 4));
    draw(offsets.back());
    const auto k = ragged(view(k_.data(), offsets.back(), size_.heads, size_.key_dim), offsets);
    const auto v = ragged(view(v_.data(), offsets.back(), size_.heads, size_.value_dim), offsets);
    if (append_batch(o_.cache, k, v))
      ++refused_;
    else
      for (index_t s = 0; s < size_.sequences; ++s)
        append_to_model(s, id_ + offsets[test::many(s)], offsets[test::many(s + 1)] - offsets[test::many(s)]);
    id_ += offsets.back();
  }
  void roll_back(index_t seq) {
    what_ = "rollback";
    index_t& seen = m_.seen[test::many(seq)];
    const index_t tokens = gen_.chance(3) ? gen_.integer(0, seen + 1) : gen_.integer(0, 3);
    const bool refused = static_cast<bool>(o_.cache.check_rollback(seq, tokens));
    ASSERT_TRUE(!ring_.empty() || refused == (tokens > seen));
    ASSERT_EQ(static_cast<bool>(o_.cache.rollback(seq, tokens)), refused);
    if (refused) {
      ++refused_;
      return;
    }
    seen -= tokens;
    for (index_t h = 0; h < size_.heads; ++h) forget_last(m_.at(seq, h), seen);
  }
  void release(index_t seq) {
    what_ = "release";
    ASSERT_FALSE(o_.cache.release(seq));
    m_.seen[test::many(seq)] = 0;
    for (index_t h = 0; h < size_.heads; ++h) m_.at(seq, h) = {};
  }
  void evict(index_t seq) {
    const bool shared = !o_.cache.per_head();
    const auto dropped = !latent<Owner> && gen_.chance(3) ? dropped_rows::folded : dropped_rows::forgotten;
    what_ = dropped == dropped_rows::folded ? "compact_folding" : "compact";
    kept_.clear();
    const index_t keep_in_8 = gen_.integer(0, 8);
    for (index_t h = 0; h < size_.heads; ++h) {
      const auto n = static_cast<index_t>(m_.at(seq, h).slots.size());
      ASSERT_FALSE(scores_.resize(h, 0));
      ASSERT_FALSE(scores_.resize(h, n));
      for (index_t i = 0; i < n; ++i) scores_.row(h)[test::many(i)] = static_cast<float>(i);
      if (shared && h > 0)
        kept_.copy_list(0, h);
      else
        for (index_t i = 0; i < n; ++i)
          if (gen_.integer(1, 8) <= keep_in_8) kept_.push(h, i);
    }
    if (dropped == dropped_rows::folded)
      ASSERT_EQ(text(compact_folding(o_.cache, seq, kept_)), "ok");
    else
      ASSERT_EQ(text(compact(o_.cache, seq, kept_, scores_)), "ok");
    for (index_t h = 0; h < size_.heads; ++h) {
      const indices list(kept_.list(h).begin(), kept_.list(h).end());
      keep(m_.at(seq, h), list, dropped);
      if (dropped == dropped_rows::folded) continue;
      ASSERT_EQ(scores_.slots(h), kept_.count(h));
      for (std::size_t i = 0; i < list.size(); ++i) ASSERT_EQ(scores_.row(h)[i], static_cast<float>(list[i]));
    }
  }
  void copy(index_t from, index_t to) {
    what_ = "copy_sequence";
    if (o_.cache.copy_sequence(from, to)) {
      ++refused_;
      return;
    }
    m_.seen[test::many(to)] = m_.seen[test::many(from)];
    for (index_t h = 0; h < size_.heads; ++h) m_.at(to, h) = m_.at(from, h);
  }
  void renumber(index_t seq) {
    what_ = "renumber";
    ASSERT_FALSE(o_.cache.renumber(seq));
    index_t most = 0;
    for (index_t h = 0; h < size_.heads; ++h) {
      auto& slots = m_.at(seq, h).slots;
      for (std::size_t i = 0; i < slots.size(); ++i) slots[i].position = static_cast<index_t>(i);
      most = greater(most, static_cast<index_t>(slots.size()));
    }
    m_.seen[test::many(seq)] = most;
  }
  /// Lists that do not fit: the last head's is wrong, and no head may change.
  void refuse(index_t seq) {
    what_ = "compact, refused";
    kept_.clear();
    for (index_t h = 0; h < size_.heads; ++h) {
      const auto n = static_cast<index_t>(m_.at(seq, h).slots.size());
      ASSERT_FALSE(scores_.resize(h, n));
      if (h + 1 == size_.heads) kept_.push(h, gen_.chance(2) ? n : -1);
    }
    ASSERT_TRUE(compact(o_.cache, seq, kept_, scores_));
    ASSERT_TRUE(compact_folding(o_.cache, seq, kept_));
    ++refused_;
  }

  Owner& o_;
  cache_size size_;
  model m_;
  indices ring_;
  test::random gen_;
  score_table scores_;
  kept_lists kept_;
  std::vector<float> k_, v_;
  index_t id_ = 0, refused_ = 0, appended_ = 0;
  const char* what_ = "";
};

template <class Owner, class... More>
void run_machine(const cache_size& size, const indices& ring, std::uint64_t seed, const More&... more) {
  Owner owner(size, more...);
  machine<Owner>(owner, size, ring, seed).run(steps_to_take(1500));
  EXPECT_GT(test::live_bytes, 0);
}

TEST(kv_cache_machine, contiguous) {
  run_machine<test::contiguous_owner<float>>({3, 2, 23, 3, 2}, {}, test::announced_seed("contiguous", 11));
  EXPECT_EQ(test::live_bytes, 0);
}
TEST(kv_cache_machine, ragged) {
  run_machine<test::ragged_owner<float>>({3, 2, 19, 2, 3}, {}, test::announced_seed("ragged", 12));
}
TEST(kv_cache_machine, paged_per_head) {
  run_machine<test::paged_owner<float, true>>({3, 2, 24, 2, 3, 4, 24}, {}, test::announced_seed("paged per head", 13));
}
TEST(kv_cache_machine, paged_per_head_in_a_tight_pool) {
  run_machine<test::paged_owner<float, true>>({3, 2, 12, 2, 3, 1, 30}, {}, test::announced_seed("tight pool", 16));
}
TEST(kv_cache_machine, paged_per_sequence) {
  run_machine<test::paged_owner<float, false>>({3, 2, 24, 3, 2, 3, 17}, {},
                                               test::announced_seed("paged per sequence", 14));
}
TEST(kv_cache_machine, latent) {
  run_machine<test::latent_owner<float>>({3, 1, 24, 5, 3, 3, 17}, {}, test::announced_seed("latent", 17));
}
TEST(kv_cache_machine, two_parts) {
  const std::uint64_t seed = test::announced_seed("two parts", 15);
  run_machine<test::split_owner<float>>({3, 3, 40, 2, 3}, {2, 5}, seed, index_t{2}, index_t{5}, index_t{3});
  run_machine<test::split_owner<float>>({2, 4, 30, 2, 2}, {0, 4}, seed + 1, index_t{0}, index_t{4}, index_t{0});
}

} // namespace
} // namespace heed
