# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
"""The README against the repository: readme.py ROOT. Every C++ fragment stands word for word between the marks of an
example, every call of a table in examples/roles.cpp; tests and files that it names exist."""
import pathlib
import re
import sys
import textwrap

MARK = re.compile(r"^[ \t]*// \[readme\][ \t]*\n", re.M)


def marked(text):
    """What stands between the first mark and the second, the third and the fourth, without its indentation."""
    parts = MARK.split(text)
    if len(parts) % 2 == 0:
        raise SystemExit("an example opens a fragment and does not close it")
    return [textwrap.dedent(part).strip("\n") for part in parts[1::2]]


def calls_of_tables(text):
    """Inline code in the second column of tables whose second head is `call`."""
    calls, inside = [], False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            inside = False
        elif len(cells) == 2 and cells[1] == "call":
            inside = True
        elif inside and cells[1].startswith("`"):
            calls.append(cells[1].strip("`"))
    return calls


def main():
    root = pathlib.Path(sys.argv[1])
    text = (root / "README.md").read_text()
    faults = []

    examples = {path.name: path.read_text() for path in sorted((root / "examples").glob("*.cpp"))}
    fragments = [part for example in examples.values() for part in marked(example)]
    blocks = re.findall(r"^```cpp\n(.*?)^```", text, re.M | re.S)
    for block in blocks:
        if block.strip("\n") not in fragments:
            faults.append(f"no example holds this fragment between its marks:\n{textwrap.indent(block, '    ')}")

    squeezed = re.sub(r"\s+", "", examples["roles.cpp"])
    calls = calls_of_tables(text)
    for call in calls:
        if re.sub(r"\s+", "", call) not in squeezed:
            faults.append(f"examples/roles.cpp has no call {call}")

    tests = "\n".join(path.read_text() for path in sorted((root / "tests").rglob("*_test.cpp")))
    names = re.findall(r"`(\w+)\.(\w+)`", text)
    names = [(suite, name) for suite, name in names if name not in {"hpp", "cpp", "sh", "md"}]
    for suite, name in names:
        if not re.search(rf"TEST(?:_F|_P)?\({suite}, {name}\)", tests):
            faults.append(f"there is no test {suite}.{name}")

    prose = re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))
    files = re.findall(r"\]\(([^)#]+)\)", prose) + re.findall(r"`((?:tests|bench|examples|include)/[\w./]+)`", text)
    for file in files:
        if not file.startswith("http") and not (root / file).exists():
            faults.append(f"there is no {file}")

    anchors = {re.sub(r"[^\w -]", "", head).strip().lower().replace(" ", "-")
               for head in re.findall(r"^#+ (.*)$", text, re.M)}
    for anchor in re.findall(r"\]\(#([^)]+)\)", prose):
        if anchor not in anchors:
            faults.append(f"there is no section {anchor}")

    for fault in faults:
        print(fault)
    print(f"{len(blocks)} fragments, {len(calls)} calls, {len(names)} tests, {len(files)} files: {len(faults)} faults")
    if min(len(blocks), len(calls), len(names), len(files)) == 0:
        print("one of the lists is empty: the README is not read as it should be")
        return 1
    return 1 if faults else 0


sys.exit(main())
