// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The concepts with their laws: what a mask, a score, a key-value source, an epilogue, an observer, an executor is.
// testing/laws.hpp holds the same laws as executable checks, for the library's models and for users' own.
#include <heed/config.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace heed {

using index_t = std::ptrdiff_t;

/// Half-open stretch of indices.
struct range {
  index_t begin = 0, end = 0;
  HEED_FN constexpr index_t size() const noexcept { return end - begin; }
  HEED_FN constexpr bool empty() const noexcept { return end <= begin; }
  friend HEED_FN constexpr bool operator==(const range& a, const range& b) noexcept {
    return a.begin == b.begin && a.end == b.end;
  }
};
HEED_FN constexpr index_t lesser(index_t a, index_t b) noexcept { return a < b ? a : b; }
HEED_FN constexpr index_t greater(index_t a, index_t b) noexcept { return a > b ? a : b; }
HEED_FN constexpr range meet(range a, range b) noexcept { return {greater(a.begin, b.begin), lesser(a.end, b.end)}; }

/// One (query, key) pair. q, k: positions of tokens in their sequence. row: the query's row in its sequence.
/// slot: where the key is stored, counted per (sequence, key-value head). head: query head.
struct cell {
  index_t seq, head, q, k, row, slot;
};

/// The queries that one kernel call serves: some rows of one sequence times some heads of one key-value group.
/// A box of a grid is no range of rows, so rows are listed. `slots` is the stretch of stored rows asked about, `k` the
/// hull of their positions, `q_hull` the hull of `q`. rows and q have the same length and order; rows ascend.
struct tile {
  index_t seq, kv_head;
  range heads;
  std::span<const index_t> rows, q;
  range q_hull, slots, k;
};

enum class coverage : unsigned char { none, partial, full };

/// A stretch of key positions and how much of it the tile sees: all of it (full), or only some cells (partial).
struct key_run {
  range k;
  coverage cover;
};

// ---- elements --------------------------------------------------------------------------------------------------

/// The type in which scores, sums and outputs accumulate: float, or double for double.
template <class T> struct accum_of { using type = float; };
template <> struct accum_of<double> { using type = double; };
template <class T> using accum_t = typename accum_of<std::remove_cv_t<T>>::type;

/// Specialise it for a number type of your own: static widen(T) and narrow(accum_t<T>), both noexcept.
template <class T> struct element_traits;

/// A storable number. Law: narrow(widen(x)) == x; narrow rounds to nearest, ties to even.
template <class T>
concept element = std::is_trivially_copyable_v<T> && requires(T x, accum_t<T> a) {
  { element_traits<T>::widen(x) }
  noexcept->std::same_as<accum_t<T>>;
  { element_traits<T>::narrow(a) }
  noexcept->std::same_as<T>;
};

// ---- views -----------------------------------------------------------------------------------------------------

/// Pointer, extents and strides in elements; the last axis has stride 1, others any (0 broadcasts). Never owns.
template <class V, int Rank>
concept strided_view = std::copyable<V> && V::rank == Rank&& requires(const V v, int axis) {
  { v.data() }
  noexcept->std::same_as<typename V::element_type*>;
  { v.extent(axis) }
  noexcept->std::same_as<index_t>;
  { v.stride(axis) }
  noexcept->std::same_as<index_t>;
  typename V::space;
};

// ---- masks -----------------------------------------------------------------------------------------------------

/// Which keys a query sees.
///
/// allows(cell)   the definition
/// runs(t, out)   stretches of key positions inside t.k, ascending and disjoint, as many as fit into out; returns how
///                many. A full buffer means: ask again with t.k.begin at the last run's end. out has room for one or
///                more.
/// Laws: outside the runs nothing is allowed for any row and head of the tile; in a `full` run everything is; any
/// buffer size gives the same answer after joining touching runs of equal coverage. Runs of the built-in masks hold no
/// key that is invisible to the whole tile.
template <class M>
concept mask = std::copyable<M> && requires(const M m, cell at, const tile& t, std::span<key_run> out) {
  { m.allows(at) }
  noexcept->std::same_as<bool>;
  { m.runs(t, out) }
  noexcept->std::same_as<index_t>;
};

