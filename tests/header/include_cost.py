# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
"""What an include costs, as a share of xsimd's own include in the same run: include_cost.py ROOT COMPILER.

CPU time of the compiler, the least of several interleaved runs, so that a busy machine changes little."""
import pathlib
import resource
import subprocess
import sys

LIMIT_PLAIN = 0.4  # concepts, masks, scores, key-value sources
LIMIT_UMBRELLA = 2.5  # heed.hpp
ROUNDS, MORE_ROUNDS, CLOSE = 1, 7, 0.8  # what comes close to its limit is measured more often


def cpu_seconds(root, compiler, include):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [compiler, "-std=c++20", "-fsyntax-only", "-I", str(root / "include"), "-x", "c++", "-"]
    subprocess.run(command, input=f"#include <{include}>\n", text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    root, compiler = pathlib.Path(sys.argv[1]), sys.argv[2]
    include = root / "include"
    limits = {"heed/concepts.hpp": LIMIT_PLAIN}
    for room in ("mask", "score", "kv"):
        for header in sorted((include / "heed" / room).glob("*.hpp")):
            limits[header.relative_to(include).as_posix()] = LIMIT_PLAIN
    if (include / "heed/heed.hpp").exists():
        limits["heed/heed.hpp"] = LIMIT_UMBRELLA

    least = {}

    def measure(names):
        for name in ["xsimd/xsimd.hpp", *names]:
            seconds = cpu_seconds(root, compiler, name)
            least[name] = min(seconds, least.get(name, seconds))

    for _ in range(ROUNDS):
        measure(limits)
    for _ in range(MORE_ROUNDS):
        measure([n for n in limits if least[n] > CLOSE * limits[n] * least["xsimd/xsimd.hpp"]])

    own = least["xsimd/xsimd.hpp"]
    print(f"xsimd/xsimd.hpp: {own * 1000:.0f} ms of {compiler}")
    over = 0
    for name, limit in limits.items():
        share = least[name] / own
        over += share > limit
        print(f"{'over' if share > limit else 'ok  '} {share:5.2f} of at most {limit} x: {name}, {least[name] * 1000:.0f} ms")
    return 1 if over else 0


sys.exit(main())
