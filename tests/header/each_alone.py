# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
"""Each public header compiles alone, included twice, with warnings as errors: each_alone.py ROOT COMPILER [FLAG...].

With --together in front of the flags, all that are for no instruction set stand in one file, which takes a twentieth of
the time: for a second compiler on the same standard library, of which only the warnings are news."""
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys

SKIPPED = 77
WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]
AVX2 = ["-mavx2", "-mfma", "-mf16c"]
# A header that is for one instruction set, by the end of its name, and the flags that it needs.
ISA_FLAGS = {"avx2": AVX2, "avx512": AVX2 + ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl"],
             "neon": None, "scalar": ["-DHEED_ISA_SCALAR=1"]}


def isa_of(header):
    isa = header.stem.rsplit("_", 1)[-1]
    return isa if isa in ISA_FLAGS else None


def compile_unit(root, compiler, flags, headers):
    names = [header.relative_to(root / "include").as_posix() for header in headers]
    if isa_of(headers[0]) is not None:
        flags = ISA_FLAGS[isa_of(headers[0])]
        if flags is None:  # the aarch64 preset builds it
            return names, 0, ""
    # Twice, for #pragma once; the variable gives the file something of its own.
    text = "".join(f"#include <{name}>\n" for name in 2 * names) + "extern int alone;\nint alone = 0;\n"
    command = [compiler, "-std=c++20", "-fsyntax-only", *WARNINGS, *flags, "-I", str(root / "include")]
    if any(name.startswith("heed/interop/") for name in names):
        command += ["-isystem", "/usr/include/eigen3"]
    done = subprocess.run(command + ["-x", "c++", "-"], input=text, capture_output=True, text=True)
    return names, done.returncode, done.stderr


def main():
    root, compiler, flags = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    if shutil.which(compiler) is None:
        print(f"skipped: no {compiler}")
        return SKIPPED
    headers = sorted((root / "include").rglob("*.hpp"))
    units = [[header] for header in headers]
    how = "alone"
    if flags[:1] == ["--together"]:
        flags, how = flags[1:], "together"
        units = [[h for h in headers if isa_of(h) is None], *([h] for h in headers if isa_of(h) is not None)]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for names, code, errors in pool.map(lambda unit: compile_unit(root, compiler, flags, unit), units):
            if code != 0:
                failed += len(names)
                what = names[0] if len(names) == 1 else "a header"
                print(f"{what} does not compile {how} with {compiler}:\n" + "\n".join(errors.splitlines()[:12]))
    print(f"{len(headers) - failed} of {len(headers)} headers compile {how} with {compiler} {' '.join(flags)}")
    return 1 if failed or not headers else 0


sys.exit(main())
