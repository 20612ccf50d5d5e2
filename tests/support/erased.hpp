// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Masks, sources, executors and tile shapes without their types: a test of many of them compiles one kernel.
#include <heed/plan/tile_shape.hpp>

#include <memory>

namespace heed::test {

/// Any mask that offers bits; allocates when built.
class erased_mask {
public:
  template <class M>
  requires(!std::is_same_v<M, erased_mask>) && bit_mask<M> explicit erased_mask(const M& m)
      : mask_(std::make_shared<M>(m)),
  allows_([](const void* p, const cell& at) noexcept { return static_cast<const M*>(p)->allows(at); }),
  runs_([](const void* p, const tile& t, std::span<key_run> out) noexcept {
    return static_cast<const M*>(p)->runs(t, out);
  }),
  bits_([](const void* p, const tile& t, std::span<const index_t> k, std::span<const index_t> slots,
           std::span<std::uint64_t> rows) noexcept { static_cast<const M*>(p)->bits(t, k, slots, rows); }),
  alike_([](const void* p, range heads) noexcept { return heed::alike(*static_cast<const M*>(p), heads); }),
  alike_in_([](const void* p, index_t seq, index_t rows, range heads) noexcept {
    return heed::alike_in(*static_cast<const M*>(p), seq, rows, heads);
  }) {}
  [[nodiscard]] bool allows(cell at) const noexcept { return allows_(mask_.get(), at); }
  [[nodiscard]] index_t runs(const tile& t, std::span<key_run> out) const noexcept {
    return runs_(mask_.get(), t, out);
  }
  void bits(const tile& t, std::span<const index_t> k, std::span<const index_t> slots,
            std::span<std::uint64_t> rows) const noexcept {
    bits_(mask_.get(), t, k, slots, rows);
  }
  [[nodiscard]] bool alike(range heads) const noexcept { return alike_(mask_.get(), heads); }
  [[nodiscard]] bool alike_in(index_t seq, index_t rows, range heads) const noexcept {
    return alike_in_(mask_.get(), seq, rows, heads);
  }

private:
  std::shared_ptr<const void> mask_;
  bool (*allows_)(const void*, const cell&) noexcept;
  index_t (*runs_)(const void*, const tile&, std::span<key_run>) noexcept;
  void (*bits_)(const void*, const tile&, std::span<const index_t>, std::span<const index_t>,
                std::span<std::uint64_t>) noexcept;
  bool (*alike_)(const void*, range) noexcept;
  bool (*alike_in_)(const void*, index_t, index_t, range) noexcept;
};

/// Any mask, with the tiles that it cuts or those of a mask that cuts none.
class erased_tiler : public erased_mask {
public:
  template <class M>
  requires(!std::is_same_v<M, erased_tiler>) && bit_mask<M> explicit erased_tiler(const M& m)
      : erased_mask(m),
  own_(std::make_shared<M>(m)), count_([](const void* p, index_t seq, index_t rows, index_t capacity) noexcept {
    if constexpr (query_tiler<M>)
      return static_cast<const M*>(p)->query_tiles(seq, rows, capacity);
    else
      return (rows + capacity - 1) / capacity;
  }),
  list_([](const void* p, index_t seq, index_t rows, index_t capacity, index_t i, std::span<index_t> out) noexcept {
    if constexpr (query_tiler<M>) {
      return static_cast<const M*>(p)->query_tile(seq, rows, capacity, i, out);
    } else {
      index_t n = 0;
      for (index_t r = i * capacity; r < lesser(rows, (i + 1) * capacity); ++r) out[static_cast<std::size_t>(n++)] = r;
      return n;
    }
  }),
  most_([](const void* p, index_t sequences, index_t rows, index_t capacity) noexcept {
    if constexpr (bounded_query_tiler<M>)
      return static_cast<const M*>(p)->most_query_tiles(sequences, rows, capacity);
    else
      return query_tiler<M> ? rows : rows / capacity + sequences;
  }) {}
  [[nodiscard]] index_t query_tiles(index_t seq, index_t rows, index_t capacity) const noexcept {
    return count_(own_.get(), seq, rows, capacity);
  }
  [[nodiscard]] index_t query_tile(index_t seq, index_t rows, index_t capacity, index_t i,
                                   std::span<index_t> out) const noexcept {
    return list_(own_.get(), seq, rows, capacity, i, out);
  }
  [[nodiscard]] index_t most_query_tiles(index_t sequences, index_t rows, index_t capacity) const noexcept {
    return most_(own_.get(), sequences, rows, capacity);
  }

private:
  std::shared_ptr<const void> own_;
  index_t (*count_)(const void*, index_t, index_t, index_t) noexcept;
  index_t (*list_)(const void*, index_t, index_t, index_t, index_t, std::span<index_t>) noexcept;
  index_t (*most_)(const void*, index_t, index_t, index_t) noexcept;
};
static_assert(bounded_query_tiler<erased_tiler>);

/// Any source of plain rows, or of rows of which the value is a part (Alias); allocates when built.
template <class T, bool Alias = false> class erased_source {
public:
  using key_format = elements<T>;
  using value_format = elements<T>;
  static constexpr bool values_alias_keys = Alias;

  template <class K>
  requires(!std::is_same_v<K, erased_source>) && kv_source<K> && (K::values_alias_keys == Alias) &&
      std::is_same_v<typename K::key_format, elements<T>> explicit erased_source(const K& kv)
      : source_(std::make_shared<K>(kv)),
  slots_([](const void* p, index_t s, index_t h) noexcept { return static_cast<const K*>(p)->slots(s, h); }),
  seen_([](const void* p, index_t s) noexcept { return static_cast<const K*>(p)->seen(s); }),
  ordered_([](const void* p, index_t s, index_t h) noexcept { return static_cast<const K*>(p)->ordered(s, h); }),
  locate_([](const void* p, index_t s, index_t h, index_t x) noexcept {
    return static_cast<const K*>(p)->locate(s, h, x);
  }),
  rows_([](const void* p, index_t s, index_t h, range slots) noexcept {
    return static_cast<const K*>(p)->rows(s, h, slots);
  }),
  dims_(kv.dims()) {}
  [[nodiscard]] kv_dims dims() const noexcept { return dims_; }
  [[nodiscard]] key_format keys_as() const noexcept { return {}; }
  [[nodiscard]] value_format values_as() const noexcept { return {}; }
  [[nodiscard]] index_t slots(index_t seq, index_t kv_head) const noexcept {
    return slots_(source_.get(), seq, kv_head);
  }
  [[nodiscard]] index_t seen(index_t seq) const noexcept { return seen_(source_.get(), seq); }
  [[nodiscard]] bool ordered(index_t seq, index_t kv_head) const noexcept {
    return ordered_(source_.get(), seq, kv_head);
  }
  [[nodiscard]] index_t locate(index_t seq, index_t kv_head, index_t position) const noexcept {
    return locate_(source_.get(), seq, kv_head, position);
  }
  [[nodiscard]] kv_rows rows(index_t seq, index_t kv_head, range slots) const noexcept {
    return rows_(source_.get(), seq, kv_head, slots);
  }

private:
  std::shared_ptr<const void> source_;
  index_t (*slots_)(const void*, index_t, index_t) noexcept;
  index_t (*seen_)(const void*, index_t) noexcept;
  bool (*ordered_)(const void*, index_t, index_t) noexcept;
  index_t (*locate_)(const void*, index_t, index_t, index_t) noexcept;
  kv_rows (*rows_)(const void*, index_t, index_t, range) noexcept;
  kv_dims dims_;
};
static_assert(kv_source<erased_source<float>>);

/// Any executor, by reference.
class erased_executor {
public:
  template <executor E>
  requires(!std::is_same_v<std::remove_cv_t<E>, erased_executor>) explicit erased_executor(E& e) noexcept
      : executor_(const_cast<std::remove_cv_t<E>*>(&e)), workers_(e.workers()),
        bulk_([](void* p, index_t n, void (*task)(void*, index_t, index_t), void* context) noexcept {
          static_cast<E*>(p)->bulk(n, task, context);
        }) {}
  [[nodiscard]] index_t workers() const noexcept { return workers_; }
  void bulk(index_t n, void (*task)(void*, index_t, index_t), void* context) const noexcept {
    bulk_(executor_, n, task, context);
  }

private:
  void* executor_;
  index_t workers_;
  void (*bulk_)(void*, index_t, void (*)(void*, index_t, index_t), void*) noexcept;
};
static_assert(executor<const erased_executor>);

/// A tuning that reads a shape set at run time: an empty type, as the concept wants. Decode takes no more lanes than
/// its kernel serves.
struct given_shape {
  static inline tile_shape shape{};
  tile_shape operator()(isa_traits isa, problem_traits) const noexcept {
    tile_shape s = shape;
    s.few_lanes = lesser(s.few_lanes, isa.few_lanes);
    return s;
  }
};
static_assert(tuning<given_shape>);

} // namespace heed::test