/// A mask that answers for a list of keys and up to 64 rows of a tile at once: bit i of rows[j] says whether row i of
/// the tile sees the key at position k[j], slot slots[j]. Law: equals allows, for every head of t.heads (the kernels
/// ask only where the heads are alike). Keys need not ascend. Bits at and above t.rows.size() are ignored.
template <class M>
concept bit_mask = mask<M> && requires(const M m, const tile& t, std::span<const index_t> k,
                                       std::span<const index_t> slots, std::span<std::uint64_t> rows) {
  { m.bits(t, k, slots, rows) }
  noexcept->std::same_as<void>;
};

/// A mask that says `static constexpr bool tight = true`. Law: its answer depends on no slot, and its runs classify
/// each key exactly: in a full run iff every row and head of the tile sees it, in a partial one iff some do, in none
/// iff none does. Combinations of tight masks are tight; with other parts they keep the laws of mask, but may call a
/// key partial that is not.
template <class M>
concept tight_mask = mask<M> && requires {
  requires M::tight;
};

/// A mask that decides which rows form a tile (a box of a grid, a row block). query_tile writes the rows of tile i,
/// ascending, at most capacity, and returns their count (0 is legal).
/// Law: over i in [0, query_tiles) each row of [0, rows) occurs exactly once.
template <class M>
concept query_tiler = mask<M> &&
    requires(const M m, index_t seq, index_t rows, index_t capacity, index_t i, std::span<index_t> out) {
  { m.query_tiles(seq, rows, capacity) }
  noexcept->std::same_as<index_t>;
  { m.query_tile(seq, rows, capacity, i, out) }
  noexcept->std::same_as<index_t>;
};

/// A mask that knows where rows that see alike end: tile_end says behind which row, in (first + (end - first) / 2,
/// end], a tile that starts at row `first` and could reach to `end` should stop, so that few tiles hold rows of two
/// kinds. Asked only of masks that don't decide themselves which rows form a tile.
template <class M>
concept row_divider = mask<M> && requires(const M m, index_t seq, index_t first, index_t end) {
  { m.tile_end(seq, first, end) }
  noexcept->std::same_as<index_t>;
};

/// A query_tiler that bounds its tiles, so that a workspace need not hold one per row.
/// Law: query_tiles of `sequences` sequences with `rows` rows together are no more, at this capacity or any larger one.
/// Asked when a plan is made: it may depend on plain numbers of the mask, not on lists that bind at run.
template <class M>
concept bounded_query_tiler = query_tiler<M> && requires(const M m, index_t sequences, index_t rows, index_t capacity) {
  { m.most_query_tiles(sequences, rows, capacity) }
  noexcept->std::same_as<index_t>;
};

/// A query_tiler whose tiles should stay small, because the keys that a tile sees grow with its rows: tile_panels(seq)
/// is how many panels of the prefill kernel's lanes a tile of the sequence should fill at most. Absent: as many as the
/// tuning says.
template <class M>
concept panel_query_tiler = query_tiler<M> && requires(const M m, index_t seq) {
  { m.tile_panels(seq) }
  noexcept->std::same_as<index_t>;
};

/// A mask whose answer may differ between heads. alike(heads): it is the same for all of these. Absent: always alike.
template <class M>
concept head_aware = mask<M> && requires(const M m, range heads) {
  { m.alike(heads) }
  noexcept->std::same_as<bool>;
};

template <class M> HEED_INLINE bool alike(const M& m, range heads) noexcept {
  if constexpr (head_aware<M>)
    return m.alike(heads);
  else
    return heads.begin <= heads.end;
}

/// A head_aware mask whose heads may be alike in one sequence and not in another. alike_in(seq, rows, heads): the
/// answer is the same for all of these heads in the first `rows` query rows of that sequence. It may take time: it is
/// asked once per sequence and group of heads, to let heads share a tile. Law: true where alike is. Absent: alike.
template <class M>
concept sequence_head_aware = head_aware<M> && requires(const M m, index_t seq, index_t rows, range heads) {
  { m.alike_in(seq, rows, heads) }
  noexcept->std::same_as<bool>;
};

template <class M>
HEED_INLINE bool alike_in(const M& m, [[maybe_unused]] index_t seq, [[maybe_unused]] index_t rows,
                          range heads) noexcept {
  if constexpr (sequence_head_aware<M>)
    return m.alike_in(seq, rows, heads);
  else
    return alike(m, heads);
}

// ---- scores ----------------------------------------------------------------------------------------------------

/// Changes a scaled score before the softmax; the scalar call is the definition. A is accum_t of the call.
template <class S, class A = float>
concept score_mod = std::copyable<S> && requires(const S s, A x, cell at) {
  { s(x, at) }
  noexcept->std::same_as<A>;
};

