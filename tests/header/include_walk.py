# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
"""Walks the #includes under include/heed and checks the order of the rooms: include_walk.py ROOT.

A header includes its own room, rooms listed above it, config, concepts, error, detail/ and the standard library.
attention.hpp and heed.hpp, and what stands beside them, see everything."""
import pathlib
import re
import sys

ROOMS = ["view", "simd", "problem", "mask", "score", "kv", "stream", "plan", "rope", "kernel", "epilogue", "observe",
         "exec", "latent", "neighborhood", "sparse", "select", "evict", "cuda", "interop", "reference", "testing"]
# Headers of plan/ that call the kernels: they stand after them, the rest of plan/ before.
DRIVERS = {"heed/plan/" + name + ".hpp" for name in ("query_tiles", "work_list", "run_tasks", "run_call")}
BASE = ["config.hpp", "concepts.hpp", "error.hpp"]  # each sees those before it
# Rooms that call attention as users do: they stand behind the front door.
BEHIND_THE_DOOR = {"latent", "neighborhood", "sparse", "select", "evict"}
# The oracle shares nothing with the kernels, so that one mistake can't hide in both.
CLOSED_TO = {"reference": {"stream", "plan", "simd", "kernel", "exec"}}
# Libraries that one room alone may include.
ONE_ROOM = {r"xsimd/|.*intrin\.h$|arm_neon\.h$|cpuid\.h$": "simd", r"Eigen/": "interop", r"cuda": "cuda"}
# Headers that cost too much for what every user includes (house style, compile-time hygiene).
COSTLY = {"string", "functional", "iostream", "algorithm", "vector", "cmath", "ranges", "memory", "map", "regex",
          "sstream", "unordered_map"}
CHEAP_ROOMS = ["mask", "score", "kv", "view"]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def room_of(name):
    parts = name.split("/")
    return parts[1] if len(parts) > 2 else ""


def rank(name):
    return ROOMS.index("kernel") + 0.5 if name in DRIVERS else ROOMS.index(room_of(name))


def main():
    include = pathlib.Path(sys.argv[1]) / "include"
    includes, faults = {}, []
    for path in sorted(p for p in (include / "heed").rglob("*") if p.suffix in (".hpp", ".cuh")):
        name = path.relative_to(include).as_posix()
        found = INCLUDE.findall(path.read_text())
        includes[name] = [target for _, target in found]
        faults += [f'{name}: "{target}" is included with quotes' for mark, target in found if mark == '"']

    def closure(name, seen):
        for target in includes.get(name, []):
            if target not in seen:
                seen.add(target)
                closure(target, seen)
        return seen

    for name, targets in includes.items():
        room = room_of(name)
        if room and room not in ROOMS and room != "detail":
            faults.append(f"{name}: the room {room} has no place in the order (tests/header/include_walk.py)")
            continue
        for target in targets:
            for pattern, owner in ONE_ROOM.items():
                if re.match(pattern, target) and room != owner:
                    faults.append(f"{name}: only {owner}/ includes {target}")
            if not target.startswith("heed/"):
                continue
            if target not in includes:
                faults.append(f"{name}: {target} does not exist")
                continue
            other = room_of(target)
            if name[len("heed/"):] in BASE:
                order = BASE.index(name[len("heed/"):])
                if target[len("heed/"):] not in BASE[:order]:
                    faults.append(f"{name}: includes {target}, which stands above it")
            elif room == "detail":
                if not other and target[len("heed/"):] not in BASE:
                    faults.append(f"{name}: includes the front door {target}")
            elif room:
                if other == "detail":  # as late as the last room that it leads to
                    for reached in closure(target, set()):
                        if room_of(reached) in ROOMS and rank(reached) > rank(name):
                            faults.append(f"{name}: {target} leads to {reached}, which comes after {room}")
                if not other and target[len("heed/"):] not in BASE:
                    if room not in BEHIND_THE_DOOR:
                        faults.append(f"{name}: includes the front door {target}")
                elif other in ROOMS and rank(target) > rank(name):
                    faults.append(f"{name}: {target} comes after {room}, but is included")
                elif other in CLOSED_TO.get(room, ()):
                    faults.append(f"{name}: {room} shares nothing with {other}, but includes {target}")

    for name in includes:
        reached = closure(name, set())
        if name in reached:
            faults.append(f"{name}: includes itself in a circle")
        if room_of(name) in CHEAP_ROOMS or name[len("heed/"):] in BASE:
            for target in sorted(reached & COSTLY):
                faults.append(f"{name}: reaches <{target}>, which costs every user too much")
            for target in sorted(t for t in reached if t.startswith(("xsimd/", "Eigen/"))):
                faults.append(f"{name}: reaches {target}")

    for fault in faults:
        print(fault)
    print(f"{len(includes)} headers walked, {len(faults)} faults")
    return 1 if faults or not includes else 0


sys.exit(main())
