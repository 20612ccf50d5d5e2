# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
"""Each public header compiles alone, included twice, with warnings as errors: each_alone.py ROOT COMPILER [FLAG...]."""
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


def compile_alone(root, compiler, flags, header):
    name = header.relative_to(root / "include").as_posix()
    isa = header.stem.rsplit("_", 1)[-1]
    if isa in ISA_FLAGS:
        flags = ISA_FLAGS[isa]
        if flags is None:  # the aarch64 preset builds it
            return name, 0, ""
    # Twice, for #pragma once; the variable gives the file something of its own.
    text = f"#include <{name}>\n#include <{name}>\nextern int alone;\nint alone = 0;\n"
    command = [compiler, "-std=c++20", "-fsyntax-only", *WARNINGS, *flags, "-I", str(root / "include")]
    if "/interop/" in header.as_posix():
        command += ["-isystem", "/usr/include/eigen3"]
    done = subprocess.run(command + ["-x", "c++", "-"], input=text, capture_output=True, text=True)
    return name, done.returncode, done.stderr


def main():
    root, compiler, flags = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    if shutil.which(compiler) is None:
        print(f"skipped: no {compiler}")
        return SKIPPED
    headers = sorted((root / "include").rglob("*.hpp"))
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, code, errors in pool.map(lambda h: compile_alone(root, compiler, flags, h), headers):
            if code != 0:
                failed += 1
                print(f"{name} does not compile alone with {compiler}:\n" + "\n".join(errors.splitlines()[:12]))
    print(f"{len(headers) - failed} of {len(headers)} headers compile alone with {compiler} {' '.join(flags)}")
    return 1 if failed or not headers else 0


sys.exit(main())