/// One index per lane, or the same for all lanes (step 0).
struct lane_index {
  const index_t* first;
  index_t step;
  HEED_INLINE index_t operator[](index_t lane) const noexcept { return first[lane * step]; }
};

/// The cells of a vector of scores: lanes are queries and heads in one kernel and keys in another, so each field is one
/// index or one per lane. B is a vector of B::lanes numbers (simd::batch); B::generate(f) fills lane i with f(i).
/// distance: q - k per lane, as numbers. Lanes beyond `count` are padding: their indices are readable and in range of
/// the lists that the live lanes use (they repeat a live lane), their result is dropped.
template <class B> struct cells {
  index_t seq;
  lane_index head, q, k, row, slot;
  B distance;
  index_t count;
  HEED_INLINE cell operator[](index_t i) const noexcept { return {seq, head[i], q[i], k[i], row[i], slot[i]}; }
};

/// A score modifier that also works on vectors. Law: lane i equals the scalar call on cell i up to 4 ulp of the larger
/// of the result and its terms (transcendental functions have a vector and a scalar form). The kernels use one form for
/// all cells of a call.
template <class S, class B>
concept batched_score_mod = requires(const S s, B x, const cells<B>& at) {
  { s(x, at) }
  noexcept->std::same_as<B>;
};

/// A score modifier that looks its lanes up once for many keys: over(at) returns what answers for these lanes, a
/// function of a vector of scores and its cells whose heads and rows are those of `at`; keys and slots may be any.
/// Law: it gives the bits that the modifier itself gives.
template <class S, class B>
concept lane_bound_score_mod = batched_score_mod<S, B> && requires(const S s, B x, const cells<B>& at) {
  { s.over(at)(x, at) }
  noexcept->std::same_as<B>;
};

/// A modifier as it answers for the lanes of `at`: bound to them where it can be, else itself.
template <class S, class B> HEED_INLINE decltype(auto) over_lanes(const S& mod, const cells<B>& at) noexcept {
  if constexpr (lane_bound_score_mod<S, B>)
    return mod.over(at);
  else
    return (mod);
}

/// A score modifier that says `static constexpr bool gives_weights = true`: what it returns is the weight of the cell,
/// and there is no softmax. o is the sum of weights times values over the visible keys, whatever sign and sum the
/// weights have; lse is 0, and -inf where no key is visible; -inf still hides a cell. A bias of slots is left out, but
/// -inf skips its slot. There are no probabilities to observe.
template <class S>
concept weight_mod = requires {
  requires S::gives_weights;
};
/// One that also says `static constexpr bool without_scores = true` looks at no score: what it is given is unspecified,
/// and no product of queries and keys is made.
template <class S>
concept plain_weight_mod = weight_mod<S> && requires {
  requires S::without_scores;
};

// ---- key-value sources -----------------------------------------------------------------------------------------

struct kv_dims {
  index_t sequences, kv_heads, key_dim, value_dim, value_offset;
};

/// Rows that lie at a constant stride. key null: a hole of `count` slots that hold nothing. positions null: consecutive
/// from `first`. Strides are in bytes. Scales belong to the row formats that need them (scale_stride floats from row to
/// row). bias, one number per row, natural logarithm, is added after the score modifiers and before the mask; -inf
/// means that the slot is skipped and never read.
struct kv_rows {
  const std::byte *key = nullptr, *value = nullptr;
  index_t key_stride = 0, value_stride = 0;
  index_t count = 0, first = 0;
  const index_t* positions = nullptr;
  const float* bias = nullptr;
  const float *key_scales = nullptr, *value_scales = nullptr;
  index_t scale_stride = 0;
};

/// How a stored row is read. `element` is the type to read it in place as, or void: only by unpack (quantised rows).
/// unpack writes out.size() numbers of the row that starts at `row`.
template <class F>
concept row_format = std::copyable<F> &&
    requires(const F f, const std::byte* row, const float* scales, std::span<typename F::accum> out) {
  typename F::element;
  { f.row_bytes(index_t{}) }
  noexcept->std::same_as<index_t>;
  { f.unpack(row, scales, out) }
  noexcept->std::same_as<void>;
};

