# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
"""Two objects of the same calls, built for different instruction sets, link into one program and share no code:
shared_symbols.py ROOT COMPILER -O2|-O3

A weak function that both define would be taken from either, so that a program might run AVX-512 code on a CPU without.
Everything of heed that is emitted has to stand in the inline namespace of its instruction set."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
AVX512 = ["-mavx2", "-mfma", "-mf16c", "-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl"]
OURS = re.compile(r"4heed|5xsimd")
# Data, no code: an error thrown by one object is caught in the other because they share its type.
TYPE_DATA = re.compile(r"_ZT[IS]N4heed5errorE$|_ZN4heed6detail21current_error_handlerE$")


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        print(" ".join(command), done.stdout[-2000:], done.stderr[-4000:], sep="\n")
        sys.exit(1)
    return done.stdout


def defined(path):
    """Mangled name to nm's letter, of symbols that the linker may merge."""
    symbols = {}
    for line in run(["nm", "--defined-only", "--no-demangle", str(path)]).splitlines():
        parts = line.split()
        if parts[-2] in "WVuwv":
            symbols[parts[-1]] = parts[-2]
    return symbols


def main():
    root, compiler, level = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    if shutil.which(compiler) is None:
        print(f"skipped: no {compiler}")
        return SKIPPED
    here = root / "tests/link"
    common = [compiler, "-std=c++20", level, "-DNDEBUG", "-Wall", "-Wextra", "-Werror", "-I", str(root / "include")]
    with tempfile.TemporaryDirectory() as folder:
        objects = {}
        for name, flags in {"baseline": ["-march=x86-64"], "avx512": AVX512}.items():
            objects[name] = f"{folder}/{name}.o"
            names = [f"-DHEED_CALLS=calls_{name}", f"-DHEED_THROWS=throws_{name}"]
            run(common + flags + names + ["-c", str(here / "calls.cpp"), "-o", objects[name]])
        run(common + ["-c", str(here / "main.cpp"), "-o", f"{folder}/main.o"])

        first, second = (defined(o) for o in objects.values())
        shared = sorted(n for n in first.keys() & second.keys() if not TYPE_DATA.search(n))
        plain = run(["c++filt", *shared]).splitlines() if shared else []
        bad = [(n, p) for n, p in zip(shared, plain) if OURS.search(n)]
        for name, demangled in bad:
            print(f"both objects define {first[name]} {demangled}")
        for name, demangled in zip(shared, plain):
            if not OURS.search(name):
                print(f"both objects define {first[name]} {demangled} (not heed's)")
        print(f"{len(first)} and {len(second)} weak symbols, {len(shared)} in both, {len(bad)} of heed or xsimd")

        # In both orders: the first definition of a shared symbol wins.
        for order in (["baseline", "avx512"], ["avx512", "baseline"]):
            program = f"{folder}/{order[0]}_first"
            run([compiler, f"{folder}/main.o", *(objects[n] for n in order), "-pthread", "-o", program])
            print(run([program]).strip())
        return 1 if bad else 0


sys.exit(main())
