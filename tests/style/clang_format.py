# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
"""Every C++ file stands as clang-format 14 writes it (other versions differ in detail): clang_format.py ROOT."""
import re
import shutil
import subprocess
import sys

SKIPPED = 77
VERSION = "14"


def main():
    root = sys.argv[1]
    tool = shutil.which(f"clang-format-{VERSION}") or shutil.which("clang-format")
    version = subprocess.run([tool, "--version"], capture_output=True, text=True).stdout if tool else "none"
    if not re.search(rf"version {VERSION}\.", version):
        print(f"skipped: clang-format {VERSION} is wanted, here is {version.strip()}")
        return SKIPPED
    done = subprocess.run(["git", "-C", root, "ls-files", "*.hpp", "*.cpp", "*.cuh", "*.cu"], capture_output=True, text=True)
    names = done.stdout.split()
    if done.returncode != 0 or not names:
        print("skipped: not a git checkout")
        return SKIPPED
    checked = subprocess.run([tool, "--dry-run", "-Werror", *names], capture_output=True, text=True, cwd=root)
    wrong = sorted({line.split(":", 1)[0] for line in checked.stderr.splitlines() if "clang-format-violations" in line})
    for name in wrong:
        print(f"{name} is not as clang-format writes it: clang-format -i {name}")
    print(f"{len(names)} files looked at, {len(wrong)} differ")
    return 1 if checked.returncode else 0


sys.exit(main())
