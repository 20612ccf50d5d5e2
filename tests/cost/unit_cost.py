# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
"""What a typical file that uses heed costs: seconds of the compiler at -O2 and bytes of code: unit_cost.py ROOT COMPILER

CPU time, so that a busy machine changes little; code and constants of the object, as the linker would take them."""
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
MOST_SECONDS = 20.0
MOST_BYTES = 400 * 1024
ISAS = {"x86-64-v3": ["-march=x86-64-v3"], "x86-64-v4": ["-march=x86-64-v4"]}


def main():
    root, compiler = pathlib.Path(sys.argv[1]), sys.argv[2]
    if shutil.which(compiler) is None:
        print(f"skipped: no {compiler}")
        return SKIPPED
    over = 0
    with tempfile.TemporaryDirectory() as folder:
        for isa, flags in ISAS.items():
            target = f"{folder}/{isa}.o"
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([compiler, "-std=c++20", "-O2", "-DNDEBUG", *flags, "-I", str(root / "include"), "-c",
                            str(root / "tests/cost/typical_unit.cpp"), "-o", target], check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            sections = subprocess.run(["size", "-A", "-d", target], capture_output=True, text=True, check=True).stdout
            size = sum(int(n) for n in re.findall(r"^\.(?:text|rodata)\S*\s+(\d+)", sections, re.M))
            fault = seconds > MOST_SECONDS or size > MOST_BYTES
            over += fault
            print(f"{'over' if fault else 'ok  '} {isa} with {compiler}: {seconds:.1f} s of at most {MOST_SECONDS:.0f}, "
                  f"{size / 1024:.0f} KiB of code of at most {MOST_BYTES // 1024}")
    return 1 if over else 0


sys.exit(main())
