# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
"""The bits do not depend on the optimiser: same_bits.py ROOT [JOBS]

bits.cpp is built at -O1, -O2 and -O3 with both compilers, for the host and for two instruction sets that any x86-64
server has, and has to print the same hashes everywhere. The tests of bitwise identities (tests/attention) run in each
build for the host."""
import concurrent.futures
import itertools
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile

LEVELS = ["-O1", "-O2", "-O3"]
IDENTITIES = ["determinism", "layouts", "identities"]


def build(command):
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stderr if done.returncode else ""


def main():
    root = pathlib.Path(sys.argv[1])
    jobs = int(sys.argv[2]) if len(sys.argv) > 2 else os.cpu_count()
    compilers = [c for c in ("g++", "clang++") if shutil.which(c)]
    isas = ["-march=native"]
    if platform.machine() == "x86_64":
        isas.append("-march=x86-64")
        if " avx2 " in pathlib.Path("/proc/cpuinfo").read_text():
            isas.append("-march=x86-64-v3")
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        programs, commands = {}, {}
        for compiler, level, isa in itertools.product(compilers, LEVELS, isas):
            if isa != "-march=native" and level == "-O2":
                continue
            common = [compiler, "-std=c++20", level, isa, "-I", str(root / "include"), "-I", str(root / "tests")]
            kinds = {"bits": [str(root / "tests/bits/bits.cpp")]}
            if isa == "-march=native":
                sources = [root / f"tests/attention/{name}_test.cpp" for name in IDENTITIES]
                kinds["identities"] = [*(str(s) for s in sources), "-lgtest", "-lgtest_main"]
            for kind, sources in kinds.items():
                program = f"{folder}/{kind}{compiler}{level}{isa}"
                programs[kind, isa, compiler, level] = program
                commands[program] = common + sources + ["-pthread", "-o", program]
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            for program, errors in zip(commands, pool.map(build, commands.values())):
                if errors:
                    print(" ".join(commands[program]), errors[-3000:], sep="\n")
                    return 1

        for isa in isas:
            hashes = {}
            for (kind, its_isa, compiler, level), program in programs.items():
                if its_isa != isa:
                    continue
                done = subprocess.run([program], capture_output=True, text=True)
                if done.returncode != 0:
                    failed += 1
                    print(f"{kind} with {compiler} {level} {isa} fails:\n{done.stdout[-3000:]}{done.stderr[-1000:]}")
                elif kind == "bits":
                    hashes[compiler, level] = done.stdout.splitlines()
            first = next(iter(hashes))
            for other in hashes:
                for a, b in zip(hashes[first], hashes[other]):
                    if a != b:
                        failed += 1
                        print(f"{isa}: {' '.join(first)} gives {a}, {' '.join(other)} gives {b}")
            print(f"{isa}: {len(hashes)} builds, {len(hashes[first]) - 1} cases, {hashes[first][0]}")
    return 1 if failed else 0


sys.exit(main())