/// Where keys and values are stored, and at which positions they stand.
///
/// keys_as, values_as  the formats of the stored rows
/// values_alias_keys   a value is a part of its key row, from dims().value_offset (elements) on (MLA)
/// dims                sizes; kv_heads divides the query heads
/// slots(seq, kv_head) rows held; may differ per head. A slot is a rank in the source's order, not a place in memory
/// seen(seq)           tokens ever appended: the position of the next one
/// ordered(seq, head)  positions strictly ascend with slots; otherwise kernels walk all slots
/// locate(seq, head, position)  first slot whose position is >= position (in [0, slots]); asked only if ordered
/// rows(seq, head, slots)       rows from slots.begin on; 1 <= count <= slots.size()
/// Law: walking by rows() visits each slot once. A position is the append ordinal, unique per head, and less than seen;
/// it is not the RoPE angle (siblings in a draft tree share an angle, not a position).
template <class K>
concept kv_source = std::copyable<K> &&
    requires(const K kv, index_t seq, index_t kv_head, range slots, index_t position) {
  requires row_format<typename K::key_format> && row_format<typename K::value_format>;
  { K::values_alias_keys } -> std::convertible_to<bool>;
  { kv.dims() }
  noexcept->std::same_as<kv_dims>;
  { kv.keys_as() }
  noexcept->std::same_as<typename K::key_format>;
  { kv.values_as() }
  noexcept->std::same_as<typename K::value_format>;
  { kv.slots(seq, kv_head) }
  noexcept->std::same_as<index_t>;
  { kv.seen(seq) }
  noexcept->std::same_as<index_t>;
  { kv.ordered(seq, kv_head) }
  noexcept->std::same_as<bool>;
  { kv.locate(seq, kv_head, position) }
  noexcept->std::same_as<index_t>;
  { kv.rows(seq, kv_head, slots) }
  noexcept->std::same_as<kv_rows>;
};

/// A source that says `static constexpr bool equal_heads = true`. Law: slots, order and positions of a sequence are the
/// same for all its key-value heads, so that what a mask lets a tile see of one is what it sees of the others.
template <class K>
concept equal_heads_source = kv_source<K> && requires {
  requires K::equal_heads;
};

// ---- what happens to finished rows -----------------------------------------------------------------------------

/// One finished query row of one head. row counts inside the sequence, token over the whole packed batch.
struct query_row {
  index_t seq, head, row, token, q;
};

/// scale: a factor on the finished output row, given its natural log-sum-exp (-inf: the row saw no key; the output is
/// zero whatever the factor). finish: what else is stored. Both are called once per row and head, from any worker.
template <class E, class A = float>
concept epilogue = std::copyable<E> && requires(const E e, query_row at, A lse) {
  { e.scale(at, lse) }
  noexcept->std::same_as<A>;
  { e.finish(at, lse) }
  noexcept->std::same_as<void>;
};

/// Normalised probabilities of some rows and heads for a block of keys: p[key * ld + lane], lane = row index *
/// heads.size() + head - heads.begin; lanes up to ld are zero. A masked cell is 0. sequence_rows: all query rows of the
/// sequence.
template <class A> struct probability_block {
  index_t seq, kv_head, sequence_rows;
  range heads;
  std::span<const index_t> rows, slots, k;
  const A* p;
  index_t ld;
};

/// What an observer is shown: probabilities exp(score - lse), or their natural logarithms, score - lse, which neither
/// underflow nor lose order; then masked cells and padding are -inf.
enum class shown : unsigned char { probabilities, logarithms };

/// Sees probabilities in a second pass over chosen rows. rows(seq, head, n): which of the head's n query rows, known
/// before the pass. Optional: shows(), see shown (absent: probabilities); slots_together(), so that slots [i n, i n +
/// n) come from one task (absent: 1); prepare(extents), before the pass. Law: all calls for one (seq, kv head, slot)
/// come from one task, in a fixed order: no race, and the same bits for any worker count.
template <class O, class A = float>
concept observer = std::copyable<O> &&
    requires(const O& o, index_t seq, index_t head, index_t rows, const probability_block<A>& p) {
  { o.rows(seq, head, rows) }
  noexcept->std::same_as<range>;
  { o.observe(p) }
  noexcept->std::same_as<void>;
};

/// Who runs the tasks. bulk calls task(context, i, worker) once for each i in [0, n), worker in [0, workers()), no two
/// calls at a time with the same worker, and returns after the last. Everything written before is visible to each
/// task, and everything a task wrote is visible after.
template <class E>
concept executor = requires(E& e, index_t n, void (*task)(void* context, index_t i, index_t worker), void* context) {
  { e.workers() }
  noexcept->std::same_as<index_t>;
  e.bulk(n, task, context);
};

} // namespace heed
