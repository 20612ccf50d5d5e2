# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
"""Each case must fail to compile with one error, whose first line holds the expected text:
expect_errors.py ROOT COMPILER [CASE...]

A case is a file here with lines `// expect: TEXT` (one or more, all in the first error line) and, where it needs them,
`// flags: FLAG...`. A case that includes a header which does not exist is an error of the case, never a pass. What most cases include, operands.hpp, is compiled once."""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
ERROR = re.compile(r"(?:fatal )?error: ")


def fields(text, name):
    return [line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith(f"// {name}:")]


def command_of(root, compiler):
    return [compiler, "-std=c++20", "-Wall", "-Wextra", "-I", str(root / "include")]


def precompiled(root, compiler, folder):
    """Flags that put the compiled operands.hpp in front of a case, whose own #include is then empty."""
    header = pathlib.Path(folder) / "first.hpp"
    header.write_text(f'#include "{pathlib.Path(__file__).resolve().parent / "operands.hpp"}"\n')
    subprocess.run([*command_of(root, compiler), "-x", "c++-header", header, "-o", f"{header}.gch"], check=True)
    return ["-include-pch", f"{header}.gch"] if "clang" in compiler else ["-include", str(header)]


def fault_of(root, compiler, shared, case):
    text = case.read_text()
    expected = fields(text, "expect")
    if not expected:
        return "no `// expect:` line"
    flags = " ".join(fields(text, "flags")).split()
    if not flags and '#include "operands.hpp"' in text:
        flags = shared
    command = [*command_of(root, compiler), "-fsyntax-only", *flags, str(case)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    errors = [line for line in done.stderr.splitlines() if ERROR.search(line)]
    if done.returncode == 0 or not errors:
        return "compiles, or fails without an error"
    shown = "\n    ".join(errors[:6])
    missing = [e for e in expected if e not in errors[0]]
    if missing:
        return f"the first error does not say {missing[0]!r}:\n    {shown}"
    if len(errors) > 1:
        return f"{len(errors)} errors where one is enough:\n    {shown}"
    return None


def main():
    root, compiler, names = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    if shutil.which(compiler) is None:
        print(f"skipped: no {compiler}")
        return SKIPPED
    cases = sorted(pathlib.Path(__file__).parent.glob("*.cpp"))
    cases = [c for c in cases if not names or c.stem in names]
    failed = 0
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        shared = precompiled(root, compiler, folder)
        for case, fault in zip(cases, pool.map(lambda c: fault_of(root, compiler, shared, c), cases)):
            if fault:
                failed += 1
                print(f"{case.name} with {compiler}: {fault}")
    print(f"{len(cases) - failed} of {len(cases)} cases are refused as they should be by {compiler}")
    return 1 if failed or not cases else 0


sys.exit(main())
