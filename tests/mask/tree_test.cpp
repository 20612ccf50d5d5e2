// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/mask/all_of.hpp>
#include <heed/mask/causal.hpp>
#include <heed/mask/tree.hpp>

#include "mask_checks.hpp"

namespace heed::test {
namespace {
using words = std::vector<std::uint64_t>;

words ancestors_of(const std::vector<index_t>& parents, index_t per_node) {
  words a(parents.size() * static_cast<std::size_t>(per_node));
  EXPECT_FALSE(tree_ancestors(parents, per_node, a));
  return a;
}
std::vector<index_t> random_parents(index_t n, std::uint64_t seed) {
  random numbers(seed);
  std::vector<index_t> p;
  for (index_t i = 0; i < n; ++i) p.push_back(numbers.integer(greater(-1, i - 9), i - 1));
  return p;
}

TEST(mask_tree, node_sees_prefix_ancestors_and_itself) {
  const words a = ancestors_of({-1, 0, 0, 1}, 1);
  EXPECT_EQ(a, (words{0b0001, 0b0011, 0b0101, 0b1011}));
  const std::vector<index_t> prefix{2};
  EXPECT_EQ(picture(tree{.prefix = prefix, .ancestors = a}, {2, 3, 4, 5}, 6), "111000/111100/111010/111101");
}
TEST(mask_tree, query_in_the_prefix_is_causal_and_one_behind_the_nodes_sees_nothing) {
  const words a = ancestors_of({-1, 0}, 1);
  const std::vector<index_t> prefix{2};
  EXPECT_EQ(picture(tree{.prefix = prefix, .ancestors = a}, {0, 1, 4}, 5), "10000/11000/00000");
}
TEST(mask_tree, chain_equals_causal) {
  std::vector<index_t> parents;
  for (index_t i = 0; i < 100; ++i) parents.push_back(i - 1);
  const words a = ancestors_of(parents, 2);
  const std::vector<index_t> prefix{37}, q = last_at_end(100, 137);
  EXPECT_EQ(picture(tree{.prefix = prefix, .ancestors = a, .words = 2}, q, 137), picture(causal{}, q, 137));
}
TEST(mask_tree, runs_are_tight) {
  const words a = ancestors_of({-1, -1, 1, 1}, 1);
  const std::vector<index_t> prefix{100};
  const tree m{.prefix = prefix, .ancestors = a};
  EXPECT_EQ(runs_of(m, {102, 103}, {0, 104}), "[0,100)full [101,102)full [102,104)part");
  EXPECT_EQ(runs_of(m, {100, 101}, {98, 104}), "[98,100)full [100,102)part");
  EXPECT_EQ(runs_of(m, {100, 40}, {0, 104}), "[0,41)full [41,101)part");
  EXPECT_EQ(runs_of(m, {100, 104}, {0, 104}), "[0,101)part");
}
TEST(mask_tree, keeps_the_laws) {
  const std::vector<index_t> prefix{3, 30, 100};
  for (const index_t n : {1, 63, 64, 65, 100, 128}) {
    const index_t per_node = n > 64 ? 2 : 1;
    const words a = ancestors_of(random_parents(n, seed_or(9)), per_node);
    const tree m{.prefix = prefix, .ancestors = a, .words = per_node};
    expect_laws(m);
    expect_laws(all_of(m, causal{}));
  }
}
TEST(mask_tree, keeps_the_laws_with_a_tree_per_sequence) {
  const std::vector<index_t> prefix{3, 30, 100}, nodes{0, 4, 104, 200};
  words a = ancestors_of(random_parents(4, 1), 2);
  for (const index_t n : {100, 96}) {
    const words b = ancestors_of(random_parents(n, seed_or(9)), 2);
    a.insert(a.end(), b.begin(), b.end());
  }
  expect_laws(tree{.prefix = prefix, .ancestors = a, .words = 2, .nodes = nodes});
}
TEST(mask_tree, ancestors_refuse_children_before_parents) {
  words a(3);
  const auto says = [&](const std::vector<index_t>& parents, index_t per_node) {
    const failure f = tree_ancestors(parents, per_node, a);
    return std::string(f ? error(f).what() : "");
  };
  EXPECT_EQ(says({-1, 0, 1}, 1), "");
  EXPECT_EQ(says({-1, 1, 0}, 1), "tree_ancestors: parents[1] is 1, parents come before children: the limit is 0");
  EXPECT_EQ(says({-1, -2, 0}, 1), "tree_ancestors: parents[1] is -2, parents come before children: the limit is 0");
  EXPECT_EQ(says({-1, 0, 1}, 0), "tree_ancestors: words is 0, the least is 1");
  EXPECT_EQ(says({-1, 0}, 1), "tree_ancestors: count of ancestor words is 3, nodes times words is 2");
  EXPECT_EQ(says(std::vector<index_t>(65, -1), 1),
            "tree_ancestors: count of parents is 65, its words have bits for 64");
}
TEST(mask_tree, refuses_what_does_not_fit_the_call) {
  const sample_call call{.rows = {2, 2}, .seen = {7, 4}};
  const std::vector<index_t> prefix{5, 2}, few{5}, negative{5, -1}, early{4, 2}, nodes{0, 2, 4}, down{0, 2, 1};
  const words a{1, 3, 1, 3}, late{1, 3, 3, 3}, unset{1, 1, 1, 3}, odd{1, 3, 1};
  const words many(132, 1);
  EXPECT_EQ(objection(tree{.prefix = prefix, .ancestors = a, .nodes = nodes}, call), "");
  EXPECT_EQ(objection(tree{.prefix = prefix, .ancestors = {a.data(), 2}}, call), "");
  EXPECT_EQ(objection(tree{.prefix = prefix, .ancestors = a, .words = 0, .nodes = nodes}, call),
            "tree: words is 0, the least is 1");
  EXPECT_EQ(objection(tree{.prefix = prefix, .ancestors = odd, .words = 2}, call),
            "tree: count of ancestor words is 3, no multiple of 2");
  EXPECT_EQ(objection(tree{.prefix = few, .ancestors = a}, call), "tree: count of prefixes is 1, the sequences are 2");
  EXPECT_EQ(objection(tree{.prefix = negative, .ancestors = a}, call), "tree: prefix[1] is -1, the least is 0");
  EXPECT_EQ(objection(tree{.prefix = prefix, .ancestors = a, .nodes = down}, call),
            "tree: nodes[2] is 1, the entry before is 2");
  EXPECT_EQ(objection(tree{.prefix = early, .ancestors = a, .nodes = nodes}, call),
            "tree: tokens seen after the prefix[0] is 3, the nodes are 2");
  EXPECT_EQ(objection(tree{.prefix = prefix, .ancestors = many}, call),
            "tree: count of nodes[0] is 132, its words have bits for 64");
  EXPECT_EQ(objection(tree{.prefix = prefix, .ancestors = late, .nodes = nodes}, call),
            "tree: an ancestor of node[2] is 1, parents come before children, and the node is 0");
  EXPECT_EQ(objection(tree{.prefix = prefix, .ancestors = unset, .nodes = nodes}, call),
            "tree: a node's own ancestor bit[1] is 0, it must be 1");
  const words second{1, 1, 3, 0}; // node 0 with bit 64 set
  EXPECT_EQ(objection(tree{.prefix = prefix, .ancestors = second, .words = 2}, call),
            "tree: an ancestor of node[0] is 64, parents come before children, and the node is 0");
}
} // namespace
} // namespace heed::test
