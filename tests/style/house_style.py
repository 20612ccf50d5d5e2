# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
"""What of the house style a program can check: house_style.py ROOT. Names, licence lines, lengths, macros, tests that
mirror headers, no path of one machine."""
import pathlib
import re
import subprocess
import sys

ISA = r"^simd/\w+_(avx2|avx512|sse2|neon|scalar|xsimd)$"  # the parts of batch.hpp
MOST_LINES = 400  # a header past this is two
# Pieces of a name that say nothing about what it does. Spelled so that this file may hold them.
BANNED = {"fa" + "st", "optim" + "ized", "optim" + "ised", "v" + "2", "ut" + "il", "ut" + "ils", "hel" + "per",
          "hel" + "pers", "man" + "ager", "im" + "pl"}
IMPL = "im" + "pl"
FIELD_TERMS = {"beta_" + "fa" + "st"}  # YaRN's own word
# Rooms that serve every kind of attention know none by name.
GENERAL_ROOM = re.compile(r"include/heed/(kernel|stream|plan|simd)/")
FAMILY = re.compile(r"(?i)(?:^|_)(latent|mla|neighborhood|natten|sparse|duo|razor|compress_?kv|snap_?kv|h2o|tova|"
                    r"pyramid_?kv|ada_?kv|quest|xattention|anchor_?attn|proxy_?attn|core_context|vertical_slash|"
                    r"eviction|retrieval|streaming)(?:_|$)")
MACHINE_PATHS = re.compile("/(" + "|".join(["wo" + "rk", "fa" + "rm", "ro" + "ot", "ho" + "me"]) + r")/\w|bash_" + "jobs")
UNFINISHED = re.compile(r"\b(TO" + "DO|FIX" + "ME|XX" + r"X)\b(?!\(#?\d+\))")
SOURCE = {".hpp", ".cuh", ".cpp", ".cu"}
SCRIPT = {".py", ".sh", ".cmake", ".in"}
LICENCE = re.compile(r"(//|#) Copyright \(c\) \d{4} the heed authors\n\1 SPDX-License-Identifier: MIT\n")
COMMENT_OR_STRING = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def listed(root):
    """Files that belong to the project: git's list, or the tree where there is no git."""
    done = subprocess.run(["git", "-C", str(root), "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True)
    names = done.stdout.split("\n") if done.returncode == 0 else [
        p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file() and "build" not in p.parts]
    return sorted(n for n in names if n and (root / n).is_file())


def is_script(name):
    return pathlib.PurePath(name).suffix in SCRIPT or name.endswith("CMakeLists.txt") or name == ".ci/run"


def faults_of_source(name, text):
    public = name.startswith("include/")
    if public and not re.match(r"(//[^\n]*\n){2}#pragma once\n//[^\n]+\n", text):
        yield "wants two licence lines, #pragma once, and a sentence on what the file is for"
    lines = text.count("\n")
    if public and lines > MOST_LINES:
        yield f"has {lines} lines, the most is {MOST_LINES}"
    code = COMMENT_OR_STRING.sub(" ", text)
    for word in sorted(w for w in set(re.findall(r"[A-Za-z_]\w*", code)) if not w.startswith("__") and w not in FIELD_TERMS):
        bad = BANNED.intersection(word.lower().split("_"))
        if bad == {IMPL} and "/detail/" in name:
            continue
        if bad:
            yield f"the name {word} says nothing: {', '.join(sorted(bad))}"
    if GENERAL_ROOM.match(name):
        for word in sorted(w for w in {*re.findall(r"[A-Za-z_]\w*", code), pathlib.PurePath(name).stem} if FAMILY.search(w)):
            yield f"names a family of attention: {word}"
    if public and re.search(r"[(,]\s*(?:const )?bool \w+\s*\)|\(\s*(?:const )?bool \w+\s*,", code):
        yield "has a bool parameter: name the two cases with an enum"
    if public and name != "include/heed/config.hpp":
        for macro in re.findall(r"^\s*#\s*define\s+(\w+)", code, re.M):
            yield f"defines the macro {macro}: macros live in config.hpp"


def self_test():
    """The check of families finds what it is for, and nothing else."""
    head = "// a\n// b\n#pragma once\n// What it is.\n"
    for name, text, wrong in (
            ("kernel/prefill", "struct latent_tile {};", True), ("plan/plan", "if (is_neighborhood) go();", True),
            ("stream/latent_runs", "int x;", True), ("simd/math", "#include <heed/mask/neighborhood.hpp>", True),
            ("plan/plan", "// not for latent rows\nconst char* s = \"sparse\"; int request, evicted;", False),
            ("latent/latent_plan", "struct latent_plan {};", False)):
        found = list(faults_of_source(f"include/heed/{name}.hpp", head + text))
        if bool(found) != wrong:
            raise SystemExit(f"house_style.py finds {found} in {name}: {text}")


def main():
    self_test()
    root = pathlib.Path(sys.argv[1])
    names = listed(root)
    faults = []
    for name in names:
        path = pathlib.PurePath(name)
        if path.suffix not in SOURCE | {".md", ".json", ".yml"} and not is_script(name):
            continue
        text = (root / name).read_text(errors="replace")
        found = []
        for number, line in enumerate(text.splitlines(), 1):
            if MACHINE_PATHS.search(line):
                found.append(f"line {number} names a path of one machine")
            if UNFINISHED.search(line):
                found.append(f"line {number} leaves work without an issue")
        if path.suffix in SOURCE or is_script(name):
            head = re.sub(r"\A#![^\n]*\n", "", text)
            if not LICENCE.match(head):
                found.append("wants the two licence lines first")
        if path.suffix in SOURCE:
            found += faults_of_source(name, text)
        if BANNED.intersection(re.split(r"[_./-]", name)):
            found.append("the file's name says nothing")
        faults += [f"{name}: {fault}" for fault in found]

    # tests/<room>/<name>_test.cpp mirrors include/heed/<room>/<name>.hpp.
    for name in names:
        match = re.fullmatch(r"include/heed/((?:\w+/)?\w+)\.hpp", name)
        if match and not re.match(r"(detail|testing)/|heed$|config$|concepts$", match[1]):
            test = f"tests/{re.sub(ISA, 'simd/batch', match[1])}_test.cpp"
            if test not in names:
                faults.append(f"{name}: has no test {test}")

    for fault in faults:
        print(fault)
    print(f"{len(names)} files looked at, {len(faults)} faults")
    return 1 if faults else 0


sys.exit(main())
